package cache

import (
	"testing"

	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// RFC 4035 §3.1.3.3, §4.5: what a wildcard was expanded to comes with its proof, and neither outlives the other.
func TestExpanded(t *testing.T) {
	expanded := a(t, "WWW.example.", 300, "192.0.2.1")
	proof := []rrset.Set{
		set(t, "*.Example. 120 IN NSEC mail.example. A RRSIG NSEC"),
		set(t, "other.EXAMPLE. 500 IN NSEC z.example. A RRSIG NSEC"),
	}
	c := newCache(Options{})
	if c.ExpandedTTL(&expanded, proof) != 120 || c.ExpandedTTL(&expanded, nil) != 300 {
		t.Error("the TTL is not that of the first part to end")
	}
	if !c.PutEntry(&Entry{Set: expanded, Proof: proof, Rank: RankAnswerAA, Status: Secure}, start()) {
		t.Fatal("refused")
	}
	e, ok := c.Get(name("www.example."), wire.TypeA, after(20))
	if !ok || !same(e.Set, expanded) || e.Set.TTL != 100 || len(e.Proof) != 2 || e.Status != Secure || e.Rank != RankAnswerAA {
		t.Fatalf("%t, %+v", ok, e)
	}
	for i := range proof {
		if !same(e.Proof[i], proof[i]) || e.Proof[i].TTL != 100 {
			t.Errorf("%+v, want %+v", e.Proof[i], proof[i])
		}
	}
	if _, ok := c.Get(name("www.example."), wire.TypeA, after(121)); ok {
		t.Error("the data outlives its proof")
	}
	if e, ok := c.GetStale(name("www.example."), wire.TypeA, after(121)); !ok || len(e.Proof) != 2 {
		t.Errorf("stale: %t, %+v", ok, e)
	}
	// What comes without a proof takes its place without.
	if !c.Put(&expanded, RankAnswerAA, Secure, after(130)) {
		t.Fatal("refused")
	}
	if e, ok := c.Get(name("www.example."), wire.TypeA, after(130)); !ok || len(e.Proof) != 0 {
		t.Errorf("%t, %+v", ok, e)
	}
}

// A proof that cannot be held whole is not held, nor is what it is the proof of.
func TestExpandedRefused(t *testing.T) {
	expanded := a(t, "www.example.", 300, "192.0.2.1")
	big := large(t, MaxOctets-1)
	odd := a(t, "www.example.", 300, "192.0.2.2")
	odd.Class = 3
	for what, proof := range map[string][]rrset.Set{
		"too many":       manySets(t, maxProof+1),
		"too large":      {big},
		"of other class": {odd},
	} {
		c := newCache(Options{})
		if c.PutEntry(&Entry{Set: expanded, Proof: proof, Rank: RankAnswerAA, Status: Secure}, start()) {
			t.Errorf("%s: stored", what)
		}
		if _, ok := c.Get(name("www.example."), wire.TypeA, start()); ok {
			t.Errorf("%s: found", what)
		}
	}
}
