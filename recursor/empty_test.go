package recursor_test

import (
	"fmt"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/wire"
	"recursor/testbed/sim"
)

// emptied answers NOERROR and nothing else.
func emptied(a *sim.Authority) {
	a.Faults.Hook = func(_ sim.Packet, _, m *dns.Msg) bool {
		m.Answer, m.Ns = nil, nil
		return true
	}
}

func TestAnEmptyAnswerIsNotTheOnlyOne(t *testing.T) {
	for _, lost := range []int{1, 2} {
		w := newWorld(t, "example NS ns1.example\nexample NS ns2.example\nns1.example A 192.0.2.1\nns2.example A 192.0.2.2", "").start()
		for i := 1; i <= 2; i++ {
			if a := w.example(fmt.Sprintf("192.0.2.%d", i), "example.com."); i == lost {
				emptied(a)
			}
		}
		w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	}
}

// RFC: 2308.2 — there is no SOA to say for how long it may be kept.
func TestAnEmptyAnswerStandsAfterThree(t *testing.T) {
	var glue string
	for i := 1; i <= 6; i++ {
		glue += fmt.Sprintf("example NS ns%d.example\nns%[1]d.example A 192.0.2.%[1]d\n", i)
	}
	w := newWorld(t, glue, "").start()
	for i := 1; i <= 6; i++ {
		emptied(w.example(fmt.Sprintf("192.0.2.%d", i), "example.com."))
	}
	for range 2 {
		w.sent()
		o := w.ask("www.example.com.", wire.TypeA)
		w.wantRCode(o, wire.NoError)
		n := 0
		for _, s := range w.net.Take() {
			if s.Query() == "www.example.com. A" {
				n++
			}
		}
		if n != 3 || len(o.Answer.Answer) != 0 {
			t.Errorf("%d queries, answer %v", n, o.Answer.Answer)
		}
	}
}
