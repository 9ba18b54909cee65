package udp

import (
	"testing"

	"recursor/clock"
)

// A query tells when it was read, and by whom.
func TestMomentAndLane(t *testing.T) {
	eachEngine(t, func(t *testing.T, plain bool) {
		h := &scripted{}
		o := options(h)
		o.Plain, o.Workers = plain, 3
		s := serve(t, o)
		c := dial(t, s.Addrs()[0])
		before := clock.NewReal().Now().TTL
		c.ask(1, wantHit)
		first := h.last()
		c.ask(2, wantHit)
		second := h.last()
		after := clock.NewReal().Now().TTL
		if first.At.Before(before) || second.At.Before(first.At) || after.Before(second.At) {
			t.Errorf("read at %v and %v, between %v and %v", first.At, second.At, before, after)
		}
		lanes := map[uint8]bool{}
		for _, w := range s.workers {
			lanes[w.(interface{ lane() uint8 }).lane()] = true
		}
		if len(lanes) != 3 {
			t.Errorf("three workers in lanes %v", lanes)
		}
	})
}

func (w *plainWorker) lane() uint8 { return w.query.Lane }
