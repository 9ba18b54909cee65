package rrset_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

func TestList(t *testing.T) {
	var l rrset.List
	if l.Len() != 0 || l.First() != nil || !l.Valid() {
		t.Error("the empty list is not empty")
	}
	l = l.Append([]byte("a")).Append(nil).Append([]byte("bcd"))
	if got := string(l); got != "\x00\x01a\x00\x00\x00\x03bcd" {
		t.Errorf("stored as %q", got)
	}
	var got []string
	for rd := range l.All() {
		got = append(got, string(rd))
		_ = append(rd, 'X')
	}
	if !slices.Equal(got, []string{"a", "", "bcd"}) || l.Len() != 3 || string(l.First()) != "a" || !l.Valid() {
		t.Errorf("read as %q", got)
	}
	for range l.All() {
		break // leaving early is allowed
	}
	big := rrset.List(nil).Append(make([]byte, 65535))
	if big.Len() != 1 || len(big.First()) != 65535 || !big.Valid() {
		t.Error("65,535 octets do not come back")
	}
	for _, bad := range []string{"\x00", "\x00\x01", "\x00\x01ab", "\x00\x02a", "\x00\x01a\x00"} {
		if rrset.List(bad).Valid() {
			t.Errorf("%q is valid", bad)
		}
	}
}

func TestSet(t *testing.T) {
	s := rrset.New(domain.MustParse("Alias.example."), wire.TypeCNAME, 60, []byte("\x03Web\x07example\x00"))
	if s.Len() != 1 || s.Class != wire.ClassIN || string(s.Owner) != "\x05alias\x07example\x00" || s.Size() != 15+2+13 {
		t.Errorf("%+v", s)
	}
	if target, ok := s.Target(); !ok || target != domain.MustParse("web.example.") {
		t.Errorf("target %v %t", target, ok)
	}
	s.Sigs = s.Sigs.Append([]byte("sig"))
	c := s.Clone()
	if !equal(&s, &c) || c.Size() != s.Size() {
		t.Errorf("clone %+v", c)
	}
	c.Owner[1], c.RData[3], c.Sigs[2] = 'X', 'X', 'X'
	_ = append(c.Owner, 'Y')
	_ = append(c.RData, 'Y')
	if string(s.Owner) != "\x05alias\x07example\x00" || string(s.RData[2:]) != "\x03Web\x07example\x00" || string(s.Sigs[2:]) != "sig" {
		t.Error("changing the clone changed the Set")
	}
	if string(c.RData[:2]) != "\x00\x0d" || string(c.Sigs[:2]) != "\x00\x03" {
		t.Error("a part of the clone grew into the next")
	}
	empty := rrset.New(domain.Root(), wire.TypeNS, 1)
	if _, ok := empty.Target(); ok {
		t.Error("nothing has a target")
	}
	broken := rrset.New(domain.Root(), wire.TypeTXT, 1, []byte("\x05a"))
	if _, ok := broken.Target(); ok {
		t.Error("text has a target")
	}
}

func TestRecords(t *testing.T) {
	s := rrset.New(domain.MustParse("a.example."), wire.TypeA, 60, []byte("abcd"), []byte("efgh"))
	s.Sigs = s.Sigs.Append([]byte("sig"))
	var got []string
	for r := range s.Records() {
		got = append(got, r.Type.String()+string(r.RData))
		if r.TTL != 60 || r.Class != wire.ClassIN || string(r.Owner) != string(s.Owner) {
			t.Errorf("record %+v", r)
		}
	}
	if want := []string{"Aabcd", "Aefgh", "RRSIGsig"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for stop := 1; stop <= 3; stop++ {
		n := 0
		for range s.Records() {
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("stopped after %d, want %d", n, stop)
		}
	}
}

// RFC 4034 §6.2-6.3: names lower-cased, octets unsigned, a missing one first,
// duplicates once.
//
// RFC: 4034.5
// RFC: 6840.5
func TestCanonical(t *testing.T) {
	for _, tc := range []struct {
		name string
		t    wire.Type
		in   []string
		want []string
	}{
		{"addresses", wire.TypeA, []string{"\xc0\x00\x02\x02", "\x0a\x00\x00\x01", "\xc0\x00\x02\x01"}, []string{"\x0a\x00\x00\x01", "\xc0\x00\x02\x01", "\xc0\x00\x02\x02"}},
		{"left-justified, not by length", wire.TypeTXT, []string{"\x02ab", "\x01b", "\x01b\x00", "\x01a"}, []string{"\x01a", "\x01b", "\x01b\x00", "\x02ab"}},
		{"names of NS", wire.TypeNS, []string{"\x02NS\x01B\x00", "\x02ns\x01a\x00", "\x02ns\x01b\x00"}, []string{"\x02ns\x01a\x00", "\x02ns\x01b\x00"}},
		{"order after lower-casing", wire.TypeNS, []string{"\x01b\x00", "\x01A\x00", "\x01C\x00"}, []string{"\x01a\x00", "\x01b\x00", "\x01c\x00"}},
		{"MX by preference", wire.TypeMX, []string{"\x00\x0a\x01B\x00", "\x00\x05\x01C\x00"}, []string{"\x00\x05\x01c\x00", "\x00\x0a\x01b\x00"}},
		{"next name of NSEC keeps its case", wire.TypeNSEC, []string{"\x01B\x00\x00\x01\x40"}, []string{"\x01B\x00\x00\x01\x40"}},
		{"HINFO keeps its case", wire.TypeHINFO, []string{"\x03PDP\x04TOPS"}, []string{"\x03PDP\x04TOPS"}},
		{"unknown types are octets", 731, []string{"\x01B\x00", "\x01A\x00", "\xff", "", "\x00"}, []string{"", "\x00", "\x01A\x00", "\x01B\x00", "\xff"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := rrset.New(domain.MustParse("example."), tc.t, 1)
			for _, rd := range tc.in {
				s.RData = s.RData.Append([]byte(rd))
			}
			var got []string
			for _, rd := range s.Canonical() {
				got = append(got, string(rd))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("%q, want %q", got, tc.want)
			}
			slices.Reverse(tc.in)
			o := rrset.New(domain.MustParse("EXAMPLE."), tc.t, 2)
			for _, rd := range append(tc.in, tc.in[0]) {
				o.RData = o.RData.Append([]byte(rd))
			}
			if !s.Same(&o) {
				t.Error("the Set in another order, with a duplicate, is not the same")
			}
			o.RData = o.RData.Append([]byte("\x01x\x00more"))
			if s.Same(&o) {
				t.Error("the Set with a record more is the same")
			}
		})
	}
	a := rrset.New(domain.MustParse("example."), wire.TypeA, 1, []byte("abcd"))
	for _, o := range []rrset.Set{
		rrset.New(domain.MustParse("test."), wire.TypeA, 1, []byte("abcd")),
		rrset.New(domain.MustParse("example."), wire.TypeL32, 1, []byte("abcd")),
		{Name: a.Name, Type: a.Type, Class: wire.ClassCH, RData: a.RData},
	} {
		if a.Same(&o) {
			t.Errorf("%v is the same as %v", o, a)
		}
	}
}

func TestCollector(t *testing.T) {
	owner := []byte("\x03WwW\x07example\x00")
	var c rrset.Collector
	buf := []byte("abcd")
	for _, r := range []rrset.Record{
		{Owner: owner, Type: wire.TypeA, Class: wire.ClassIN, TTL: 300, RData: buf},
		{Owner: owner, Type: wire.TypeRRSIG, Class: wire.ClassIN, TTL: 100, RData: []byte("\x00\x01" + strings.Repeat("\x00", 16) + "\x00sig")},
		{Owner: []byte("\x03www\x07example\x00"), Type: wire.TypeA, Class: wire.ClassIN, TTL: 300, RData: []byte("efgh")},
	} {
		if err := c.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	copy(buf, "XXXX")
	sets := c.Sets()
	if got := shapes(sets); !slices.Equal(got, []string{"www.example. A 100 2+1"}) {
		t.Errorf("Sets %q", got)
	}
	if !bytes.Equal(sets[0].Owner, owner) || string(sets[0].RData.First()) != "abcd" {
		t.Errorf("owner %q, first record %q", sets[0].Owner, sets[0].RData.First())
	}
	if got := c.Sets(); len(got) != 0 {
		t.Errorf("the Collector still has %q", shapes(got))
	}
	for _, tc := range []struct {
		r   rrset.Record
		err error
	}{
		{rrset.Record{Type: wire.TypeA, RData: []byte("abcd")}, rrset.ErrOwner},
		{rrset.Record{Owner: []byte("\x03www"), Type: wire.TypeA, RData: []byte("abcd")}, rrset.ErrOwner},
		{rrset.Record{Owner: []byte("\x00\x00"), Type: wire.TypeA, RData: []byte("abcd")}, rrset.ErrOwner},
		{rrset.Record{Owner: []byte("\x00"), Type: wire.TypeA, RData: []byte("abc")}, wire.ErrRData},
		{rrset.Record{Owner: []byte("\x00"), Type: wire.TypeRRSIG, RData: []byte("\x00")}, wire.ErrRData},
		{rrset.Record{Owner: []byte("\x00"), Type: 731, RData: make([]byte, 65536)}, wire.ErrRData},
	} {
		if err := c.Add(tc.r); !errors.Is(err, tc.err) {
			t.Errorf("%v: %v, want %v", tc.r.Type, err, tc.err)
		}
	}
	if got := c.Sets(); len(got) != 0 {
		t.Errorf("what was refused is there: %q", shapes(got))
	}
}
