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

	timers sync.Pool
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
	go func() {
		defer c.recovered(what)
		f()
	}()
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

// NewSignal implements Clock.
func (c *Real) NewSignal() Signal { return &realSignal{set: make(chan struct{}, 1), clock: c} }

// AfterFunc implements Clock.
func (c *Real) AfterFunc(d time.Duration, f func()) Timer {
	return time.AfterFunc(d, func() {
		defer c.recovered("timer")
		f()
	})
}

type realSignal struct {
	set   chan struct{}
	clock *Real
}

func (s *realSignal) Set() {
	select {
	case s.set <- struct{}{}:
	default:
	}
}

func (s *realSignal) Wait(d time.Duration) bool {
	if d == Forever {
		<-s.set
		return true
	}
	select {
	case <-s.set:
		return true
	default:
	}
	if d <= 0 {
		return false
	}
	t := s.clock.timer(d)
	defer s.clock.timers.Put(t)
	select {
	case <-s.set:
		t.Stop() // since Go 1.23 nothing is left in the channel
		return true
	case <-t.C:
		return false
	}
}

// timer is a timer of the pool, running.
func (c *Real) timer(d time.Duration) *time.Timer {
	if t, ok := c.timers.Get().(*time.Timer); ok {
		t.Reset(d)
		return t
	}
	return time.NewTimer(d)
}
