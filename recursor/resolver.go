package recursor

import (
	"sync/atomic"
	"time"

	"recursor/cache"
	"recursor/cache/aggressive"
	"recursor/clock"
	"recursor/observe"
	"recursor/random"
	"recursor/recursor/delegation"
	"recursor/recursor/infra"
	"recursor/recursor/iterate"
	"recursor/transport"
	"recursor/validate"
)

// Options of a Resolver. The zero value of a field is its default.
type Options struct {
	Walk iterate.Options
	// Timing is how servers are waited for; infra.DefaultTiming.
	Timing infra.Timing
	// Quotas bound what is under way to zones and servers.
	Quotas infra.Quotas
	// Delegations are hints, stub and forward zones.
	Delegations delegation.Options
	// StaleAfter is how long a client waits before stale data is good enough
	// (RFC 8767 §5); 1.8 s, negative for not at all. StaleTTL is what such data
	// is given; 30 s. StaleRetry is the least time between two attempts to
	// refresh it that fail; 30 s. NoStale turns all of it off.
	StaleAfter time.Duration
	StaleTTL   time.Duration
	StaleRetry time.Duration
	NoStale    bool
	// Answer is how long a client waits at most, where its Query says nothing;
	// 5 s.
	Answer time.Duration
	// Permissive serves bogus answers without AD instead of SERVFAIL.
	Permissive bool
	// Judge validates what walks bring; nil turns validation off.
	Judge *validate.Judge
	// Verifying is how many signatures are verified at once, VerifyingLine how
	// many may wait for it; a processor less than there are, and 1000. Negative:
	// none may wait.
	Verifying, VerifyingLine int
}

// Parts are what a Resolver works with.
type Parts struct {
	Clock clock.Clock
	Net   transport.Exchanger
	Cache *cache.Cache
	Seeds random.Seeder
	Watch observe.Observer // nil: nobody watches
	// Denials answers questions from the proofs of other denials (RFC 8198);
	// nil: each is asked.
	Denials *aggressive.Index
}

// Resolver resolves questions. Make it with New.
type Resolver struct {
	Parts
	o       Options
	walker  *iterate.Walker
	flights *iterate.Flights
	points  *delegation.Store
	servers *infra.Table
	arrived atomic.Uint64
	// refreshing counts the Refreshes in progress.
	refreshing atomic.Int32
	verifying  *pool
}

// New builds a Resolver. It starts nothing.
func New(p Parts, o Options) *Resolver {
	if p.Watch != nil && !observe.Wants(p.Watch, observe.Steps) {
		p.Watch = nil
	}
	if o.StaleAfter == 0 {
		o.StaleAfter = 1800 * time.Millisecond
	}
	if o.StaleTTL == 0 {
		o.StaleTTL = 30 * time.Second
	}
	if o.StaleRetry == 0 {
		o.StaleRetry = 30 * time.Second
	}
	if o.Answer == 0 {
		o.Answer = 5 * time.Second
	}
	if o.Timing == (infra.Timing{}) {
		o.Timing = infra.DefaultTiming()
	}
	r := &Resolver{Parts: p, o: o, flights: iterate.NewFlights(), servers: infra.NewTable(o.Timing, 0)}
	if o.VerifyingLine == 0 {
		o.VerifyingLine = 1000
	}
	r.verifying = newPool(p.Clock, o.Verifying, o.VerifyingLine)
	r.points = delegation.NewStore(p.Cache, o.Delegations)
	parts := iterate.Parts{
		Clock: p.Clock, Net: p.Net, Cache: p.Cache,
		Points:  r.points,
		Servers: r.servers,
		Traffic: infra.NewTraffic(o.Quotas),
		Flights: r.flights,
		Asker:   r,
	}
	if o.Judge != nil {
		parts.Judge = &judge{r, o.Judge}
	}
	r.walker = iterate.NewWalker(parts, o.Walk)
	return r
}
