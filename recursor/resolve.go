package recursor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"recursor/cache"
	"recursor/clock"
	"recursor/dns/ede"
	"recursor/dns/wire"
	"recursor/recursor/iterate"
)

// Errors of Resolve besides those of walks, each inside an *ede.Error.
var (
	ErrNotCached = errors.New("not in the cache, and the query does not ask for recursion")
	ErrSlow      = errors.New("the servers of the name are too slow; the search goes on")
	ErrCanceled  = errors.New("the client gave up")
)

// Resolve answers q: from the cache, else by a flight, else by what the cache
// has left that is stale. An error is an *ede.Error, perhaps wrapped; the Answer
// beside it then is SERVFAIL, or REFUSED to a query for what is cached alone.
func (r *Resolver) Resolve(ctx context.Context, q Query) (Answer, error) {
	t, now := r.newTask()
	k := iterate.Key{Name: q.Name, Type: q.Type, CD: q.CD && r.o.Judge != nil}

	result, ok := r.walker.Known(t, k, now)
	if ok { // cache
		return r.answer(result, t, "cache"), nil
	}
	if f, ok := r.Cache.GetFailure(q.Name, q.Type, now); ok && !(k.CD && f.Judging) {
		if f.Judging && r.o.Permissive {
			return r.permitted(ctx, q, t, ede.Note{Code: f.Code, Text: f.Text})
		}
		return r.failed(q, f, t, result)
	}
	if q.CacheOnly {
		return notCached()
	}
	a, err := r.fly(ctx, q, k, t, result) // flight → walk → rank and store
	if r.o.Permissive && !q.CD && judging(err) {
		return r.permitted(ctx, q, t, ede.Note{Code: ede.CodeOf(err), Text: err.Error()})
	}
	return a, err
}

// permitted answers what did not pass, or could not be judged, with what those
// get who check for themselves, and with the cause. It is not secure, whatever
// others have found out of parts of it.
func (r *Resolver) permitted(ctx context.Context, q Query, t *iterate.Task, cause ede.Note) (Answer, error) {
	k := iterate.Key{Name: q.Name, Type: q.Type, CD: true}
	var a Answer
	var err error
	switch result, ok := r.walker.Known(t, k, t.Now(r.Clock)); {
	case ok:
		a = r.answer(result, t, "cache")
	case q.CacheOnly:
		return notCached()
	default:
		a, err = r.fly(ctx, q, k, t, result)
	}
	a.Secure = false
	a.Notes = append(a.Notes, cause)
	return a, err
}

// notCached refuses a query for what is cached alone.
func notCached() (Answer, error) {
	return Answer{RCode: wire.Refused, From: "refused"}, &ede.Error{Code: ede.NotReady, Err: ErrNotCached}
}

// newTask is the Task of a client query, with a whole budget, and the time.
func (r *Resolver) newTask() (t *iterate.Task, now time.Time) {
	limits := r.walker.Limits()
	chance, instant := r.Seeds.Stream(), r.Clock.Now()
	return &iterate.Task{
		ID:     r.arrived.Add(1),
		Random: chance,
		Lot:    chance.Uint64(),
		Ahead:  instant.Ahead,
		Budget: iterate.NewBudget(limits, instant.TTL.Add(limits.Work)),
		Watch:  r.Watch,
	}, instant.TTL
}

// fly waits for the flight of the question: until stale data is good enough,
// until the client's time is over, or until there is an answer. begun is how far
// the cache leads.
func (r *Resolver) fly(ctx context.Context, q Query, k iterate.Key, t *iterate.Task, begun iterate.Result) (Answer, error) {
	now := t.Now(r.Clock)
	signal := r.Clock.NewSignal()
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, signal.Set)()
	}
	p := r.join(t, k, signal, begun)
	defer p.Leave()

	end := now.Add(r.o.Answer)
	if q.Deadline > 0 {
		end = now.Add(q.Deadline)
	}
	if soon := now.Add(r.o.StaleAfter); !r.o.NoStale && soon.Before(end) {
		if result, err, ok := r.wait(ctx, t, p, signal, soon); ok {
			return r.landed(q, k, t, result, err)
		}
		if a, ok := r.stale(q, t); ok {
			return a, nil
		}
	}
	if result, err, ok := r.wait(ctx, t, p, signal, end); ok {
		return r.landed(q, k, t, result, err)
	}
	if ctx.Err() != nil {
		return servFail(t, "upstream"), &ede.Error{Code: ede.Other, Err: ErrCanceled}
	}
	return servFail(t, "upstream"), slow(q, t)
}

// slow is the error of a client whose time is over. It tells which servers the
// search, which goes on, is waiting for; a walk that this client joined keeps
// that to its leader.
func slow(q Query, t *iterate.Task) error {
	err := ErrSlow
	if met := t.Budget.Trouble(); met != "" {
		err = fmt.Errorf("%w; %s", ErrSlow, met)
	}
	return &ede.Error{Code: ede.NoReachableAuthority, Zone: q.Name, Err: err}
}

// wait waits for p until end and reports whether there is an outcome.
func (r *Resolver) wait(ctx context.Context, t *iterate.Task, p iterate.Pending, s clock.Signal, end time.Time) (iterate.Result, error, bool) {
	for {
		if result, err, ok := p.Done(); ok {
			return result, err, true
		}
		left := end.Sub(t.Now(r.Clock))
		if left <= 0 || ctx.Err() != nil {
			return iterate.Result{}, nil, false
		}
		s.Wait(left)
	}
}

// landed makes the answer of a finished flight; where it failed, be it for want
// of validity, stale data is better than nothing (RFC 8767 §4).
func (r *Resolver) landed(q Query, k iterate.Key, t *iterate.Task, result iterate.Result, err error) (Answer, error) {
	if err == nil {
		s := result.Bogus()
		if s == nil || k.CD || r.o.Judge == nil {
			return r.answer(result, t, "upstream"), nil
		}
		err = bogusError(s)
	}
	if r.o.Permissive && !k.CD && judging(err) {
		return servFail(t, "upstream"), err // there is better than stale data
	}
	if !r.o.NoStale {
		if a, ok := r.stale(q, t); ok {
			return a, nil
		}
	}
	if errors.Is(err, iterate.ErrAliasLoop) {
		return r.loop(result, t), err
	}
	return servFail(t, "upstream"), err
}

// failed answers from the failure cache: nothing is sent (RFC 9520 §3.2), the
// client hears the cause (RFC 9520, RFC 8914 §4.14), and stale data is given
// where there is some.
func (r *Resolver) failed(q Query, f cache.Failure, t *iterate.Task, known iterate.Result) (Answer, error) {
	if !r.o.NoStale && !q.CacheOnly {
		if a, ok := r.stale(q, nil); ok {
			return a, nil
		}
	}
	a := Answer{RCode: wire.ServFail}
	if known.Loop {
		a = r.loop(known, t)
	}
	a.From, a.Notes = "failure", []ede.Note{{Code: ede.CachedError}}
	return a, &ede.Error{Code: f.Code, Err: errors.New(f.Text)}
}
