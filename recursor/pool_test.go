package recursor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"recursor/cache"
	"recursor/clock"
	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/random"
	"recursor/recursor/delegation"
	"recursor/recursor/iterate"
	"recursor/testbed/sim"
	"recursor/validate"
)

func testClock(t *testing.T) *sim.Clock {
	t.Helper()
	c := sim.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	t.Cleanup(c.Close)
	return c
}

func taskUntil(c *sim.Clock, d time.Duration) *iterate.Task {
	l := iterate.Limits{}.WithDefaults()
	return &iterate.Task{Budget: iterate.NewBudget(&l, c.Now().TTL.Add(d))}
}

// No more verify at once than there are places, and who verifies much does not keep others waiting.
func TestPoolTakesTurns(t *testing.T) {
	const checks = 20
	for _, places := range []int{1, 3} {
		c := testClock(t)
		p := newPool(c, places, 100)
		var order []int
		c.Run(func() {
			for i := range 6 {
				c.Go("verifier", func() {
					for range checks {
						if err := p.enter(taskUntil(c, time.Minute)); err != nil {
							t.Error(err)
							return
						}
						order = append(order, i)
						c.NewSignal().Wait(time.Millisecond) // the check
						p.leave()
					}
				})
			}
		})
		if p.most != places || p.busy != 0 || len(p.waiting) != 0 {
			t.Errorf("%d at once, of %d places; %d are left, %d wait", p.most, places, p.busy, len(p.waiting))
		}
		// Each has his turn, and none is passed by more than a few.
		if len(order) != 6*checks {
			t.Errorf("%d turns", len(order))
		}
		for i := range 6 {
			if first := slices.Index(order, i); first > (i+1)*(maxPassed+1) {
				t.Errorf("%d places: verifier %d had his first turn after %d others: %v", places, i, first, order)
			}
		}
	}
	if p := newPool(testClock(t), 0, 0); p.places < 1 {
		t.Errorf("%d places", p.places)
	}
}

// The line is bounded, and nobody stands in it beyond his time.
func TestPoolLineIsBounded(t *testing.T) {
	c := testClock(t)
	p := newPool(c, 1, 2)
	var got []string
	c.Run(func() {
		if err := p.enter(taskUntil(c, time.Minute)); err != nil {
			t.Fatal(err)
		}
		for i, d := range []time.Duration{2 * time.Second, time.Minute, time.Minute} {
			c.Go("verifier", func() {
				began := c.Now().TTL
				err := p.enter(taskUntil(c, d))
				got = append(got, fmt.Sprintf("%d after %v: %v", i, c.Now().TTL.Sub(began), errors.Unwrap(err)))
				if err == nil {
					p.leave()
				}
			})
		}
		c.NewSignal().Wait(10 * time.Second)
		p.leave()
	})
	want := []string{
		"2 after 0s: " + ErrVerifying.Error(), "0 after 2s: " + iterate.ErrDeadline.Error(), "1 after 10s: <nil>",
	}
	if !slices.Equal(got, want) || p.busy != 0 {
		t.Errorf("%q, want %q; %d are left", got, want, p.busy)
	}
}

// A Resolver over a signed zone in which the test holds all places.
func verifyingResolver(t *testing.T, c *sim.Clock, line int) *Resolver {
	t.Helper()
	in, err := sim.ParseInternet("$SERVER ns.root. 192.0.2.1\n$ZONE . ns.root. ecdsap256sha256\na. A 192.0.2.80\nb. A 192.0.2.81\nc. A 192.0.2.82\n", sim.InternetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	net := sim.NewNetwork(c, 1)
	in.Attach(net)
	sets, err := text.ParseRRs(in.Anchors(), domain.Root())
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Verifying: 1, VerifyingLine: line, Judge: validate.New(validate.Options{
		Anchors: func(domain.Name, time.Time) (validate.Anchor, bool) {
			return validate.Anchor{Zone: domain.Root(), DS: sets[0].RData}, true
		},
	})}
	o.Walk.Usable.Special = true
	o.Delegations.Hints = &delegation.Point{Zone: domain.Root(), Hints: true, Servers: []delegation.Server{{
		Name: domain.MustParse("ns.root."), Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1")},
	}}}
	return New(Parts{Clock: c, Net: net, Cache: cache.New(cache.Options{Size: 1 << 20}), Seeds: &random.Replay{Seed: 1}}, o)
}

// While all places are taken, what is in the cache is answered at once; the rest waits; and where the line is full it is
// SERVFAIL with the reason, of which nothing is kept.
func TestOthersAreServedWhileSignaturesWait(t *testing.T) {
	ask := func(r *Resolver, name string) (Answer, error) {
		return r.Resolve(context.Background(), Query{Name: domain.MustParse(name), Type: wire.TypeA})
	}
	for _, line := range []int{10, -1} {
		c := testClock(t)
		r := verifyingResolver(t, c, line)
		c.Run(func() {
			if a, err := ask(r, "a."); err != nil || !a.Secure {
				t.Fatal(a, err)
			}
			if err := r.verifying.enter(taskUntil(c, time.Hour)); err != nil {
				t.Fatal(err)
			}
			began := c.Now().TTL
			c.Go("cold", func() {
				a, err := ask(r, "b.")
				took := c.Now().TTL.Sub(began)
				switch {
				case line > 0 && (err != nil || !a.Secure || took < time.Second):
					t.Errorf("after %v: %+v, %v", took, a, err)
				case line < 0 && (!errors.Is(err, ErrVerifying) || ede.CodeOf(err) != ede.Other || a.RCode != wire.ServFail || took > time.Second):
					t.Errorf("line full, after %v: %+v, %v", took, a, err)
				}
			})
			c.NewSignal().Wait(time.Second)
			at := c.Now().TTL
			if a, err := ask(r, "a."); err != nil || !a.Secure || a.From != "cache" || !c.Now().TTL.Equal(at) {
				t.Errorf("what is in the cache: %+v, %v, after %v", a, err, c.Now().TTL.Sub(at))
			}
			r.verifying.leave()
			c.NewSignal().Wait(time.Second)
			if _, ok := r.Cache.GetFailure(domain.MustParse("b."), wire.TypeA, c.Now().TTL); ok {
				t.Error("a full line was remembered as a failure of the name")
			}
			if e, ok := r.Cache.Get(domain.MustParse("b."), wire.TypeA, c.Now().TTL); ok && e.Status == cache.Bogus {
				t.Error("what was not looked at was remembered as bogus")
			}
			if a, err := ask(r, "b."); err != nil || !a.Secure {
				t.Errorf("afterwards: %+v, %v", a, err)
			}
		})
	}
}

// In real time nobody is forgotten: all that stand in line have their turns.
func TestPoolForgetsNobody(t *testing.T) {
	c := clock.NewReal()
	p := newPool(c, 2, 1000)
	l := iterate.Limits{}.WithDefaults()
	var inside, most, turns atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			task := &iterate.Task{Budget: iterate.NewBudget(&l, c.Now().TTL.Add(time.Minute))}
			for range 200 {
				if err := p.enter(task); err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n > most.Load() {
					most.Store(n)
				}
				inside.Add(-1)
				turns.Add(1)
				p.leave()
			}
		})
	}
	all.Wait()
	if turns.Load() != 50*200 || most.Load() > 2 || p.busy != 0 || len(p.waiting) != 0 {
		t.Errorf("%d turns, %d at once; %d are left, %d wait", turns.Load(), most.Load(), p.busy, len(p.waiting))
	}
}
