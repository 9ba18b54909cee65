package rfc5011_test

import (
	"fmt"
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/trust"
	"recursor/trust/rfc5011"
	"recursor/validate/sig"
)

// What a point trusts, with the validity that was configured, and how it is told.
//
// RFC: 9718.1
func TestTrusted(t *testing.T) {
	o := newOwner(t)
	a, b := o.anchor("A"), o.digest("B")
	a.Until, b.From = begin.AddDate(1, 0, 0), begin.AddDate(0, 0, -1)
	other := a
	other.Zone, other.Until = domain.Root(), begin
	configured := []trust.Key{a, b, other}
	p := rfc5011.New(domain.MustParse(o.zone), configured, begin)
	now := begin.Add(time.Hour)
	p, _, ok := p.Step(o.set("A C", "A", now), new(sig.Policy), now)
	if !ok {
		t.Fatal("the set does not count")
	}
	keys := p.Trusted(configured)
	if len(keys) != 2 || keys[0].Type != wire.TypeDS || !keys[0].From.Equal(b.From) || keys[1].Type != wire.TypeDNSKEY || !keys[1].Until.Equal(a.Until) || !keys[1].From.IsZero() {
		t.Errorf("%+v", keys)
	}
	if !p.Vouches() || p.HeldUntil(o.tag("C")) != now.Add(rfc5011.HoldDown) || !p.HeldUntil(o.tag("A")).IsZero() || !p.HeldUntil(1).IsZero() {
		t.Errorf("vouches %t, C is held until %v", p.Vouches(), p.HeldUntil(o.tag("C")))
	}
	want := fmt.Sprintf("[%d Valid since 2026-01-01 %d AddPend since 2026-01-01 until 2026-01-31 %d DS]", o.tag("A"), o.tag("C"), o.tag("B"))
	if got := fmt.Sprint(p.Describe()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	none := rfc5011.New(p.Zone, nil, begin)
	if none.Vouches() || len(none.Trusted(configured)) != 0 {
		t.Error("nothing is trusted")
	}
	ds := rfc5011.New(p.Zone, []trust.Key{b}, begin)
	if !ds.Vouches() {
		t.Error("a digest vouches, too")
	}
}
