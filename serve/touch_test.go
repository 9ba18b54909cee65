package serve_test

import (
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/cache/answer"
	"recursor/dns/wire"
	"recursor/frontend"
	"recursor/serve"
)

// One finished answer in sixty-four counts as a use of what it was made of, and
// none of them costs an allocation.
func TestFinishedAnswersTouch(t *testing.T) {
	touched, others := 0, 0
	w := finishing(t, func(o *serve.Options) {
		o.Touch = func(k answer.Key, qtype wire.Type, now time.Time) {
			if string(k.Name()) != "\x03www\x07example\x00" || qtype != wire.TypeA || now.IsZero() {
				others++
			}
			touched++
		}
	})
	m := question("WWW.example.", dns.TypeA)
	q := query(pack(t, m))
	q.At = w.clock.at
	w.finish(q)
	if touched != 0 {
		t.Errorf("touched %d times by who brought it", touched)
	}
	dst := make([]byte, frontend.MaxMessage)
	ask := func(id int) {
		q.Message[0], q.Message[1] = byte(id>>8), byte(id)
		if n, ok := w.Hit(q, dst); n == 0 || !ok {
			t.Fatal("no hit")
		}
	}
	for id := range 6400 {
		ask(id)
	}
	if touched != 100 || others != 0 {
		t.Errorf("touched %d times by 6400 answers, another question %d times", touched, others)
	}
	if n := testing.AllocsPerRun(100, func() { ask(0) }); n != 0 && !raceDetector {
		t.Errorf("%v allocations", n)
	}
}
