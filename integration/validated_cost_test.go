package integration_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/wire"
	"recursor/recursor"
	"recursor/testbed/sim"
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

// A zone's keys are asked of the server that its data is asked of: of two servers that nobody knows yet, each may be the
// slow one. Who checks for himself needs no keys of ours.
func TestKeysAreAskedWhereTheDataIs(t *testing.T) {
	text := "$SERVER ns.root. 192.0.2.1 rtt=20ms\n$ZONE . ns.root. ecdsap256sha256\n"
	servers := ""
	for i := range 6 {
		servers += fmt.Sprintf(" ns%d.host.", i)
		text = fmt.Sprintf("$SERVER ns%d.host. 192.0.2.%d rtt=20ms\n", i, 10+i) + text
	}
	const zones = 12
	for i := range zones {
		text += fmt.Sprintf("$ZONE z%d.%s ecdsap256sha256\nwww A 192.0.2.11\n", i, servers)
	}
	s := simulate(t, text, "")
	for i := range zones {
		cd := i%3 == 0
		if m := s.ask(fmt.Sprintf("www.z%d.", i), dns.TypeA, flags{ad: true, cd: cd}); len(m.Answer) != 1 || m.AuthenticatedData == cd {
			t.Fatal(m)
		}
		var data, keys []netip.Addr
		for _, q := range s.net.Take() {
			switch {
			case q.To.Addr() == netip.MustParseAddr("192.0.2.1"):
			case q.Type == dns.TypeDNSKEY:
				keys = append(keys, q.To.Addr())
			case q.Type == dns.TypeA:
				data = append(data, q.To.Addr())
			}
		}
		if cd && len(keys) > 0 || !cd && !slices.Equal(data, keys) {
			t.Errorf("zone %d, CD %v: data asked of %v, keys of %v", i, cd, data, keys)
		}
	}
}

// One of the two servers of a parent has signatures of DS RRsets that are damaged. The other one is heard before a child
// is bogus, for the DS too and not for the parent's keys alone (RFC 8901 §9, RFC 4035 §5.5).
func TestTheOtherServerIsHeard(t *testing.T) {
	const zones = 24
	text := `
$SERVER ns.root. 192.0.2.1
$SERVER ns1.tld. 192.0.2.2
$SERVER ns2.tld. 192.0.2.3 rtt=60ms
$SERVER ns.host. 192.0.2.4
$ZONE . ns.root. ecdsap256sha256
$ZONE host. ns.host.
$ZONE tld. ns1.tld. ns2.tld.
`
	for i := range zones {
		text += fmt.Sprintf("$ZONE t%d. ns1.tld. ns2.tld. ecdsap256sha256\n$ZONE z.t%d. ns.host. ecdsap256sha256\nwww A 192.0.2.11\n", i, i)
	}
	s := simulate(t, text, "")
	s.internet.Server("ns1.tld.").Faults.Hook = func(_ sim.Packet, _, m *dns.Msg) bool {
		for _, section := range [][]dns.RR{m.Answer, m.Ns} {
			for i, rr := range section {
				if sig, ok := rr.(*dns.RRSIG); ok && sig.TypeCovered == dns.TypeDS {
					damaged := *sig
					damaged.Signature = strings.Repeat("A", 84) + "AA=="
					section[i] = &damaged
				}
			}
		}
		return true
	}
	for i := range zones {
		if m := s.ask(fmt.Sprintf("www.z.t%d.", i), dns.TypeA, flags{ad: true}); len(m.Answer) != 1 || !m.AuthenticatedData {
			t.Errorf("zone %d: %v %v", i, m.Msg, m.edes)
		}
	}
}

// A zone whose servers each show other keys, and none that its DS records stand for, is bogus after five more questions for
// keys, however many of its servers are asked for the data ("Roll Over and Die").
//
// RFC: 8901.1
func TestWrongKeysAreAskedForFiveTimes(t *testing.T) {
	const servers = 12
	text, names := "$SERVER ns.root. 192.0.2.1\n", ""
	for i := range servers {
		text += fmt.Sprintf("$SERVER ns%d.z. 192.0.2.%d\n", i, 10+i)
		names += fmt.Sprintf(" ns%d.z.", i)
	}
	for most, want := range map[int]int{5: 1 + 5, 0: 1, 2: 1 + 2} {
		s := simulate(t, text+"$ZONE . ns.root. ecdsap256sha256\n$ZONE z."+names+" ecdsap256sha256\nwww A 192.0.2.80\n",
			fmt.Sprintf("limits: {servers-after-bogus: %d}\n", most))
		for i := range servers {
			s.internet.Server(fmt.Sprintf("ns%d.z.", i)).Faults.Hook = func(_ sim.Packet, _, m *dns.Msg) bool {
				for j, rr := range m.Answer {
					if key, ok := rr.(*dns.DNSKEY); ok {
						other := *key
						other.PublicKey = fmt.Sprintf("%c%c", 'A'+i, 'A'+i) + key.PublicKey[2:]
						m.Answer[j] = &other
					}
				}
				return true
			}
		}
		m := s.ask("www.z.", dns.TypeA, flags{ad: true})
		keys, data := 0, 0
		for _, q := range s.net.Take() {
			switch {
			case q.To.Addr() == netip.MustParseAddr("192.0.2.1"):
			case q.Type == dns.TypeDNSKEY:
				keys++
			case q.Type == dns.TypeA:
				data++
			}
		}
		if m.Rcode != dns.RcodeServerFailure || keys != want || data != 1+most {
			t.Errorf("%d more: %s %v after %d questions for keys and %d for data", most, dns.RcodeToString[m.Rcode], m.edes, keys, data)
		}
	}
}
