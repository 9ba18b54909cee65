package cache

import (
	"fmt"
	"testing"

	"recursor/dns/wire"
)

// RFC 3597 lets a name have 65,535 types: they are not all cached, be they there or not (CVE-2024-1737).
func TestTypesOfAName(t *testing.T) {
	c := newCache(Options{Types: 40, MaxStale: -1})
	put := func(typ int, at float64) bool {
		s := set(t, fmt.Sprintf("www.example. 300 IN TYPE%d \\# 1 01", typ))
		return c.Put(&s, RankAnswerAA, Unjudged, after(at))
	}
	deny := func(typ int, at float64) bool {
		return c.PutDenial(nodata(t, "www.example.", wire.Type(typ), "example.", 300, Unjudged), after(at))
	}
	stored := 0
	for i := range 50 {
		if put(1000+i, 0) {
			stored++
		}
		if deny(2000+i, 0) {
			stored++
		}
	}
	if stored != 16 {
		t.Errorf("%d other types are stored, want 16", stored)
	}
	// Those that are there are refreshed, everyday ones always fit, other names have their own.
	everyday := a(t, "www.example.", 300, "192.0.2.1")
	elsewhere := set(t, "other.example. 300 IN TYPE3000 \\# 1 01")
	if !put(1000, 10) || !deny(2000, 10) || put(1030, 10) || !c.Put(&everyday, RankAnswerAA, Unjudged, after(10)) ||
		!deny(int(wire.TypeAAAA), 10) || !c.Put(&elsewhere, RankAnswerAA, Unjudged, after(10)) {
		t.Error("what is stored is not what may be")
	}
	if _, ok := c.Get(name("www.example."), 1030, after(10)); ok {
		t.Error("one too many")
	}
	// Where some have gone, others may come; it is looked at once a second.
	if put(1031, 301) != true || put(1032, 301.5) != true {
		t.Error("there is room, and it is not used")
	}
	fresh := 0
	for i := range 50 {
		if put(4000+i, 302) {
			fresh++
		}
	}
	if fresh != 12 { // 1000 and 2000 were refreshed, 1031 and 1032 are new
		t.Errorf("%d more", fresh)
	}
}

func TestEverydayTypes(t *testing.T) {
	n := 0
	for i := range 1 << 16 {
		if everyday(wire.Type(i)) {
			n++
		}
	}
	if n != everydayTypes {
		t.Errorf("%d types of everyday use", n)
	}
}
