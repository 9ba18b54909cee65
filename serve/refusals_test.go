package serve_test

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/wire"
	"recursor/frontend"
	"recursor/serve"
)

// hand is a message by hand, for what no library would write.
func hand(h wire.Header, rest string) []byte {
	h.ID = 0x1234
	return append(h.Append(nil), rest...)
}

const (
	exampleSOA = "\x07example\x00\x00\x06\x00\x01"
	emptyOPT   = "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"
)

// optWith is an OPT with the given RDATA of less than 256 octets.
func optWith(rdata string) string {
	return emptyOPT[:10] + string(rune(len(rdata))) + rdata
}

// RFC: 6891.1, 6891.2, 6891.6, 7871.3, 7828.1, 7873.1, 9619.1, 9619.2, 8914.4
func TestMalformed(t *testing.T) {
	const rd = wire.FlagRD
	one := func(ar uint16) wire.Header { return wire.Header{Flags: rd, QD: 1, AR: ar} }
	for _, tc := range []struct {
		what     string
		msg      []byte
		rcode    int
		question int
		edns     bool
		text     string
	}{
		{"two questions", hand(wire.Header{Flags: rd, QD: 2}, exampleSOA+exampleSOA), dns.RcodeFormatError, 0, false, ""},
		{"two questions with OPT", hand(wire.Header{Flags: rd, QD: 2, AR: 1}, exampleSOA+exampleSOA+emptyOPT), dns.RcodeFormatError, 0, true, "more than one question"},
		{"65535 questions", hand(wire.Header{Flags: rd, QD: 65535}, exampleSOA), dns.RcodeFormatError, 0, false, ""},
		{"no question", hand(wire.Header{Flags: rd}, ""), dns.RcodeFormatError, 0, false, ""},
		{"no question with OPT", hand(wire.Header{Flags: rd, AR: 1}, emptyOPT), dns.RcodeFormatError, 0, true, "no question"},
		{"half a question", hand(one(0), exampleSOA[:10]), dns.RcodeFormatError, 0, false, ""},
		{"a pointer into the header", hand(one(0), "\x01a\xc0\x00\x00\x01\x00\x01"), dns.RcodeFormatError, 0, false, ""},
		{"a pointer to itself", hand(one(0), "\xc0\x0c\x00\x01\x00\x01"), dns.RcodeFormatError, 0, false, ""},
		{"a record missing", hand(one(1), exampleSOA), dns.RcodeFormatError, 1, false, ""},
		{"a record cut", hand(one(1), exampleSOA+emptyOPT[:9]), dns.RcodeFormatError, 1, false, ""},
		{"a record missing after the OPT", hand(one(2), exampleSOA+emptyOPT), dns.RcodeFormatError, 1, true, "malformed record"},
		{"octets behind", hand(one(0), exampleSOA+"\x00"), dns.RcodeFormatError, 1, false, ""},
		{"octets behind the OPT", hand(one(1), exampleSOA+emptyOPT+"\x00"), dns.RcodeFormatError, 1, true, "octets after the last record"},
		{"two OPT", hand(one(2), exampleSOA+emptyOPT+emptyOPT), dns.RcodeFormatError, 1, true, "more than one OPT record"},
		{"an OPT as answer", hand(wire.Header{Flags: rd, QD: 1, AN: 1}, exampleSOA+emptyOPT), dns.RcodeFormatError, 1, true, "OPT record outside the additional section"},
		{"an OPT with an owner", hand(one(1), exampleSOA+"\x01a"+emptyOPT), dns.RcodeFormatError, 1, true, "OPT record with an owner other than the root"},
		{"an option too long", hand(one(1), exampleSOA+optWith("\x00\x03\x00\x05ab")), dns.RcodeFormatError, 1, true, "option longer than its OPT record"},
		{"a cookie of 7 octets", hand(one(1), exampleSOA+optWith("\x00\x0a\x00\x071234567")), dns.RcodeFormatError, 1, true, "malformed COOKIE option"},
		{"a cookie of 12 octets", hand(one(1), exampleSOA+optWith("\x00\x0a\x00\x0c123456789012")), dns.RcodeFormatError, 1, true, "malformed COOKIE option"},
		{"a cookie of 41 octets", hand(one(1), exampleSOA+optWith("\x00\x0a\x00\x2912345678901234567890123456789012345678901")), dns.RcodeFormatError, 1, true, "malformed COOKIE option"},
		{"a cookie of 7 octets without question", hand(wire.Header{Flags: rd, AR: 1}, optWith("\x00\x0a\x00\x071234567")), dns.RcodeFormatError, 0, true, "malformed COOKIE option"},
		{"a subnet with bits beyond", hand(one(1), exampleSOA+optWith("\x00\x08\x00\x05\x00\x01\x07\x00\x0b")), dns.RcodeFormatError, 1, true, "malformed ECS option"},
		{"TSIG", hand(one(1), exampleSOA+"\x01k\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00\x00"), dns.RcodeNotAuth, 1, false, ""},
		{"two OPT and TSIG", hand(one(3), exampleSOA+emptyOPT+emptyOPT+"\x01k\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00\x00"), dns.RcodeFormatError, 1, true, "more than one OPT record"},
		{"SIG(0) with OPT", hand(one(2), exampleSOA+emptyOPT+"\x00\x00\x18\x00\xff\x00\x00\x00\x00\x00\x00"), dns.RcodeNotAuth, 1, true, "no signed transactions here"},
	} {
		w := newWorld(nil, nil)
		reply, hit := w.serve(query(tc.msg))
		got := read(t, reply)
		if !hit || got.Rcode != tc.rcode || got.Id != 0x1234 || len(got.Question) != tc.question || !got.RecursionDesired {
			t.Errorf("%s: hit %t, %v", tc.what, hit, got)
		}
		if (got.IsEdns0() != nil) != tc.edns || len(got.Answer)+len(got.Ns) != 0 || len(got.Extra) > 1 {
			t.Errorf("%s: %v", tc.what, got)
		}
		if code, text := note(got); tc.edns && (code < 0 || text != tc.text) {
			t.Errorf("%s: EDE %d %q, want %q", tc.what, code, text, tc.text)
		}
	}
	// What looks odd and is none of our business is served.
	for what, msg := range map[string][]byte{
		"records in sections":          hand(wire.Header{Flags: rd, QD: 1, AN: 1, NS: 1}, exampleSOA+"\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x01a"+"\x00\x00\xfa\x00\x01\x00\x00\x00\x00\x00\x01a"),
		"a subnet":                     hand(one(1), exampleSOA+optWith("\x00\x08\x00\x07\x00\x01\x18\x00\x0a\x01\x02")),
		"keepalive over UDP":           hand(one(1), exampleSOA+optWith("\x00\x0b\x00\x01a")),
		"NSID with payload":            hand(one(1), exampleSOA+optWith("\x00\x03\x00\x02ab")),
		"padding of any octets":        hand(one(1), exampleSOA+optWith("\x00\x0c\x00\x02ab")),
		"a second, malformed cookie":   hand(one(1), exampleSOA+optWith("\x00\x0a\x00\x0812345678\x00\x0a\x00\x01a")),
		"an unknown option of no data": hand(one(1), exampleSOA+optWith("\xfe\xfe\x00\x00")),
	} {
		w := newWorld(example(t), nil)
		if reply, _ := w.serve(query(msg)); read(t, reply).Rcode != dns.RcodeSuccess {
			t.Errorf("%s: %v", what, read(t, reply))
		}
	}
	q := query(hand(one(1), exampleSOA+optWith("\x00\x0b\x00\x01a")))
	q.Transport = frontend.TCP
	if reply, _ := newWorld(nil, nil).serve(q); read(t, reply).Rcode != dns.RcodeFormatError {
		t.Errorf("malformed keepalive over TCP: %v", read(t, reply))
	}
}

func TestSilence(t *testing.T) {
	w := newWorld(example(t), nil)
	whole := hand(wire.Header{QD: 1, Flags: wire.FlagRD}, exampleSOA)
	for n := range wire.HeaderLen {
		if reply, hit := w.serve(query(whole[:n])); reply != nil || !hit {
			t.Errorf("%d octets are answered", n)
		}
	}
	for _, flags := range []wire.Flags{wire.FlagQR, wire.FlagQR.WithOpcode(wire.OpNotify), wire.FlagQR | wire.FlagRD} {
		if reply, hit := w.serve(query(hand(wire.Header{Flags: flags, QD: 1}, exampleSOA))); reply != nil || !hit {
			t.Errorf("a response with flags %04x is answered", flags)
		}
		w.Miss(query(hand(wire.Header{Flags: flags, QD: 1}, exampleSOA)), func([]byte) { t.Error("Miss answers a response") })
	}
	q := query(whole)
	q.Client = netip.AddrPortFrom(q.Client.Addr(), 0)
	if reply, _ := w.serve(q); reply != nil {
		t.Error("port 0 is answered")
	}
	q.Transport = frontend.DoH // where there may be no port to tell
	if reply, _ := w.serve(q); reply == nil {
		t.Error("DoH without port is not answered")
	}
	if len(w.resolver.asked) != 1 {
		t.Errorf("resolved %v", w.resolver.asked)
	}
}

// RFC: 5358.1, 8914.4
func TestAccess(t *testing.T) {
	prefixes := func(ps ...string) (all []netip.Prefix) {
		for _, p := range ps {
			all = append(all, netip.MustParsePrefix(p))
		}
		return all
	}
	const none, prohibited, notAuthoritative = -1, 18, 20
	configured := func(o *serve.Options) {
		o.Allow, o.Snoop = prefixes("192.0.2.0/24", "2001:db8::/32"), prefixes("192.0.2.8/32", "203.0.113.1/32")
	}
	nobody := func(o *serve.Options) { o.Allow = nil }
	for _, tc := range []struct {
		change func(*serve.Options)
		client string
		rd     bool
		name   string
		code   int // none: answered
		cached bool
	}{
		{nobody, "127.0.0.1:1", true, "example.", prohibited, false},
		{nobody, "[::1]:1", true, "example.", prohibited, false},
		{nil, "127.0.0.1:1", true, "example.", none, false},
		{nil, "[::ffff:127.0.0.1]:1", true, "example.", none, false},
		{nil, "192.0.2.1:1", true, "example.", prohibited, false},
		{nil, "192.0.2.1:1", true, "localhost.", prohibited, false},
		{nil, "127.0.0.1:1", false, "example.", notAuthoritative, false},
		{nil, "127.0.0.1:1", false, "localhost.", none, false},
		{configured, "127.0.0.1:1", true, "example.", prohibited, false},
		{configured, "192.0.2.1:1", true, "example.", none, false},
		{configured, "[2001:db8::1]:1", true, "example.", none, false},
		{configured, "192.0.2.1:1", false, "example.", notAuthoritative, false},
		{configured, "192.0.2.8:1", false, "example.", none, true},
		{configured, "192.0.2.8:1", true, "example.", none, false},
		{configured, "203.0.113.1:1", false, "example.", none, true},
		{configured, "203.0.113.1:1", true, "example.", prohibited, false},
	} {
		w := newWorld(example(t), tc.change)
		m := withEDNS(question(tc.name, dns.TypeA))
		m.RecursionDesired = tc.rd
		packed, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		q := query(packed)
		q.Client = addrPort(tc.client)
		reply, _ := w.serve(q)
		got := read(t, reply)
		code, text := note(got)
		if tc.code == none {
			if got.Rcode != dns.RcodeSuccess || code != none {
				t.Errorf("%s RD=%t %s: %v", tc.client, tc.rd, tc.name, got)
			}
			if tc.name == "example." && (len(w.resolver.asked) != 1 || w.resolver.asked[0].CacheOnly != tc.cached) {
				t.Errorf("%s RD=%t: asked %+v", tc.client, tc.rd, w.resolver.asked)
			}
			continue
		}
		if got.Rcode != dns.RcodeRefused || code != tc.code || text == "" || len(got.Question) != 1 || len(w.resolver.asked) != 0 || got.RecursionDesired != tc.rd {
			t.Errorf("%s RD=%t %s: %v", tc.client, tc.rd, tc.name, got)
		}
	}
}

// RFC: 8482.1, 9824.2, 8906.2, 8914.4
func TestTypesAndClasses(t *testing.T) {
	const none = -1
	configured := func(o *serve.Options) { o.Identity, o.Version = "ns1.example", "recursor" }
	for _, tc := range []struct {
		what         string
		name         string
		qtype, class uint16
		change       func(*serve.Options)
		rcode        int
		code         int
	}{
		{"AXFR", "example.", dns.TypeAXFR, dns.ClassINET, nil, dns.RcodeRefused, 21},
		{"IXFR", "example.", dns.TypeIXFR, dns.ClassINET, nil, dns.RcodeRefused, 21},
		{"MAILA", "example.", dns.TypeMAILA, dns.ClassINET, nil, dns.RcodeNotImplemented, 21},
		{"MAILB", "example.", dns.TypeMAILB, dns.ClassINET, nil, dns.RcodeNotImplemented, 21},
		{"NXNAME", "example.", 128, dns.ClassINET, nil, dns.RcodeFormatError, 30},
		{"OPT", "example.", dns.TypeOPT, dns.ClassINET, nil, dns.RcodeFormatError, 30},
		{"TSIG", "example.", dns.TypeTSIG, dns.ClassINET, nil, dns.RcodeFormatError, 30},
		{"type 0", "example.", 0, dns.ClassINET, nil, dns.RcodeFormatError, 30},
		{"TKEY", "example.", dns.TypeTKEY, dns.ClassINET, nil, dns.RcodeRefused, 30},
		{"an unassigned meta type", "example.", 200, dns.ClassINET, nil, dns.RcodeRefused, 30},
		{"a type of tomorrow", "example.", 300, dns.ClassINET, nil, dns.RcodeSuccess, none},
		{"a private type", "example.", 65280, dns.ClassINET, nil, dns.RcodeSuccess, none},
		{"Hesiod", "example.", dns.TypeA, dns.ClassHESIOD, nil, dns.RcodeRefused, 21},
		{"class ANY", "example.", dns.TypeA, dns.ClassANY, nil, dns.RcodeRefused, 21},
		{"class NONE", "example.", dns.TypeA, dns.ClassNONE, nil, dns.RcodeRefused, 21},
		{"class 0", "example.", dns.TypeA, 0, nil, dns.RcodeRefused, 21},
		{"id.server untold", "id.server.", dns.TypeTXT, dns.ClassCHAOS, nil, dns.RcodeRefused, 21},
		{"version.bind untold", "version.bind.", dns.TypeTXT, dns.ClassCHAOS, nil, dns.RcodeRefused, 21},
		{"another name", "authors.bind.", dns.TypeTXT, dns.ClassCHAOS, configured, dns.RcodeRefused, 21},
		{"another type", "id.server.", dns.TypeA, dns.ClassCHAOS, configured, dns.RcodeRefused, 21},
		{"another class", "id.server.", dns.TypeTXT, dns.ClassHESIOD, configured, dns.RcodeRefused, 21},
	} {
		w := newWorld(example(t), tc.change)
		m := withEDNS(question(tc.name, tc.qtype))
		m.Question[0].Qclass = tc.class
		got := w.ask(t, m)
		code, text := note(got)
		if got.Rcode != tc.rcode || code != tc.code || (code != none) != (text != "") || len(got.Question) != 1 || got.Question[0] != m.Question[0] {
			t.Errorf("%s: %v", tc.what, got)
		}
		if resolved := len(w.resolver.asked) > 0; resolved != (tc.code == none) {
			t.Errorf("%s: resolved %t", tc.what, resolved)
		}
	}
	for name, want := range map[string]string{
		"id.server.": "ns1.example", "HostName.Bind.": "ns1.example", "version.server.": "recursor", "version.bind.": "recursor",
	} {
		m := question(name, dns.TypeTXT)
		m.Question[0].Qclass, m.RecursionDesired = dns.ClassCHAOS, false
		got := newWorld(nil, configured).ask(t, m)
		if got.Rcode != dns.RcodeSuccess || got.Authoritative || len(got.Answer) != 1 {
			t.Errorf("%s: %v", name, got)
			continue
		}
		txt, ok := got.Answer[0].(*dns.TXT)
		if !ok || txt.Txt[0] != want || txt.Hdr.Class != dns.ClassCHAOS || txt.Hdr.Ttl != 0 || txt.Hdr.Name != name {
			t.Errorf("%s: %v", name, got.Answer)
		}
	}
}

// RFC: 8482.1
func TestAny(t *testing.T) {
	w := newWorld(example(t), nil)
	for _, m := range []*dns.Msg{question("eXample.", dns.TypeANY), withDO(question("eXample.", dns.TypeANY))} {
		got := w.ask(t, m)
		if got.Rcode != dns.RcodeSuccess || got.Truncated || len(got.Answer) != 1 || len(got.Ns) != 0 || got.AuthenticatedData || got.Authoritative {
			t.Fatalf("%v", got)
		}
		h, ok := got.Answer[0].(*dns.HINFO)
		if !ok || h.Cpu != "RFC8482" || h.Os != "" || h.Hdr.Name != "eXample." || h.Hdr.Ttl != 3600 {
			t.Errorf("%v", got.Answer)
		}
	}
	if len(w.resolver.asked) != 0 {
		t.Error("ANY is resolved")
	}
	w = newWorld(example(t), func(o *serve.Options) { o.Any = serve.AnyResolved })
	if w.ask(t, question("example.", dns.TypeANY)); len(w.resolver.asked) != 1 || w.resolver.asked[0].Type != wire.TypeANY {
		t.Errorf("asked %v", w.resolver.asked)
	}
}

// TestLocal: zones held here are answered in Hit, with AA and without AD, and
// what they do not answer is resolved.
// RFC: 6303.1, 6303.4, 6761.2, 7686.1, 8375.1, 9462.1
func TestLocal(t *testing.T) {
	for _, tc := range []struct {
		name   string
		qtype  uint16
		rcode  int
		answer int
		local  bool
	}{
		{"localHost.", dns.TypeA, dns.RcodeSuccess, 1, true},
		{"a.localhost.", dns.TypeAAAA, dns.RcodeSuccess, 1, true},
		{"1.0.0.10.in-addr.arpa.", dns.TypePTR, dns.RcodeNameError, 0, true},
		{"1.0.0.127.in-addr.arpa.", dns.TypePTR, dns.RcodeSuccess, 1, true},
		{"home.arpa.", dns.TypeDS, dns.RcodeSuccess, 0, false},
		{"x.home.arpa.", dns.TypeANY, dns.RcodeNameError, 0, true},
		{"x.onion.", dns.TypeA, dns.RcodeNameError, 0, true},
		{"_dns.resolver.arpa.", 64, dns.RcodeSuccess, 0, true},
		{"example.", dns.TypeA, dns.RcodeSuccess, 0, false},
	} {
		w := newWorld(example(t), nil)
		m := withDO(question(tc.name, tc.qtype))
		m.AuthenticatedData = true
		packed, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		reply, hit := w.serve(query(packed))
		got := read(t, reply)
		if hit != tc.local || got.Rcode != tc.rcode || got.Authoritative != tc.local || len(got.Answer) != tc.answer {
			t.Errorf("%s: hit %t, %v", tc.name, hit, got)
		}
		if tc.local && (got.AuthenticatedData || tc.answer == 0 && len(got.Ns) != 1) {
			t.Errorf("%s: %v", tc.name, got)
		}
		if tc.answer > 0 && got.Answer[0].Header().Name != tc.name {
			t.Errorf("%s: %v", tc.name, got.Answer)
		}
	}
	w := newWorld(example(t), func(o *serve.Options) { o.Zones = nil })
	if w.ask(t, question("localhost.", dns.TypeA)); len(w.resolver.asked) != 1 {
		t.Error("without zones localhost is not resolved")
	}
}
