package serve_test

import (
	"testing"

	"github.com/miekg/dns"

	"recursor/frontend"
	"recursor/serve"
)

// TestHitAllocates: a refusal, a cookie and a local answer cost no allocation,
// so that a flood of them is no work for the collector.
func TestHitAllocates(t *testing.T) {
	w := newWorld(nil, func(o *serve.Options) {
		o.Observer, o.NSID, o.Identity = nil, []byte("here"), "here"
	})
	stranger := func(q *frontend.Query) { q.Client = addrPort("192.0.2.1:5") }
	over := func(t frontend.Transport) func(*frontend.Query) { return func(q *frontend.Query) { q.Transport = t } }
	good := cookieOf(w.ask(t, withEDNS(question("localhost.", dns.TypeTXT), cookie("0102030405060708"))))
	for _, tc := range []struct {
		what   string
		m      *dns.Msg
		change func(*frontend.Query)
		most   float64
	}{
		{"REFUSED", question("a.example.", dns.TypeA), stranger, 0},
		{"REFUSED with EDNS", withDO(question("a.example.", dns.TypeA)), stranger, 0},
		{"RD=0", func() *dns.Msg {
			m := withEDNS(question("a.example.", dns.TypeA))
			m.RecursionDesired = false
			return m
		}(), nil, 0},
		{"NOTIMP", func() *dns.Msg {
			m := withEDNS(question("a.example.", dns.TypeA))
			m.Opcode = dns.OpcodeUpdate
			return m
		}(), nil, 0},
		{"AXFR", withEDNS(question("a.example.", dns.TypeAXFR)), nil, 0},
		{"NXNAME", withEDNS(question("a.example.", 128)), nil, 0},
		{"class", func() *dns.Msg {
			m := withEDNS(question("id.server.", dns.TypeTXT))
			m.Question[0].Qclass = dns.ClassHESIOD
			return m
		}(), nil, 0},
		{"CHAOS", func() *dns.Msg {
			m := withEDNS(question("id.server.", dns.TypeTXT))
			m.Question[0].Qclass = dns.ClassCHAOS
			return m
		}(), nil, 0},
		{"ANY", withEDNS(question("a.example.", dns.TypeANY)), nil, 0},
		{"a private reverse name", withDO(question("1.0.0.10.in-addr.arpa.", dns.TypePTR)), nil, 0},
		{"a new cookie", withEDNS(question("localhost.", dns.TypeTXT), cookie("0102030405060708")), nil, 0},
		{"a good cookie", withEDNS(question("localhost.", dns.TypeTXT), cookie(good)), nil, 0},
		{"many options over DoT", withEDNS(question("localhost.", dns.TypeTXT), cookie(good), &dns.EDNS0_NSID{Code: dns.EDNS0NSID},
			&dns.EDNS0_PADDING{}, &dns.EDNS0_TCP_KEEPALIVE{Code: dns.EDNS0TCPKEEPALIVE}), over(frontend.DoT), 0},
		{"no question", func() *dns.Msg { m := withEDNS(question(".", dns.TypeA)); m.Question = nil; return m }(), nil, 0},
		// An address RRset of its own: name, owner, RDATA and the slice.
		{"localhost", withEDNS(question("localhost.", dns.TypeA)), nil, 5},
		// The error that says what is wrong with the OPT.
		{"BADVERS", func() *dns.Msg { m := withEDNS(question("a.example.", dns.TypeA)); m.IsEdns0().SetVersion(1); return m }(), nil, 3},
	} {
		packed, err := tc.m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		q := query(packed)
		if tc.change != nil {
			tc.change(q)
		}
		dst := make([]byte, frontend.MaxMessage)
		if n := testing.AllocsPerRun(200, func() {
			if n, ok := w.Hit(q, dst); n == 0 || !ok {
				t.Fatal("no hit")
			}
		}); n > tc.most {
			t.Errorf("%s: %v allocations", tc.what, n)
		}
	}
	// What is not at hand costs nothing before it goes to Miss.
	packed, err := withDO(question("www.example.com.", dns.TypeA)).Pack()
	if err != nil {
		t.Fatal(err)
	}
	q, dst := query(packed), make([]byte, 1232)
	if n := testing.AllocsPerRun(200, func() {
		if _, ok := w.Hit(q, dst); ok {
			t.Fatal("a hit")
		}
	}); n != 0 {
		t.Errorf("a miss: %v allocations", n)
	}
}

func BenchmarkHit(b *testing.B) {
	w := newWorld(nil, func(o *serve.Options) { o.Observer = nil })
	for name, m := range map[string]*dns.Msg{
		"refused": question("a.example.", dns.TypeAXFR),
		"local":   withEDNS(question("1.0.0.10.in-addr.arpa.", dns.TypePTR)),
		"miss":    withDO(question("www.example.com.", dns.TypeA)),
		"cookie":  withEDNS(question("1.0.0.10.in-addr.arpa.", dns.TypePTR), cookie("0102030405060708")),
	} {
		packed, err := m.Pack()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			q, dst := query(packed), make([]byte, 1232)
			b.ReportAllocs()
			for b.Loop() {
				w.Hit(q, dst)
			}
		})
	}
}
