package reply_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/edns"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/serve/reply"
)

// question is the question for name as somebody spelt it.
func question(name string, t wire.Type) reply.Question {
	n := domain.MustParse(name)
	raw := make([]byte, 256)
	end, err := dns.PackDomainName(dns.Fqdn(name), raw, 0, nil, false)
	if err != nil {
		panic(err)
	}
	return reply.Question{Raw: raw[:end], Lower: n.AppendWire(nil), Type: t, Class: wire.ClassIN}
}

// set makes a Set of records in presentation form, RRSIGs among them.
func set(t testing.TB, records ...string) rrset.Set {
	t.Helper()
	m := new(dns.Msg)
	for _, r := range records {
		rr, err := dns.NewRR(r)
		if err != nil {
			t.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	packed, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := rrset.Parse(packed)
	if err != nil || len(parsed.Answer) != 1 {
		t.Fatalf("%d sets of %q: %v", len(parsed.Answer), records, err)
	}
	return parsed.Answer[0]
}

func sig(owner, covered string) string {
	return owner + " 300 IN RRSIG " + covered + " 13 2 300 20300101000000 20200101000000 1 example. " + strings.Repeat("A", 86) + "=="
}

// read gives the reply to the library.
func read(t testing.TB, msg []byte) *dns.Msg {
	t.Helper()
	m := new(dns.Msg)
	if err := m.Unpack(msg); err != nil {
		t.Fatalf("%x: %v", msg, err)
	}
	return m
}

// RFC: 4343.2
func TestQuestionSpelling(t *testing.T) {
	q := question("wWw.ExAmPlE.", wire.TypeA)
	r := reply.Reply{
		ID: 0xbeef, Flags: wire.FlagQR | wire.FlagRD | wire.FlagRA, Question: q,
		Answer: []rrset.Set{set(t, "WWW.example. 300 IN CNAME Target.Example."), set(t, "Target.EXAMPLE. 300 IN A 192.0.2.1")},
	}
	msg := r.Append(nil, 512)
	if !bytes.Contains(msg, q.Raw) {
		t.Error("the question is not echoed octet by octet")
	}
	m := read(t, msg)
	if m.Id != 0xbeef || m.Question[0].Name != "wWw.ExAmPlE." {
		t.Errorf("echoed %d %v", m.Id, m.Question)
	}
	var got []string
	for _, rr := range m.Answer {
		got = append(got, strings.Join(strings.Fields(rr.String()), " "))
	}
	want := []string{"wWw.ExAmPlE. 300 IN CNAME Target.Example.", "Target.EXAMPLE. 300 IN A 192.0.2.1"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("answer %q, want %q", got, want)
	}
}

// RFC: 3225.1, 3225.2
func TestSignaturesFollowDO(t *testing.T) {
	a := set(t, "a.example. 300 IN A 192.0.2.1", sig("a.example.", "A"))
	for _, do := range []bool{false, true} {
		r := reply.Reply{
			Flags: wire.FlagQR, Question: question("a.example.", wire.TypeA), Answer: []rrset.Set{a},
			EDNS: reply.EDNS{Present: true, DO: do, Payload: 1232},
		}
		m := read(t, r.Append(nil, 1232))
		want := 1
		if do {
			want = 2
		}
		if len(m.Answer) != want {
			t.Errorf("DO %t: %d records", do, len(m.Answer))
		}
		if m.IsEdns0() == nil || m.IsEdns0().Do() != do {
			t.Errorf("DO %t: %v", do, m.IsEdns0())
		}
	}
}

// RFC: 2181.5
func TestAdditionalWithoutRepetition(t *testing.T) {
	a, ns := set(t, "ns.example. 300 IN A 192.0.2.1"), set(t, "example. 300 IN NS ns.example.")
	r := reply.Reply{
		Flags: wire.FlagQR, Question: question("ns.example.", wire.TypeA),
		Answer: []rrset.Set{a}, Authority: []rrset.Set{ns},
	}
	aaaa := set(t, "ns.example. 300 IN AAAA 2001:db8::1")
	r.Additional = []rrset.Set{a, aaaa, ns, aaaa, a}
	if m := read(t, r.Append(nil, 512)); len(m.Answer) != 1 || len(m.Ns) != 1 || len(m.Extra) != 1 || m.Extra[0].Header().Rrtype != dns.TypeAAAA {
		t.Errorf("%v", m)
	}
}

// RFC: 8914.1, 8914.2
func TestNotesAreLeftOffFirst(t *testing.T) {
	long := ede.Note{Code: ede.NetworkError, Text: strings.Repeat("x", 400)}
	short := ede.Note{Code: ede.NoReachableAuthority, Text: "no server answers"}
	var txt []string
	for i := range 10 {
		txt = append(txt, fmt.Sprintf("a.example. 300 IN TXT %d%s", i, strings.Repeat("y", 18)))
	}
	answer := set(t, txt...)
	for _, tc := range []struct {
		limit int
		notes []ede.Note
		want  []ede.Code
	}{
		{1232, []ede.Note{short, long}, []ede.Code{22, 23}},
		{512, []ede.Note{short, long}, []ede.Code{22}},
		{512, []ede.Note{long, short}, nil},
		{512, nil, nil},
	} {
		r := reply.Reply{
			Flags: wire.FlagQR, Question: question("a.example.", wire.TypeTXT), Answer: []rrset.Set{answer},
			EDNS: reply.EDNS{Present: true, Payload: 1232, Notes: tc.notes},
		}
		m := read(t, r.Append(nil, tc.limit))
		var got []ede.Code
		for _, o := range m.IsEdns0().Option {
			e := o.(*dns.EDNS0_EDE)
			got = append(got, ede.Code(e.InfoCode))
			if e.InfoCode == 22 && e.ExtraText != short.Text {
				t.Errorf("text %q", e.ExtraText)
			}
		}
		if m.Truncated || len(m.Answer) != 10 || fmt.Sprint(got) != fmt.Sprint(tc.want) {
			t.Errorf("limit %d: TC %t, %d records, notes %v, want %v", tc.limit, m.Truncated, len(m.Answer), got, tc.want)
		}
	}
}

// RFC: 7830.1, 7830.2, 8467.1, 8467.2
func TestPadding(t *testing.T) {
	for n := range 60 {
		r := reply.Reply{
			Flags: wire.FlagQR, Question: question("a.example.", wire.TypeTXT),
			EDNS: reply.EDNS{
				Present: true, Payload: 1232, Block: 468,
				Notes: []ede.Note{{Text: strings.Repeat("z", n*8)}},
			},
		}
		prefix := []byte{1, 2}
		msg := r.Append(prefix, 65535)[2:]
		if len(msg)%468 != 0 {
			t.Fatalf("%d octets", len(msg))
		}
		opts := read(t, msg).IsEdns0().Option
		p, ok := opts[len(opts)-1].(*dns.EDNS0_PADDING)
		if !ok || strings.Trim(string(p.Padding), "\x00") != "" || len(opts) != 2 {
			t.Fatalf("options %v", opts)
		}
	}
	r := reply.Reply{
		Flags: wire.FlagQR, Question: question("a.example.", wire.TypeTXT),
		EDNS: reply.EDNS{Present: true, Payload: 1232, Block: 468, Notes: []ede.Note{{Text: strings.Repeat("z", 450)}}},
	}
	if n := len(r.Append(nil, 600)); n != 600 {
		t.Errorf("%d octets, want the limit", n)
	}
}

// RFC: 6891.6
func TestTruncatedHasOPT(t *testing.T) {
	big := set(t, "a.example. 300 IN TXT "+strings.Repeat("\""+strings.Repeat("y", 250)+"\" ", 3))
	cookie := edns.Option{Code: edns.Cookie, Data: make([]byte, 24)}
	r := reply.Reply{
		Flags: wire.FlagQR, Question: question("a.example.", wire.TypeTXT), Answer: []rrset.Set{big},
		EDNS: reply.EDNS{Present: true, Payload: 1232, Options: []edns.Option{cookie}},
	}
	m := read(t, r.Append(nil, 512))
	if !m.Truncated || len(m.Answer) != 0 || m.IsEdns0() == nil || len(m.IsEdns0().Option) != 1 || len(m.Question) != 1 {
		t.Errorf("%v", m)
	}
	r.RCode = wire.BadCookie
	m = read(t, r.Append(nil, 512))
	if m.Rcode != dns.RcodeBadCookie || m.IsEdns0().ExtendedRcode() != 16 {
		t.Errorf("RCODE %d: %v", m.Rcode, m.IsEdns0())
	}
}

func TestOptionsWithoutRoom(t *testing.T) {
	r := reply.Reply{
		Flags: wire.FlagQR, Question: question("a.example.", wire.TypeA),
		EDNS: reply.EDNS{Present: true, Payload: 1232, Options: []edns.Option{
			{Code: edns.NSID, Data: make([]byte, 600)}, {Code: edns.Cookie, Data: make([]byte, 24)},
		}},
		Answer: []rrset.Set{set(t, "a.example. 300 IN A 192.0.2.1")},
	}
	msg := r.Append(nil, 0)
	m := read(t, msg)
	if len(msg) > 512 || m.Truncated || len(m.Answer) != 1 || len(m.IsEdns0().Option) != 1 || m.IsEdns0().Option[0].Option() != dns.EDNS0COOKIE {
		t.Errorf("%d octets: %v", len(msg), m)
	}
}

// random makes Sets of many shapes; names repeat, so that they compress.
func random(rng *rand.Rand) []rrset.Set {
	names := []string{"example.", "a.example.", "B.a.Example.", "very-long-label-to-fill-the-room.example.", "x.test."}
	var sets []rrset.Set
	for i := range rng.IntN(6) {
		name := domain.MustParse(fmt.Sprintf("n%d.%s", i, names[rng.IntN(len(names))]))
		target := domain.MustParse(names[rng.IntN(len(names))]).AppendWire(nil)
		types := []wire.Type{wire.TypeA, wire.TypeNS, wire.TypeMX, wire.TypeTXT, wire.TypeSOA, 65280}
		s := rrset.New(name, types[rng.IntN(len(types))], uint32(rng.IntN(1e6)))
		for j := range 1 + rng.IntN(12) {
			var rd []byte
			switch s.Type {
			case wire.TypeA:
				rd = []byte{192, 0, 2, byte(j)}
			case wire.TypeNS:
				rd = target
			case wire.TypeMX:
				rd = append([]byte{0, byte(j)}, target...)
			case wire.TypeTXT:
				rd = append([]byte{100}, bytes.Repeat([]byte{byte(j)}, 100)...)
			case wire.TypeSOA:
				rd = append(append(append([]byte{}, target...), target...), make([]byte, 20)...)
			default:
				rd = make([]byte, rng.IntN(300))
			}
			s.RData = s.RData.Append(rd)
			if s.Type == wire.TypeSOA {
				break
			}
		}
		for range rng.IntN(3) {
			s.Sigs = s.Sigs.Append(append(append([]byte{byte(s.Type >> 8), byte(s.Type), 13, 2, 17: byte(s.Sigs.Len())}, domain.Root().AppendWire(nil)...), make([]byte, 64)...))
		}
		sets = append(sets, s)
	}
	return sets
}

// TestTruncation holds replies of random Sets at random sizes to RFC 2181 §9:
// whole RRsets or nothing of them, in order; TC if and only if a required one is
// missing; never longer than the limit; and what was left off did not fit.
// RFC: 2181.5, 6891.4, 8914.2
func TestTruncation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	truncated := 0
	for range 4000 {
		r := reply.Reply{
			ID: uint16(rng.Uint32()), Flags: wire.FlagQR | wire.FlagRA, Question: question("n0.a.example.", wire.TypeA),
			Answer: random(rng), Authority: random(rng), Additional: random(rng),
		}
		if rng.IntN(2) == 0 {
			r.EDNS = reply.EDNS{Present: true, DO: rng.IntN(2) == 0, Payload: 1232}
			if rng.IntN(2) == 0 {
				r.EDNS.Notes = []ede.Note{{Code: 22, Text: strings.Repeat("t", rng.IntN(200))}}
			}
			if rng.IntN(3) == 0 {
				r.EDNS.Options = []edns.Option{{Code: edns.Cookie, Data: make([]byte, 24)}}
			}
		}
		limit := rng.IntN(2500)
		if held(t, &r, limit) {
			truncated++
		}
	}
	if truncated < 400 || truncated > 3600 {
		t.Errorf("%d of 4000 truncated: the test tests little", truncated)
	}
}

// held checks one reply against the rules and reports whether it is truncated.
func held(t *testing.T, r *reply.Reply, limit int) (tc bool) {
	t.Helper()
	msg := r.Append(nil, limit)
	if len(msg) > max(limit, 512) {
		t.Fatalf("%d octets, limit %d", len(msg), limit)
	}
	read(t, msg)
	m, err := rrset.Parse(msg)
	if err != nil {
		t.Fatal(err)
	}
	missing := 0
	for _, s := range []struct{ got, want []rrset.Set }{{m.Answer, r.Answer}, {m.Authority, r.Authority}} {
		for i := range s.got {
			same(t, &s.got[i], &s.want[i], r.EDNS.DO)
		}
		missing += len(s.want) - len(s.got)
	}
	tc = m.Flags.Has(wire.FlagTC)
	if tc != (missing > 0) {
		t.Fatalf("TC %t with %d required Sets missing", tc, missing)
	}
	if tc && len(m.Additional) > 0 {
		t.Fatal("a truncated reply has optional Sets")
	}
	for i := range m.Additional {
		for j := range r.Additional {
			if m.Additional[i].Name == r.Additional[j].Name && m.Additional[i].Type == r.Additional[j].Type {
				same(t, &m.Additional[i], &r.Additional[j], r.EDNS.DO)
			}
		}
	}
	if (m.OPT.Count == 1) != r.EDNS.Present {
		t.Fatalf("%d OPT", m.OPT.Count)
	}
	if tc { // what was left off would not have fit: without a limit it is longer
		whole := *r
		whole.Additional, whole.EDNS.Notes = nil, nil
		if n := len(whole.Append(nil, 65535)); n <= max(limit, 512) {
			t.Fatalf("truncated at %d, but %d octets would do", limit, n)
		}
	}
	return tc
}

// same: the whole Set is there, with all of its signatures or none.
func same(t *testing.T, got, want *rrset.Set, do bool) {
	t.Helper()
	sigs := want.Sigs
	if !do {
		sigs = nil
	}
	w := *want
	if !got.Same(&w) || got.TTL != want.TTL || !bytes.Equal(got.Sigs, sigs) {
		t.Fatalf("%s %d: %x %x, want %x %x", want.Name, want.Type, got.RData, got.Sigs, want.RData, sigs)
	}
}

func TestAppendAllocates(t *testing.T) {
	r := reply.Reply{
		Flags: wire.FlagQR, Question: question("a.example.", wire.TypeA),
		Answer: []rrset.Set{set(t, "a.example. 300 IN A 192.0.2.1", sig("a.example.", "A"))},
		EDNS: reply.EDNS{
			Present: true, DO: true, Payload: 1232, Block: 468,
			Options: []edns.Option{{Code: edns.Cookie, Data: make([]byte, 24)}},
			Notes:   []ede.Note{{Code: ede.StaleAnswer, Text: "the servers do not answer"}},
		},
	}
	dst := make([]byte, 0, 1232)
	if n := testing.AllocsPerRun(100, func() { r.Append(dst, 1232) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppend(b *testing.B) {
	r := reply.Reply{
		Flags: wire.FlagQR, Question: question("a.example.", wire.TypeA),
		Answer: []rrset.Set{set(b, "a.example. 300 IN A 192.0.2.1", sig("a.example.", "A"))},
		EDNS:   reply.EDNS{Present: true, DO: true, Payload: 1232},
	}
	dst := make([]byte, 0, 1232)
	b.ReportAllocs()
	for b.Loop() {
		r.Append(dst, 1232)
	}
}
