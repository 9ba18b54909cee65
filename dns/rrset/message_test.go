package rrset_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// pack makes a message of presentation form: sections parted by lines of "--".
func pack(tb testing.TB, question, records string) []byte {
	tb.Helper()
	m := new(dns.Msg)
	m.Response, m.Compress = true, true
	if question != "" {
		name, qtype, _ := strings.Cut(question, " ")
		m.SetQuestion(name, dns.StringToType[qtype])
		m.Id, m.Response = 4711, true
	}
	sections := []*[]dns.RR{&m.Answer, &m.Ns, &m.Extra}
	for _, line := range strings.Split(records, "\n") {
		line = strings.TrimSpace(line)
		switch line {
		case "":
			continue
		case "--":
			sections = sections[1:]
			continue
		}
		rr, err := dns.NewRR(line)
		if err != nil {
			tb.Fatal(err)
		}
		*sections[0] = append(*sections[0], rr)
	}
	msg, err := m.Pack()
	if err != nil {
		tb.Fatal(err)
	}
	return msg
}

// referral is one as com. gives it: 13 NS, DS and its signature, 26 addresses.
func referral(tb testing.TB) []byte {
	tb.Helper()
	var b strings.Builder
	b.WriteString("--\n")
	for i := range 13 {
		fmt.Fprintf(&b, "example.com. 172800 IN NS ns%d.example.com.\n", i)
	}
	b.WriteString("example.com. 86400 IN DS 60485 8 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A\n")
	b.WriteString("example.com. 86400 IN RRSIG DS 8 2 86400 20260131000000 20260101000000 370 com. " + strings.Repeat("QUJD", 43) + "\n--\n")
	for i := range 13 {
		fmt.Fprintf(&b, "ns%d.example.com. 172800 IN A 192.0.2.%d\n", i, i+1)
		fmt.Fprintf(&b, "ns%d.example.com. 172800 IN AAAA 2001:db8::%d\n", i, i+1)
	}
	return pack(tb, "www.example.com. A", b.String())
}

// aliasAnswer is a signed alias with its target in the same zone.
func aliasAnswer(tb testing.TB) []byte {
	tb.Helper()
	sig := strings.Repeat("QUJD", 21) + "QQ=="
	return pack(tb, "www.example.com. A", `
		www.example.com. 300 IN CNAME web.example.com.
		www.example.com. 300 IN RRSIG CNAME 13 3 300 20260131000000 20260101000000 370 example.com. `+sig+`
		web.example.com. 60 IN A 192.0.2.1
		web.example.com. 60 IN A 192.0.2.2
		web.example.com. 60 IN RRSIG A 13 3 60 20260131000000 20260101000000 370 example.com. `+sig+`
	`)
}
