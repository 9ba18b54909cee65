package rfc5011_test

import (
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/trust"
	"recursor/trust/rfc5011"
	"recursor/validate/sig"
)

// When the signatures over a set hold, as far as trusted keys made them.
//
// RFC: X.8
func TestTimes(t *testing.T) {
	o := newOwner(t)
	p := rfc5011.New(domain.MustParse(o.zone), []trust.Key{o.anchor("A"), o.digest("B")}, begin)
	early, late := o.set("A B C", "A", begin), o.set("A B C", "B", begin.Add(5*day))
	if _, _, ok := p.Times(o.set("A B C", "C", begin), new(sig.Policy)); ok {
		t.Error("the signature of a key that nobody trusts has a time")
	}
	forged := early.Clone()
	forged.Sigs[len(forged.Sigs)-1] ^= 1
	if _, _, ok := p.Times(&forged, new(sig.Policy)); ok {
		t.Error("a forged signature has a time")
	}
	for what, tt := range map[string]struct {
		sigs        rrset.List
		from, until time.Time
	}{
		"one":           {early.Sigs, begin.Add(-time.Hour), begin.Add(20 * day)},
		"its digest's":  {late.Sigs, begin.Add(5*day - time.Hour), begin.Add(25 * day)},
		"both":          {early.Sigs.Append(late.Sigs.First()), begin.Add(-time.Hour), begin.Add(25 * day)},
		"the other way": {late.Sigs.Append(early.Sigs.First()), begin.Add(-time.Hour), begin.Add(25 * day)},
		"and broken":    {early.Sigs.Append([]byte{1}).Append(forged.Sigs.First()), begin.Add(-time.Hour), begin.Add(20 * day)},
	} {
		set := early.Clone()
		set.Sigs = tt.sigs
		from, until, ok := p.Times(&set, new(sig.Policy))
		if !ok || !from.Equal(tt.from) || !until.Equal(tt.until) {
			t.Errorf("%s: from %v until %v, %t; want %v, %v", what, from, until, ok, tt.from, tt.until)
		}
	}
}

// What is configured, in either form and with its validity, meets what is known.
//
// RFC: 5011.2, 9718.1
func TestConfigure(t *testing.T) {
	o := newOwner(t)
	zone := domain.MustParse(o.zone)
	bounded := func(k trust.Key, from, until time.Time) trust.Key {
		k.From, k.Until = from, until
		return k
	}
	var never time.Time
	a, b, c := o.digest("A"), bounded(o.digest("B"), never, begin.Add(10*day)), bounded(o.anchor("C"), begin.Add(5*day), never)
	keys := []trust.Key{a, b, c}
	p := rfc5011.New(zone, keys, begin)
	if p.DS.Len() != 2 || len(p.Keys) != 0 {
		t.Fatalf("%d digests, %s", p.DS.Len(), o.states(p))
	}
	now := begin
	step := func(days int, keys, by string) {
		t.Helper()
		now = begin.AddDate(0, 0, days)
		next, _, ok := p.Step(o.set(keys, by, now), new(sig.Policy), now)
		if !ok {
			t.Fatalf("day %d does not count", days)
		}
		p = next
	}
	configure := func(want string, digests, changes int) {
		t.Helper()
		for range 2 { // twice is once
			got := p.Configure(keys, now)
			if o.states(p) != want || p.DS.Len() != digests || len(got) != changes {
				t.Errorf("%s, %d digests, %v; want %s, %d, %d changes", o.states(p), p.DS.Len(), got, want, digests, changes)
			}
			changes = 0
		}
	}
	configure("", 2, 0)
	step(1, "A B C", "A")
	configure("A Valid, B Valid, C AddPend", 0, 0)
	step(6, "A B C", "A")
	configure("A Valid, B Valid, C Valid", 0, 1) // its time has come
	step(11, "A B C", "A")
	configure("A Valid, B Removed, C Valid", 0, 1) // its time is over
	step(12, "A' B C", "A' C")
	configure("A Revoked, B Removed, C Valid", 0, 0) // nor does its digest bring it back
	// A digest whose key was not seen leaves when its time is over.
	p = rfc5011.New(zone, keys, begin)
	now = begin.Add(10 * day)
	configure("C Valid", 1, 1)
}
