package daemon

import (
	"context"
	"fmt"
	"slices"
	"time"

	"recursor/cache"
	"recursor/clock"
	"recursor/daemon/config"
	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/wire"
	"recursor/observe"
	"recursor/recursor"
	"recursor/serve"
	"recursor/trust"
)

const (
	// retest is how often a zone below a negative anchor is validated, to see
	// whether the anchor is needed any more (RFC 7646 §2.1).
	retest = 5 * time.Minute
	// testCache is the room for one such test, which starts from nothing: what
	// was cached below the anchor was not validated.
	testCache = 1 << 20
)

// negatives are the negative anchors of a configuration.
func negatives(c *config.Config, now time.Time) []trust.Negative {
	var list []trust.Negative
	for _, n := range c.Validation.NegativeAnchors {
		list = append(list, trust.Negative{Zone: n.Name, Since: now, Until: n.Until, Reason: n.Reason})
	}
	return list
}

// longNegatives tells which negative anchors live longer than they may.
func longNegatives(c *config.Config, now time.Time) (problems []config.Problem) {
	for i, n := range c.Validation.NegativeAnchors {
		if n.Until.After(now.Add(trust.MaxLifetime)) {
			problems = append(problems, config.Problem{
				Key:      fmt.Sprintf("validation.negative-anchors[%d].until", i),
				Text:     fmt.Sprintf("%s is more than a week ahead: it is %s", date(n.Until), date(now)),
				Remedies: []string{"write a time within a week (RFC 7646 §4), and a later one where it is still needed then"},
			})
		}
	}
	return problems
}

// keepNegatives tells of the negative anchors and looks after them until ctx
// ends or there are none.
func (e *Engine) keepNegatives(ctx context.Context) {
	wake := e.world.Clock.NewSignal()
	defer context.AfterFunc(ctx, wake.Set)()
	now := e.world.Clock.Now().Signature
	known := negatives(e.c, now)
	alive := e.trust.negatives.Load().All(now)
	for _, n := range alive {
		e.tellNegative(n, "in effect")
	}
	for _, n := range known {
		if !n.Until.After(now) {
			e.tellNegative(n, "expired")
		}
	}
	for len(alive) > 0 {
		next := retest
		for _, n := range alive {
			next = min(next, n.Until.Sub(now))
		}
		wake.Wait(next)
		if ctx.Err() != nil {
			return
		}
		for _, n := range alive {
			e.lookAfter(ctx, n)
		}
		now = e.world.Clock.Now().Signature
		alive = e.trust.negatives.Load().All(now)
	}
}

// lookAfter removes a negative anchor that has ended or is not needed.
func (e *Engine) lookAfter(ctx context.Context, n trust.Negative) {
	now := e.world.Clock.Now().Signature
	what := "expired"
	if now.Before(n.Until) {
		if untested(e.c, n.Zone) || !e.validates(ctx, n.Zone) {
			return
		}
		what = "not needed any more"
	}
	e.trust.negatives.Store(e.trust.negatives.Load().Without(n.Zone, now))
	e.forget(n.Zone)
	e.tellNegative(n, what)
}

// untested reports whether the operator wants the anchor to last to its end.
func untested(c *config.Config, zone domain.Name) bool {
	return slices.ContainsFunc(c.Validation.NegativeAnchors, func(n config.NegativeAnchor) bool { return n.Name == zone && !n.Test })
}

func (e *Engine) tellNegative(n trust.Negative, what string) {
	if e.world.Watch != nil {
		e.world.Watch.Observe(observe.Disabled{Zone: n.Zone, Reason: n.Reason, Until: n.Until, What: what})
	}
}

// validates reports whether the zone would be answered without its negative
// anchor: its SOA record, or the proof that there is none.
func (e *Engine) validates(ctx context.Context, zone domain.Name) bool {
	without := func() *trust.Negatives {
		return e.trust.negatives.Load().Without(zone, e.world.Clock.Now().Signature)
	}
	o := e.recursorOptions()
	o.Judge, o.Permissive, o.NoStale = judge(e.c, &e.world, e.trust.Anchors, without), false, true
	r := recursor.New(recursor.Parts{
		Clock: e.world.Clock, Net: e.world.Net, Seeds: e.world.Seeds, Cache: cache.New(cache.Options{Size: testCache}),
	}, o)
	a, err := r.Resolve(ctx, recursor.Query{Name: zone, Type: wire.TypeSOA, Class: wire.ClassIN})
	return err == nil && (a.RCode == wire.NoError || a.RCode == wire.NXDomain)
}

// noteNegative says with an answer that is not secure because of a negative
// anchor that it is, whether it was judged now or comes from the cache.
func (e *Engine) noteNegative(q serve.Question, ans *serve.Answer, now clock.Instant) {
	list := e.trust.negatives.Load()
	if list.Empty() || slices.ContainsFunc(ans.Notes, func(n ede.Note) bool { return n.Code == ede.NegativeTrustAnchor }) {
		return
	}
	names := []domain.Name{q.Name}
	for i := range ans.Answer {
		names = append(names, ans.Answer[i].Name)
		if target, ok := ans.Answer[i].Target(); ok {
			names = append(names, target)
		}
	}
	for _, name := range names {
		n, ok := list.Closest(name, now.Signature)
		anchor, positive := e.trust.Anchors().Closest(name, now.Signature)
		if ok && (!positive || n.Zone.Len() >= anchor.Zone.Len()) {
			ans.Notes = append(ans.Notes, ede.Note{Code: ede.NegativeTrustAnchor, Text: "negative trust anchor, zone " + n.Zone.String()})
			return
		}
	}
}
