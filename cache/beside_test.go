package cache

import (
	"slices"
	"testing"
	"time"

	"recursor/dns/wire"
)

// What stood beside an answer may be shown beside it again and answers nothing.
func TestAsideAnswersNothing(t *testing.T) {
	// RFC: 2181.4
	c := newCache(Options{})
	ns := set(t, "example. 300 IN NS ns.example.")
	if !c.PutAside(&ns, RankAuthorityAA, Secure, start()) {
		t.Fatal("not stored")
	}
	if e, ok := c.Get(ns.Name, ns.Type, start()); ok {
		t.Errorf("it answers: %v", e)
	}
	if e, ok := c.GetStale(ns.Name, ns.Type, after(301)); ok {
		t.Errorf("it answers when stale: %v", e)
	}
	if e, ok := c.GetAside(ns.Name, ns.Type, after(10)); !ok || !same(e.Set, ns) || e.Set.TTL != 290 || e.Status != Secure {
		t.Errorf("%v, %t", e, ok)
	}
	if _, ok := c.GetAside(ns.Name, ns.Type, after(300)); ok {
		t.Error("it outlives its TTL")
	}
	if e, ok := c.GetStaleAside(ns.Name, ns.Type, after(300)); !ok || !e.Stale {
		t.Errorf("stale: %v, %t", e, ok)
	}
	// What answers questions goes before it.
	answer := set(t, "example. 60 IN NS other.example.")
	c.Put(&answer, RankAnswerAA, Unjudged, start())
	if e, ok := c.GetAside(ns.Name, ns.Type, start()); !ok || !same(e.Set, answer) {
		t.Errorf("%v, %t", e, ok)
	}
	c.FlushType(ns.Name, ns.Type)
	if _, ok := c.GetAside(ns.Name, ns.Type, start()); ok {
		t.Error("it is there after a flush")
	}
}

// A zone that was taken away is not kept alive by its servers, who say the same
// again and again.
func TestAsideIsNotProlonged(t *testing.T) {
	c := newCache(Options{})
	ns := set(t, "example. 100 IN NS ns.example.")
	c.PutAside(&ns, RankAuthorityAA, Unjudged, start())
	ns.TTL = 200
	if c.PutAside(&ns, RankAuthorityAA, Unjudged, after(50)) {
		t.Error("the same again was stored")
	}
	if e, _ := c.GetAside(ns.Name, ns.Type, after(50)); e.Set.TTL != 50 {
		t.Errorf("TTL %d", e.Set.TTL)
	}
	other := set(t, "example. 200 IN NS ns2.example.")
	if !c.PutAside(&other, RankAuthorityAA, Unjudged, after(50)) {
		t.Error("new data was not stored")
	}
	lower := set(t, "example. 200 IN NS ns3.example.")
	if c.PutAside(&lower, RankGlue, Unjudged, after(60)) {
		t.Error("data of lower rank was stored")
	}
	if !c.PutAside(&other, RankAuthorityAA, Secure, after(60)) {
		t.Error("a better verdict was not")
	}
}

func TestBeside(t *testing.T) {
	c := newCache(Options{MaxStale: time.Hour})
	www := name("www.example.")
	refs := []Ref{{name("example."), wire.TypeNS}, {name("ns.example."), wire.TypeA}, {name("."), wire.TypeAAAA}}
	if !c.PutBeside(www, wire.TypeA, refs, after(60), start()) {
		t.Fatal("not stored")
	}
	if got := c.Beside(www, wire.TypeA, after(59)); !slices.Equal(got, refs) {
		t.Errorf("got %v", got)
	}
	if got := c.Beside(www, wire.TypeAAAA, start()); got != nil {
		t.Errorf("of another type: %v", got)
	}
	if got := c.Beside(www, wire.TypeA, after(3659)); !slices.Equal(got, refs) {
		t.Errorf("while stale: %v", got)
	}
	if got := c.Beside(www, wire.TypeA, after(3660)); got != nil {
		t.Errorf("after that: %v", got)
	}
	many := make([]Ref, 100)
	for i := range many {
		many[i] = Ref{www, wire.Type(i + 1)}
	}
	c.PutBeside(www, wire.TypeA, many, after(60), start())
	if got := c.Beside(www, wire.TypeA, start()); len(got) != maxRefs {
		t.Errorf("%d are kept", len(got))
	}
	if c.PutBeside(www, wire.TypeA, nil, after(60), start()); c.Beside(www, wire.TypeA, start()) != nil {
		t.Error("nothing beside it, and yet there is")
	}
}
