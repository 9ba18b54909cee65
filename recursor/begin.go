package recursor

import (
	"errors"

	"recursor/clock"
	"recursor/dns/ede"
	"recursor/recursor/iterate"
)

// Begin implements iterate.Asker: it starts the flight of k, or joins it. A
// join that would wait for itself through others works alone instead.
func (r *Resolver) Begin(t *iterate.Task, k iterate.Key, signal clock.Signal) iterate.Pending {
	if k.Again {
		return r.join(t, k, signal, iterate.Result{})
	}
	p := r.pending(t, k, signal)
	now := t.Now(r.Clock)
	result, ok := r.walker.Known(t, k, now)
	if ok {
		p.result, p.known = result, true
		signal.Set()
		return p
	}
	if f, ok := r.Cache.GetFailure(k.Name, k.Type, now); ok && k.Avoid.IsZero() && !(k.CD && f.Judging) {
		p.err, p.known = &ede.Error{Code: f.Code, Zone: k.Name, Upstream: true, Err: errors.New(f.Text)}, true
		signal.Set()
		return p
	}
	p.begun = result
	p.begin()
	return p
}

// join is Begin for a question that the cache was asked already, which knew as
// much as begun.
func (r *Resolver) join(t *iterate.Task, k iterate.Key, signal clock.Signal, begun iterate.Result) *pending {
	p := r.pending(t, k, signal)
	p.begun = begun
	p.begin()
	return p
}

func (r *Resolver) pending(t *iterate.Task, k iterate.Key, signal clock.Signal) *pending {
	return &pending{r: r, task: t, key: k, signal: signal}
}

// pending is a flight somebody waits for.
type pending struct {
	r      *Resolver
	task   *iterate.Task
	key    iterate.Key
	signal clock.Signal
	begun  iterate.Result // where a walk goes on from

	flight *iterate.Flight
	leads  bool
	known  bool
	result iterate.Result
	err    error
	tries  int
}

// begin joins the flight of the key, leads one, or works alone.
func (p *pending) begin() {
	p.tries++
	fl, how := p.r.flights.Join(p.key, p.task.Flight(), p.signal)
	p.flight, p.leads = fl, how != iterate.Follows
	if p.leads {
		p.lead()
	}
}

// lead runs the walk of the flight in a goroutine of its own: whoever asked may
// leave before it ends.
func (p *pending) lead() {
	r, fl, k, begun := p.r, p.flight, p.key, p.begun
	t := p.task.Led(fl, k)
	r.Clock.Go("resolve", func() {
		defer r.flights.Finish(fl)
		fl.Err = errBroken // stands if the walk breaks an invariant
		fl.Result, fl.Err = r.walk(t, k, begun)
	})
}

// errBroken is the error of a walk that broke an invariant.
var errBroken error = &ede.Error{Code: ede.Other, Err: errors.New("internal error")}

// Done implements iterate.Pending. A leader's spent budget is not handed to
// followers: they try again, one of them in the lead.
func (p *pending) Done() (iterate.Result, error, bool) {
	if p.known {
		return p.result, p.err, true
	}
	if !p.r.flights.Done(p.flight) {
		return iterate.Result{}, nil, false
	}
	result, err := p.flight.Result, p.flight.Err
	if err != nil && !p.leads && p.tries < 3 && !upstream(err) {
		p.r.flights.Leave(p.task.Flight(), p.flight)
		p.flight = nil
		p.begin()
		return iterate.Result{}, nil, false
	}
	p.known, p.result, p.err = true, result, err
	return result, err, true
}

// Leave implements iterate.Pending.
func (p *pending) Leave() {
	if p.flight != nil {
		p.r.flights.Leave(p.task.Flight(), p.flight)
		p.flight = nil
	}
}

// upstream reports whether servers are the evidence for err.
func upstream(err error) bool {
	var e *ede.Error
	return errors.As(err, &e) && e.Upstream
}

// walk walks and keeps a failure that servers are the evidence for
// (RFC 9520 §3.2).
func (r *Resolver) walk(t *iterate.Task, k iterate.Key, begun iterate.Result) (iterate.Result, error) {
	steady := r.Clock.Now().Steady()
	result, err := r.walker.Walk(t, k, begun, steady.Add(t.Ahead))
	bogus := result.Bogus()
	switch {
	case err == nil && !k.CD && bogus != nil:
		r.keepFailure(k, bogusError(bogus), steady) // RFC 9520 §3.4
	case err == nil && k.CD && r.judgingFailed(k): // that the data came tells nothing new of whether it holds
	case err == nil:
		r.Cache.ClearFailure(k.Name, k.Type)
	case upstream(err) && k.Avoid.IsZero(): // what one way did not find is no failure of the name
		r.keepFailure(k, err, steady)
	}
	return result, err
}
