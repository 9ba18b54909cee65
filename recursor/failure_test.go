package recursor_test

import (
	"testing"
	"time"

	"recursor/dns/ede"
	"recursor/dns/wire"
	"recursor/testbed/sim"
)

// RFC: 9520.2 RFC: 9520.5
func TestFailureIsCachedAndGrows(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	w.example("192.0.2.1", "example.com.").Faults.RCode = 2
	var pauses []int
	last := w.clock.Elapsed()
	for range 400 {
		o := w.ask("www.example.com.", wire.TypeA)
		w.wantRCode(o, wire.ServFail)
		if n := len(w.sent()); n > 0 {
			pauses = append(pauses, int((w.clock.Elapsed() - last).Seconds()))
			last = w.clock.Elapsed()
			if ede.CodeOf(o.err) != ede.NoReachableAuthority {
				t.Errorf("code %v: %v", ede.CodeOf(o.err), o.err)
			}
		} else if len(o.Notes) != 1 || o.Notes[0].Code != ede.CachedError || o.err == nil {
			t.Errorf("a cached failure must say so, and why: %+v %v", o.Notes, o.err)
		}
		w.clock.Advance(time.Second)
	}
	if len(pauses) < 4 || len(pauses) > 12 {
		t.Fatalf("asked again after %v seconds", pauses)
	}
	for i := 2; i < len(pauses); i++ {
		if pauses[i] < pauses[i-1] || pauses[i] > 301 {
			t.Errorf("pauses %v must grow to at most five minutes", pauses)
			break
		}
	}
}

func TestASpentBudgetIsNotCached(t *testing.T) {
	w := newWorld(t, exampleAt1, "")
	w.options.Walk.Limits.Sends = 1
	w.start()
	w.example("192.0.2.1", "example.com.")
	w.wantRCode(w.ask("www.example.com.", wire.TypeA), wire.ServFail)
	if n := len(w.sent()); n != 1 {
		t.Errorf("%d sends on a budget of one", n)
	}
	if _, ok := w.cache.GetFailure(name("www.example.com."), wire.TypeA, w.clock.Now().TTL); ok {
		t.Error("a spent budget was cached under the name")
	}
	// What was learnt is kept, so that repeating the question gets further.
	w.wantRCode(w.ask("www.example.com.", wire.TypeA), wire.ServFail)
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
}

func TestTheClientIsToldInTimeAndTheSearchGoesOn(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	a := w.example("192.0.2.1", "example.com.")
	a.Faults.Delay = 2900 * time.Millisecond
	q := query("www.example.com.")
	q.Deadline = time.Second
	o := w.query(q)
	w.wantRCode(o, wire.ServFail)
	if o.took != time.Second {
		t.Errorf("told after %v", o.took)
	}
	w.clock.Advance(10 * time.Second)
	w.sent()
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	w.wantSent()
}

// RFC: 8767.4 RFC: 8767.2
func TestStaleDataAfterTheClientsPatience(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	w.serve("192.0.2.1", "example.com.", "@ SOA ns host 1 2 3 4 5\n@ NS ns\nwww 60 A 192.0.2.80").Faults = sim.Faults{}
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	w.clock.Advance(2 * time.Minute)
	w.servers["192.0.2.1"].Faults.Silence = true
	o := w.ask("www.example.com.", wire.TypeA)
	w.wantA(o, "192.0.2.80")
	if !o.Stale || o.took != 1800*time.Millisecond || o.Answer.Answer[0].TTL != 30 || o.Notes[0].Code != ede.StaleAnswer {
		t.Errorf("stale %v after %v, TTL %d, notes %v", o.Stale, o.took, o.Answer.Answer[0].TTL, o.Notes)
	}
}
