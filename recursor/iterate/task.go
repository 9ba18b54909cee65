package iterate

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"time"

	"recursor/clock"
	"recursor/observe"
	"recursor/random"
)

// Task is the work for one client query. Sub-queries get Tasks of their own
// that share its Budget.
type Task struct {
	// ID numbers client queries by their arrival.
	ID     uint64
	Random *random.Stream
	// Lot orders servers that are as good as each other. All work for one client
	// query has the same, so that a zone's keys are asked of the server that its
	// data is asked of: two strangers are seldom both fast.
	Lot uint64
	// Ahead is the Clock's at the start.
	Ahead  time.Duration
	Budget *Budget
	Watch  observe.Observer // nil: nobody watches

	depth   int
	flight  *Flight          // whose leader runs this task; nil outside flights
	asked   Key              // what this task resolves
	outside *Task            // the task that this one works for
	shunned []netip.AddrPort // servers that others are asked before
}

// Now is the time for the task: for work under way it goes on as it began, also
// where another process sets the Clock meanwhile.
func (t *Task) Now(c clock.Clock) time.Time { return c.Now().Steady().Add(t.Ahead) }

// Led is the Task of whoever leads fl, or works on k alone where fl is nil.
func (t *Task) Led(fl *Flight, k Key) *Task {
	c := *t
	c.asked = k
	if fl != nil {
		c.flight = fl
	}
	return &c
}

// Flight is the flight that the task is led for, nil outside flights.
func (t *Task) Flight() *Flight { return t.flight }

// Alone is the Task for work that nobody waits for.
func (t *Task) Alone() *Task {
	c := *t
	c.flight = nil
	return &c
}

// Shunning is the Task for work that other servers are asked for before these.
func (t *Task) Shunning(servers []netip.AddrPort) *Task {
	c := *t
	c.shunned = servers
	return &c
}

// Left is the time left to the task.
func (t *Task) Left(now time.Time) time.Duration { return t.left(now) }

// Resolves reports whether k is what the task resolves, or one that it works
// for.
func (t *Task) Resolves(k Key) bool { return t.inside(k) }

// inside reports whether k is being resolved by this task or one it works for.
func (t *Task) inside(k Key) bool {
	for ; t != nil; t = t.outside {
		if t.asked == k {
			return true
		}
	}
	return false
}

// Below is the Task of a sub-query; an error where that would nest too deep.
func (t *Task) Below() (*Task, error) {
	depth := t.depth + 1
	if depth > t.Budget.limits.Depth {
		return nil, spent(ErrDepth)
	}
	c := *t
	c.depth, c.outside, c.shunned = depth, t, nil
	return &c, nil
}

// left is the time left to the task.
func (t *Task) left(now time.Time) time.Duration { return t.Budget.end.Sub(now) }

// watch hands an event to the Observer. Callers build the event only where
// there is one.
func (t *Task) watch(e observe.Event) { t.Watch.Observe(e) }

// lot is a little chance that orders equals, and servers not measured yet: up to
// a millisecond.
func (t *Task) lot(server netip.Addr) int64 {
	a := server.As16()
	h := t.Lot ^ binary.LittleEndian.Uint64(a[:8]) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(a[8:]), 32)
	hi, lo := bits.Mul64(h|1, 0x94d049bb133111eb)
	hi, _ = bits.Mul64(hi^lo, uint64(time.Millisecond))
	return int64(hi)
}
