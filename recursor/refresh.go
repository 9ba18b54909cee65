package recursor

import (
	"time"

	"recursor/clock"
	"recursor/recursor/iterate"
)

// maxRefreshes is how many answers are fetched anew at a time: those who could
// wait for one are none, so there is no harm in leaving some for later.
const maxRefreshes = 100

// Refresh fetches anew what of the answer to q, as the cache has it, is in the
// last tenth of its time there, and then calls done. It waits for nothing itself
// and reports whether it was begun: not where too many are in progress, or
// where the question failed just now. Answers without anything due are done at
// once.
func (r *Resolver) Refresh(q Query, done func()) bool {
	now := r.Clock.Now().TTL
	if _, failed := r.Cache.GetFailure(q.Name, q.Type, now); failed {
		return false
	}
	if r.refreshing.Add(1) > maxRefreshes {
		r.refreshing.Add(-1)
		return false
	}
	r.Clock.Go("refresh", func() {
		defer r.refreshing.Add(-1)
		t, now := r.newTask()
		if r.refresh(t, iterate.Key{Name: q.Name, Type: q.Type}, now) == nil {
			done()
		}
	})
	return true
}

// refresh walks for each part of the answer that is due.
func (r *Resolver) refresh(t *iterate.Task, k iterate.Key, now time.Time) error {
	result, ok := r.walker.Known(t, k, now)
	if !ok {
		return nil // over already: who asks now fetches it
	}
	signal := r.Clock.NewSignal()
	for i := range result.Steps {
		if s := &result.Steps[i]; s.Due() {
			if err := r.refetch(t, iterate.Key{Name: s.Name, Type: s.Type}, signal); err != nil {
				return err
			}
		}
	}
	return nil
}

// refetch flies for k past what the cache has, or joins whoever does.
func (r *Resolver) refetch(t *iterate.Task, k iterate.Key, signal clock.Signal) error {
	p := r.join(t, k, signal, iterate.Result{})
	defer p.Leave()
	for {
		if _, err, ok := p.Done(); ok {
			return err
		}
		left := t.Left(t.Now(r.Clock))
		if left <= 0 {
			return ErrSlow
		}
		signal.Wait(left)
	}
}
