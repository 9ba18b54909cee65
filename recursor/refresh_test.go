package recursor_test

import (
	"fmt"
	"testing"
	"time"

	"recursor/dns/wire"
	"recursor/testbed/sim"
)

// refresh asks for q as who was answered does, and lets it come to an end.
func (w *world) refresh(name string, t wire.Type) (begun, done bool) {
	w.clock.Run(func() {
		begun = w.Refresh(recursorQuery(name, t), func() { done = true })
	})
	w.clock.Advance(100 * time.Millisecond)
	return begun, done
}

// What is in the last tenth of its time is fetched anew, by one query, and what
// is not stays as it is.
func TestRefresh(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	w.serve("192.0.2.1", "example.com.", "@ SOA ns host 1 1800 900 604800 900\n@ NS ns\nns A 192.0.2.1\n"+
		"www 1000 A 192.0.2.80\nalias 10000 CNAME www\n")
	questions := []struct {
		name string
		t    wire.Type
	}{
		{"alias.example.com.", wire.TypeA}, {"www.example.com.", wire.TypeMX}, {"none.example.com.", wire.TypeA},
	}
	for _, q := range questions {
		w.ask(q.name, q.t)
	}
	w.clock.Advance(800 * time.Second)
	w.sent()
	for _, q := range questions {
		if o := w.ask(q.name, q.t); o.Due || o.Window == 0 {
			t.Errorf("%s: due %t after four fifths, window %v", q.name, o.Due, o.Window)
		}
		if begun, done := w.refresh(q.name, q.t); !begun || !done {
			t.Errorf("%s: begun %t, done %t", q.name, begun, done)
		}
	}
	w.wantSent()
	w.clock.Advance(861*time.Second - w.clock.Elapsed()) // 900 of a denial, 1000 of www
	for _, q := range questions[1:] {
		if o := w.ask(q.name, q.t); !o.Due || o.Window != 90*time.Second {
			t.Errorf("%s: due %t, window %v", q.name, o.Due, o.Window)
		}
	}
	w.clock.Advance(901*time.Second - w.clock.Elapsed())
	o := w.ask("alias.example.com.", wire.TypeA)
	if w.wantA(o, "192.0.2.80"); !o.Due || o.Window != 100*time.Second {
		t.Errorf("due %t, window %v", o.Due, o.Window)
	}
	w.sent()
	if begun, done := w.refresh("alias.example.com.", wire.TypeA); !begun || !done {
		t.Errorf("begun %t, done %t", begun, done)
	}
	w.wantSent("192.0.2.1 www.example.com. A") // not the alias, which is good for hours
	o = w.ask("alias.example.com.", wire.TypeA)
	if last := o.Answer.Answer[len(o.Answer.Answer)-1]; o.Due || last.TTL < 990 {
		t.Errorf("after the refresh: due %t, TTL %d", o.Due, last.TTL)
	}
	// What is over is for those who ask for it.
	w.clock.Advance(time.Hour)
	if _, done := w.refresh("www.example.com.", wire.TypeA); !done {
		t.Error("nothing is due of what is over")
	}
	w.wantSent()
}

// A refresh and the question that comes meanwhile are one flight; a refresh that
// fails leaves what there is, and is not tried again while the failure lasts.
func TestRefreshIsOneFlight(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	a := w.serve("192.0.2.1", "example.com.", "@ SOA ns host 1 2 3 4 5\n@ NS ns\nwww 100 A 192.0.2.80")
	w.ask("www.example.com.", wire.TypeA)
	w.clock.Advance(98 * time.Second)
	w.sent()
	w.clock.Run(func() {
		for range 3 {
			w.Refresh(query("www.example.com."), func() {})
		}
	})
	w.clock.Advance(time.Second)
	w.wantSent("192.0.2.1 www.example.com. A")

	w.clock.Advance(97 * time.Second)
	a.Faults = sim.Faults{RCode: 2}
	if begun, done := w.refresh("www.example.com.", wire.TypeA); !begun || done {
		t.Errorf("a refresh that fails: begun %t, done %t", begun, done)
	}
}

// Refreshes in progress are bounded.
func TestRefreshesAreBounded(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	zone := "@ SOA ns host 1 2 3 4 5\n@ NS ns\n"
	for i := range 200 {
		zone += fmt.Sprintf("n%d 100 A 192.0.2.80\n", i)
	}
	a := w.serve("192.0.2.1", "example.com.", zone)
	for i := range 200 {
		w.ask(fmt.Sprintf("n%d.example.com.", i), wire.TypeA)
	}
	w.clock.Advance(95 * time.Second)
	a.Faults.Silence = true
	begun := 0
	w.clock.Run(func() {
		for i := range 200 {
			if w.Refresh(query(fmt.Sprintf("n%d.example.com.", i)), func() {}) {
				begun++
			}
		}
	})
	if begun != 100 {
		t.Errorf("%d begun", begun)
	}
	w.clock.Advance(time.Minute)
	if begun, _ := w.refresh("www.example.com.", wire.TypeA); !begun {
		t.Error("what has ended must make room")
	}
}
