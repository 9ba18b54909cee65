package sim

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// run counts what one Run waits for.
type run struct{ live int }

// goroutine is an engine goroutine. It has a real one behind it, which runs
// only between resume and the value on yielded that answers it: that is what
// orders all memory accesses, and why nothing here needs a lock.
type goroutine struct {
	id      uint64
	what    string
	f       func()
	run     *run // nil outside of Run
	started bool
	wake    chan struct{}

	since    time.Time // when the present wait began
	forever  bool      // it has no end of its own
	signaled bool      // how it ended
}

// Panic is a panic of an engine goroutine as it goes on in the driver.
type Panic struct {
	What  string // names the goroutine
	Value any
	Stack []byte
}

// Error is the whole story, the stack included.
func (p *Panic) Error() string {
	return fmt.Sprintf("sim: panic in %q: %v\n%s", p.What, p.Value, p.Stack)
}

// Unwrap is the value of the panic where it is an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Stuck says that goroutines of a Run did not end.
type Stuck struct {
	Reason  string
	Elapsed time.Duration // since the start of the clock
	Forever []string      // the goroutines whose waits have no end, by what
	Timed   []string      // those whose waits have one
}

// Error implements error.
func (s *Stuck) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "sim: deadlock at +%v: %s", s.Elapsed, s.Reason)
	if len(s.Forever) > 0 {
		b.WriteString("; waiting for ever: " + strings.Join(s.Forever, ", "))
	}
	if len(s.Timed) > 0 {
		b.WriteString("; waiting for a while: " + strings.Join(s.Timed, ", "))
	}
	return b.String()
}

func (c *Clock) stuck(reason string) *Stuck {
	s := &Stuck{Reason: reason, Elapsed: c.Elapsed()}
	for _, g := range c.waiting() {
		line := fmt.Sprintf("%s (since +%v)", g.what, g.since.Sub(c.start))
		if g.forever {
			s.Forever = append(s.Forever, line)
		} else {
			s.Timed = append(s.Timed, line)
		}
	}
	return s
}

// Go implements clock.Clock.
func (c *Clock) Go(what string, f func()) { c.spawn(what, f, c.runOfCurrent()) }

func (c *Clock) runOfCurrent() *run {
	if c.current == nil {
		return nil
	}
	return c.current.run
}

// spawn puts a new goroutine at the end of those that can run.
func (c *Clock) spawn(what string, f func(), r *run) {
	if c.closed {
		return
	}
	c.seq++
	if r != nil {
		r.live++
	}
	c.ready = append(c.ready, &goroutine{id: c.seq, what: what, f: f, run: r, wake: make(chan struct{})})
}

// resume hands control to g until it waits or ends.
func (c *Clock) resume(g *goroutine) {
	delete(c.parked, g)
	c.current = g
	if g.started {
		g.wake <- struct{}{}
	} else {
		g.started = true
		go c.main(g)
	}
	<-c.yielded
	c.current = nil
}

// main is the real goroutine behind g.
func (c *Clock) main(g *goroutine) {
	returned := false
	defer func() {
		if !returned {
			c.broken(g, recover())
		}
		if g.run != nil {
			g.run.live--
		}
		c.yielded <- struct{}{}
	}()
	g.f()
	returned = true
}

// broken notes how a goroutine ended that did not return.
func (c *Clock) broken(g *goroutine, recovered any) {
	switch {
	case recovered == nil:
		c.exited = true
	case c.OnPanic != nil:
		c.OnPanic(g.what, recovered, debug.Stack())
	default:
		c.failure = &Panic{What: g.what, Value: recovered, Stack: debug.Stack()}
	}
}

// park gives up control until somebody resumes g.
func (c *Clock) park(g *goroutine) {
	c.parked[g] = struct{}{}
	c.yielded <- struct{}{}
	<-g.wake
	if c.closed {
		runtime.Goexit()
	}
}

// unpark makes g able to run.
func (c *Clock) unpark(g *goroutine) {
	delete(c.parked, g)
	c.ready = append(c.ready, g)
}
