package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"recursor/dns/domain"
)

// TLS tells what encrypted transports show to their clients.
type TLS struct {
	Certificate string // path of a PEM file; "" = a self-signed one
	Key         string
	More        []Pair      // beside the first, chosen by the name that a client asks for
	Name        domain.Name // by which clients know this resolver; zero = the first of the certificate
	Minimum     TLSVersion
}

// Pair is a certificate with its key, paths of PEM files.
type Pair struct{ Certificate, Key string }

// Pairs are all certificates, the first one first; none = a self-signed one.
func (t *TLS) Pairs() []Pair {
	if t.Certificate == "" {
		return nil
	}
	return append([]Pair{{t.Certificate, t.Key}}, t.More...)
}

// TLSVersion is a version of TLS.
type TLSVersion string

// The versions that are spoken.
const (
	TLS12 TLSVersion = "1.2"
	TLS13 TLSVersion = "1.3"
)

// keys is the part of the table about TLS.
func (t *TLS) keys() []key {
	return []key{
		{
			path: "tls.certificate", value: file(&t.Certificate),
			doc: "PEM file with the certificate of this server, those of intermediate authorities behind it. " +
				"It is read again when it changes. \"\" is a self-signed one, made once and kept in the folder `state`, " +
				"whose pin is logged.",
		},
		{
			path: "tls.key", value: file(&t.Key),
			doc: "PEM file with the private key of tls.certificate.",
		},
		{
			path: "tls.more", value: &pairsValue{&t.More},
			doc: "Further certificates with their keys, such as\n" +
				"- {certificate: b.crt, key: b.key}\n" +
				"A client is shown the one for the name it asks for (SNI) or, where it asks for none, for the address it came " +
				"to; else tls.certificate.",
		},
		{
			path: "tls.name", value: &hostValue{&t.Name},
			doc: "The name by which clients know this resolver. Clients of unencrypted DNS are told it with the encrypted " +
				"listeners (DDR, RFC 9462), `recursor profile` writes it down, and a self-signed certificate is for it too. " +
				"\"\" is the first name of the certificate.",
		},
		{
			path: "tls.minimum", value: choice(&t.Minimum, TLS12, TLS12, TLS13),
			doc: "The least version of TLS that is spoken over TCP; over QUIC it is always 1.3 (RFC 9001 §4.2).",
		},
	}
}

// pairsValue is a list of certificates.
type pairsValue struct{ at *[]Pair }

func (p *pairsValue) reset()      { *p.at = nil }
func (p *pairsValue) target() any { return p.at }
func (p *pairsValue) describe() string {
	return "a list of certificates, each with certificate and key; default []"
}

func (p *pairsValue) lines() []string {
	if len(*p.at) == 0 {
		return []string{"[]"}
	}
	lines := []string{""}
	for _, pair := range *p.at {
		indent := "- "
		for _, k := range pair.keys() {
			lines = append(lines, indent+k.path+": "+k.value.lines()[0])
			indent = "  "
		}
	}
	return lines
}

// keys is the table of an item.
func (p *Pair) keys() []key {
	return []key{
		{path: "certificate", value: file(&p.Certificate), required: true},
		{path: "key", value: file(&p.Key), required: true},
	}
}

func (p *pairsValue) read(r *reader, at string, n *node) {
	if n.kind != list {
		r.report(n, at, "is "+n.kind.String(), "allowed: "+p.describe(), "begin each with a dash: - certificate: …")
		return
	}
	var read []Pair
	for i, item := range n.items {
		where := fmt.Sprintf("%s[%d]", at, i)
		var pair Pair
		r.fill(where, item, pair.keys())
		read = append(read, pair)
	}
	*p.at = read
}

// hostValue is the name of a host, none by default.
type hostValue struct{ at *domain.Name }

func (h *hostValue) reset()      { *h.at = domain.Name{} }
func (h *hostValue) target() any { return h.at }
func (h *hostValue) describe() string {
	return "the name of a host such as dns.example.net; default \"\""
}

func (h *hostValue) lines() []string {
	if h.at.IsZero() {
		return []string{`""`}
	}
	return []string{strconv.Quote(h.at.String())}
}

func (h *hostValue) read(r *reader, at string, n *node) {
	said, ok := r.scalar(at, n, h.describe(), text, numeral)
	if !ok || said == "" {
		return
	}
	name, err := parseHost(said)
	if err != nil {
		r.report(n, at, fmt.Sprintf("%q %s", said, err), "allowed: "+h.describe())
		return
	}
	*h.at = name
}

var errNoHost = errors.New("is not the name of a host, which has letters, digits and hyphens alone")

// parseHost reads a name that certificates can be for (RFC 1123 §2.1).
func parseHost(s string) (domain.Name, error) {
	_, err := netip.ParseAddr(strings.TrimSuffix(s, "."))
	strange := strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.'
	})
	if err == nil || strange || s == "." {
		return domain.Name{}, errNoHost
	}
	return parseDomain(s)
}

// checkTLS finds files without their counterpart.
func (r *reader) checkTLS(t *TLS) {
	switch {
	case t.Certificate != "" && t.Key == "":
		r.report(r.set["tls.certificate"], "tls.certificate", "there is no key for it", "set tls.key too")
	case t.Certificate == "" && t.Key != "":
		r.report(r.set["tls.key"], "tls.key", "there is no certificate for it", "set tls.certificate too")
	case t.Certificate == "" && len(t.More) > 0:
		r.report(r.set["tls.more"], "tls.more", "there is no certificate that these are beside", "set tls.certificate and tls.key, for clients that ask for no name")
	}
}
