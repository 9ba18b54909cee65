package wire_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/wire"
)

// raw is a name in wire form with the case of the text.
func raw(tb testing.TB, text string) []byte {
	tb.Helper()
	buf := make([]byte, 256)
	n, err := dns.PackDomainName(dns.Fqdn(text), buf, 0, nil, false)
	if err != nil {
		tb.Fatal(err)
	}
	return buf[:n]
}

// unpack is the library's reading of a message.
func unpack(tb testing.TB, msg []byte) *dns.Msg {
	tb.Helper()
	m := new(dns.Msg)
	if err := m.Unpack(msg); err != nil {
		tb.Fatalf("the library refuses it: %v\n%x", err, msg)
	}
	return m
}

// A message of every type with a layout reads as what went in, and is no longer
// than the library would make it.
//
// RFC: 3597.2
func TestBuilder(t *testing.T) {
	var b wire.Builder
	b.Reset([]byte("\x00\x00")) // as for TCP: offsets count from the message
	b.Question(raw(t, "Host.EXAMPLE."), wire.TypeANY, wire.ClassIN)
	m := new(dns.Msg)
	m.SetQuestion("Host.EXAMPLE.", dns.TypeANY)
	n := uint16(0)
	for _, s := range samples() {
		if s.line == "" {
			continue // the library cannot read it
		}
		n++
		b.RR(raw(t, "owner.test."), s.t, wire.ClassIN, 3600, []byte(s.rdata(t)))
		rr, err := dns.NewRR("owner.test. 3600 IN " + s.t.String() + " " + s.line)
		if err != nil {
			t.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	b.Header(wire.Header{ID: m.Id, Flags: wire.FlagRD, QD: 1, AN: n})
	msg := b.Bytes()[2:]
	if b.Len() != len(msg) {
		t.Errorf("Len %d, want %d", b.Len(), len(msg))
	}
	got := unpack(t, msg)
	for i, rr := range got.Answer {
		if rr.String() != m.Answer[i].String() {
			t.Errorf("%v came back as %v", m.Answer[i], rr)
		}
	}
	m.Compress = true
	theirs, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if len(msg) > len(theirs) {
		t.Errorf("%d octets, the library needs %d", len(msg), len(theirs))
	}
	// Nothing but the types of RFC 1035 may be compressed: the name must stand in
	// full as often as there are others that hold one.
	full := 0
	for _, s := range samples() {
		switch s.t {
		case wire.TypeNS, wire.TypeMD, wire.TypeMF, wire.TypeCNAME, wire.TypeSOA, wire.TypeMB, wire.TypeMG, wire.TypeMR,
			wire.TypePTR, wire.TypeMINFO, wire.TypeMX:
		default:
			if s.line != "" {
				full += strings.Count(s.rdata(t), host)
			}
		}
	}
	if got := strings.Count(string(msg), host); got != full+1 { // and in the question
		t.Errorf("the name stands %d times in full, want %d", got, full+1)
	}
}

// Each spelling of a name keeps its own.
//
// RFC: 4343.2
func TestBuilderKeepsCase(t *testing.T) {
	var b wire.Builder
	b.Reset(nil)
	b.Question(raw(t, "wWw.eXample."), wire.TypeA, wire.ClassIN)
	for _, owner := range []string{"www.example.", "wWw.eXample.", "WWW.eXample.", "www.example."} {
		b.RR(raw(t, owner), wire.TypeA, wire.ClassIN, 1, []byte("abcd"))
	}
	b.Header(wire.Header{QD: 1, AN: 4})
	m := unpack(t, b.Bytes())
	got := []string{m.Question[0].Name}
	for _, rr := range m.Answer {
		got = append(got, rr.Header().Name)
	}
	if want := []string{"wWw.eXample.", "www.example.", "wWw.eXample.", "WWW.eXample.", "www.example."}; !slices.Equal(got, want) {
		t.Errorf("names %v, want %v", got, want)
	}
	if want := 12 + 17 + (13 + 14) + (2 + 14) + (4 + 2 + 14) + (2 + 14); b.Len() != want {
		t.Errorf("%d octets, want %d", b.Len(), want)
	}
}

// A name taken back is pointed to by nothing that comes after it.
func TestRollback(t *testing.T) {
	var b wire.Builder
	b.Reset(nil)
	b.Question(raw(t, "example."), wire.TypeNS, wire.ClassIN)
	mark := b.Mark()
	before := string(b.Bytes())
	b.RR(raw(t, "example."), wire.TypeNS, wire.ClassIN, 1, raw(t, "gone.away.example."))
	b.Rollback(mark)
	if string(b.Bytes()) != before {
		t.Fatalf("rolled back to %x, want %x", b.Bytes(), before)
	}
	// Other octets where the name stood, the name again, and once more, so that it
	// may be a target now.
	b.RR(raw(t, "x."), wire.TypeTXT, wire.ClassIN, 1, append([]byte{60}, make([]byte, 60)...))
	b.RR(raw(t, "gone.away.example."), wire.TypeNS, wire.ClassIN, 1, raw(t, "away.example."))
	b.RR(raw(t, "x."), wire.TypeNS, wire.ClassIN, 1, raw(t, "gone.away.example."))
	b.Header(wire.Header{QD: 1, AN: 3})
	m := unpack(t, b.Bytes())
	if got := m.Answer[1].String(); got != "gone.away.example.\t1\tIN\tNS\taway.example." {
		t.Errorf("record %s", got)
	}
	if got := m.Answer[2].String(); got != "x.\t1\tIN\tNS\tgone.away.example." {
		t.Errorf("record %s", got)
	}
	if want := len(before) + (3 + 10 + 61) + (12 + 10 + 2) + (2 + 10 + 2); b.Len() != want {
		t.Errorf("%d octets, want %d", b.Len(), want)
	}
}

// Octets that look like the name taken back are no target either: here those of a
// TTL and of a length that is written last.
func TestRollbackForgets(t *testing.T) {
	var b wire.Builder
	b.Reset(nil)
	mark := b.Mark()
	b.Raw(make([]byte, 7)) // owner, type, class, half of the TTL
	b.Name(raw(t, "a."))
	b.Rollback(mark)
	long := strings.Repeat("\x01b", 127) + "\x00"
	b.RR([]byte{0}, wire.TypeMINFO, wire.ClassIN, 0x0161, []byte(long+"\x01a\x00"))
	b.Header(wire.Header{AN: 1})
	if got := unpack(t, b.Bytes()).Answer[0].(*dns.MINFO).Email; got != "a." {
		t.Errorf("the second name came out as %s", got)
	}
}

// Pointers hold fourteen bits: what stands further on is no target.
func TestBuilderBeyondPointers(t *testing.T) {
	for pad := 0x3fff - 40; pad < 0x4003; pad++ {
		var b wire.Builder
		b.Reset(nil)
		fill := pad - b.Len() - 11
		b.RR([]byte{0}, wire.TypeNULL, wire.ClassIN, 1, make([]byte, fill))
		for range 3 {
			b.RR(raw(t, "aa.bb.cc."), wire.TypeCNAME, wire.ClassIN, 1, raw(t, "dd.aa.bb.cc."))
		}
		b.Header(wire.Header{AN: 4})
		for _, rr := range unpack(t, b.Bytes()).Answer[1:] {
			if got := rr.String(); got != "aa.bb.cc.\t1\tIN\tCNAME\tdd.aa.bb.cc." {
				t.Fatalf("at %d: %s", pad, got)
			}
		}
	}
	// A message may be rolled back to beyond 65,535 octets.
	var b wire.Builder
	b.Reset(nil)
	b.Name(raw(t, "aa.bb."))
	b.Raw(make([]byte, 0x10000))
	mark := b.Mark()
	b.Name(raw(t, "cc.aa.bb."))
	b.Rollback(mark)
	at := b.Len()
	b.Name(raw(t, "aa.bb."))
	if got := b.Bytes()[at:]; string(got) != "\xc0\x0c" {
		t.Errorf("aa.bb. is written as %x, want a pointer", got)
	}
}

// The plain twin of a Builder: records one after the other, no compression.
type plain struct{ lines []string }

// Random names, cases and rollbacks: what is left reads as what was left in.
func TestBuilderRandomly(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var b wire.Builder
	for round := range 300 {
		b.Reset(make([]byte, rng.IntN(3)))
		var p plain
		marks := []struct {
			wire.Mark
			lines int
		}{{b.Mark(), 0}}
		for range rng.IntN(120) {
			if rng.IntN(8) == 0 {
				m := marks[rng.IntN(len(marks))]
				b.Rollback(m.Mark)
				p.lines = p.lines[:m.lines]
				for len(marks) > 1 && marks[len(marks)-1].lines > m.lines {
					marks = marks[:len(marks)-1]
				}
				continue
			}
			owner, target := randomName(rng), randomName(rng)
			b.RR(raw(t, owner), wire.TypeNS, wire.ClassIN, 7, raw(t, target))
			p.lines = append(p.lines, owner+"\t7\tIN\tNS\t"+target)
			marks = append(marks, struct {
				wire.Mark
				lines int
			}{b.Mark(), len(p.lines)})
		}
		b.Header(wire.Header{AN: uint16(len(p.lines))})
		msg := b.Bytes()[len(b.Bytes())-b.Len():]
		m := unpack(t, msg)
		for i, rr := range m.Answer {
			if rr.String() != p.lines[i] {
				t.Fatalf("round %d: %s, want %s", round, rr, p.lines[i])
			}
		}
	}
}

func randomName(rng *rand.Rand) string {
	labels := []string{"a", "b", "A", "cc", "example", "Example", "ns1", "\\000", "x-y"}
	var s strings.Builder
	for range 1 + rng.IntN(6) {
		s.WriteString(labels[rng.IntN(len(labels))])
		s.WriteByte('.')
	}
	return s.String()
}

// Whatever the names, each is written whole or as a sound pointer, and the
// longest fit.
func TestBuilderLongNames(t *testing.T) {
	var b wire.Builder
	b.Reset(nil)
	longest := strings.Repeat("\x01a", 127) + "\x00"
	b.Name([]byte(longest))
	b.Name([]byte(longest))
	b.Name([]byte(longest[2:]))
	b.Name([]byte{0})
	want := longest + "\xc0\x0c" + "\xc0\x0e" + "\x00"
	if got := string(b.Bytes()[wire.HeaderLen:]); got != want {
		t.Errorf("written as %q, want %q", got, want)
	}
	b.Reset(nil)
	for i := range 400 {
		b.RR(raw(t, fmt.Sprintf("n%d.example.", i)), wire.TypeA, wire.ClassIN, 1, []byte("abcd"))
	}
	b.Header(wire.Header{AN: 400})
	for i, rr := range unpack(t, b.Bytes()).Answer {
		if want := fmt.Sprintf("n%d.example.", i); rr.Header().Name != want {
			t.Fatalf("record %d is %s", i, rr)
		}
	}
}

func TestBuilderAllocatesNothing(t *testing.T) {
	var b wire.Builder
	buf := make([]byte, 0, 1232)
	owner, target := raw(t, "www.example.com."), raw(t, "ns1.example.net.")
	soa := slices.Concat(owner, target, make([]byte, 20))
	mx := append([]byte{0, 10}, target...)
	allocs := testing.AllocsPerRun(100, func() {
		b.Reset(buf)
		b.Question(owner, wire.TypeA, wire.ClassIN)
		mark := b.Mark()
		b.RR(owner, wire.TypeNS, wire.ClassIN, 1, target)
		b.RR(owner, wire.TypeSOA, wire.ClassIN, 1, soa)
		b.Rollback(mark)
		b.RR(owner, wire.TypeMX, wire.ClassIN, 1, mx)
		b.Header(wire.Header{QD: 1, AN: 1})
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	if len(unpack(t, b.Bytes()).Answer) != 1 {
		t.Error("the message is not what was built")
	}
}

func BenchmarkBuilder(b *testing.B) {
	zone, ns := domain.MustParse("example.com.").AppendWire(nil), make([][]byte, 13)
	for i := range ns {
		ns[i] = raw(b, fmt.Sprintf("ns%d.example.com.", i))
	}
	var m wire.Builder
	buf := make([]byte, 0, 1232)
	b.ReportAllocs()
	for b.Loop() {
		m.Reset(buf)
		m.Question(ns[0], wire.TypeA, wire.ClassIN)
		for _, n := range ns {
			m.RR(zone, wire.TypeNS, wire.ClassIN, 1, n)
		}
		for _, n := range ns {
			m.RR(n, wire.TypeA, wire.ClassIN, 1, []byte("abcd"))
		}
	}
}
