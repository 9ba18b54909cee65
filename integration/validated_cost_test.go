package integration_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/wire"
	"recursor/recursor"
)

const costZones = `
$SERVER ns.root. 192.0.2.1 rtt=20ms
$SERVER ns.tld. 192.0.2.2 rtt=20ms
$SERVER ns.zone.tld. 192.0.2.3 rtt=20ms
$ZONE . ns.root. ecdsap256sha256
$ZONE tld. ns.tld. ecdsap256sha256
$ZONE zone.tld. ns.zone.tld. ecdsap256sha256
*.w A 192.0.2.10
www A 192.0.2.11
`

// A validated answer that comes cold takes at most one round trip more than one that is not validated: keys are fetched
// beside the walk.
func TestValidationTakesARoundTripMore(t *testing.T) {
	took := map[string]time.Duration{}
	for _, mode := range []string{"strict", "off"} {
		s := simulate(t, costZones, "validation: {mode: "+mode+"}\n")
		began := s.clock.Now().TTL
		if m := s.ask("www.zone.tld.", dns.TypeA, flags{ad: true}); m.Rcode != dns.RcodeSuccess || m.AuthenticatedData != (mode == "strict") {
			t.Fatal(m)
		}
		took[mode] = s.clock.Now().TTL.Sub(began)
	}
	t.Logf("%v", took)
	if took["strict"] > took["off"]+21*time.Millisecond {
		t.Errorf("validated after %v, not validated after %v", took["strict"], took["off"])
	}
}

// Who asks for names of one zone at the same time shares its keys: they are fetched once and verified once.
func TestKeysAreVerifiedOnce(t *testing.T) {
	const clients = 20
	s := simulate(t, costZones, "")
	s.clock.Run(func() {
		for i := range clients {
			s.clock.Go("client", func() {
				a, err := s.Resolver.Resolve(context.Background(), recursor.Query{Name: mustName(fmt.Sprintf("n%d.w.zone.tld.", i)), Type: wire.TypeA})
				if err != nil || !a.Secure {
					t.Errorf("client %d: %+v, %v", i, a, err)
				}
			})
		}
	})
	keys := 0
	for _, q := range s.net.Take() {
		if q.Type == dns.TypeDNSKEY {
			keys++
		}
	}
	// Three DNSKEY RRsets and two of DS; for each client an expanded answer and its proof.
	if got := s.Resolver.Verified().Signatures; keys != 3 || got > 5+2*clients {
		t.Errorf("%d questions for keys, %d signatures verified for %d clients", keys, got, clients)
	}
}
