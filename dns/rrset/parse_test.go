package rrset_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"recursor/dns/rrset"
	"recursor/dns/wire"
)

const (
	sigA    = "RRSIG A 13 2 300 20260131000000 20260101000000 370 example. QUJD"
	sigA2   = "RRSIG A 13 2 300 20260131000000 20260101000000 371 example. QUJE"
	sigMX   = "RRSIG MX 13 2 300 20260131000000 20260101000000 370 example. QUJF"
	sigTXT  = "RRSIG TXT 13 2 300 20260131000000 20260101000000 370 example. QUJG"
	sigSIG  = "RRSIG RRSIG 13 2 300 20260131000000 20260101000000 370 example. QUJH"
	sigUp   = "RRSIG A 13 2 300 20260131000000 20260101000000 370 EXAMPLE. QUJD"
	nothing = ""
)

// shape is a Set for a table: owner type TTL, records and signatures, "!" where
// the TTLs differ.
func shape(s *rrset.Set) string {
	out := fmt.Sprintf("%s %v %d %d+%d", s.Name, s.Type, s.TTL, s.Len(), s.Sigs.Len())
	if s.Mismatch {
		out += "!"
	}
	return out
}

func shapes(sets []rrset.Set) []string {
	var out []string
	for i := range sets {
		out = append(out, shape(&sets[i]))
	}
	return out
}

// How records become Sets (RFC 2181 §5). Records that one message brings make one
// Set, nothing is merged with anything else.
//
// RFC: 2181.2
// RFC: 2181.3
func TestGrouping(t *testing.T) {
	for _, tc := range []struct {
		name    string
		records string
		want    []string
	}{
		{"none", nothing, nil},
		{"one", "a.example. 300 IN A 192.0.2.1", []string{"a.example. A 300 1+0"}},
		{"two of a Set", "a.example. 300 IN A 192.0.2.1\na.example. 300 IN A 192.0.2.2", []string{"a.example. A 300 2+0"}},
		{"in two cases", "a.example. 300 IN A 192.0.2.1\nA.Example. 300 IN A 192.0.2.2", []string{"a.example. A 300 2+0"}},
		{"two types", "a.example. 300 IN A 192.0.2.1\na.example. 300 IN AAAA ::1", []string{"a.example. A 300 1+0", "a.example. AAAA 300 1+0"}},
		{"two classes", "a.example. 300 IN A 192.0.2.1\na.example. 300 CH TXT x\na.example. 300 IN TXT x", []string{"a.example. A 300 1+0", "a.example. TXT 300 1+0", "a.example. TXT 300 1+0"}},
		{
			"parted by others", "a.example. 300 IN A 192.0.2.1\nb.example. 300 IN A 192.0.2.1\na.example. 300 IN A 192.0.2.2\nb.example. 300 IN A 192.0.2.2\na.example. 300 IN A 192.0.2.3",
			[]string{"a.example. A 300 3+0", "b.example. A 300 2+0"},
		},
		{"a duplicate", "a.example. 300 IN A 192.0.2.1\na.example. 300 IN A 192.0.2.2\na.example. 300 IN A 192.0.2.1", []string{"a.example. A 300 2+0"}},
		{"a duplicate in another case", "a.example. 300 IN MX 10 M.example.\na.example. 300 IN MX 10 m.EXAMPLE.", []string{"a.example. MX 300 1+0"}},
		{"no duplicates: text has case", "a.example. 300 IN TXT a\na.example. 300 IN TXT A", []string{"a.example. TXT 300 2+0"}},
		{"lowest TTL", "a.example. 300 IN A 192.0.2.1\na.example. 200 IN A 192.0.2.2\na.example. 400 IN A 192.0.2.3", []string{"a.example. A 200 3+0!"}},
		{"lowest TTL, of a duplicate", "a.example. 300 IN A 192.0.2.1\na.example. 200 IN A 192.0.2.1", []string{"a.example. A 200 1+0!"}},
		{"TTL 0", "a.example. 0 IN A 192.0.2.1\na.example. 0 IN A 192.0.2.2", []string{"a.example. A 0 2+0"}},
		{"signature after", "a.example. 300 IN A 192.0.2.1\na.example. 300 IN " + sigA, []string{"a.example. A 300 1+1"}},
		{"signature before", "a.example. 300 IN " + sigA + "\na.example. 300 IN A 192.0.2.1", []string{"a.example. A 300 1+1"}},
		{"signatures before, between and after", "a.example. 300 IN " + sigA + "\na.example. 300 IN A 192.0.2.1\na.example. 300 IN " + sigA2 + "\na.example. 300 IN A 192.0.2.2", []string{"a.example. A 300 2+2"}},
		{"a signature twice", "a.example. 300 IN A 192.0.2.1\na.example. 300 IN " + sigA + "\na.example. 300 IN " + sigA, []string{"a.example. A 300 1+1"}},
		{"a signature twice, signer in another case", "a.example. 300 IN A 192.0.2.1\na.example. 300 IN " + sigA + "\na.example. 300 IN " + sigUp, []string{"a.example. A 300 1+1"}},
		// The TTL of a signature counts, but is no reason to doubt the records.
		{"lower TTL of the signature", "a.example. 300 IN A 192.0.2.1\na.example. 200 IN " + sigA + "\na.example. 300 IN A 192.0.2.2", []string{"a.example. A 200 2+1"}},
		{"lower TTL of the signature before", "a.example. 200 IN " + sigA + "\na.example. 300 IN A 192.0.2.1\na.example. 300 IN A 192.0.2.2", []string{"a.example. A 200 2+1"}},
		{"lowest TTL of two signatures", "a.example. 300 IN A 192.0.2.1\na.example. 200 IN " + sigA + "\na.example. 100 IN " + sigA2, []string{"a.example. A 100 1+2"}},
		{"lowest TTL of two signatures, the first", "a.example. 300 IN A 192.0.2.1\na.example. 100 IN " + sigA + "\na.example. 200 IN " + sigA2, []string{"a.example. A 100 1+2"}},
		{"higher TTL of the signature", "a.example. 300 IN A 192.0.2.1\na.example. 900 IN " + sigA, []string{"a.example. A 300 1+1"}},
		{"a mismatch that meets the signature's TTL", "a.example. 300 IN A 192.0.2.1\na.example. 200 IN " + sigA + "\na.example. 200 IN A 192.0.2.2", []string{"a.example. A 200 2+1!"}},
		{"signature of another type", "a.example. 300 IN A 192.0.2.1\na.example. 300 IN " + sigMX, []string{"a.example. A 300 1+0", "a.example. RRSIG 300 1+0"}},
		{"signature of another owner", "a.example. 300 IN A 192.0.2.1\nb.example. 300 IN " + sigA, []string{"a.example. A 300 1+0", "b.example. RRSIG 300 1+0"}},
		// RFC 4034 §3: TTLs of RRSIGs of one owner may differ.
		{
			"loose signatures of one owner are one Set", "a.example. 300 IN " + sigMX + "\nb.example. 300 IN A 192.0.2.1\na.example. 200 IN " + sigA + "\na.example. 400 IN " + sigTXT + "\na.example. 400 IN " + sigA2,
			[]string{"a.example. RRSIG 200 4+0", "b.example. A 300 1+0"},
		},
		{"loose signatures of two owners", "a.example. 300 IN " + sigMX + "\nb.example. 300 IN " + sigA + "\na.example. 300 IN " + sigA, []string{"a.example. RRSIG 300 2+0", "b.example. RRSIG 300 1+0"}},
		{"a signature over signatures is one of them", "a.example. 300 IN " + sigMX + "\na.example. 300 IN " + sigSIG, []string{"a.example. RRSIG 300 2+0"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for i, sections := range []string{"", "--\n", "--\n--\n"} {
				m, err := rrset.Parse(pack(t, "www.example. A", sections+tc.records))
				if err != nil {
					t.Fatal(err)
				}
				all := [][]rrset.Set{m.Answer, m.Authority, m.Additional}
				if got := shapes(all[i]); !slices.Equal(got, tc.want) {
					t.Errorf("section %d: %q, want %q", i+1, got, tc.want)
				}
				if n := len(m.Answer) + len(m.Authority) + len(m.Additional); n != len(tc.want) {
					t.Errorf("section %d: %d Sets in all, want %d", i+1, n, len(tc.want))
				}
			}
		})
	}
}

// A Set of one section is none of another's, though the names are shared.
//
// RFC: 2181.3
func TestSectionsStayApart(t *testing.T) {
	const rr = "www.example. 300 IN A 192.0.2.1\n"
	m, err := rrset.Parse(pack(t, "www.example. A", rr+"--\n"+rr+"www.example. 300 IN "+sigA+"\n--\n"+rr+"www.example. 200 IN A 192.0.2.2"))
	if err != nil {
		t.Fatal(err)
	}
	for i, sets := range [][]rrset.Set{m.Answer, m.Authority, m.Additional} {
		want := []string{"www.example. A 300 1+0", "www.example. A 300 1+1", "www.example. A 200 2+0!"}[i]
		if len(sets) != 1 || shape(&sets[0]) != want {
			t.Errorf("section %d: %q, want %q", i+1, shapes(sets), want)
		}
		if cap(sets) != len(sets) {
			t.Errorf("section %d can grow into the next", i+1)
		}
	}
}

// Large Sets take the other way through: hashed, not compared one by one.
//
// RFC: 2181.2
func TestLargeSets(t *testing.T) {
	for _, n := range []int{15, 16, 17, 18, 200} {
		var b strings.Builder
		for range 3 {
			for i := range n {
				fmt.Fprintf(&b, "a.example. 300 IN MX %d M.example.\n", i)
				fmt.Fprintf(&b, "a.example. 300 IN MX %d m.example.\n", i)
				fmt.Fprintf(&b, "a.example. 300 IN RRSIG MX 13 2 300 20260131000000 20260101000000 %d example. QUJD\n", i)
				fmt.Fprintf(&b, "b.example. 300 IN TXT %d\n", i)
			}
		}
		m, err := rrset.Parse(pack(t, "a.example. MX", b.String()))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{fmt.Sprintf("a.example. MX 300 %d+%d", n, n), fmt.Sprintf("b.example. TXT 300 %d+0", n)}
		if got := shapes(m.Answer); !slices.Equal(got, want) {
			t.Errorf("%d records: %q, want %q", n, got, want)
		}
		i := 0
		for rd := range m.Answer[0].RData.All() {
			if string(rd) != "\x00"+string([]byte{byte(i)})+"\x01M\x07example\x00" {
				t.Fatalf("%d records: the record in place %d is %q", n, i, rd)
			}
			i++
		}
	}
}

// What was hashed in one section says nothing of the next, even where loose
// signatures became fewer Sets than they were.
//
// RFC: 2181.3
func TestLargeSetsOfTwoSections(t *testing.T) {
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, "a.example. 300 IN RRSIG A 13 2 300 20260131000000 20260101000000 %d example. QUJD\n", i)
	}
	m, err := rrset.Parse(pack(t, "a.example. RRSIG", "a.example. 300 IN "+sigMX+"\n"+b.String()+"--\n"+b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if got := shapes(m.Answer); !slices.Equal(got, []string{"a.example. RRSIG 300 21+0"}) {
		t.Errorf("answer %q", got)
	}
	if got := shapes(m.Authority); !slices.Equal(got, []string{"a.example. RRSIG 300 20+0"}) {
		t.Errorf("authority %q", got)
	}
}

// So do messages of many Sets.
func TestManySets(t *testing.T) {
	for _, n := range []int{63, 64, 65, 66, 300} {
		var b strings.Builder
		for round := range 2 {
			for i := range n {
				fmt.Fprintf(&b, "n%d.example. 300 IN A 192.0.2.%d\n", i, round)
				fmt.Fprintf(&b, "N%d.example. 300 IN %s\n", i, sigA)
				fmt.Fprintf(&b, "n%d.example. 300 IN %s\n", i, sigMX)
				fmt.Fprintf(&b, "n%d.example. 300 IN %s\n", i, sigTXT)
			}
			if round == 0 {
				b.WriteString("www.example. 300 IN A 192.0.2.1\n")
			}
		}
		text := b.String()
		m, err := rrset.Parse(pack(t, "www.example. A", text+"--\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		for _, sets := range [][]rrset.Set{m.Answer, m.Authority} {
			got := shapes(sets)
			if len(got) != 2*n+1 {
				t.Fatalf("%d owners: %d Sets, want %d", n, len(got), 2*n+1)
			}
			for i := range n {
				if want := fmt.Sprintf("n%d.example. A 300 2+1", i); got[2*i] != want {
					t.Fatalf("%d owners: %q, want %q", n, got[2*i], want)
				}
				if want := fmt.Sprintf("n%d.example. RRSIG 300 2+0", i); got[2*i+1] != want {
					t.Fatalf("%d owners: %q, want %q", n, got[2*i+1], want)
				}
			}
			if got[2*n] != "www.example. A 300 1+0" {
				t.Fatalf("%d owners: %q", n, got[2*n])
			}
		}
	}
}

// The case of an owner is that of the Set's first record, that of RDATA the
// record's own.
//
// RFC: 4343.2
// RFC: 3597.1
func TestCaseIsKept(t *testing.T) {
	m, err := rrset.Parse(pack(t, "wWw.example. A", "Www.Example. 1 IN CNAME Web.eXample.\nwww.example. 1 IN TYPE731 \\# 3 416263"))
	if err != nil {
		t.Fatal(err)
	}
	if string(m.Question.Raw) != "\x03wWw\x07example\x00" || m.Question.Name.String() != "www.example." {
		t.Errorf("question %q %v", m.Question.Raw, m.Question.Name)
	}
	s := &m.Answer[0]
	if string(s.Owner) != "\x03Www\x07Example\x00" || s.Name != m.Question.Name || string(s.RData.First()) != "\x03Web\x07eXample\x00" {
		t.Errorf("owner %q, target %q", s.Owner, s.RData.First())
	}
	if got := m.Answer[1].RData.First(); string(got) != "Abc" || m.Answer[1].Type != 731 {
		t.Errorf("unknown type: %q", got)
	}
}

// Nothing of a Set points into the message, nor can it grow into its neighbour.
func TestSetsStandAlone(t *testing.T) {
	msg := referral(t)
	m, err := rrset.Parse(msg)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(m.Authority) + len(m.Additional); got != 2+26 {
		t.Errorf("%d Sets, want 28", got)
	}
	var before []rrset.Set
	for _, sets := range [][]rrset.Set{m.Authority, m.Additional} {
		for i := range sets {
			before = append(before, sets[i].Clone())
		}
	}
	clear(msg)
	i := 0
	for _, sets := range [][]rrset.Set{m.Authority, m.Additional} {
		for j := range sets {
			s := &sets[j]
			_, _, _ = append(s.Owner, 'X'), append(s.RData, 'X'), append(s.Sigs, 'X')
			if !equal(s, &before[i]) {
				t.Errorf("%s changed", shape(s))
			}
			i++
		}
	}
}

func equal(a, b *rrset.Set) bool {
	return a.Name == b.Name && string(a.Owner) == string(b.Owner) && a.Type == b.Type && a.Class == b.Class && a.TTL == b.TTL &&
		a.Mismatch == b.Mismatch && string(a.RData) == string(b.RData) && string(a.Sigs) == string(b.Sigs)
}

// A message is taken whole or not at all.
//
// RFC: 1034.4
// RFC: 9267.3
func TestParseRefuses(t *testing.T) {
	header := func(qd, an, ns, ar uint16) []byte {
		return wire.Header{Flags: wire.FlagQR, QD: qd, AN: an, NS: ns, AR: ar}.Append(nil)
	}
	const (
		question = "\x01a\x00\x00\x01\x00\x01"
		a        = "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04abcd"
	)
	for _, tc := range []struct {
		name string
		msg  string
		err  error
	}{
		{"empty", "", wire.ErrShort},
		{"half a header", string(header(0, 0, 0, 0)[:11]), wire.ErrShort},
		{"a header", string(header(0, 0, 0, 0)), nil},
		{"an octet more", string(header(0, 0, 0, 0)) + "\x00", wire.ErrTrailing},
		{"a question", string(header(1, 0, 0, 0)) + question, nil},
		{"two questions", string(header(2, 0, 0, 0)) + question + question, rrset.ErrQuestions},
		{"a question that is not there", string(header(1, 0, 0, 0)), wire.ErrShort},
		{"a record", string(header(1, 1, 0, 0)) + question + a, nil},
		{"a record more", string(header(1, 1, 0, 0)) + question + a + a, wire.ErrTrailing},
		{"a record less", string(header(1, 1, 1, 0)) + question + a, wire.ErrShort},
		{"65,535 records that are not there", string(header(1, 65535, 65535, 65535)) + question + a, wire.ErrShort},
		{"a cut record", string(header(1, 1, 0, 0)) + question + a[:len(a)-1], wire.ErrShort},
		{"an A of three octets", string(header(1, 1, 0, 0)) + question + a[:11] + "\x03abc", wire.ErrRData},
		{"an A without RDATA", string(header(1, 1, 0, 0)) + question + a[:11] + "\x00", wire.ErrRData},
		{"an RRSIG of one octet", string(header(1, 1, 0, 0)) + question + "\xc0\x0c\x00\x2e\x00\x01\x00\x00\x00\x3c\x00\x01\x00", wire.ErrRData},
		{"an owner that points to itself", string(header(1, 1, 0, 0)) + question + "\xc0\x13" + a[2:], wire.ErrPointer},
		{"an owner of 256 octets", string(header(1, 1, 0, 0)) + question + strings.Repeat("\x01a", 127) + "\xc0\x0c" + a[2:], wire.ErrNameLength},
		{"a target of 256 octets", string(header(1, 1, 0, 0)) + question + "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x01\x00" + strings.Repeat("\x01a", 127) + "\xc0\x0c", wire.ErrNameLength},
		{"a target that ends in the next record", string(header(1, 2, 0, 0)) + question + "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x02\x01x" + "\x00" + a[2:], wire.ErrShort},
	} {
		m, err := rrset.Parse([]byte(tc.msg))
		if !errors.Is(err, tc.err) || (m == nil) != (err != nil) {
			t.Errorf("%s: %v, %v, want %v", tc.name, m, err, tc.err)
		}
	}
}

// RDATA that is longer than its length field when its names are unfolded.
func TestParseRefusesUnfolded(t *testing.T) {
	// NAPTR has three strings of at most 256 octets and a name: short of the bound,
	// so it takes a TXT just below it to see that the bound is where it should be.
	rdata := make([]byte, 0, 65535)
	for len(rdata) < 65535-256 {
		rdata = append(append(rdata, 255), make([]byte, 255)...)
	}
	rdata = append(append(rdata, byte(65535-len(rdata)-1)), make([]byte, 65535-len(rdata)-1)...)
	msg := wire.Header{AN: 1}.Append(nil)
	msg = append(msg, "\x00\x00\x10\x00\x01\x00\x00\x00\x01\xff\xff"...)
	m, err := rrset.Parse(append(msg, rdata...))
	if err != nil || len(m.Answer[0].RData.First()) != 65535 {
		t.Errorf("65,535 octets: %v", err)
	}
	// NXT has a name and any octets: 65,535 of them with a pointer become more.
	msg = wire.Header{QD: 1, AN: 1}.Append(nil)
	msg = append(msg, "\x01a\x00\x00\x01\x00\x01"+"\x00\x00\x1e\x00\x01\x00\x00\x00\x01\xff\xff\xc0\x0c"...)
	if _, err := rrset.Parse(append(msg, make([]byte, 65533)...)); !errors.Is(err, wire.ErrRData) {
		t.Errorf("65,536 octets: %v, want %v", err, wire.ErrRData)
	}
}

// RFC: 6891.1
// RFC: 6891.3
func TestOPT(t *testing.T) {
	opt := "\x00\x00\x29\x04\xd0\x01\x00\x80\x00\x00\x00"
	msg := wire.Header{Flags: wire.FlagQR, AR: 1}.Append(nil)
	m, err := rrset.Parse(append(msg, opt...))
	if err != nil || len(m.Additional) != 0 || m.OPT.Count != 1 || m.OPT.Misplaced || !m.OPT.RootOwner || m.OPT.Payload != 1232 {
		t.Fatalf("%+v, %v", m, err)
	}
	if got := m.RCode(); got != wire.BadVers {
		t.Errorf("RCODE %v", got)
	}
	msg = wire.Header{Flags: wire.FlagQR | 2, AN: 1, NS: 1, AR: 1}.Append(nil)
	m, err = rrset.Parse(append(msg, opt+opt+opt...))
	if err != nil || m.OPT.Count != 3 || !m.OPT.Misplaced || len(m.Answer) != 0 {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = rrset.Parse(wire.Header{Flags: wire.FlagQR | 3}.Append(nil))
	if err != nil || m.RCode() != wire.NXDomain {
		t.Errorf("%+v, %v", m, err)
	}
}

// A message costs four allocations, for itself, its octets, its Sets and the QNAME,
// and one for each owner that is no ancestor of the QNAME: 13 servers of a
// referral, the target of an alias.
func TestParseAllocations(t *testing.T) {
	for _, tc := range []struct {
		name string
		msg  []byte
		want float64
	}{{"referral", referral(t), 17}, {"answer", aliasAnswer(t), 5}} {
		allocs := testing.AllocsPerRun(50, func() {
			if _, err := rrset.Parse(tc.msg); err != nil {
				t.Error(err)
			}
		})
		if allocs > tc.want {
			t.Errorf("%s: %v allocations, want at most %v", tc.name, allocs, tc.want)
		}
	}
}
