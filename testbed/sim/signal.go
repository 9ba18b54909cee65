package sim

import (
	"fmt"
	"runtime"
	"time"

	"recursor/clock"
)

// signal is a latch with at most one waiter.
type signal struct {
	clock    *Clock
	set      bool
	waiter   *goroutine
	deadline *event // of the waiter
}

// NewSignal implements clock.Clock.
func (c *Clock) NewSignal() clock.Signal { return &signal{clock: c} }

// Set implements clock.Signal. Outside of engine goroutines it may be called
// between runs only.
func (s *signal) Set() {
	s.set = true
	g := s.waiter
	if g == nil || s.clock.closed {
		return
	}
	s.waiter = nil
	s.clock.drop(s.deadline)
	g.signaled = true
	s.clock.unpark(g)
}

// Wait implements clock.Signal. Only engine goroutines wait.
func (s *signal) Wait(d time.Duration) bool {
	c := s.clock
	switch {
	case c.closed:
		runtime.Goexit() // a deferred function of a goroutine that Close ended
	case s.set:
		s.set = false
		return true
	case d <= 0:
		return false
	case c.current == nil:
		panic("sim: Wait outside of an engine goroutine; use Clock.Run")
	case s.waiter != nil:
		panic(fmt.Sprintf("sim: %q and %q wait on one signal", s.waiter.what, c.current.what))
	}
	g := c.current
	g.signaled, g.since, g.forever = false, c.now, d == clock.Forever
	s.waiter, s.deadline = g, nil
	if !g.forever {
		s.deadline = c.at(c.now.Add(d), func() {
			s.waiter = nil
			c.unpark(g)
		})
	}
	c.park(g)
	if g.signaled {
		s.set = false
	}
	return g.signaled
}
