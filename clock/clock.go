package clock

import "time"

// Instant is a moment by two readings, which a scenario may set apart.
type Instant struct {
	// TTL is what ages cached data and server state. In production it carries
	// the monotonic reading, so that a step of the wall clock ages nothing.
	TTL time.Time
	// Signature is the wall time at which signatures are judged.
	Signature time.Time
	// Ahead is how far TTL is ahead of the time that passes: 0 but where another
	// process sets it, be it in the middle of something.
	Ahead time.Duration
}

// Steady is the moment as if nobody had ever set TTL: what timers go by.
func (i Instant) Steady() time.Time { return i.TTL.Add(-i.Ahead) }

// Clock is time, goroutines and waiting.
type Clock interface {
	Now() Instant
	// Go runs f in a goroutine that the clock knows of; what names it for
	// people. A panic in f is recovered and reported.
	Go(what string, f func())
	// NewSignal makes a Signal that is not set.
	NewSignal() Signal
	// AfterFunc runs f in a goroutine of its own once d has passed.
	AfterFunc(d time.Duration, f func()) Timer
}

// Forever is a duration for Signal.Wait that never passes.
const Forever = time.Duration(1<<63 - 1)

// Signal is a latch: Set may come before or after Wait.
type Signal interface {
	// Set sets the latch; setting it twice is setting it once.
	Set()
	// Wait blocks until the latch is set, clears it and returns true, or
	// returns false once d has passed. A d of zero or less only looks. One
	// goroutine waits at a time.
	Wait(d time.Duration) bool
}

// Timer is a pending AfterFunc.
type Timer interface {
	// Stop prevents the call and reports whether it did.
	Stop() bool
}
