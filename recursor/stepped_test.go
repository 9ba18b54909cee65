package recursor_test

import (
	"context"
	"testing"
	"time"

	"recursor/clock"
	"recursor/dns/wire"
	"recursor/random"
	"recursor/recursor"
	"recursor/testbed/sim"
)

// stepped is a Clock that another process sets.
type stepped struct {
	*sim.Clock
	ahead time.Duration
}

// Now implements clock.Clock.
func (s *stepped) Now() clock.Instant {
	i := s.Clock.Now()
	i.TTL, i.Signature, i.Ahead = i.TTL.Add(s.ahead), i.Signature.Add(s.ahead), s.ahead
	return i
}

// TestAClockThatIsSetChangesNothingUnderWay: time-outs are those of the network, and what is known of servers ages by the
// time that passes, not by the one that is set.
func TestAClockThatIsSetChangesNothingUnderWay(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, step := range []time.Duration{year, -year} {
		w := newWorld(t, "slow NS ns.slow\nns.slow A 192.0.2.1\nmute NS ns.mute\nns.mute A 192.0.2.2", "")
		c := &stepped{Clock: w.clock}
		w.Resolver = recursor.New(recursor.Parts{Clock: c, Net: w.net, Cache: w.cache, Seeds: &random.Replay{Seed: 7}}, w.options)
		w.example("192.0.2.1", "slow.com.").Faults.Delay = 300 * time.Millisecond
		mute := w.example("192.0.2.2", "mute.com.")
		mute.Faults.Silence = true
		ask := func(name string, set bool) outcome {
			var o outcome
			w.clock.Run(func() {
				began := w.clock.Now().TTL
				if set {
					w.clock.AfterFunc(200*time.Millisecond, func() { c.ahead += step })
				}
				o.Answer, o.err = w.Resolve(context.Background(), query(name))
				o.took = w.clock.Now().TTL.Sub(began)
			})
			return o
		}
		o := ask("www.slow.com.", true)
		w.wantA(o, "192.0.2.80")
		if o.took > 400*time.Millisecond {
			t.Errorf("%v ahead: took %v", step, o.took)
		}
		if sent := w.sent(); len(sent) != 3 {
			t.Errorf("%v ahead: sent %v", step, sent)
		}
		o = ask("www.mute.com.", true)
		w.wantRCode(o, wire.ServFail)
		if o.took > 10*time.Second {
			t.Errorf("%v ahead: took %v", step, o.took)
		}
		// Down for a while, and not for as long as the clock was set back.
		mute.Faults.Silence = false
		w.clock.Run(func() { w.clock.NewSignal().Wait(time.Minute) })
		w.wantA(ask("www.mute.com.", false), "192.0.2.80")
	}
}
