package sim_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"recursor/clock"
	"recursor/random"
	"recursor/testbed/sim"
)

// epoch is when the simulations of these tests begin.
func epoch() time.Time { return time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC) }

// newClock is a clock that leaves no goroutine behind.
func newClock(t *testing.T) *sim.Clock {
	t.Helper()
	c := sim.NewClock(epoch())
	t.Cleanup(c.Close)
	return c
}

func TestGoroutinesRunInTheOrderTheyCould(t *testing.T) {
	c := newClock(t)
	var order []string
	say := func(s string) { order = append(order, fmt.Sprintf("%v %s", c.Elapsed(), s)) }
	c.Run(func() {
		first, second := c.NewSignal(), c.NewSignal()
		c.Go("a", func() {
			say("a")
			second.Wait(clock.Forever)
			say("a again")
		})
		c.Go("b", func() {
			say("b")
			first.Wait(clock.Forever)
			say("b again")
		})
		c.AfterFunc(time.Second, func() { say("timer 1") })
		c.AfterFunc(time.Second, func() { say("timer 2") })
		say("main")
		none := c.NewSignal()
		if none.Wait(2 * time.Second) {
			t.Error("a signal nobody set was waited for with success")
		}
		first.Set()
		second.Set()
		say("main again")
	})
	want := []string{"0s main", "0s a", "0s b", "1s timer 1", "1s timer 2", "2s main again", "2s b again", "2s a again"}
	if !slices.Equal(order, want) {
		t.Errorf("order\n%s\nwant\n%s", strings.Join(order, "\n"), strings.Join(want, "\n"))
	}
}

func TestSignal(t *testing.T) {
	c := newClock(t)
	s := c.NewSignal()
	s.Set()
	s.Set() // twice is once
	c.Run(func() {
		for i, tc := range []struct {
			d    time.Duration
			want bool
			at   time.Duration
		}{
			{clock.Forever, true, 0},
			{0, false, 0},
			{-1, false, 0},
			{3 * time.Millisecond, false, 3 * time.Millisecond},
		} {
			if got := s.Wait(tc.d); got != tc.want || c.Elapsed() != tc.at {
				t.Errorf("wait %d: %v at %v, want %v at %v", i, got, c.Elapsed(), tc.want, tc.at)
			}
		}
		c.AfterFunc(time.Second, s.Set)
		if !s.Wait(time.Minute) || c.Elapsed() != 1003*time.Millisecond {
			t.Errorf("woken at %v", c.Elapsed())
		}
		if s.Wait(time.Hour) {
			t.Error("the latch was not cleared, or the old deadline fired")
		}
	})
}

func TestTimerStops(t *testing.T) {
	c := newClock(t)
	var fired int
	stopped := c.AfterFunc(time.Second, func() { fired++ })
	kept := c.AfterFunc(2*time.Second, func() { fired += 10 })
	if !stopped.Stop() || stopped.Stop() {
		t.Error("Stop does not tell whether it prevented the call")
	}
	c.Advance(2*time.Second - 1)
	if fired != 0 {
		t.Error("a timer fired early")
	}
	c.Advance(1)
	if fired != 10 || kept.Stop() {
		t.Errorf("fired %d", fired)
	}
	if c.Elapsed() != 2*time.Second {
		t.Errorf("it is %v", c.Elapsed())
	}
}

func TestAdvanceEndsAtItsInstant(t *testing.T) {
	c := newClock(t)
	if at, ok := c.NextEvent(); ok {
		t.Errorf("nothing can happen, but the next event is %v", at)
	}
	var seen []time.Duration
	c.Go("ticker", func() {
		for s := c.NewSignal(); ; {
			s.Wait(7 * time.Second)
			seen = append(seen, c.Elapsed())
		}
	})
	if at, ok := c.NextEvent(); !ok || !at.Equal(epoch()) {
		t.Errorf("something can run now, but the next event is %v %v", at, ok)
	}
	c.Settle()
	if at, ok := c.NextEvent(); !ok || !at.Equal(epoch().Add(7*time.Second)) {
		t.Errorf("next event %v %v", at, ok)
	}
	c.Advance(20 * time.Second)
	if want := []time.Duration{7 * time.Second, 14 * time.Second}; !slices.Equal(seen, want) || c.Elapsed() != 20*time.Second {
		t.Errorf("ticks %v, now %v", seen, c.Elapsed())
	}
	c.RunUntil(epoch()) // the past: nothing happens
	if c.Elapsed() != 20*time.Second {
		t.Error("time ran backward")
	}
}

func TestReadingsApart(t *testing.T) {
	c := newClock(t)
	if n := c.Now(); !n.TTL.Equal(epoch()) || !n.Signature.Equal(epoch()) {
		t.Errorf("now %v", n)
	}
	old := time.Date(2020, 10, 20, 0, 0, 0, 0, time.UTC)
	c.SetSignature(old)
	c.Advance(time.Hour)
	if n := c.Now(); !n.TTL.Equal(epoch().Add(time.Hour)) || !n.Signature.Equal(old) {
		t.Errorf("now %v", n)
	}
	c.ShiftSignature(24 * time.Hour)
	c.Advance(time.Hour)
	if n := c.Now(); !n.Signature.Equal(epoch().Add(26 * time.Hour)) {
		t.Errorf("now %v", n)
	}
	c.SetSignature(time.Time{})
	if n := c.Now(); !n.Signature.Equal(n.TTL) {
		t.Errorf("now %v", n)
	}
}

func TestRunWaitsForWhatItStarted(t *testing.T) {
	c := newClock(t)
	c.Go("daemon", func() { c.NewSignal().Wait(clock.Forever) }) // not waited for
	var done []string
	c.Run(func() {
		c.AfterFunc(time.Hour, func() { done = append(done, "late timer") })
		c.Go("child", func() {
			c.NewSignal().Wait(time.Second)
			c.Go("grandchild", func() {
				c.NewSignal().Wait(time.Second)
				done = append(done, "grandchild")
			})
		})
	})
	if !slices.Equal(done, []string{"grandchild"}) || c.Elapsed() != 2*time.Second {
		t.Errorf("%v at %v", done, c.Elapsed())
	}
}

func TestDeadlockNamesWhoWaits(t *testing.T) {
	c := newClock(t)
	a, b := c.NewSignal(), c.NewSignal()
	err := c.TryRun(func() {
		c.NewSignal().Wait(time.Second)
		c.Go("flight A", func() { a.Wait(clock.Forever); b.Set() })
		c.Go("flight B", func() { b.Wait(clock.Forever); a.Set() })
	})
	var stuck *sim.Stuck
	if !errors.As(err, &stuck) {
		t.Fatalf("error %v", err)
	}
	want := "sim: deadlock at +1s: nothing can run again; waiting for ever: flight A (since +1s), flight B (since +1s)"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	defer func() {
		if r := recover(); r == nil {
			t.Error("Run does not panic on a deadlock")
		}
	}()
	c.Run(func() { c.NewSignal().Wait(clock.Forever) })
}

func TestWhatNeverEndsIsStopped(t *testing.T) {
	c := newClock(t)
	c.Limit = time.Minute
	err := c.TryRun(func() {
		for s := c.NewSignal(); ; {
			s.Wait(time.Second)
		}
	})
	if err == nil || !strings.Contains(err.Error(), "the time limit is reached; waiting for a while: run (since +1m0s)") {
		t.Errorf("error %v", err)
	}
	c = newClock(t)
	c.MaxSteps = 1000
	c.Go("spin", func() {
		for s := c.NewSignal(); ; {
			s.Wait(1)
		}
	})
	func() {
		defer func() {
			if r := fmt.Sprint(recover()); !strings.Contains(r, "the step limit is reached") {
				t.Errorf("recovered %s", r)
			}
		}()
		c.Advance(time.Hour)
	}()
	c = newClock(t)
	c.MaxSteps = 1000
	err = c.TryRun(func() {
		var again func()
		again = func() { c.Go("spin", again) }
		again()
	})
	if err == nil || !strings.Contains(err.Error(), "the step limit is reached") {
		t.Errorf("error %v", err)
	}
}

func TestPanicOfAGoroutine(t *testing.T) {
	cause := errors.New("broken invariant")
	boom := func() { panic(cause) }
	t.Run("reaches the driver", func(t *testing.T) {
		c := newClock(t)
		defer func() {
			p, ok := recover().(*sim.Panic)
			if !ok || p.What != "walk" || !errors.Is(p, cause) || !strings.Contains(p.Error(), "TestPanicOfAGoroutine") {
				t.Errorf("recovered %v", p)
			}
			c.Run(func() {}) // the clock is still of use
		}()
		c.Run(func() { c.Go("walk", boom) })
	})
	t.Run("is told to OnPanic", func(t *testing.T) {
		c := newClock(t)
		var told string
		c.OnPanic = func(what string, r any, stack []byte) {
			told = fmt.Sprint(what, ": ", r, strings.Contains(string(stack), "panic"))
		}
		c.Run(func() { c.Go("walk", boom) })
		if told != "walk: broken invariant true" {
			t.Errorf("told %q", told)
		}
	})
}

func TestFailNowEndsTheTest(t *testing.T) {
	c := newClock(t)
	returned := make(chan bool)
	go func() {
		ended := true
		defer func() { returned <- ended }()
		c.Run(func() {
			defer func() { _ = recover() }()
			runtime.Goexit() // what t.FailNow does
		})
		ended = false
	}()
	if !<-returned {
		t.Error("Run went on after its goroutine had exited")
	}
}

func TestMisuseIsSaid(t *testing.T) {
	c := newClock(t)
	says := func(want string, f func()) {
		t.Helper()
		defer func() {
			if r := fmt.Sprint(recover()); !strings.Contains(r, want) {
				t.Errorf("panic %q, want %q", r, want)
			}
		}()
		f()
	}
	s := c.NewSignal()
	says("use Clock.Run", func() { s.Wait(time.Second) })
	says("driven from one of its own", func() { c.Run(func() { c.Run(func() {}) }) })
	says(`"run" and "other" wait on one signal`, func() {
		c.Run(func() {
			c.Go("other", func() { s.Wait(time.Second) })
			s.Wait(time.Second)
		})
	})
}

func TestCloseUnwindsWhoWaits(t *testing.T) {
	c := sim.NewClock(epoch())
	var ended []string
	for _, name := range []string{"first", "second"} {
		c.Go(name, func() {
			defer func() {
				defer func() { ended = append(ended, name) }()
				c.NewSignal().Wait(time.Second) // waits no more
				ended = append(ended, "waited")
			}()
			c.NewSignal().Wait(clock.Forever)
			ended = append(ended, "woken")
		})
	}
	c.Settle()
	c.Go("never ran", func() { ended = append(ended, "ran") })
	c.Close()
	if !slices.Equal(ended, []string{"first", "second"}) {
		t.Errorf("ended %v", ended)
	}
	c.Close() // twice is once
}

// wander is a program that makes many goroutines, timers and signals by chance
// and notes what happens in which order.
func wander(c *sim.Clock, seed uint64) string {
	source := &random.Replay{Seed: seed}
	signals := make([]clock.Signal, 12)
	busy := make([]bool, len(signals))
	for i := range signals {
		signals[i] = c.NewSignal()
	}
	var log strings.Builder
	var walk func(name string, depth int)
	walk = func(name string, depth int) {
		r := source.Stream()
		for step := range 12 {
			fmt.Fprintf(&log, "%d %s %d\n", c.Elapsed(), name, step)
			i := r.IntN(len(signals))
			switch what := r.IntN(6); {
			case what == 0 && depth < 4:
				child := fmt.Sprintf("%s.%d", name, step)
				c.Go(child, func() { walk(child, depth+1) })
			case what == 1:
				signals[i].Set()
			case what == 2:
				c.AfterFunc(time.Duration(r.IntN(5))*time.Millisecond, func() {
					fmt.Fprintf(&log, "%d timer %s\n", c.Elapsed(), name)
					signals[i].Set()
				})
			case what == 3:
				timer := c.AfterFunc(time.Millisecond, signals[i].Set)
				fmt.Fprintf(&log, "stopped %v\n", timer.Stop())
			case !busy[i]:
				busy[i] = true
				fmt.Fprintf(&log, "waited %v\n", signals[i].Wait(time.Duration(r.IntN(4))*time.Millisecond))
				busy[i] = false
			}
		}
	}
	c.Run(func() {
		for i := range 8 {
			name := fmt.Sprint(i)
			c.Go(name, func() { walk(name, 0) })
		}
	})
	return log.String()
}

func TestSameProgramSameSchedule(t *testing.T) {
	hash := ""
	for seed := range uint64(20) {
		first := wander(newClock(t), seed)
		if second := wander(newClock(t), seed); first != second {
			t.Fatalf("seed %d ran in two ways", seed)
		}
		sum := sha256.Sum256([]byte(hash + first))
		hash = hex.EncodeToString(sum[:8])
	}
	// The same on every machine, with and without the race detector.
	if hash != "10d6377b143232bd" {
		t.Errorf("the schedules have the hash %s", hash)
	}
}
