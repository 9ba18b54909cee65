package clock_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"recursor/clock"
)

// Goroutines that a Real is told to keep end with the process, and only those.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// inBubble runs f with a Real clock whose time passes when everybody waits.
func inBubble(t *testing.T, name string, f func(t *testing.T, c *clock.Real)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { f(t, clock.NewReal()) })
	})
}

// wait is what Wait says and how long it took.
func wait(c clock.Clock, s clock.Signal, d time.Duration) (set bool, took time.Duration) {
	start := c.Now().TTL
	set = s.Wait(d)
	return set, c.Now().TTL.Sub(start)
}

func TestSignal(t *testing.T) {
	inBubble(t, "not set", func(t *testing.T, c *clock.Real) {
		if set, took := wait(c, c.NewSignal(), 3*time.Second); set || took != 3*time.Second {
			t.Errorf("set %t after %v", set, took)
		}
	})
	inBubble(t, "set before", func(t *testing.T, c *clock.Real) {
		s := c.NewSignal()
		s.Set()
		if set, took := wait(c, s, time.Second); !set || took != 0 {
			t.Errorf("set %t after %v", set, took)
		}
	})
	inBubble(t, "set while waiting", func(t *testing.T, c *clock.Real) {
		s := c.NewSignal()
		c.AfterFunc(time.Second, s.Set)
		if set, took := wait(c, s, time.Minute); !set || took != time.Second {
			t.Errorf("set %t after %v", set, took)
		}
	})
	inBubble(t, "waiting clears", func(t *testing.T, c *clock.Real) {
		s := c.NewSignal()
		s.Set()
		s.Wait(time.Second)
		if set, took := wait(c, s, time.Second); set || took != time.Second {
			t.Errorf("set %t after %v", set, took)
		}
	})
	inBubble(t, "set twice is set once", func(t *testing.T, c *clock.Real) {
		s := c.NewSignal()
		s.Set()
		s.Set()
		if !s.Wait(0) || s.Wait(0) {
			t.Error("not once")
		}
	})
	inBubble(t, "only a look", func(t *testing.T, c *clock.Real) {
		s := c.NewSignal()
		for _, d := range []time.Duration{0, -1, -time.Hour} {
			if set, took := wait(c, s, d); set || took != 0 {
				t.Errorf("%v: set %t after %v", d, set, took)
			}
			s.Set()
			if set, took := wait(c, s, d); !set || took != 0 {
				t.Errorf("%v: set %t after %v", d, set, took)
			}
		}
	})
	inBubble(t, "forever", func(t *testing.T, c *clock.Real) {
		s := c.NewSignal()
		c.AfterFunc(1000*time.Hour, s.Set)
		if set, took := wait(c, s, clock.Forever); !set || took != 1000*time.Hour {
			t.Errorf("set %t after %v", set, took)
		}
	})
	inBubble(t, "set stays through a wait that ended before", func(t *testing.T, c *clock.Real) {
		s := c.NewSignal()
		s.Wait(time.Second)
		s.Set()
		if !s.Wait(time.Second) {
			t.Error("lost")
		}
	})
	inBubble(t, "many notifiers", func(t *testing.T, c *clock.Real) {
		s := c.NewSignal()
		for i := range 20 {
			c.AfterFunc(time.Duration(1+i%5)*time.Second, s.Set)
		}
		for want := range 5 { // those of one instant are one
			if set, took := wait(c, s, time.Minute); !set || took != time.Second {
				t.Errorf("round %d: set %t after %v", want, set, took)
			}
			synctest.Wait()
			s.Wait(0)
		}
		if s.Wait(time.Minute) {
			t.Error("set once more")
		}
	})
}

// Timers are used again: none may go off for the wait before.
func TestSignalTimersAreClean(t *testing.T) {
	inBubble(t, "one waiter after another", func(t *testing.T, c *clock.Real) {
		for i := range 50 {
			s := c.NewSignal()
			d := time.Duration(i+1) * time.Millisecond
			early := i%2 == 0
			if early {
				c.AfterFunc(d/2, s.Set)
			}
			set, took := wait(c, s, d)
			if want := d; early && (!set || took != want/2) || !early && (set || took != want) {
				t.Errorf("wait %d of %v: set %t after %v", i, d, set, took)
			}
		}
	})
	inBubble(t, "side by side", func(t *testing.T, c *clock.Real) {
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Add(1)
			c.Go("waiter", func() {
				defer wg.Done()
				for j := range 20 {
					s := c.NewSignal()
					d := time.Duration(i*20+j+1) * time.Millisecond
					if set, took := wait(c, s, d); set || took != d {
						t.Errorf("wait %d of %d for %v: set %t after %v", j, i, d, set, took)
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestAfterFunc(t *testing.T) {
	inBubble(t, "runs once, when its time has come", func(t *testing.T, c *clock.Real) {
		start, ran := c.Now().TTL, []time.Duration{}
		timer := c.AfterFunc(2*time.Second, func() { ran = append(ran, c.Now().TTL.Sub(start)) })
		c.NewSignal().Wait(time.Minute)
		synctest.Wait()
		if len(ran) != 1 || ran[0] != 2*time.Second {
			t.Errorf("ran after %v", ran)
		}
		if timer.Stop() {
			t.Error("stopped after it ran")
		}
	})
	inBubble(t, "stopped", func(t *testing.T, c *clock.Real) {
		ran := false
		timer := c.AfterFunc(time.Second, func() { ran = true })
		if !timer.Stop() || timer.Stop() {
			t.Error("Stop does not say whether it stopped")
		}
		c.NewSignal().Wait(time.Minute)
		synctest.Wait()
		if ran {
			t.Error("ran after it was stopped")
		}
	})
}

func TestNow(t *testing.T) {
	inBubble(t, "two readings", func(t *testing.T, c *clock.Real) {
		a := c.Now()
		c.NewSignal().Wait(time.Hour)
		b := c.Now()
		if b.TTL.Sub(a.TTL) != time.Hour || b.Signature.Sub(a.Signature) != time.Hour || !a.TTL.Equal(a.Signature) {
			t.Errorf("an hour from %v to %v", a, b)
		}
		fixed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		c.FixedSignature = fixed
		if now := c.Now(); !now.Signature.Equal(fixed) || now.TTL.Before(b.TTL) {
			t.Errorf("with signatures at %v: %v", fixed, now)
		}
	})
	// The reading for TTLs is monotonic, so that a step of the wall clock ages
	// nothing (RFC 1035 §7.3).
	if now := clock.NewReal().Now().TTL; !strings.Contains(now.String(), " m=") {
		t.Errorf("no monotonic reading in %v", now)
	}
}

// A panic costs the goroutine, and somebody learns of it.
func TestPanic(t *testing.T) {
	type report struct {
		what  string
		value any
		stack string
	}
	inBubble(t, "reported", func(t *testing.T, c *clock.Real) {
		var mu sync.Mutex
		var reports []report
		c.OnPanic = func(what string, value any, stack []byte) {
			mu.Lock()
			defer mu.Unlock()
			reports = append(reports, report{what, value, string(stack)})
		}
		c.Go("query 7", func() { panic("broken invariant") })
		c.AfterFunc(time.Second, func() { panic("late") })
		c.Go("fine", func() {})
		c.NewSignal().Wait(time.Minute)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if len(reports) != 2 {
			t.Fatalf("%d reports", len(reports))
		}
		if r := reports[0]; r.what != "query 7" || r.value != "broken invariant" || !strings.Contains(r.stack, "TestPanic") {
			t.Errorf("report %+v", r)
		}
		if r := reports[1]; r.what != "timer" || r.value != "late" {
			t.Errorf("report %+v", r)
		}
	})
}
