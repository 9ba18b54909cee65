package client

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"recursor/dns/ede"
	"recursor/dns/wire"
)

// Show shows the reply in the form.
func (r *Reply) Show(f Form) (string, error) {
	switch f {
	case Short:
		return r.Data()
	case JSON:
		return r.JSON()
	default:
		return r.Text()
	}
}

// Data shows the RDATA of the answer section, a record a line.
func (r *Reply) Data() (string, error) {
	m := new(dns.Msg)
	if err := m.Unpack(r.Message); err != nil {
		return "", fmt.Errorf("the reply cannot be read: %w", err)
	}
	var b strings.Builder
	for _, rr := range m.Answer {
		b.WriteString(strings.TrimPrefix(rr.String(), rr.Header().String()) + "\n")
	}
	return b.String(), nil
}

// Text shows the reply the way dig does, so that people find what they look
// for. A message that cannot be read is an error.
func (r *Reply) Text() (string, error) {
	m := new(dns.Msg)
	if err := m.Unpack(r.Message); err != nil {
		return "", fmt.Errorf("the reply cannot be read: %w", err)
	}
	var b strings.Builder
	if r.Retried {
		b.WriteString(";; Truncated, retried by TCP.\n")
	}
	fmt.Fprintf(&b, ";; ->>HEADER<<- opcode: %s, status: %s, id: %d\n",
		wire.Opcode(m.Opcode), wire.RCode(m.Rcode), m.Id)
	fmt.Fprintf(&b, ";; flags:%s; QUERY: %d, ANSWER: %d, AUTHORITY: %d, ADDITIONAL: %d\n",
		flags(m), len(m.Question), len(m.Answer), len(m.Ns), len(m.Extra))
	if o := m.IsEdns0(); o != nil {
		b.WriteString("\n;; OPT PSEUDOSECTION:\n")
		options(&b, o)
	}
	if len(m.Question) > 0 {
		b.WriteString(";; QUESTION SECTION:\n")
		for _, q := range m.Question {
			fmt.Fprintf(&b, ";%s\t\t%s\t%s\n", q.Name, dns.Class(q.Qclass), dns.Type(q.Qtype))
		}
	}
	section(&b, "ANSWER", m.Answer)
	section(&b, "AUTHORITY", m.Ns)
	section(&b, "ADDITIONAL", m.Extra)
	proto := "UDP"
	if r.TCP {
		proto = "TCP"
	}
	fmt.Fprintf(&b, "\n;; Query time: %d msec\n;; SERVER: %s#%d (%s)\n;; WHEN: %s\n;; MSG SIZE  rcvd: %d\n",
		r.Took.Milliseconds(), r.Server.Addr(), r.Server.Port(), proto,
		r.At.Format("Mon Jan 02 15:04:05 MST 2006"), len(r.Message))
	return b.String(), nil
}

func flags(m *dns.Msg) string {
	var b strings.Builder
	for _, f := range []struct {
		on   bool
		name string
	}{
		{m.Response, "qr"},
		{m.Authoritative, "aa"},
		{m.Truncated, "tc"},
		{m.RecursionDesired, "rd"},
		{m.RecursionAvailable, "ra"},
		{m.Zero, "z"},
		{m.AuthenticatedData, "ad"},
		{m.CheckingDisabled, "cd"},
	} {
		if f.on {
			b.WriteString(" " + f.name)
		}
	}
	return b.String()
}

func options(b *strings.Builder, o *dns.OPT) {
	do := ""
	if o.Do() {
		do = " do"
	}
	fmt.Fprintf(b, "; EDNS: version: %d, flags:%s; udp: %d\n", o.Version(), do, o.UDPSize())
	for _, x := range o.Option {
		switch x := x.(type) {
		case *dns.EDNS0_EDE:
			fmt.Fprintf(b, "; EDE: %d (%s)", x.InfoCode, ede.Code(x.InfoCode))
			if x.ExtraText != "" {
				fmt.Fprintf(b, ": (%s)", printable(x.ExtraText))
			}
			b.WriteByte('\n')
		case *dns.EDNS0_NSID:
			fmt.Fprintf(b, "; NSID: %s\n", x.String())
		case *dns.EDNS0_COOKIE:
			fmt.Fprintf(b, "; COOKIE: %s\n", x.Cookie)
		default:
			fmt.Fprintf(b, "; OPT=%d: %s\n", x.Option(), x.String())
		}
	}
}

// printable is text of a server as a terminal may get it: control characters,
// which could move the cursor and worse, as escapes.
func printable(s string) string {
	q := strconv.Quote(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}

func section(b *strings.Builder, title string, rrs []dns.RR) {
	var lines []string
	for _, rr := range rrs {
		if rr.Header().Rrtype != dns.TypeOPT {
			lines = append(lines, rr.String())
		}
	}
	if len(lines) > 0 {
		fmt.Fprintf(b, "\n;; %s SECTION:\n%s\n", title, strings.Join(lines, "\n"))
	}
}

// question and record are those of JSON, members as in RFC 8427 §2.
type question struct {
	Name  string `json:"NAME"`
	Type  string `json:"TYPEname"`
	Code  uint16 `json:"TYPE"`
	Class string `json:"CLASSname"`
}

type record struct {
	question
	TTL   uint32 `json:"TTL"`
	RData string `json:"rdata"`
}

// JSON shows the reply as one object with the members of RFC 8427 §2 and the
// extended errors of RFC 8914.
func (r *Reply) JSON() (string, error) {
	m := new(dns.Msg)
	if err := m.Unpack(r.Message); err != nil {
		return "", fmt.Errorf("the reply cannot be read: %w", err)
	}
	type extended struct {
		Code uint16 `json:"code"`
		Name string `json:"name"`
		Text string `json:"text,omitempty"`
	}
	out := struct {
		ID         uint16     `json:"ID"`
		QR         bool       `json:"QR"`
		AA         bool       `json:"AA"`
		TC         bool       `json:"TC"`
		RD         bool       `json:"RD"`
		RA         bool       `json:"RA"`
		AD         bool       `json:"AD"`
		CD         bool       `json:"CD"`
		RCode      int        `json:"RCODE"`
		RCodeName  string     `json:"RCODEname"`
		Question   []question `json:"questionRRs"`
		Answer     []record   `json:"answerRRs"`
		Authority  []record   `json:"authorityRRs"`
		Additional []record   `json:"additionalRRs"`
		Errors     []extended `json:"extendedErrors,omitempty"`
		Server     string     `json:"server"`
		TCP        bool       `json:"tcp"`
		Millis     int64      `json:"queryTimeMilliseconds"`
		Size       int        `json:"size"`
	}{
		ID: m.Id, QR: m.Response, AA: m.Authoritative, TC: m.Truncated, RD: m.RecursionDesired,
		RA: m.RecursionAvailable, AD: m.AuthenticatedData, CD: m.CheckingDisabled,
		RCode: m.Rcode, RCodeName: wire.RCode(m.Rcode).String(), Question: []question{},
		Answer: records(m.Answer), Authority: records(m.Ns), Additional: records(m.Extra),
		Server: r.Server.String(), TCP: r.TCP, Millis: r.Took.Milliseconds(), Size: len(r.Message),
	}
	for _, q := range m.Question {
		out.Question = append(out.Question, question{q.Name, dns.Type(q.Qtype).String(), q.Qtype, dns.Class(q.Qclass).String()})
	}
	if o := m.IsEdns0(); o != nil {
		for _, x := range o.Option {
			if x, ok := x.(*dns.EDNS0_EDE); ok {
				out.Errors = append(out.Errors, extended{x.InfoCode, ede.Code(x.InfoCode).String(), x.ExtraText})
			}
		}
	}
	b, err := json.MarshalIndent(out, "", "  ")
	return string(b) + "\n", err
}

func records(rrs []dns.RR) []record {
	out := []record{}
	for _, rr := range rrs {
		h := rr.Header()
		if h.Rrtype == dns.TypeOPT {
			continue
		}
		out = append(out, record{
			question: question{h.Name, dns.Type(h.Rrtype).String(), h.Rrtype, dns.Class(h.Class).String()},
			TTL:      h.Ttl, RData: strings.TrimPrefix(rr.String(), h.String()),
		})
	}
	return out
}
