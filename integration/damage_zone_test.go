package integration_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// denialKind is how a zone denies.
type denialKind string

const (
	byNSEC   denialKind = "nsec"
	byNSEC3  denialKind = "nsec3"
	byOptOut denialKind = "opt-out"
)

// draft is a zone on its way from its content to what is served. A damage takes it in hand at the steps of make.
type draft struct {
	t      *testing.T
	ring   *keyring
	origin string
	kind   denialKind
	keys   []zoneKey // published, the first of them has the DS; the last signs what is no DNSKEY set
	ds     []dns.RR  // in the parent
	now    time.Time
	span   validitySpan
	bare   bool // not signed

	// Parameters of NSEC3.
	iterations uint16
	salt       string

	content []dns.RR // without denials and signatures
	denials []dns.RR
	served  []dns.RR
	// edit changes the fields of a signature before it is made.
	edit func(*dns.RRSIG)
}

// newDraft is a sound zone at an address: an address, text and mail, aliases within and to elsewhere, a DNAME, a
// wildcard, an empty non-terminal, and a delegation without DS.
func newDraft(t *testing.T, ring *keyring, origin, addr string, kind denialKind, alg uint8, now time.Time) *draft {
	t.Helper()
	d := &draft{t: t, ring: ring, origin: origin, kind: kind, now: now, span: validitySpan{now.Add(-48 * time.Hour), now.Add(240 * time.Hour)}}
	d.content = records(t, origin, fmt.Sprintf(`
@ 300 SOA ns hostmaster 1 3600 600 86400 60
@ 300 NS ns
ns 300 A %[1]s
www 300 A 192.0.2.1
mail 300 MX 10 www
near 300 CNAME www
far 300 CNAME www.sound.com.
dn 300 DNAME www
*.wild 300 A 192.0.2.2
deep.ent 300 A 192.0.2.3
sub 300 NS ns.sub
ns.sub 300 A %[1]s
`, addr))
	d.keys = []zoneKey{d.key(alg, 0, dns.ZONE|dns.SEP), d.key(alg, 1, dns.ZONE)}
	d.ds = []dns.RR{d.keys[0].ToDS(dns.SHA256)}
	return d
}

// questions are what is asked of a zone: everything in it, and what is not. Of one that is slow an address, the lack of
// a type and of a name, the keys, and what is at a cut and below.
func (z damagedZone) questions() []dns.Question {
	lines := "www A,www TXT,mail MX,near A,far A,host.dn A,x.wild A,x.wild TXT,ent A,deep.ent A,missing A,a.missing TXT,@ SOA,@ DNSKEY,@ TXT,sub DS,www.sub A"
	if z.slow {
		lines = "www A,www TXT,missing A,@ DNSKEY,sub DS,www.sub A"
	}
	var all []dns.Question
	for line := range strings.SplitSeq(lines, ",") {
		name, kind, _ := strings.Cut(line, " ")
		all = append(all, dns.Question{Name: atOrigin(name, z.origin), Qtype: dns.StringToType[kind], Qclass: dns.ClassINET})
	}
	return all
}

// atOrigin is a name in the words of a master file with an origin.
func atOrigin(name, origin string) string {
	if name == "@" {
		return origin
	}
	return name + "." + strings.TrimPrefix(origin, ".")
}

func records(t *testing.T, origin, text string) []dns.RR {
	t.Helper()
	p := dns.NewZoneParser(strings.NewReader(text), origin, "")
	var all []dns.RR
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		all = append(all, rr)
	}
	if p.Err() != nil {
		t.Fatal(p.Err())
	}
	return all
}

// bitsOf is the size of an algorithm's keys here.
func bitsOf(alg uint8) int {
	switch alg {
	case dns.ECDSAP384SHA384:
		return 384
	case dns.ECDSAP256SHA256, dns.ED25519:
		return 256
	default:
		return 2048
	}
}

func (d *draft) key(alg uint8, n int, flags uint16) zoneKey {
	return d.ring.key(d.t, d.origin, alg, bitsOf(alg), n, flags)
}

// make builds what is served: the content and keys, the chain of denials, and the signatures. damage is asked before
// each step, in that order, and at the end.
func (d *draft) make(b damage) []dns.RR {
	for _, k := range d.keys {
		d.content = append(d.content, dns.Copy(k.DNSKEY))
	}
	b.do(b.content, d)
	if d.bare {
		d.served = d.content
		return d.served
	}
	if d.kind == byNSEC {
		d.chain()
	} else {
		d.hashedChain()
	}
	b.do(b.denials, d)
	d.served = append(slices.Clone(d.content), d.denials...)
	for _, set := range d.signedSets() {
		d.served = append(d.served, d.signatures(set)...)
	}
	b.do(b.served, d)
	return d.served
}

// signatures are those of a set: of the DNSKEY set by the first key, of others by the last.
func (d *draft) signatures(set []dns.RR) []dns.RR {
	by := d.keys[len(d.keys)-1]
	if set[0].Header().Rrtype == dns.TypeDNSKEY {
		by = d.keys[0]
	}
	return []dns.RR{by.sign(d.t, set, d.span, d.edit)}
}

// signedSets are the sets of a zone that are signed: not what lies below a cut, nor the NS records at it.
func (d *draft) signedSets() [][]dns.RR {
	var order []string
	sets := map[string][]dns.RR{}
	for _, rr := range append(slices.Clone(d.content), d.denials...) {
		h := rr.Header()
		cut := d.cut(h.Name)
		if cut != "" && (cut != h.Name || h.Rrtype != dns.TypeDS && h.Rrtype != dns.TypeNSEC) {
			continue
		}
		key := fmt.Sprint(h.Name, h.Rrtype)
		if sets[key] == nil {
			order = append(order, key)
		}
		sets[key] = append(sets[key], rr)
	}
	var all [][]dns.RR
	for _, key := range order {
		all = append(all, sets[key])
	}
	return all
}

// cut is the owner of the delegation at or above a name, or nothing.
func (d *draft) cut(name string) string {
	for _, rr := range d.content {
		h := rr.Header()
		if h.Rrtype == dns.TypeNS && h.Name != d.origin && dns.IsSubDomain(h.Name, name) {
			return h.Name
		}
	}
	return ""
}

// names are the owners that the chain of denials has, with their types; of NSEC3 the empty non-terminals too.
func (d *draft) names() (names []string, types map[string][]uint16) {
	types = map[string][]uint16{}
	for _, rr := range d.content {
		h := rr.Header()
		if cut := d.cut(h.Name); cut != "" && cut != h.Name {
			continue
		}
		if !slices.Contains(types[h.Name], h.Rrtype) {
			types[h.Name] = append(types[h.Name], h.Rrtype)
		}
		if d.kind == byNSEC {
			continue
		}
		for name := h.Name; name != d.origin; name = parentOf(name) {
			types[name] = append(types[name], nil...)
		}
	}
	for name, all := range types {
		if d.cut(name) == "" && len(all) > 0 {
			all = append(all, dns.TypeRRSIG)
		}
		slices.Sort(all)
		types[name] = all
		names = append(names, name)
	}
	slices.SortFunc(names, canonically)
	return names, types
}

func parentOf(name string) string {
	i, end := dns.NextLabel(name, 0)
	if end {
		return "."
	}
	return name[i:]
}

// canonically is the order of RFC 4034 §6.1 for names without escapes.
func canonically(a, b string) int {
	x, y := dns.SplitDomainName(a), dns.SplitDomainName(b)
	slices.Reverse(x)
	slices.Reverse(y)
	return slices.Compare(x, y)
}

// chain makes the NSEC records (RFC 4035 §2.3).
func (d *draft) chain() {
	names, types := d.names()
	for i, name := range names {
		bits := append(types[name], dns.TypeNSEC)
		if d.cut(name) != "" {
			bits = append(bits, dns.TypeRRSIG)
		}
		slices.Sort(bits)
		d.denials = append(d.denials, &dns.NSEC{
			Hdr:        dns.RR_Header{Name: name, Rrtype: dns.TypeNSEC, Class: dns.ClassINET, Ttl: 60},
			NextDomain: names[(i+1)%len(names)], TypeBitMap: bits,
		})
	}
}

// hashedChain makes the NSEC3 records and the parameters (RFC 5155 §7.1).
func (d *draft) hashedChain() {
	param := &dns.NSEC3PARAM{
		Hdr:  dns.RR_Header{Name: d.origin, Rrtype: dns.TypeNSEC3PARAM, Class: dns.ClassINET},
		Hash: dns.SHA1, Iterations: d.iterations, SaltLength: uint8(len(d.salt) / 2), Salt: d.salt,
	}
	d.content = append(d.content, param)
	names, types := d.names()
	if d.kind == byOptOut {
		names = slices.DeleteFunc(names, func(name string) bool { return d.cut(name) != "" && !slices.Contains(types[name], dns.TypeDS) })
	}
	hashed := map[string]string{}
	var hashes []string
	for _, name := range names {
		h := dns.HashName(name, dns.SHA1, d.iterations, d.salt)
		hashed[h] = name
		hashes = append(hashes, h)
	}
	slices.Sort(hashes)
	var flags uint8
	if d.kind == byOptOut {
		flags = 1
	}
	for i, h := range hashes {
		bits := types[hashed[h]]
		if cut := d.cut(hashed[h]); cut != "" && slices.Contains(bits, dns.TypeDS) {
			bits = append(bits, dns.TypeRRSIG)
		}
		slices.Sort(bits)
		d.denials = append(d.denials, &dns.NSEC3{
			Hdr:  dns.RR_Header{Name: strings.ToLower(h) + "." + d.origin, Rrtype: dns.TypeNSEC3, Class: dns.ClassINET, Ttl: 60},
			Hash: dns.SHA1, Flags: flags, Iterations: d.iterations, SaltLength: uint8(len(d.salt) / 2), Salt: d.salt,
			HashLength: 20, NextDomain: hashes[(i+1)%len(hashes)], TypeBitMap: bits,
		})
	}
}
