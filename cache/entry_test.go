package cache

import (
	"bytes"
	"fmt"
	"math"
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

func TestPutGet(t *testing.T) {
	// RFC: 1123.1, 2181.2
	sets := []rrset.Set{
		set(t, "www.Example.COM. 300 IN A 192.0.2.1", "www.Example.COM. 300 IN A 192.0.2.2",
			"www.Example.COM. 300 IN RRSIG A 13 3 300 20300101000000 20200101000000 12345 example.com. "+
				"oMy5XwTmkIm0oWhTGg5GcAhB3hTjLkZ2Hpl7h0Wq9nRrNxTn5lF4OjRrXqfVq0Vq4bWkOmVbGfVZp4Rkq3mYwA=="),
		set(t, "www.example.com. 60 IN AAAA 2001:db8::1"),
		set(t, ". 518400 IN NS a.root-servers.net.", ". 518400 IN NS b.root-servers.net."),
		set(t, "com. 86400 IN DS 30909 8 2 E2D3C916F6DEEAC73294E8268FB5885044A833FC5459588F4A9184CFC41A5766"),
		set(t, "x.example. 5 IN TYPE65280 \\# 4 DEADbeef"),
		set(t, "MiXeD.cAsE. 5 IN TXT \"a\" \"b\""),
	}
	c := newCache(Options{})
	for i := range sets {
		if !c.Put(&sets[i], RankAnswerAA, Secure, start()) {
			t.Errorf("%v: refused", sets[i].Name)
		}
	}
	for i := range sets {
		want := sets[i]
		e, ok := c.Get(want.Name, want.Type, after(1.5))
		if !ok || !same(e.Set, want) {
			t.Errorf("%v: got %+v, want %+v", want.Name, e.Set, want)
			continue
		}
		if ttl := min(want.TTL, 86400) - 1; e.Set.TTL != ttl {
			t.Errorf("%v: TTL %d after a second and a half, want %d", want.Name, e.Set.TTL, ttl)
		}
		if e.Rank != RankAnswerAA || e.Status != Secure || e.Stale || !e.Stored.Equal(start()) ||
			!e.Expires.Equal(start().Add(time.Duration(min(want.TTL, 86400))*time.Second)) {
			t.Errorf("%v: %+v", want.Name, e)
		}
	}
	if _, ok := c.Get(name("www.example.com."), wire.TypeMX, start()); ok {
		t.Error("a type that was not put is there")
	}
	if _, ok := c.Get(name("example.com."), wire.TypeA, start()); ok {
		t.Error("a name that was not put is there")
	}
}

func TestMismatchIsKept(t *testing.T) {
	c := newCache(Options{})
	s := a(t, "www.example.", 300, "192.0.2.1")
	s.Mismatch = true
	c.Put(&s, RankAnswerAA, Unjudged, start())
	if e, _ := c.Get(s.Name, s.Type, start()); !e.Set.Mismatch {
		t.Error("Mismatch is lost")
	}
}

// TestCopies: neither what was put nor what was got is part of the cache.
func TestCopies(t *testing.T) {
	c := newCache(Options{})
	s := a(t, "www.example.", 300, "192.0.2.1")
	want := s.Clone()
	c.Put(&s, RankAnswerAA, Unjudged, start())
	s.RData[2] = 0
	e, _ := c.Get(s.Name, s.Type, start())
	if !same(e.Set, want) {
		t.Error("changing what was put changed the cache")
	}
	e.Set.RData[2], e.Set.Owner[1] = 0, 0
	if e, _ := c.Get(s.Name, s.Type, start()); !same(e.Set, want) {
		t.Error("changing what was got changed the cache")
	}
	if n := cap(e.Set.Owner); n != len(e.Set.Owner) {
		t.Error("appending to the owner would write over the RDATA")
	}
}

func TestTTL(t *testing.T) {
	// RFC: 8767.1, 1123.1
	const day = 86400
	for _, tc := range []struct {
		name string
		o    Options
		ttl  uint32
		want uint32 // 0: not stored
	}{
		{"as it is", Options{}, 300, 300},
		{"one", Options{}, 1, 1},
		{"zero is for the transaction", Options{}, 0, 0},
		{"zero is not raised", Options{MinTTL: time.Minute}, 0, 0},
		{"raised", Options{MinTTL: time.Minute}, 5, 60},
		{"a day at most", Options{}, 7 * day, day},
		{"top bit set", Options{}, 1 << 31, day},
		{"all bits set", Options{}, math.MaxUint32, day},
		{"configured", Options{MaxTTL: time.Hour}, day, 3600},
		{"seven days at most", Options{MaxTTL: 1000 * time.Hour}, math.MaxUint32, 7 * day},
	} {
		c := newCache(tc.o)
		s := a(t, "www.example.", tc.ttl, "192.0.2.1")
		if got := c.Put(&s, RankAnswerAA, Unjudged, start()); got != (tc.want > 0) {
			t.Errorf("%s: stored %t", tc.name, got)
		}
		e, ok := c.Get(s.Name, s.Type, start())
		if ok != (tc.want > 0) || e.Set.TTL != tc.want {
			t.Errorf("%s: TTL %d, want %d", tc.name, e.Set.TTL, tc.want)
		}
	}
}

func TestTTLCountsDown(t *testing.T) {
	// RFC: 1123.1, 8767.1
	c := newCache(Options{MaxStale: -1})
	s := a(t, "www.example.", 3, "192.0.2.1")
	c.Put(&s, RankAnswerAA, Unjudged, start())
	for _, tc := range []struct {
		at   float64
		want uint32 // 0: not there
	}{
		{-5, 3}, {0, 3}, {0.999, 3}, {1, 2}, {2.5, 1}, {2.999, 1}, {3, 0}, {1e9, 0},
	} {
		e, ok := c.Get(s.Name, s.Type, after(tc.at))
		if ok != (tc.want > 0) || e.Set.TTL != tc.want {
			t.Errorf("after %v s: TTL %d, %t; want %d", tc.at, e.Set.TTL, ok, tc.want)
		}
	}
}

// TestZeroTTLEndsTheOld: newer data of enough standing is the truth, also if
// it may not be kept.
func TestZeroTTLEndsTheOld(t *testing.T) {
	// RFC: 8767.1, 2181.3
	for _, tc := range []struct {
		rank Rank
		gone bool
	}{{RankAnswerAA, true}, {RankAdditional, false}} {
		c := newCache(Options{})
		s := a(t, "www.example.", 300, "192.0.2.1")
		c.Put(&s, RankAnswerAA, Unjudged, start())
		s = a(t, "www.example.", 0, "192.0.2.2")
		if c.Put(&s, tc.rank, Unjudged, after(1)) {
			t.Error("TTL 0 was stored")
		}
		if _, ok := c.GetStale(s.Name, s.Type, after(1)); ok == tc.gone {
			t.Errorf("%v with TTL 0: the old one is there: %t", tc.rank, ok)
		}
	}
}

func TestStale(t *testing.T) {
	// RFC: 8767.2, 8767.3
	c := newCache(Options{MaxStale: time.Hour})
	s := a(t, "www.example.", 60, "192.0.2.1")
	c.Put(&s, RankAnswerAA, Secure, start())
	for _, tc := range []struct {
		at    float64
		ok    bool
		ttl   uint32
		stale bool
	}{
		{0, true, 60, false},
		{59, true, 1, false},
		{60, true, StaleTTL, true},
		{60 + 3599.9, true, StaleTTL, true},
		{60 + 3600, false, 0, false},
	} {
		e, ok := c.GetStale(s.Name, s.Type, after(tc.at))
		if ok != tc.ok || e.Set.TTL != tc.ttl || e.Stale != tc.stale {
			t.Errorf("after %v s: %t, TTL %d, stale %t; want %+v", tc.at, ok, e.Set.TTL, e.Stale, tc)
		}
		if ok && (!same(e.Set, s) || e.Status != Secure) {
			t.Errorf("after %v s: %+v", tc.at, e)
		}
		if _, ok := c.Get(s.Name, s.Type, after(tc.at)); ok != (tc.ok && !tc.stale) {
			t.Errorf("after %v s: Get finds it: %t", tc.at, ok)
		}
	}
	// A refresh that failed judgement leaves the old data.
	bad := a(t, "www.example.", 60, "192.0.2.66")
	if c.Put(&bad, RankAnswerAA, Bogus, after(100)) {
		t.Error("Bogus data took the place of stale")
	}
	if e, ok := c.GetStale(s.Name, s.Type, after(100)); !ok || !same(e.Set, s) {
		t.Error("the stale data is gone")
	}
}

func TestBogus(t *testing.T) {
	// RFC: 4035.6
	c := newCache(Options{})
	s := a(t, "www.example.", 3600, "192.0.2.1")
	c.Put(&s, RankAnswerAA, Bogus, start())
	e, ok := c.Get(s.Name, s.Type, start())
	if !ok || e.Status != Bogus || e.Set.TTL != 60 {
		t.Errorf("%t %+v", ok, e)
	}
	if _, ok := c.GetStale(s.Name, s.Type, after(60)); ok {
		t.Error("Bogus data is stale")
	}
}

func TestLimits(t *testing.T) {
	// RFC: 1034.5
	c := newCache(Options{Size: 16 << 20})
	many := func(n int) rrset.Set {
		s := a(t, "www.example.", 300, "192.0.2.1")
		s.RData = nil
		for i := range n {
			s.RData = s.RData.Append([]byte{10, 0, byte(i >> 8), byte(i)})
		}
		return s
	}
	large := func(octets int) rrset.Set {
		s := set(t, "big.example. 300 IN TXT x")
		s.RData = rrset.List(nil).Append(bytes.Repeat([]byte{0}, octets-2-len(s.Owner)))
		return s
	}
	chaos := a(t, "www.example.", 300, "192.0.2.1")
	chaos.Class = wire.ClassCH
	meta := a(t, "www.example.", 300, "192.0.2.1")
	meta.Type = wire.TypeANY
	empty := rrset.New(name("www.example."), wire.TypeA, 300)
	nameless := a(t, "www.example.", 300, "192.0.2.1")
	nameless.Name = domain.Name{}
	for _, tc := range []struct {
		what string
		set  rrset.Set
		ok   bool
	}{
		{"500 records", many(500), true},
		{"501 records", many(501), false},
		{"64 KiB", large(64 << 10), true},
		{"more", large(64<<10 + 1), false},
		{"class CH", chaos, false},
		{"type ANY", meta, false},
		{"no records", empty, false},
		{"no name", nameless, false},
		{"nothing", rrset.Set{}, false},
	} {
		if got := c.Put(&tc.set, RankAnswerAA, Unjudged, start()); got != tc.ok {
			t.Errorf("%s: stored %t, want %t", tc.what, got, tc.ok)
		}
		e, ok := c.Get(tc.set.Name, tc.set.Type, start())
		if tc.ok && (!ok || !same(e.Set, tc.set)) {
			t.Errorf("%s: does not come back", tc.what)
		}
	}
	// A small store takes what fits its rings, and says so of the rest.
	small := newCache(Options{Size: 256 << 10})
	s := large(40 << 10)
	if small.Put(&s, RankAnswerAA, Unjudged, start()) {
		t.Error("40 KiB went into a ring of 23")
	}
}

// TestWildcardIsAName: what was received for *.example. answers for no other
// name.
func TestWildcardIsAName(t *testing.T) {
	// RFC: 1034.5
	c := newCache(Options{})
	s := a(t, "*.example.", 300, "192.0.2.1")
	c.Put(&s, RankAnswerAA, Unjudged, start())
	if _, ok := c.Get(name("www.example."), wire.TypeA, start()); ok {
		t.Error("a wildcard was expanded")
	}
	if _, ok := c.Get(name("*.example."), wire.TypeA, start()); !ok {
		t.Error("the wildcard's own name is not there")
	}
}

func TestManyEntries(t *testing.T) {
	c := newCache(Options{Size: 16 << 20})
	const n = 20_000
	for i := range n {
		s := a(t, "www.example.", 300, "192.0.2.1")
		s.Name = name(fmt.Sprintf("host%d.example.", i))
		s.Owner = s.Name.AppendWire(nil)
		s.RData[3], s.RData[4] = byte(i>>8), byte(i)
		if !c.Put(&s, RankAnswerAA, Unjudged, start()) {
			t.Fatal("refused")
		}
	}
	for i := range n {
		e, ok := c.Get(name(fmt.Sprintf("host%d.example.", i)), wire.TypeA, start())
		if !ok || e.Set.RData[3] != byte(i>>8) || e.Set.RData[4] != byte(i) {
			t.Fatalf("host%d: %t %v", i, ok, e.Set.RData)
		}
	}
	if st := c.Stats(); st.Entries != n || st.Hits != n || st.Stored != n || st.Misses != 0 || st.Used <= 0 || st.Used > st.Reserved || st.Reserved > st.Size {
		t.Errorf("%+v", st)
	}
}
