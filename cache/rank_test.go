package cache

import (
	"testing"

	"recursor/dns/wire"
)

func ranks() []Rank {
	return []Rank{RankAdditional, RankGlue, RankAnswerNonAA, RankAuthorityAA, RankAnswerAA}
}

func statuses() []Status { return []Status{Bogus, Unjudged, Insecure, Secure} }

func TestOrder(t *testing.T) {
	// RFC: 2181.4
	for i, r := range ranks() {
		if i > 0 && ranks()[i-1] >= r {
			t.Errorf("%v is not above %v", r, ranks()[i-1])
		}
		if want := r != RankAdditional && r != RankGlue; r.Answers() != want {
			t.Errorf("%v answers: %t", r, r.Answers())
		}
	}
	for i, s := range statuses() {
		if i > 0 && statuses()[i-1] >= s {
			t.Errorf("%v is not above %v", s, statuses()[i-1])
		}
	}
	var zero Status
	if zero != Unjudged {
		t.Error("the zero Status is not Unjudged")
	}
}

// replaces is RFC 2181 §5.4.1 read aloud, in other words than rank.go's.
func replaces(newRank, oldRank Rank, newStatus, oldStatus Status) bool {
	switch {
	case newStatus == Secure && oldStatus != Secure:
		return true
	case oldStatus == Secure && newStatus != Secure:
		return false
	case newStatus == Bogus && oldStatus != Bogus:
		return false
	case oldStatus == Bogus && newStatus != Bogus:
		return true
	case newRank > oldRank:
		return true
	case newRank < oldRank:
		return false
	}
	return !(newStatus == Unjudged && oldStatus == Insecure)
}

// TestReplacement is the whole matrix: every rank and status on every other,
// while the standing entry is fresh, after it ran out, and after it is
// forgotten.
func TestReplacement(t *testing.T) {
	// RFC: 2181.4, 2181.3
	for _, oldRank := range ranks() {
		for _, oldStatus := range statuses() {
			for _, newRank := range ranks() {
				for _, newStatus := range statuses() {
					for _, tc := range []struct {
						when string
						at   float64
						want bool
					}{
						{"fresh", 49, replaces(newRank, oldRank, newStatus, oldStatus)},
						{"run out", 50, newStatus != Bogus || oldStatus == Bogus},
						{"forgotten", 50 + 3600, true},
					} {
						c := newCache(Options{Size: 256 << 10, MaxStale: 3600e9})
						before, next := a(t, "www.example.", 50, "192.0.2.1"), a(t, "www.example.", 50, "192.0.2.2")
						if !c.Put(&before, oldRank, oldStatus, start()) {
							t.Fatal("an empty cache refused")
						}
						if got := c.Put(&next, newRank, newStatus, after(tc.at)); got != tc.want {
							t.Errorf("%s %v, %v; put %v, %v: stored %t, want %t", tc.when, oldRank, oldStatus, newRank, newStatus, got, tc.want)
						}
						e, ok := c.Get(name("www.example."), wire.TypeA, after(tc.at))
						switch {
						case tc.want && (!ok || !same(e.Set, next) || e.Rank != newRank || e.Status != newStatus):
							t.Errorf("%s %v, %v; put %v, %v: got %+v, want the new", tc.when, oldRank, oldStatus, newRank, newStatus, e)
						case !tc.want && tc.when == "fresh" && (!ok || !same(e.Set, before) || e.Rank != oldRank || e.Status != oldStatus):
							t.Errorf("%s %v, %v; put %v, %v: got %+v, want the old", tc.when, oldRank, oldStatus, newRank, newStatus, e)
						}
					}
				}
			}
		}
	}
}

func TestNeverMerged(t *testing.T) {
	// RFC: 2181.3, 1034.5
	c := newCache(Options{})
	two := set(t, "www.example. 300 IN A 192.0.2.1", "www.example. 300 IN A 192.0.2.2")
	one := set(t, "www.example. 300 IN A 192.0.2.3")
	c.Put(&two, RankAnswerAA, Unjudged, start())
	c.Put(&one, RankAnswerAA, Unjudged, start())
	if e, ok := c.Get(name("www.example."), wire.TypeA, start()); !ok || !same(e.Set, one) {
		t.Errorf("got %d records: %v", e.Set.Len(), e.Set)
	}
	// A lower rank adds nothing either.
	c.Put(&two, RankAdditional, Unjudged, start())
	if e, ok := c.Get(name("www.example."), wire.TypeA, start()); !ok || !same(e.Set, one) {
		t.Errorf("got %d records: %v", e.Set.Len(), e.Set)
	}
}

// TestVerdictOnTheSameData: Bogus replaces nothing else, but what was stored
// before it was judged is not left standing unjudged.
func TestVerdictOnTheSameData(t *testing.T) {
	for _, tc := range []struct {
		was    Status
		put    string
		stored bool
	}{
		{Unjudged, "192.0.2.1", true},
		{Unjudged, "192.0.2.66", false},
		{Insecure, "192.0.2.1", false},
		{Secure, "192.0.2.1", false},
	} {
		c := newCache(Options{})
		s := a(t, "www.example.", 300, "192.0.2.1")
		c.Put(&s, RankAnswerAA, tc.was, start())
		s = a(t, "www.example.", 300, tc.put)
		if got := c.Put(&s, RankAnswerAA, Bogus, after(1)); got != tc.stored {
			t.Errorf("%v, then %s is Bogus: stored %t, want %t", tc.was, tc.put, got, tc.stored)
		}
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range append(ranks(), 200) {
		seen[r.String()] = true
	}
	for _, s := range append(statuses(), 100) {
		seen[s.String()] = true
	}
	if len(seen) != 11 {
		t.Errorf("%d different names: %v", len(seen), seen)
	}
}
