package serve_test

import (
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/wire"
	"recursor/frontend"
	"recursor/serve"
)

// example answers for the zone example., as a resolver does that validated it.
func example(t testing.TB) func(serve.Question) (serve.Answer, error) {
	soa := sets(t, soaRecord, soaSig)
	var keys []string
	for range 6 {
		keys = append(keys, "example. 300 IN DNSKEY 256 3 13 "+strings.Repeat("A", 84+len(keys)*4)+"AA==")
	}
	dnskey := sets(t, append(keys, "example. 300 IN RRSIG DNSKEY 13 1 300 20300101000000 20200101000000 1 example. "+strings.Repeat("A", 84)+"AA==")...)
	return func(q serve.Question) (serve.Answer, error) {
		switch q.Type {
		case wire.TypeSOA:
			return serve.Answer{Answer: soa, Secure: true}, nil
		case wire.TypeDNSKEY:
			return serve.Answer{Answer: dnskey, Secure: true}, nil
		default:
			return serve.Answer{Authority: soa, Secure: true}, nil
		}
	}
}

// TestRFC8906 has the tests of RFC 8906 §8 in its order, each as for a recursive
// server: RD=1 in queries, AA clear in answers, AD where DO or AD was sent.
// RFC: 8906.1, 8906.2, 8490.1, 6891.3
func TestRFC8906(t *testing.T) {
	type expectation struct {
		rcode  int
		answer uint16 // type of the answer, 0: no answer
		edns   bool   // OPT in the response
		do     bool
		ad     bool
		cd     bool
	}
	const noerror, badvers, notimp = dns.RcodeSuccess, dns.RcodeBadVers, dns.RcodeNotImplemented
	opt := func(m *dns.Msg) *dns.OPT { return m.IsEdns0() }
	local := func(code uint16) dns.EDNS0 { return &dns.EDNS0_LOCAL{Code: code} }
	for _, tc := range []struct {
		section string
		what    string
		qtype   uint16
		change  func(*dns.Msg)
		over    frontend.Transport
		want    expectation
	}{
		{"8.1.1", "basic DNS", dns.TypeSOA, nil, frontend.UDP, expectation{rcode: noerror, answer: dns.TypeSOA}},
		{"8.1.2", "unknown type", 1000, nil, frontend.UDP, expectation{rcode: noerror}},
		{"8.1.3.1", "CD=1", dns.TypeSOA, func(m *dns.Msg) { m.CheckingDisabled = true }, frontend.UDP, expectation{rcode: noerror, answer: dns.TypeSOA, cd: true}},
		{"8.1.3.2", "AD=1", dns.TypeSOA, func(m *dns.Msg) { m.AuthenticatedData = true }, frontend.UDP, expectation{rcode: noerror, answer: dns.TypeSOA, ad: true}},
		{"8.1.3.3", "reserved bit", dns.TypeSOA, func(m *dns.Msg) { m.Zero = true }, frontend.UDP, expectation{rcode: noerror, answer: dns.TypeSOA}},
		{"8.1.3.4", "RD=1", dns.TypeSOA, nil, frontend.UDP, expectation{rcode: noerror, answer: dns.TypeSOA}},
		{"8.1.4", "unknown opcode, header only", 0, func(m *dns.Msg) { m.Opcode, m.Question, m.RecursionDesired = 15, nil, false }, frontend.UDP, expectation{rcode: notimp}},
		{"8.1.5", "TCP", dns.TypeSOA, nil, frontend.TCP, expectation{rcode: noerror, answer: dns.TypeSOA}},
		{"8.2.1", "minimal EDNS", dns.TypeSOA, func(m *dns.Msg) { withEDNS(m) }, frontend.UDP, expectation{rcode: noerror, answer: dns.TypeSOA, edns: true}},
		{"8.2.2", "EDNS version 1", dns.TypeSOA, func(m *dns.Msg) { withEDNS(m); opt(m).SetVersion(1) }, frontend.UDP, expectation{rcode: badvers, edns: true}},
		{"8.2.3", "unknown option", dns.TypeSOA, func(m *dns.Msg) { withEDNS(m, local(100)) }, frontend.UDP, expectation{rcode: noerror, answer: dns.TypeSOA, edns: true}},
		{"8.2.4", "unknown EDNS flag", dns.TypeSOA, func(m *dns.Msg) { withEDNS(m); opt(m).SetZ(0x40) }, frontend.UDP, expectation{rcode: noerror, answer: dns.TypeSOA, edns: true}},
		{"8.2.5", "version 1, unknown flag", dns.TypeSOA, func(m *dns.Msg) { withEDNS(m); opt(m).SetVersion(1); opt(m).SetZ(0x40) }, frontend.UDP, expectation{rcode: badvers, edns: true}},
		{"8.2.6", "version 1, unknown option", dns.TypeSOA, func(m *dns.Msg) { withEDNS(m, local(100)); opt(m).SetVersion(1) }, frontend.UDP, expectation{rcode: badvers, edns: true}},
		{"8.2.8", "DO=1", dns.TypeSOA, func(m *dns.Msg) { withDO(m) }, frontend.UDP, expectation{rcode: noerror, answer: dns.TypeSOA, edns: true, do: true, ad: true}},
		{"8.2.9", "version 1, DO=1", dns.TypeSOA, func(m *dns.Msg) { withDO(m); opt(m).SetVersion(1) }, frontend.UDP, expectation{rcode: badvers, edns: true, do: true}},
	} {
		t.Run(tc.section+" "+tc.what, func(t *testing.T) {
			m := question("example.", tc.qtype)
			if tc.change != nil {
				tc.change(m)
			}
			got := newWorld(example(t), nil).askOver(t, m, tc.over)
			want := tc.want
			if got.Rcode != want.rcode || got.Id != m.Id || !got.Response || got.Opcode != m.Opcode {
				t.Errorf("RCODE %d, ID %d, QR %t, opcode %d", got.Rcode, got.Id, got.Response, got.Opcode)
			}
			if got.Authoritative || got.Zero || got.Truncated {
				t.Errorf("AA %t, Z %t, TC %t", got.Authoritative, got.Zero, got.Truncated)
			}
			if got.RecursionDesired != m.RecursionDesired || got.AuthenticatedData != want.ad || got.CheckingDisabled != want.cd {
				t.Errorf("RD %t, AD %t, CD %t", got.RecursionDesired, got.AuthenticatedData, got.CheckingDisabled)
			}
			if got.RecursionAvailable != (m.Opcode == dns.OpcodeQuery) {
				t.Errorf("RA %t", got.RecursionAvailable)
			}
			if len(got.Question) != len(m.Question) {
				t.Errorf("question %v", got.Question)
			}
			types := map[uint16]int{}
			for _, rr := range got.Answer {
				types[rr.Header().Rrtype]++
			}
			if want.answer != 0 && types[want.answer] == 0 || want.answer == 0 && len(types) != 0 {
				t.Errorf("answer %v", got.Answer)
			}
			if (types[dns.TypeRRSIG] > 0) != (want.do && want.answer != 0) {
				t.Errorf("answer %v", got.Answer)
			}
			o := got.IsEdns0()
			if (o != nil) != want.edns {
				t.Fatalf("OPT %v", o)
			}
			if o != nil && (o.Version() != 0 || o.Z() != 0 || o.Do() != want.do || len(o.Option) != 0) {
				t.Errorf("OPT %v", o)
			}
		})
	}
}

// TestRFC8906Truncated is §8.2.7.
// RFC: 8906.1, 6891.6
func TestRFC8906Truncated(t *testing.T) {
	m := withDO(question("example.", dns.TypeDNSKEY))
	m.IsEdns0().SetUDPSize(512)
	got := newWorld(example(t), nil).ask(t, m)
	o := got.IsEdns0()
	if got.Rcode != dns.RcodeSuccess || !got.Truncated || o == nil || o.Version() != 0 || !o.Do() || len(o.Option) != 0 {
		t.Errorf("%v", got)
	}
	m.IsEdns0().SetUDPSize(1232)
	if got := newWorld(example(t), nil).ask(t, m); got.Truncated || len(got.Answer) != 7 {
		t.Errorf("%v", got)
	}
}

// TestRFC8906Options is §8.2.10: several defined options at once.
// RFC: 8906.1, 5001.1
func TestRFC8906Options(t *testing.T) {
	m := withEDNS(question("example.", dns.TypeSOA),
		&dns.EDNS0_NSID{Code: dns.EDNS0NSID}, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "2464c4abcf10c957"},
		&dns.EDNS0_EXPIRE{Code: dns.EDNS0EXPIRE, Empty: true},
		&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, Address: []byte{0, 0, 0, 0}})
	w := newWorld(example(t), func(o *serve.Options) { o.NSID = []byte("here") })
	got := w.ask(t, m)
	o := got.IsEdns0()
	if got.Rcode != dns.RcodeSuccess || len(got.Answer) != 1 || o == nil || o.Version() != 0 || o.Z() != 0 {
		t.Fatalf("%v", got)
	}
	codes := map[uint16]bool{}
	for _, option := range o.Option {
		codes[option.Option()] = true
	}
	if len(codes) != 2 || !codes[dns.EDNS0COOKIE] || !codes[dns.EDNS0NSID] {
		t.Errorf("options %v", o.Option)
	}
}

// TestOtherOpcodes: NOTIMP to all of them, with the header's ID and opcode,
// whatever the message holds, and no part of it back.
// RFC: 8906.2, 8490.1
func TestOtherOpcodes(t *testing.T) {
	w := newWorld(nil, nil)
	for opcode := 1; opcode < 16; opcode++ {
		for what, rest := range map[string]string{
			"header only":        "",
			"octets of anything": "\x03\xff\xc0\x0c\x00",
			"a question":         "\x07example\x00\x00\x06\x00\x01",
		} {
			flags := wire.Flags(0x07ff&^0x0200).WithOpcode(wire.Opcode(opcode)) &^ 0xf // every bit but QR, TC
			h := wire.Header{ID: 77, Flags: flags}
			if what == "a question" {
				h.QD = 1
			}
			reply, hit := w.serve(query(append(h.Append(nil), rest...)))
			want := wire.FlagQR.WithOpcode(wire.Opcode(opcode)).WithRCode(wire.NotImp)
			if opcode != dns.OpcodeStateful {
				want |= wire.FlagRD
			}
			if expected := (wire.Header{ID: 77, Flags: want}).Append(nil); !hit || string(reply) != string(expected) {
				t.Errorf("opcode %d, %s: %x, want %x", opcode, what, reply, expected)
			}
		}
	}
	m := withEDNS(question("example.", dns.TypeSOA))
	m.Opcode = dns.OpcodeNotify
	got := w.ask(t, m)
	if got.Rcode != dns.RcodeNotImplemented || len(got.Question) != 0 || got.IsEdns0() == nil {
		t.Errorf("%v", got)
	}
	m.Opcode = dns.OpcodeStateful
	if got := w.ask(t, m); got.Rcode != dns.RcodeNotImplemented || got.IsEdns0() != nil {
		t.Errorf("%v", got)
	}
}
