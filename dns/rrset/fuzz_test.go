package rrset_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// seeds are messages of the usual and the unusual kind; more lie in testdata.
func seeds(f *testing.F) {
	f.Helper()
	f.Add(referral(f))
	f.Add(aliasAnswer(f))
	f.Add(pack(f, "a.example. RRSIG", "a.example. 300 IN "+sigMX+"\na.example. 200 IN "+sigA+"\n--\nexample. 60 IN SOA ns.example. host.example. 1 2 3 4 5"))
	f.Add(pack(f, "www.example. A", "--\nexample. 300 IN NSEC a.Example. NS SOA RRSIG\nexample. 300 IN DNAME eXample.test.\n--\n. 0 CH TYPE65280 \\# 3 616263"))
	f.Add(pack(f, "", "a.example. 300 IN HTTPS 1 . alpn=h2\na.example. 300 IN NAPTR 1 2 \"a\" \"b\" \"c\" d.example.\nA.example. 200 IN SRV 1 2 3 d.example."))
}

// FuzzParse: a message that we take, the library takes too, and it sees the same
// records.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(secondOpinion)
}

// So it is with random RDATA of every type, which a fuzzer takes long to find.
func TestRandomRecords(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	taken := 0
	for range 20000 {
		typ := wire.Type(rng.IntN(266))
		rdata := make([]byte, rng.IntN(28))
		for i := range rdata {
			if rdata[i] = byte(rng.IntN(256)); rng.IntN(2) == 0 {
				rdata[i] = byte(rng.IntN(4)) // a length, mostly
			}
		}
		msg := flood(1, func(int) (string, wire.Type, string) { return "\xc0\x0c", typ, string(rdata) })
		if _, err := rrset.Parse(msg); err == nil {
			taken++
		}
		secondOpinion(t, msg)
	}
	if taken < 3000 {
		t.Errorf("only %d messages were taken", taken)
	}
}

// secondOpinion asks the library about a message that we take.
func secondOpinion(t *testing.T, msg []byte) {
	t.Helper()
	m, err := rrset.Parse(msg)
	if err != nil {
		if m != nil {
			t.Fatal("a message and an error")
		}
		return
	}
	var theirs dns.Msg
	if err := theirs.Unpack(msg); err != nil {
		if culprit, ok := stricter(msg); !ok {
			t.Fatalf("the library refuses %v: %v", culprit, err)
		}
		return
	}
	if (m.QD == 1) != (len(theirs.Question) == 1) {
		t.Fatalf("%d questions, the library sees %d", m.QD, len(theirs.Question))
	}
	if m.QD == 1 {
		q := theirs.Question[0]
		if wire.Type(q.Qtype) != m.Question.Type || wire.Class(q.Qclass) != m.Question.Class || q.Name != presentation(t, m.Question.Raw) {
			t.Fatalf("question %+v, the library sees %v", m.Question, q)
		}
	}
	for i, sets := range [][]rrset.Set{m.Answer, m.Authority, m.Additional} {
		section := [][]dns.RR{theirs.Answer, theirs.Ns, theirs.Extra}[i]
		ours, library := fromSets(t, sets), fromLibrary(t, section)
		if !maps.Equal(ours, library) {
			t.Fatalf("section %d: %v, the library sees %v", i+1, ours, library)
		}
		checkSets(t, sets, section)
	}
}

// stricter finds the record for which the library refuses a message. It is right
// to do so, as far as we know, for these types only, whose RDATA is octets to us
// (RFC 3597 §3): we neither read them nor make a name in them lower-case. Of SVCB
// and HTTPS we check the frame and leave the values to those who use them, as
// RFC 9460 §2.2 lets us; what an OPT's options mean, package edns judges.
func stricter(msg []byte) (wire.Type, bool) {
	cur := wire.NewCursor(msg)
	if h, _ := wire.ParseHeader(msg); h.QD == 1 {
		if _, _, err := cur.RawQuestion(nil); err != nil {
			return wire.TypeNone, false
		}
	}
	for {
		rr, err := cur.RR()
		if err != nil {
			return wire.TypeNone, false
		}
		if _, _, err := dns.UnpackRR(msg, rr.Off); err != nil {
			switch rr.Type {
			case wire.TypeOPT, wire.TypeSVCB, wire.TypeHTTPS:
				return rr.Type, true
			case wire.TypeLOC, wire.TypeAPL, wire.TypeIPSECKEY, wire.TypeHIP, wire.TypeDHCID, wire.TypeTKEY, wire.TypeTSIG, wire.TypeANY:
				return rr.Type, true
			}
			switch uint16(rr.Type) {
			case dns.TypeAMTRELAY, dns.TypeTALINK, dns.TypeNSAPPTR, dns.TypeGPOS, dns.TypeEID, dns.TypeNIMLOC, dns.TypeRKEY,
				dns.TypeNINFO, dns.TypeAVC, dns.TypeUINFO, dns.TypeUID, dns.TypeGID, dns.TypeTA, dns.TypeNXNAME:
				return rr.Type, true
			}
			// NXT's bitmap is of the old kind: the first octets of a bit string.
			return rr.Type, rr.Type == wire.TypeNXT
		}
	}
}

// presentation is an uncompressed name as the library writes it.
func presentation(t *testing.T, raw []byte) string {
	t.Helper()
	s, _, err := dns.UnpackDomainName(raw, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A record as octets, TTL 0, after the library has read and written it: some
// types it writes in one of several ways.
func normal(t *testing.T, rr dns.RR, fold wire.Type) string {
	t.Helper()
	rr = dns.Copy(rr)
	rr.Header().Ttl = 0
	buf := make([]byte, 70000)
	n, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		return fmt.Sprintf("%v", rr) // it took what it does not write
	}
	cur := wire.Cursor{Msg: buf[:n]}
	r, err := cur.RR()
	if err != nil {
		t.Fatal(err)
	}
	owner := bytes.Clone(buf[:r.Start-10])
	for i, c := range owner {
		if c >= 'A' && c <= 'Z' {
			owner[i] += 32
		}
	}
	return hex.EncodeToString(owner) + fmt.Sprintf(" %v %v ", r.Type, r.Class) + hex.EncodeToString(wire.AppendCanonical(nil, fold, buf[r.Start:r.End]))
}

func fromSets(t *testing.T, sets []rrset.Set) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for i := range sets {
		for r := range sets[i].Records() {
			msg := append([]byte{}, r.Owner...)
			msg = append(msg, byte(r.Type>>8), byte(r.Type), byte(r.Class>>8), byte(r.Class), 0, 0, 0, 0, byte(len(r.RData)>>8), byte(len(r.RData)))
			rr, _, err := dns.UnpackRR(append(msg, r.RData...), 0)
			if err != nil {
				t.Fatalf("the library takes the message, but not %v %x: %v", r.Type, r.RData, err)
			}
			out[normal(t, rr, r.Type)] = true
		}
	}
	return out
}

func fromLibrary(t *testing.T, rrs []dns.RR) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, rr := range rrs {
		if rr.Header().Rrtype != dns.TypeOPT {
			out[normal(t, rr, wire.Type(rr.Header().Rrtype))] = true
		}
	}
	return out
}

// checkSets holds TTLs, owners and numbers to a plain grouping of the library's
// records, and each Set to what every Set must be.
func checkSets(t *testing.T, sets []rrset.Set, rrs []dns.RR) {
	t.Helper()
	type key struct {
		owner string
		t     uint16
		class uint16
	}
	lowest, covering, differ := map[key]uint32{}, map[key]uint32{}, map[key]bool{}
	for _, rr := range rrs {
		h := rr.Header()
		k := key{dns.CanonicalName(h.Name), h.Rrtype, h.Class}
		if ttl, ok := lowest[k]; ok {
			differ[k] = differ[k] || ttl != h.Ttl
		} else {
			lowest[k] = h.Ttl
		}
		lowest[k] = min(lowest[k], h.Ttl)
		if sig, ok := rr.(*dns.RRSIG); ok {
			k.t = sig.TypeCovered
			if _, ok := covering[k]; !ok {
				covering[k] = h.Ttl
			}
			covering[k] = min(covering[k], h.Ttl)
		}
	}
	seen := map[key]bool{}
	for i := range sets {
		s := &sets[i]
		k := key{dns.CanonicalName(presentation(t, s.Owner)), uint16(s.Type), uint16(s.Class)}
		if seen[k] {
			t.Fatalf("two Sets of %v", k)
		}
		seen[k] = true
		if s.Len() == 0 || !s.RData.Valid() || !s.Sigs.Valid() || s.Name.String() == "" || len(s.Canonical()) != s.Len() {
			t.Fatalf("%s is no sound Set", shape(s))
		}
		if s.Type == wire.TypeRRSIG {
			if len(s.Sigs) != 0 || s.Mismatch {
				t.Fatalf("%s: signatures over signatures", shape(s))
			}
			continue // its TTL is that of the loose ones alone
		}
		want := lowest[k]
		if ttl, ok := covering[k]; ok {
			want = min(want, ttl)
		}
		if s.TTL != want || s.Mismatch != differ[k] {
			t.Fatalf("%s, want TTL %d, mismatch %t", shape(s), want, differ[k])
		}
	}
}

// FuzzBuilder: a message built of the Sets of another, with each Set taken back
// once, has the same Sets and is no longer than without compression.
func FuzzBuilder(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, msg []byte) {
		m, err := rrset.Parse(msg)
		if err != nil {
			return
		}
		var b wire.Builder
		b.Reset([]byte("prefix"))
		if m.QD == 1 {
			b.Question(m.Question.Raw, m.Question.Type, m.Question.Class)
		}
		h := m.Header
		counts := []*uint16{&h.AN, &h.NS, &h.AR}
		size := b.Len()
		sections := [][]rrset.Set{m.Answer, m.Authority, m.Additional}
		for i, sets := range sections {
			*counts[i] = 0
			for j := range sets {
				mark := b.Mark()
				build(&b, &sets[(j+1)%len(sets)]) // another, to leave other names
				b.Rollback(mark)
				n := build(&b, &sets[j])
				*counts[i] += uint16(n)
				size += n*(len(sets[j].Owner)+8) + len(sets[j].RData) + len(sets[j].Sigs)
			}
		}
		b.Header(h)
		if b.Len() > size {
			t.Fatalf("%d octets, %d without compression", b.Len(), size)
		}
		again, err := rrset.Parse(b.Bytes()[len("prefix"):])
		if err != nil {
			t.Fatalf("what was built is refused: %v", err)
		}
		if again.Flags != m.Flags || again.ID != m.ID || string(again.Question.Raw) != string(m.Question.Raw) {
			t.Fatalf("header or question changed: %+v", again)
		}
		for i, sets := range [][]rrset.Set{again.Answer, again.Authority, again.Additional} {
			if len(sets) != len(sections[i]) {
				t.Fatalf("section %d: %d Sets, want %d", i+1, len(sets), len(sections[i]))
			}
			for j := range sets {
				want := sections[i][j].Clone()
				want.Mismatch = false // every record went out with the Set's one TTL
				if !equal(&sets[j], &want) {
					t.Fatalf("%s became %s", shape(&want), shape(&sets[j]))
				}
			}
		}
	})
}

// build appends the records of s and returns how many they are.
func build(b *wire.Builder, s *rrset.Set) int {
	n := 0
	for r := range s.Records() {
		b.RR(r.Owner, r.Type, r.Class, r.TTL, r.RData)
		n++
	}
	return n
}
