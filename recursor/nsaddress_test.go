package recursor_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/wire"
	"recursor/recursor/iterate"
	"recursor/testbed/sim"
)

// TestAKnownAbsenceOfAServerCostsNoTime: what the cache knows of a name server is
// there at once, also where it is that it has no address.
func TestAKnownAbsenceOfAServerCostsNoTime(t *testing.T) {
	w := newWorld(t, "example NS ns.gone.net.", "").start()
	w.wantRCode(w.ask("www.example.com.", wire.TypeA), wire.ServFail)
	w.sent()
	o := w.ask("mail.example.com.", wire.TypeA)
	w.wantRCode(o, wire.ServFail)
	w.wantSent()
	if o.took != 0 {
		t.Errorf("took %v without a question", o.took)
	}
}

// TestMissingGlueIsAskedForAtTheParent: com. refers without the glue that only it
// can give, and gives it when asked, here behind an alias.
func TestMissingGlueIsAskedForAtTheParent(t *testing.T) {
	w := newWorld(t, "example NS ns.example", "").start()
	w.servers[comAddr].Faults.Hook = func(_ sim.Packet, q, m *dns.Msg) bool {
		switch strings.ToLower(q.Question[0].Name) {
		case "ns.example.com.":
			m.Answer, m.Ns = []dns.RR{rr(t, "ns.example.com. 300 CNAME ns2.example.com.")}, nil
		case "ns2.example.com.":
			m.Answer, m.Ns = []dns.RR{rr(t, "ns2.example.com. 300 A 192.0.2.1")}, nil
		default:
			return true
		}
		m.Authoritative = true
		return true
	}
	w.options.Walk.Minimise = iterate.Off
	w.start()
	w.example("192.0.2.1", "example.com.")
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
}

// TestAZoneBehindItsOwnServersEnds: there is no way to an address, and the search
// for one ends soon.
func TestAZoneBehindItsOwnServersEnds(t *testing.T) {
	w := newWorld(t, "example NS ns1.example\nexample NS ns2.example", "").start()
	w.wantRCode(w.ask("www.example.com.", wire.TypeA), wire.ServFail)
	if sent := w.sent(); len(sent) > 20 {
		t.Errorf("%d queries: %v", len(sent), sent)
	}
}

// TestGlueOfTheServersZoneIsTheLastResort: what the zone of the name server says of
// its address is wrong, what its parent says is right.
func TestGlueOfTheServersZoneIsTheLastResort(t *testing.T) {
	w := newWorld(t, "example NS ns.hoster.net.", "hoster NS ns.hoster\nns.hoster A 192.0.2.2").start()
	w.serve("192.0.2.2", "hoster.net.", "@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 192.0.2.3")
	w.serve("192.0.2.3", "hoster.net.", "@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 192.0.2.3").Faults.RCode = dns.RcodeServerFailure
	w.example("192.0.2.2", "example.com.")
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
}

// TestTwoNamesOfOneServer: the second name has an address, if no new one, so that
// none is looked for.
func TestTwoNamesOfOneServer(t *testing.T) {
	w := newWorld(t, "example NS ns1.example\nexample NS ns2.example\nns1.example A 192.0.2.1\nns2.example A 192.0.2.1", "").start()
	w.example("192.0.2.1", "example.com.").Faults.RCode = dns.RcodeServerFailure
	w.wantRCode(w.ask("www.example.com.", wire.TypeA), wire.ServFail)
	w.wantSent(rootAddr+" com. A", comAddr+" example.com. A", "192.0.2.1 www.example.com. A")
}

// hosted is a world with zones behind name servers of a hoster, without glue, that answer after so long.
func hosted(t *testing.T, zones int, after ...time.Duration) *world {
	var com, hoster strings.Builder
	for i := range after {
		for z := range zones {
			fmt.Fprintf(&com, "z%d NS ns%d.hoster.net.\n", z, i)
		}
		fmt.Fprintf(&hoster, "ns%d A 192.0.2.%d\n", i, 10+i)
	}
	w := newWorld(t, com.String(), "hoster NS ns.hoster\nns.hoster A 192.0.2.2").start()
	w.example("192.0.2.2", "hoster.net.", hoster.String())
	for i, d := range after {
		for z := range zones {
			w.example(fmt.Sprintf("192.0.2.%d", 10+i), fmt.Sprintf("z%d.com.", z)).Faults.Delay = d
		}
	}
	return w
}

// TestMoreServersAreLookedForWhereNoneIsFast: the first address that was found is not asked for ever. Others are
// looked for while nobody waits, three at most.
func TestMoreServersAreLookedForWhereNoneIsFast(t *testing.T) {
	const zones = 12
	w := hosted(t, zones, 90*time.Millisecond, 80*time.Millisecond, 70*time.Millisecond, 60*time.Millisecond)
	for z := range zones {
		w.wantA(w.ask(fmt.Sprintf("www.z%d.com.", z), wire.TypeA), "192.0.2.80")
	}
	lookups, asked := 0, map[string]int{}
	for _, s := range w.sent() {
		switch {
		case strings.Contains(s, ".hoster.net."):
			lookups++
		case strings.HasPrefix(s, "192.0.2.1"):
			asked[strings.Fields(s)[0]]++
		}
	}
	best := ""
	for i := range 4 { // the fastest of the three that are known
		if _, ok := w.cache.Get(name(fmt.Sprintf("ns%d.hoster.net.", i)), wire.TypeA, w.clock.Now().TTL); ok {
			best = fmt.Sprintf("192.0.2.%d", 10+i)
		}
	}
	if lookups != 3 || asked[best] < zones-4 { // one may be tried again
		t.Errorf("%d look-ups; asked %v, and %s is the fastest", lookups, asked, best)
	}
}

// TestOneFastServerIsEnough: nobody looks for others.
func TestOneFastServerIsEnough(t *testing.T) {
	const zones = 12
	w := hosted(t, zones, 0, 0, 0)
	w.net.RTT = 10 * time.Millisecond
	for z := range zones {
		w.wantA(w.ask(fmt.Sprintf("www.z%d.com.", z), wire.TypeA), "192.0.2.80")
	}
	lookups := 0
	for _, s := range w.sent() {
		if strings.Contains(s, ".hoster.net.") {
			lookups++
		}
	}
	if lookups != 1 {
		t.Errorf("%d look-ups", lookups)
	}
}
