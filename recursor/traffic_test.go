package recursor_test

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"recursor/dns/ede"
	"recursor/dns/wire"
	"recursor/recursor"
	"recursor/recursor/delegation"
	"recursor/recursor/infra"
	"recursor/testbed/sim"
)

// flood asks for n names of a zone at once and counts the ways in which they fail.
func (w *world) flood(n int, format string) (reasons map[string]int, sent int) {
	reasons = map[string]int{}
	w.clock.Run(func() {
		done := w.clock.NewSignal()
		left := n
		var lock sync.Mutex
		for i := range n {
			w.clock.Go("client", func() {
				_, err := w.Resolve(context.Background(), recursor.Query{
					Name: name(fmt.Sprintf(format, i)), Type: wire.TypeA, Deadline: 20 * time.Second,
				})
				why := "answered"
				if err != nil {
					why = strconv.Itoa(int(ede.CodeOf(err)))
					if strings.Contains(err.Error(), "under way") {
						why += " under way"
					}
				}
				lock.Lock()
				defer lock.Unlock()
				reasons[why]++
				left--
				if left == 0 {
					done.Set()
				}
			})
		}
		done.Wait(time.Minute)
	})
	return reasons, len(w.net.Take())
}

// Random names of a zone whose server is silent (water torture): no more than so many questions go there at a time, the
// others fail at once, and are not held against their names. When it is known that the zone fails, fewer go. Who asks for
// other names is not held up.
func TestQuestionsToOneZoneAreBounded(t *testing.T) {
	w := newWorld(t, exampleAt1+"\nwell NS ns.well\nns.well A 192.0.2.2", "")
	w.options.Walk.Limits.Work = 20 * time.Second
	w.options.Quotas.Server = 5000 // it is not the server's
	w.options.Quotas.Zone = 200
	w.start()
	w.example("192.0.2.1", "example.com.").Faults.Silence = true
	w.example("192.0.2.2", "well.com.")

	reasons, sent := w.flood(1000, "n%d.example.com.")
	if n := reasons["22"]; n < 200 || n > 220 {
		t.Errorf("%d names were looked for at a time: %v", n, reasons)
	}
	if n := reasons["0 under way"]; n < 780 || n > 800 {
		t.Errorf("%d names were too many: %v", n, reasons)
	}
	if sent > 220*4+5 {
		t.Errorf("sent %d queries", sent)
	}
	for i := range 1000 {
		if f, ok := w.cache.GetFailure(name(fmt.Sprintf("n%d.example.com.", i)), wire.TypeA, w.clock.Now().TTL); ok && f.Code != ede.NoReachableAuthority {
			t.Errorf("n%d: a quota is kept as a failure: %+v", i, f)
		}
	}

	// Fewer, now that they have all failed.
	w.clock.Advance(10 * time.Second)
	reasons, _ = w.flood(1000, "m%d.example.com.")
	if n := reasons["22"]; n < 20 || n > 40 {
		t.Errorf("%d names of the failing zone were looked for at a time: %v", n, reasons)
	}

	// Meanwhile others are served.
	w.clock.Run(func() {
		for i := range 500 {
			w.clock.Go("attack", func() { _, _ = w.Resolve(context.Background(), query(fmt.Sprintf("o%d.example.com.", i))) })
		}
		began := w.clock.Now().TTL
		if _, err := w.Resolve(context.Background(), query("www.well.com.")); err != nil || w.clock.Now().TTL.Sub(began) > 100*time.Millisecond {
			t.Errorf("another zone: %v after %v", err, w.clock.Now().TTL.Sub(began))
		}
	})

	// It recovers, and so does its quota.
	w.clock.Advance(time.Minute)
	w.servers["192.0.2.1"].Faults.Silence = false
	if reasons, _ = w.flood(150, "r%d.example.com."); reasons["answered"] != 150 {
		t.Errorf("after it recovered: %v", reasons)
	}
}

// One server holds many zones: it is not asked more than so much at a time either. Where it is not alone the other is.
func TestSendsToOneServerAreBounded(t *testing.T) {
	w := newWorld(t, "example NS ns1.example\nexample NS ns2.example\nns1.example A 192.0.2.1\nns2.example A 192.0.2.2\n"+
		"alone NS ns1.example", "")
	w.options.Quotas.Server = 50
	w.start()
	for _, a := range []string{"192.0.2.1", "192.0.2.2"} {
		w.example(a, "example.com.").Faults.Delay = 300 * time.Millisecond
	}
	w.example("192.0.2.1", "alone.com.")
	if reasons, _ := w.flood(90, "a%d.example.com."); reasons["answered"] != 90 {
		t.Errorf("two servers: %v", reasons)
	}
	if reasons, _ := w.flood(90, "a%d.alone.com."); reasons["0 under way"] < 30 || reasons["answered"] < 50 || reasons["answered"] > 60 {
		t.Errorf("one server: %v", reasons)
	}
}

// Top-level domains and forwarders have quotas of their own, which are far above those of others.
func TestZonesOfEverybodyHaveQuotasOfTheirOwn(t *testing.T) {
	for what, quotas := range map[string]infra.Quotas{
		"zone":   {Zone: 10, Server: 10, TopZone: 100, TopServer: 5000},
		"server": {Zone: 10, Server: 10, TopZone: 5000, TopServer: 100},
	} {
		for _, of := range []string{"com", "example"} {
			t.Run(what+" "+of, func(t *testing.T) {
				w := newWorld(t, "", "")
				w.options.Quotas = quotas
				w.options.Delegations.Configured = []*delegation.Point{configured("example.", delegation.Forward, false, "192.0.2.53:53")}
				w.start()
				w.ask("nobody.com.", wire.TypeA) // so that the way to com. is known
				for _, a := range []string{comAddr, "192.0.2.53"} {
					w.net.Block(netip.MustParsePrefix(a+"/32"), sim.Down)
				}
				reasons, _ := w.flood(400, "n%d."+of+".")
				if n := reasons["22"]; n < 95 || n > 110 {
					t.Errorf("%d names were looked for at a time: %v", n, reasons)
				}
				if n := reasons["0 under way"]; n < 290 {
					t.Errorf("%d names were too many: %v", n, reasons)
				}
			})
		}
	}
}

// A burst of questions to a zone that is well is over soon: what is too much waits a little, and nobody fails.
func TestABurstWaitsForItsTurn(t *testing.T) {
	for what, quotas := range map[string]infra.Quotas{
		"zone":   {Zone: 50, Server: 5000, TopZone: 5000, TopServer: 5000},
		"server": {Zone: 5000, Server: 50, TopZone: 5000, TopServer: 5000},
	} {
		w := newWorld(t, exampleAt1, "")
		w.options.Quotas = quotas
		w.start()
		w.example("192.0.2.1", "example.com.")
		w.net.Link(netip.MustParseAddr("192.0.2.1")).RTT = 20 * time.Millisecond
		began := w.clock.Now().TTL
		if reasons, _ := w.flood(250, "n%d.example.com."); reasons["answered"] != 250 {
			t.Errorf("%s: %v", what, reasons)
		}
		if took := w.clock.Now().TTL.Sub(began); took > 400*time.Millisecond {
			t.Errorf("%s: took %v", what, took)
		}
	}
}
