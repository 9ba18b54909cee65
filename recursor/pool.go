package recursor

import (
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"recursor/clock"
	"recursor/dns/ede"
	"recursor/recursor/iterate"
	"recursor/validate/sig"
)

// ErrVerifying tells that too many signatures wait to be verified: what was
// asked is not looked at, and nothing follows of it for the name.
var ErrVerifying = errors.New("too many signatures wait to be verified")

// pool bounds how many signatures are verified at once, so that a processor is
// left to those who need none: answers from the cache never wait for it. Whoever
// verifies leaves his place after each signature, and those who wait have it in
// their order, but for a few who come by when it is free.
type pool struct {
	clock clock.Clock
	// places are how many may verify, room how many may wait for that.
	places, room int
	// yield tells that no processor is left: then others run between two checks.
	yield bool

	mu      sync.Mutex
	busy    int
	waiting []clock.Signal // the first has waited longest
	passed  int            // since he is the first
	most    int            // were at it at once

	held     held
	counters struct{ signatures, failed, hashes atomic.Uint64 }
}

// newPool makes a pool; 0 places are those of all processors but one.
func newPool(c clock.Clock, places, room int) *pool {
	processors := runtime.GOMAXPROCS(0)
	if places == 0 {
		places = max(1, processors-1)
	}
	return &pool{clock: c, places: places, room: max(room, 0), yield: places >= processors}
}

// maxPassed is how often the one who has waited longest may be passed by others
// who come when a place is free: waking him takes longer than a check.
const maxPassed = 4

// enter waits for a place as long as the task has time; an error where there is
// none.
func (p *pool) enter(task *iterate.Task) error {
	p.mu.Lock()
	if p.busy < p.places && p.passed < maxPassed {
		p.take()
		if len(p.waiting) > 0 {
			p.passed++
		}
		p.mu.Unlock()
		return nil
	}
	if len(p.waiting) >= p.room {
		p.mu.Unlock()
		return &ede.Error{Code: ede.Other, Err: ErrVerifying}
	}
	t := p.clock.NewSignal()
	p.waiting = append(p.waiting, t)
	p.mu.Unlock()
	for {
		woken := t.Wait(task.Left(task.Now(p.clock)))
		p.mu.Lock()
		if p.busy < p.places && p.waiting[0] == t {
			p.take()
			p.gone(0)
			p.mu.Unlock()
			return nil
		}
		if !woken {
			p.gone(slices.Index(p.waiting, t))
			p.mu.Unlock()
			return &ede.Error{Code: ede.Other, Err: iterate.ErrDeadline}
		}
		p.mu.Unlock()
	}
}

func (p *pool) take() {
	p.busy++
	p.most = max(p.most, p.busy)
}

// gone takes one out of those who wait; the next may be first now.
func (p *pool) gone(i int) {
	p.waiting = slices.Delete(p.waiting, i, i+1)
	if i == 0 {
		p.passed = 0
		p.call()
	}
}

// call wakes the one who has waited longest where there is a place.
func (p *pool) call() {
	if p.busy < p.places && len(p.waiting) > 0 {
		p.waiting[0].Set()
	}
}

// leave gives the place up.
func (p *pool) leave() {
	p.mu.Lock()
	p.busy--
	p.call()
	p.mu.Unlock()
	if p.yield {
		runtime.Gosched()
	}
}

// work is a task's budget of validation, with its turns at the pool:
// validate.Work.
type work struct {
	*iterate.Budget
	pool *pool
	task *iterate.Task
}

// Verified counts what validation took since the start.
type Verified struct{ Signatures, Failed, Hashes uint64 }

// Verified reads the counters, of no single moment.
func (r *Resolver) Verified() Verified {
	c := &r.verifying.counters
	return Verified{c.signatures.Load(), c.failed.Load(), c.hashes.Load()}
}

// Failed implements sig.Work.
func (w *work) Failed() error {
	w.pool.counters.failed.Add(1)
	return w.Budget.Failed()
}

// Hashes implements denial.Work.
func (w *work) Hashes(n int) error {
	if err := w.Budget.Hashes(n); err != nil {
		return err
	}
	w.pool.counters.hashes.Add(uint64(n))
	return nil
}

// Signature implements sig.Work.
func (w *work) Signature() error {
	if err := w.Budget.Signature(); err != nil {
		return err
	}
	return w.pool.enter(w.task)
}

// Checked implements sig.Work.
func (w *work) Checked() {
	w.pool.counters.signatures.Add(1)
	w.pool.leave()
}

// Held implements sig.Work.
func (w *work) Held(s *sig.Sum) bool { return w.pool.held.has(s) }

// Hold implements sig.Work.
func (w *work) Hold(s *sig.Sum) { w.pool.held.add(s) }
