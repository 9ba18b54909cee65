package serve_test

import (
	"bytes"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/frontend"
	"recursor/serve"
)

// FuzzHandler takes any octets over any transport. Whatever they are, nobody
// panics; a response is one (RFC 1035 §4.1), for this query, of a legal length,
// readable by the library and by us; and Miss says what Hit would have said.
func FuzzHandler(f *testing.F) {
	pack := func(m *dns.Msg) []byte {
		m.Id = 7
		packed, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		return packed
	}
	f.Add(pack(question("www.example.com.", dns.TypeA)), byte(0))
	f.Add(pack(withDO(question("a.LocalHost.", dns.TypeANY))), byte(1))
	f.Add(pack(withEDNS(question("example.", dns.TypeSOA), cookie("2464c4abcf10c957"), &dns.EDNS0_PADDING{})), byte(2))
	f.Add(hand(wire.Header{QD: 2, AR: 1}, exampleSOA+exampleSOA+emptyOPT), byte(3))
	f.Add(hand(wire.Header{QD: 1, AR: 1, Flags: wire.FlagRD}, exampleSOA+optWith("\x00\x0b\x00\x00")), byte(4))
	answer := example(f)
	f.Fuzz(func(t *testing.T, msg []byte, how byte) {
		w := newWorld(func(q serve.Question) (serve.Answer, error) {
			if !q.Name.IsZero() && q.Class == wire.ClassIN && (!q.Type.IsMeta() || q.Type == wire.TypeANY) {
				return answer(q)
			}
			t.Fatalf("asked %+v", q)
			return serve.Answer{}, nil
		}, func(o *serve.Options) {
			o.Identity, o.NSID = "here", []byte("here")
			if how&0x80 != 0 {
				o.Cookies.Mode, o.Resolutions, o.Any = serve.CookiesRequired, 1, serve.AnyResolved
			}
		})
		q := query(msg)
		q.Transport = frontend.Transport(how & 0x7f % 5)
		reply, hit := w.serve(q)
		if len(reply) == 0 {
			if len(msg) >= wire.HeaderLen && msg[2]&0x80 == 0 {
				t.Fatal("silence")
			}
			return
		}
		if hit {
			again := false
			w.Miss(q, func(msg []byte) { again = bytes.Equal(msg, reply) })
			if !again {
				t.Fatal("Miss differs from Hit")
			}
		}
		check(t, q, reply)
	})
}

// check holds a response to what every response owes its query.
func check(t *testing.T, q *frontend.Query, reply []byte) {
	t.Helper()
	var m dns.Msg
	if err := m.Unpack(reply); err != nil {
		t.Fatalf("%x: %v", reply, err)
	}
	ours, err := rrset.Parse(reply)
	if err != nil {
		t.Fatalf("%x: %v", reply, err)
	}
	sent, err := wire.ParseHeader(q.Message)
	if err != nil {
		t.Fatal(err)
	}
	if ours.ID != sent.ID || !ours.Flags.Has(wire.FlagQR) || ours.Flags.Has(wire.FlagZ) || ours.Flags.Opcode() != sent.Flags.Opcode() {
		t.Fatalf("%04x came back as %04x", sent.Flags, ours.Flags)
	}
	if ours.QD == 1 { // the question as sent, octet by octet
		end := wire.HeaderLen + len(ours.Question.Raw) + 4
		if sent.QD != 1 || len(q.Message) < end || !bytes.Equal(reply[wire.HeaderLen:end], q.Message[wire.HeaderLen:end]) {
			t.Fatalf("question %x", reply[wire.HeaderLen:end])
		}
	}
	limit := 65535
	if q.Transport == frontend.UDP {
		limit = 512
		if ours.OPT.Count > 0 {
			limit = 1232
		}
	}
	if len(reply) > limit {
		t.Fatalf("%d octets over %s", len(reply), q.Transport)
	}
	if ours.OPT.Count > 0 && !bytes.Contains(q.Message, []byte{0, 0, 41}) {
		t.Fatal("an OPT for who sent none")
	}
}
