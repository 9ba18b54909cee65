package integration_test

import (
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/testbed/sim"
)

// A CNAME that a DNAME makes lasts as long as that does: the time that is left to a DNAME from the cache, whatever TTL the
// server gave to the CNAME beside it, 0 or that of the DNAME.
//
// RFC: 6672.1
func TestTTLOfACNAMEThatADNAMEMakes(t *testing.T) {
	for _, ttl := range []uint32{0, 300, 7} {
		s := simulate(t, `
$SERVER ns.root. 192.0.2.1
$SERVER ns.example. 192.0.2.2
$ZONE . ns.root. ecdsap256sha256
$ZONE example. ns.example. ecdsap256sha256
old 300 DNAME new
x.new 3600 A 192.0.2.80
y.new 3600 A 192.0.2.81
`, "")
		s.internet.Server("ns.example.").Faults.Hook = func(_ sim.Packet, _, m *dns.Msg) bool {
			for i, rr := range m.Answer {
				if cname, ok := rr.(*dns.CNAME); ok {
					other := *cname
					other.Hdr.Ttl = ttl
					m.Answer[i] = &other
				}
			}
			return true
		}
		left := func(name string, want uint32) {
			t.Helper()
			m := s.ask(name, dns.TypeA, flags{ad: true})
			if len(m.Answer) != 3 || !m.AuthenticatedData {
				t.Fatalf("%s: %s", name, m)
			}
			for _, rr := range m.Answer[:2] {
				if rr.Header().Ttl != want {
					t.Errorf("CNAME of TTL %d: %s, want TTL %d", ttl, rr, want)
				}
			}
		}
		left("x.old.example.", 300)
		s.clock.Advance(100 * time.Second)
		s.ask("y.new.example.", dns.TypeA, flags{}) // so that the target is known, too
		s.net.Take()
		left("y.old.example.", 200)
		if sent, _ := s.sentTo(""); sent > 0 {
			t.Errorf("%d questions for what the cache has", sent)
		}
	}
}

// What a server gives to type ANY is kept as the RRsets that it is, and what it leaves out may be there all the same.
//
// RFC: 8482.2
func TestANYDeniesNothing(t *testing.T) {
	s := simulate(t, `
$SERVER ns.root. 192.0.2.1
$SERVER ns.example. 192.0.2.2
$ZONE . ns.root. ed25519
$ZONE example. ns.example.
www A 192.0.2.80
www AAAA 2001:db8::80
www MX 10 mail
`, "serve-any: full\nvalidation: {mode: off}\n")
	s.internet.Server("ns.example.").Faults.Hook = func(_ sim.Packet, q, m *dns.Msg) bool {
		if q.Question[0].Qtype == dns.TypeANY {
			m.Answer = m.Answer[:1]
		}
		return true
	}
	if m := s.ask("www.example.", dns.TypeANY, flags{}); len(m.Answer) != 1 || m.Answer[0].Header().Rrtype != dns.TypeA {
		t.Fatal(m)
	}
	s.net.Take()
	for _, c := range []struct {
		qtype uint16
		sent  int
	}{{dns.TypeA, 0}, {dns.TypeAAAA, 1}, {dns.TypeMX, 1}, {dns.TypeTXT, 1}} {
		m := s.ask("www.example.", c.qtype, flags{})
		if sent, _ := s.sentTo(""); sent != c.sent || (len(m.Answer) == 0) != (c.qtype == dns.TypeTXT) {
			t.Errorf("%s: %d questions\n%s", dns.TypeToString[c.qtype], sent, m)
		}
	}
}

// While the servers of a zone do not answer, those of the zones above are not asked for its delegation, whatever is asked
// for.
//
// RFC: 9520.3, 4697.1
func TestAFailingZoneCostsItsParentsNothing(t *testing.T) {
	s := simulate(t, `
$SERVER ns.root. 192.0.2.1
$SERVER ns.tld. 192.0.2.2
$SERVER ns1.dead.tld. 192.0.2.3
$SERVER ns2.dead.tld. 192.0.2.4
$ZONE . ns.root. ed25519
$ZONE tld. ns.tld.
$ZONE dead.tld. ns1.dead.tld. ns2.dead.tld.
www A 192.0.2.80
`, "validation: {mode: off}\n")
	for _, name := range []string{"ns1.dead.tld.", "ns2.dead.tld."} {
		s.internet.Server(name).Faults.Silence = true
	}
	s.ask("www.dead.tld.", dns.TypeA, flags{})
	s.net.Take()
	for i, name := range []string{"www.dead.tld.", "other.dead.tld.", "a.b.c.dead.tld.", "dead.tld.", "new.dead.tld."} {
		for _, qtype := range []uint16{dns.TypeA, dns.TypeNS, dns.TypeMX, dns.TypeSOA} {
			if m := s.ask(name, qtype, flags{}); m.Rcode != dns.RcodeServerFailure {
				t.Errorf("%s %s: %s", name, dns.TypeToString[qtype], m)
			}
		}
		s.clock.Advance(time.Duration(i) * time.Second)
	}
	for _, q := range s.net.Take() {
		if to := q.To.Addr().String(); to == "192.0.2.1" || to == "192.0.2.2" {
			t.Errorf("%s was asked for %s", to, q.Name)
		}
	}
}

// AD speaks of the whole answer: it is clear where one part of an alias chain is not signed, be it the first, the last or
// one between, and AA, which would speak of the first name, is nobody's here.
//
// RFC: 6604.2
func TestADSpeaksOfTheWholeChain(t *testing.T) {
	s := simulate(t, `
$SERVER ns.root. 192.0.2.1
$SERVER ns.signed. 192.0.2.2
$SERVER ns.plain. 192.0.2.3
$ZONE . ns.root. ecdsap256sha256
$ZONE signed. ns.signed. ecdsap256sha256
www.signed. A 192.0.2.80
in.signed. CNAME www.signed.
across.signed. CNAME www.other.
last.signed. CNAME www.plain.
between.signed. CNAME back.plain.
none.signed. CNAME nothing.plain.
$ZONE other. ns.signed. ecdsap256sha256
www.other. A 192.0.2.81
$ZONE plain. ns.plain.
www.plain. A 192.0.2.82
back.plain. CNAME www.signed.
`, "")
	for name, want := range map[string]bool{
		"www.signed.": true, "in.signed.": true, "across.signed.": true,
		"last.signed.": false, "between.signed.": false, "back.plain.": false, "none.signed.": false,
	} {
		for _, from := range []string{"the servers", "the cache"} {
			m := s.ask(name, dns.TypeA, flags{ad: true})
			if m.AuthenticatedData != want || m.Authoritative {
				t.Errorf("%s from %s: AD %t, AA %t", name, from, m.AuthenticatedData, m.Authoritative)
			}
		}
	}
}
