package clock

import (
	"sync/atomic"
	"time"
)

// NewSignal implements Clock.
func (c *Real) NewSignal() Signal { return &realSignal{wake: make(chan struct{}, 1), clock: c} }

// realSignal is the Signal of a Real. Whoever waits receives from one channel
// alone, which costs half of what a choice between two does.
type realSignal struct {
	set   atomic.Bool
	wake  chan struct{} // there is something to look at, or was
	clock *Real
}

// Set implements Signal.
func (s *realSignal) Set() {
	s.set.Store(true)
	s.rouse()
}

// rouse has the waiter look. Where it has not yet come to look the last time,
// once is enough.
func (s *realSignal) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Wait implements Signal.
func (s *realSignal) Wait(d time.Duration) bool {
	if s.set.Swap(false) {
		return true
	}
	if d <= 0 {
		return false
	}
	if d == Forever {
		for !s.set.Swap(false) {
			<-s.wake
		}
		return true
	}
	a := s.clock.alarm(s, d)
	for {
		<-s.wake
		if s.set.Swap(false) {
			s.clock.stop(a)
			return true
		}
		if a.rang.Load() {
			return false
		}
	}
}

// alarm rouses a signal's waiter when its time is over.
type alarm struct {
	timer  *time.Timer
	signal *realSignal
	rang   atomic.Bool
}

func (a *alarm) ring() {
	a.rang.Store(true)
	a.signal.rouse()
}

// alarm is an alarm of the pool, running.
func (c *Real) alarm(s *realSignal, d time.Duration) *alarm {
	a, ok := c.alarms.Get().(*alarm)
	if !ok {
		a = &alarm{signal: s}
		a.timer = time.AfterFunc(d, a.ring)
		return a
	}
	a.signal = s
	a.timer.Reset(d)
	return a
}

// stop ends an alarm. One that rings is not used again: its time might come in
// the next one's.
func (c *Real) stop(a *alarm) {
	if a.timer.Stop() {
		a.signal = nil
		c.alarms.Put(a)
	}
}
