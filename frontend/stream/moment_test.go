package stream

import (
	"testing"
	"testing/synctest"
	"time"

	"recursor/clock"
	"recursor/frontend"
)

// A query tells when it was read; one that had to wait for its turn tells of
// that, so that nothing is counted down from a time long gone.
func TestMoment(t *testing.T) {
	h := &scripted{gated: true}
	inBubble(t, h, frontend.Limits{Outstanding: 1}, func(p *pair) {
		began := clock.NewReal().Now().TTL
		p.send(frames(query(1, wantHit), query(2, wantMiss), query(3, wantHit)))
		pass(7 * time.Second)
		h.release <- struct{}{}
		p.want(1, 2, 3)
		pass(2 * time.Second)
		p.send(frames(query(4, wantHit)))
		p.want(4)
		synctest.Wait()
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, q := range h.seen {
			after := map[byte]time.Duration{1: 0, 2: 0, 3: 7 * time.Second, 4: 9 * time.Second}[q.Message[1]]
			if got := q.At.Sub(began); got != after {
				t.Errorf("query %d came after %v, want %v", q.Message[1], got, after)
			}
		}
	})
}
