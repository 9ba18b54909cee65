package recursor_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"recursor/dns/ede"
	"recursor/dns/wire"
	"recursor/recursor"
	"recursor/recursor/infra"
)

// Whatever servers reply with, so many octets are taken for a client, and no more. It says nothing of the name.
func TestOctetsFromUpstreamAreBounded(t *testing.T) {
	w := newWorld(t, exampleAt1, "")
	w.options.Walk.Limits.Octets = 1000
	w.start()
	var many strings.Builder
	for i := range 60 {
		fmt.Fprintf(&many, "many A 192.0.2.%d\n", i)
	}
	w.example("192.0.2.1", "example.com.", many.String())
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	o := w.ask("many.example.com.", wire.TypeA)
	w.wantRCode(o, wire.ServFail)
	if ede.CodeOf(o.err) != ede.Other || !strings.Contains(o.err.Error(), "octets from upstream") {
		t.Errorf("EDE %d: %v", ede.CodeOf(o.err), o.err)
	}
	now := w.clock.Now().TTL
	if _, ok := w.cache.GetFailure(name("many.example.com."), wire.TypeA, now); ok {
		t.Error("a spent budget was cached under the name")
	}
	if _, ok := w.cache.Get(name("many.example.com."), wire.TypeA, now); ok {
		t.Error("what was not taken was cached")
	}
}

// Of a delegation without addresses a few name servers are looked up at a time, however long that takes (NXNSAttack).
func TestNameServersLookedUpAtOnce(t *testing.T) {
	for limit, want := range map[int]int{1: 1, 2: 2, 5: 5} {
		var ns strings.Builder
		for i := range 12 {
			fmt.Fprintf(&ns, "example NS ns%d.victim.net.\n", i)
		}
		w := newWorld(t, ns.String(), "victim NS ns.victim\nns.victim A 192.0.2.2")
		w.options.Walk.Limits.NSLookupsBeside = limit
		w.options.Timing = infra.DefaultTiming()
		w.options.Timing.DownAfter = 100 // so that each look-up takes its time
		w.start()
		w.example("192.0.2.2", "victim.net.").Faults.Delay = 5 * time.Second
		w.query(recursor.Query{Name: name("www.example.com."), Type: wire.TypeA, Deadline: 2500 * time.Millisecond})
		asked := map[string]bool{}
		for _, s := range w.net.Take() {
			if s.To.Addr().String() == "192.0.2.2" && s.At < 2500*time.Millisecond {
				asked[s.Query()] = true
			}
		}
		if len(asked) != want {
			t.Errorf("at a limit of %d, %d were looked up: %v", limit, len(asked), asked)
		}
	}
}
