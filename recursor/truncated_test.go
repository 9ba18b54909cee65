package recursor_test

import (
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/wire"
	"recursor/testbed/sim"
)

// RFC: 2181.5 — what is truncated over TCP too is not used, and others are asked.
func TestTruncatedOverTCP(t *testing.T) {
	for _, c := range []struct {
		other bool
		want  wire.RCode
	}{{false, wire.ServFail}, {true, wire.NoError}} {
		w := newWorld(t, "example NS ns1.example\nexample NS ns2.example\nns1.example A 192.0.2.1\nns2.example A 192.0.2.2", "").start()
		for _, addr := range []string{"192.0.2.1", "192.0.2.2"} {
			a := w.example(addr, "example.com.")
			if c.other && addr == "192.0.2.2" {
				continue
			}
			a.Faults.Hook = func(_ sim.Packet, _, m *dns.Msg) bool {
				m.Truncated = true
				return true
			}
		}
		w.wantRCode(w.ask("www.example.com.", wire.TypeA), c.want)
	}
}
