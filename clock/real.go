package clock

import (
	"runtime/debug"
	"sync"
	"time"
)

// Real is the clock of production.
type Real struct {
	// FixedSignature, where set, is the time at which signatures are judged.
	FixedSignature time.Time
	// OnPanic, where set, is told of a panic that Go recovered, with its stack.
	OnPanic func(what string, recovered any, stack []byte)

	// Keep is how many goroutines are kept for reuse when their functions have
	// returned, with the stacks they have grown; 0 keeps none. Release ends them.
	Keep int

	alarms   sync.Pool // of *alarm
	mu       sync.Mutex
	idle     []chan job // the goroutines kept, the last one first
	released bool       // none is kept any more
}

// job is what a goroutine is to do.
type job struct {
	what string
	f    func()
}

// NewReal is a Real clock that judges signatures by the wall clock.
func NewReal() *Real { return &Real{} }

// Now implements Clock.
func (c *Real) Now() Instant {
	now := time.Now()
	if !c.FixedSignature.IsZero() {
		return Instant{TTL: now, Signature: c.FixedSignature}
	}
	return Instant{TTL: now, Signature: now}
}

// Go implements Clock.
func (c *Real) Go(what string, f func()) {
	if c.Keep == 0 {
		go c.run(job{what, f})
		return
	}
	c.mu.Lock()
	n := len(c.idle)
	if n == 0 {
		c.mu.Unlock()
		go c.work(job{what, f})
		return
	}
	next := c.idle[n-1]
	c.idle = c.idle[:n-1]
	c.mu.Unlock()
	next <- job{what, f}
}

// work runs one function after the other, as long as the goroutine is kept.
func (c *Real) work(j job) {
	jobs := make(chan job, 1)
	for {
		c.run(j)
		c.mu.Lock()
		if c.released || len(c.idle) >= c.Keep {
			c.mu.Unlock()
			return
		}
		c.idle = append(c.idle, jobs)
		c.mu.Unlock()
		var ok bool
		if j, ok = <-jobs; !ok {
			return
		}
	}
}

// Release ends the goroutines that are kept for reuse, and from then on none is:
// those at work end when their functions return. The clock goes on.
func (c *Real) Release() {
	c.mu.Lock()
	idle := c.idle
	c.idle, c.released = nil, true
	c.mu.Unlock()
	for _, jobs := range idle {
		close(jobs)
	}
}

func (c *Real) run(j job) {
	defer c.recovered(j.what)
	j.f()
}

func (c *Real) recovered(what string) {
	r := recover()
	if r == nil {
		return
	}
	if c.OnPanic == nil {
		panic(r) // nobody listens: better to stop than to hide it
	}
	c.OnPanic(what, r, debug.Stack())
}

// AfterFunc implements Clock.
func (c *Real) AfterFunc(d time.Duration, f func()) Timer {
	return time.AfterFunc(d, func() {
		defer c.recovered("timer")
		f()
	})
}
