package transport

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/wire"
)

// message is a message with one question, made by the library, so that our
// reading of the wire has a second opinion.
func message(t testing.TB, id uint16, name string, qtype uint16, change func(*dns.Msg)) []byte {
	t.Helper()
	m := &dns.Msg{
		MsgHdr:   dns.MsgHdr{Id: id},
		Question: []dns.Question{{Name: name, Qtype: qtype, Qclass: dns.ClassINET}},
	}
	if change != nil {
		change(m)
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RFC: 5452.1, 1034.4, 7766.5
func TestMatch(t *testing.T) {
	query := message(t, 0xbeef, "wWw.eXample.com.", dns.TypeAAAA, nil)
	response := func(change func(*dns.Msg)) []byte {
		return message(t, 0xbeef, "wWw.eXample.com.", dns.TypeAAAA, func(m *dns.Msg) {
			m.Response = true
			if change != nil {
				change(m)
			}
		})
	}
	rcode := func(rc int, qr bool) []byte {
		return message(t, 0xbeef, ".", 0, func(m *dns.Msg) { m.Response, m.Rcode, m.Question = qr, rc, nil })
	}
	aaaa := &dns.AAAA{Hdr: dns.RR_Header{Name: "www.example.com.", Rrtype: dns.TypeAAAA, Class: dns.ClassINET}, AAAA: make([]byte, 16)}
	for name, tc := range map[string]struct {
		packet []byte
		want   Matching
	}{
		"the same question":             {response(nil), Exact},
		"with an answer":                {response(func(m *dns.Msg) { m.Answer = []dns.RR{aaaa} }), Exact},
		"truncated":                     {response(func(m *dns.Msg) { m.Truncated = true }), Exact},
		"refused, with the question":    {response(func(m *dns.Msg) { m.Rcode = dns.RcodeRefused }), Exact},
		"another ID":                    {response(func(m *dns.Msg) { m.Id++ }), Stranger},
		"a query, not a response":       {query, Stranger},
		"another opcode":                {response(func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }), Stranger},
		"another name":                  {response(func(m *dns.Msg) { m.Question[0].Name = "wWw.eXample.net." }), Stranger},
		"a longer name":                 {response(func(m *dns.Msg) { m.Question[0].Name = "a.wWw.eXample.com." }), Stranger},
		"a shorter name":                {response(func(m *dns.Msg) { m.Question[0].Name = "eXample.com." }), Stranger},
		"another type":                  {response(func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeA }), Stranger},
		"another class":                 {response(func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }), Stranger},
		"the name folded":               {response(func(m *dns.Msg) { m.Question[0].Name = "www.example.com." }), SameButCase},
		"one letter folded":             {response(func(m *dns.Msg) { m.Question[0].Name = "wWw.example.com." }), SameButCase},
		"folded, another type":          {response(func(m *dns.Msg) { m.Question[0].Name, m.Question[0].Qtype = "www.example.com.", 1 }), Stranger},
		"no question, no error":         {rcode(dns.RcodeSuccess, true), Stranger},
		"no question, NXDOMAIN":         {rcode(dns.RcodeNameError, true), Stranger},
		"no question, FORMERR":          {rcode(dns.RcodeFormatError, true), Exact},
		"no question, NOTIMP":           {rcode(dns.RcodeNotImplemented, true), Exact},
		"no question, SERVFAIL":         {rcode(dns.RcodeServerFailure, true), Exact},
		"no question, REFUSED":          {rcode(dns.RcodeRefused, true), Exact},
		"no question, FORMERR, a query": {rcode(dns.RcodeFormatError, false), Stranger},
		"no question but an answer": {response(func(m *dns.Msg) {
			m.Question, m.Rcode, m.Answer = nil, dns.RcodeServerFailure, []dns.RR{aaaa}
		}), Stranger},
		"two questions":     {response(func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }), Stranger},
		"empty":             {nil, Stranger},
		"half a header":     {response(nil)[:11], Stranger},
		"a header alone":    {response(nil)[:12], Stranger},
		"half a question":   {response(nil)[:20], Stranger},
		"all but one octet": {response(nil)[:len(query)-1], Stranger},
	} {
		if got := Match(query, tc.packet); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
}

// A letter and the octet 32 beside it that is no letter are not the same: of
// the ASCII letters alone is case (RFC 4343 §3).
func TestMatchFoldsLettersOnly(t *testing.T) {
	query := message(t, 7, "a[b.example.", dns.TypeA, nil)
	other := message(t, 7, "a{b.example.", dns.TypeA, func(m *dns.Msg) { m.Response = true })
	if got := Match(query, other); got != Stranger {
		t.Errorf("[ and {: %d, want a stranger", got)
	}
}

// A query of ours that does not parse must match nothing, and not panic.
func TestMatchOfBrokenQuery(t *testing.T) {
	good := message(t, 7, "www.example.", dns.TypeA, func(m *dns.Msg) { m.Response = true })
	for n := range good {
		if got := Match(good[:n], good); got != Stranger {
			t.Errorf("a query of %d octets: %d, want a stranger", n, got)
		}
	}
}

func FuzzMatch(f *testing.F) {
	query := message(f, 0x1234, "wWw.eXample.com.", dns.TypeA, nil)
	f.Add(query, query)
	f.Add(query, message(f, 0x1234, "wWw.eXample.com.", dns.TypeA, func(m *dns.Msg) { m.Response = true }))
	f.Add(query, message(f, 0x1234, "www.example.com.", dns.TypeA, func(m *dns.Msg) { m.Response = true }))
	f.Add(query, message(f, 0x1234, "com.", dns.TypeA, func(m *dns.Msg) { m.Response, m.Rcode, m.Question = true, 1, nil }))
	f.Add([]byte("short"), []byte{})
	f.Fuzz(func(t *testing.T, query, packet []byte) {
		before := bytes.Clone(packet)
		got := Match(query, packet)
		if !bytes.Equal(before, packet) {
			t.Fatal("Match wrote to the packet")
		}
		if got == Stranger {
			return
		}
		q, err := wire.ParseHeader(query)
		if err != nil {
			t.Fatal("matched a query without header")
		}
		p, err := wire.ParseHeader(packet)
		if err != nil || p.ID != q.ID || packet[2]&0x80 == 0 {
			t.Fatalf("matched %x, which is no response with ID %d", packet, q.ID)
		}
		if p.QD == 0 {
			if got != Exact || p.Flags.RCode() == 0 {
				t.Fatal("matched a response without question that is no error")
			}
			return
		}
		// The library reads the first question of both, if it can.
		want, ok := firstQuestion(query)
		if _, _, err := domain.FromWire(query[wire.HeaderLen:]); !ok || err != nil {
			return // we compress no name of a query
		}
		have, ok := firstQuestion(packet)
		if !ok {
			t.Fatalf("matched a question that the library does not read: %x", packet)
		}
		if !strings.EqualFold(want.Name, have.Name) || want.Qtype != have.Qtype || want.Qclass != have.Qclass {
			t.Fatalf("matched %v and %v", want, have)
		}
		if (want.Name == have.Name) != (got == Exact) {
			t.Fatalf("%v and %v: %d", want, have, got)
		}
	})
}

// firstQuestion is the first question of a message by the library's reading.
func firstQuestion(b []byte) (dns.Question, bool) {
	b = bytes.Clone(b)
	for i := 4; i < 12; i++ {
		b[i] = 0
	}
	binary.BigEndian.PutUint16(b[4:], 1)
	var m dns.Msg
	if err := m.Unpack(b); len(m.Question) == 0 {
		_ = err // octets after the question are not its business here
		return dns.Question{}, false
	}
	return m.Question[0], true
}

// Matching allocates nothing: a flood of forged packets must not fill the heap.
func TestMatchDoesNotAllocate(t *testing.T) {
	query := message(t, 7, "wWw.eXample.com.", dns.TypeA, nil)
	for _, name := range []string{"wWw.eXample.com.", "www.example.com.", "www.example.org."} {
		packet := message(t, 7, name, dns.TypeA, func(m *dns.Msg) { m.Response = true })
		if n := testing.AllocsPerRun(100, func() { Match(query, packet) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
