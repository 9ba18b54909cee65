package sim

import (
	"cmp"
	"container/heap"
	"runtime"
	"slices"
	"time"

	"recursor/clock"
)

// Clock is simulated time: clock.Clock for an engine that runs one goroutine
// at a time and whose time moves only when none of them can go on.
//
// Goroutines that can run do so in the order in which they became able to. One
// gives up control when it waits on a Signal that is not set, and when it
// returns. When none can run, the earliest event (a timer, the end of a wait,
// a packet) fires and it is then; events of one instant fire in the order they
// were scheduled in. The same program therefore always runs the same way.
//
// Its methods are for engine goroutines, and between runs for the driver: the
// goroutine that calls Run, RunUntil, Advance and Settle.
type Clock struct {
	// OnPanic, where set, is told of a panic of an engine goroutine, with its
	// stack. Where it is nil the panic goes on in the driver, as a *Panic.
	OnPanic func(what string, recovered any, stack []byte)
	// Limit is how long in simulated time one Run may last; 0 is ten years.
	// Beyond it Run fails: something keeps itself alive by timers.
	Limit time.Duration
	// MaxSteps is how many goroutines one call of the driver may resume and
	// events it may fire; 0 is twenty million. Beyond it the driver fails:
	// something goes round without time passing.
	MaxSteps int

	start, now time.Time
	signature  time.Time     // where set, the signature reading stands here
	apart      time.Duration // else how far it is ahead

	ready   []*goroutine
	parked  map[*goroutine]struct{}
	events  eventQueue
	seq     uint64 // of events and goroutines
	current *goroutine
	yielded chan struct{} // the goroutine that ran gives control back
	failure *Panic
	exited  bool // a goroutine ended by runtime.Goexit
	driving bool
	closed  bool
}

// Limits of a Clock that names none.
const (
	defaultLimit    = 10 * 365 * 24 * time.Hour
	defaultMaxSteps = 20_000_000
)

// NewClock is a Clock at which it is start.
func NewClock(start time.Time) *Clock {
	start = start.Round(0) // simulated time has no monotonic reading
	return &Clock{
		start: start, now: start,
		parked:  map[*goroutine]struct{}{},
		yielded: make(chan struct{}),
	}
}

// Now implements clock.Clock.
func (c *Clock) Now() clock.Instant {
	if !c.signature.IsZero() {
		return clock.Instant{TTL: c.now, Signature: c.signature}
	}
	return clock.Instant{TTL: c.now, Signature: c.now.Add(c.apart)}
}

// Elapsed is the simulated time since the start.
func (c *Clock) Elapsed() time.Duration { return c.now.Sub(c.start) }

// SetSignature sets the reading at which signatures are judged apart: it
// stands at t from now on. The zero time joins the readings again.
func (c *Clock) SetSignature(t time.Time) { c.signature, c.apart = t, 0 }

// ShiftSignature sets the reading at which signatures are judged d ahead of
// the other; both go on.
func (c *Clock) ShiftSignature(d time.Duration) { c.signature, c.apart = time.Time{}, d }

// AfterFunc implements clock.Clock.
func (c *Clock) AfterFunc(d time.Duration, f func()) clock.Timer {
	r := c.runOfCurrent()
	return &timer{c, c.at(c.now.Add(max(d, 0)), func() { c.spawn("timer", f, r) })}
}

// timer is a pending AfterFunc.
type timer struct {
	clock *Clock
	event *event
}

// Stop implements clock.Timer.
func (t *timer) Stop() bool { return t.clock.drop(t.event) }

// Run runs f as an engine goroutine and drives until it and every goroutine
// that it started, however indirectly, has ended; other goroutines run beside
// them and are not waited for, nor are timers that have not fired. It panics
// with a *Stuck where that cannot happen.
func (c *Clock) Run(f func()) {
	if err := c.TryRun(f); err != nil {
		panic(err)
	}
}

// TryRun is Run that returns the *Stuck.
func (c *Clock) TryRun(f func()) error {
	r := &run{}
	c.spawn("run", f, r)
	limit := c.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	end := c.now.Add(limit)
	reason := c.drive(func() bool { return r.live == 0 }, end)
	if r.live == 0 {
		return nil
	}
	return c.stuck(reason)
}

// RunUntil fires what is due up to and at t; then it is t.
func (c *Clock) RunUntil(t time.Time) {
	if reason := c.drive(func() bool { return false }, t); reason == tooManySteps {
		panic(c.stuck(reason))
	}
	if t.After(c.now) {
		c.now = t
	}
}

// Advance is RunUntil d from now.
func (c *Clock) Advance(d time.Duration) { c.RunUntil(c.now.Add(d)) }

// Settle runs what can run without time passing.
func (c *Clock) Settle() { c.RunUntil(c.now) }

// NextEvent is when time would next stop, false where it never would.
func (c *Clock) NextEvent() (time.Time, bool) {
	if len(c.ready) > 0 {
		return c.now, true
	}
	if len(c.events) == 0 {
		return time.Time{}, false
	}
	return c.events[0].at, true
}

// Close ends the goroutines that wait, as if each had returned from where it
// waits, and forgets timers and goroutines that never ran. The Clock is of no
// more use then. Tests call it so that nothing is left behind.
func (c *Clock) Close() {
	c.closed = true
	open := slices.DeleteFunc(c.ready, func(g *goroutine) bool { return !g.started })
	open = append(open, c.waiting()...)
	c.ready, c.events = nil, nil
	for _, g := range open {
		c.resume(g)
	}
	c.exited = false // that was our doing
	c.passOn()
}

// Why drive returned.
const (
	allDone      = "done"
	nothingRuns  = "nothing can run again"
	timeIsUp     = "the time limit is reached"
	tooManySteps = "the step limit is reached"
)

// drive runs goroutines and fires events until done, or the next event lies
// beyond end, or nothing can run any more; it says which.
func (c *Clock) drive(done func() bool, end time.Time) string {
	switch {
	case c.closed:
		panic("sim: the clock is closed")
	case c.driving:
		panic("sim: a clock is driven from one of its own goroutines")
	}
	c.driving = true
	defer func() { c.driving = false }()
	steps := c.MaxSteps
	if steps == 0 {
		steps = defaultMaxSteps
	}
	for ; steps > 0; steps-- {
		if len(c.ready) > 0 {
			g := c.ready[0]
			c.ready[0] = nil
			c.ready = c.ready[1:]
			c.resume(g)
			c.passOn()
			continue
		}
		if done() {
			return allDone
		}
		if len(c.events) == 0 {
			return nothingRuns
		}
		if c.events[0].at.After(end) {
			return timeIsUp
		}
		e := heap.Pop(&c.events).(*event)
		if e.at.After(c.now) {
			c.now = e.at
		}
		e.do()
	}
	return tooManySteps
}

// passOn makes what ended a goroutine end the driver too.
func (c *Clock) passOn() {
	if p := c.failure; p != nil {
		c.failure = nil
		panic(p)
	}
	if c.exited {
		c.exited = false
		runtime.Goexit() // t.FailNow in an engine goroutine ends the test
	}
}

// waiting lists the goroutines that wait, the oldest first.
func (c *Clock) waiting() []*goroutine {
	all := make([]*goroutine, 0, len(c.parked))
	for g := range c.parked {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *goroutine) int { return cmp.Compare(a.id, b.id) })
	return all
}
