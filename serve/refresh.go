package serve

import (
	"sync/atomic"
	"time"
)

// Of what is asked, a tenth may be fetched anew before it ends, and these few
// from the first query on.
const (
	refreshShare = 10
	refreshFirst = 16
)

// refreshPause is how long after a Refresh of a question there is no other, done
// or failed.
const refreshPause = 30 * time.Second

// refreshes bounds what is fetched anew.
type refreshes struct {
	// begun were, out of allowed, which was worked out in the second before
	// counted.
	begun, allowed, counted atomic.Int64
	// recent are the questions that were refreshed last: the upper half of the
	// hash in the place that the lower half chooses, over the second it was.
	recent [1024]atomic.Uint64
}

// refresh has the answer to r fetched anew, which has come into the last tenth
// of its time.
func (h *Handler) refresh(r *request) {
	if h.set.Refresh == nil {
		return
	}
	r.key.Set(r.qtype, r.variant(), 0)
	if !h.refreshes.claim(r.key.Hash(), h.now(r)) || !h.mayRefresh(h.now(r)) {
		return
	}
	key := r.key
	h.set.Refresh(Question{Name: r.qname(), Type: r.qtype, Class: r.class}, func() {
		if h.set.Answers != nil {
			h.set.Answers.Drop(&key) // the next one who asks finishes what is new
		}
	})
}

// claim reports whether the question was not refreshed lately, and that it is.
func (f *refreshes) claim(hash uint64, now time.Time) bool {
	place := &f.recent[hash%uint64(len(f.recent))]
	old, second := place.Load(), uint32(now.Unix())
	if old>>32 == hash>>32 && second-uint32(old) < uint32(refreshPause/time.Second) {
		return false
	}
	return place.CompareAndSwap(old, hash&^(1<<32-1)|uint64(second))
}

// mayRefresh counts a refresh, where there is one left to be had. What was asked
// is added up once a second at most.
func (h *Handler) mayRefresh(now time.Time) bool {
	f := &h.refreshes
	if f.begun.Load() >= f.allowed.Load() {
		then, second := f.counted.Load(), now.Unix()+1
		if then == second || !f.counted.CompareAndSwap(then, second) {
			return false
		}
		f.allowed.Store(int64(h.asked()/refreshShare) + refreshFirst)
	}
	if f.begun.Add(1) > f.allowed.Load() {
		f.begun.Add(-1)
		return false
	}
	return true
}

// asked is how many queries were answered.
func (h *Handler) asked() (n uint64) {
	for _, c := range h.Stats() {
		n += c.N
	}
	return n
}
