package recursor_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/ede"
	"recursor/dns/wire"
	"recursor/random"
	"recursor/recursor"
	"recursor/recursor/delegation"
	"recursor/testbed/sim"
)

func configured(zone string, kind delegation.Kind, first bool, to ...string) *delegation.Point {
	p := &delegation.Point{Zone: name(zone), Kind: kind, First: first}
	for _, a := range to {
		p.Addrs = append(p.Addrs, netip.MustParseAddrPort(a))
	}
	return p
}

// forwarder answers as a resolver does: RA, no AA.
func forwarder(w *world, addr, origin, text string) *sim.Authority {
	a := w.serve(addr, origin, text)
	a.Faults.Hook = func(_ sim.Packet, q, m *dns.Msg) bool {
		if !q.RecursionDesired {
			m.Rcode, m.Answer, m.Ns = dns.RcodeRefused, nil, nil
		}
		m.Authoritative, m.RecursionAvailable = false, true
		return true
	}
	return a
}

func TestForwardZone(t *testing.T) {
	w := newWorld(t, "", "")
	w.options.Delegations.Configured = []*delegation.Point{configured("corp.example.", delegation.Forward, false, "192.0.2.53:5353")}
	w.start()
	forwarder(w, "192.0.2.53", "corp.example.", "@ SOA a b 1 2 3 4 5\na.b.www A 192.0.2.80\n")
	w.wantA(w.ask("a.b.www.corp.example.", wire.TypeA), "192.0.2.80")
	w.wantSent("192.0.2.53 a.b.www.corp.example. A") // the whole name, at once
	if o := w.ask("www.example.", wire.TypeA); o.RCode != wire.NXDomain {
		t.Errorf("a name beside the forward zone: %v", o.RCode)
	}
	w.wantSent(rootAddr + " example. A")
}

// RFC: X.5 — what a forwarder says beyond its zone is not believed (MaginotDNS).
func TestForwarderCannotPoisonOtherZones(t *testing.T) {
	w := newWorld(t, exampleAt1, "")
	w.options.Delegations.Configured = []*delegation.Point{configured("corp.example.", delegation.Forward, false, "192.0.2.53:53")}
	w.start()
	w.example("192.0.2.1", "example.com.")
	a := forwarder(w, "192.0.2.53", "corp.example.", "@ SOA a b 1 2 3 4 5\nwww CNAME www.example.com.\n")
	a.Faults.Extra = sim.Extra{
		Answer:     []dns.RR{rr(t, "www.example.com. 3600 A 192.0.2.66")},
		Authority:  []dns.RR{rr(t, "example.com. 3600 NS ns.evil.net."), rr(t, "com. 3600 NS ns.evil.net.")},
		Additional: []dns.RR{rr(t, "ns.evil.net. 3600 A 192.0.2.66")},
	}
	w.wantA(w.ask("www.corp.example.", wire.TypeA), "192.0.2.80")
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
}

func TestForwardFirst(t *testing.T) {
	for _, c := range []struct {
		first bool
		want  wire.RCode
	}{{true, wire.NoError}, {false, wire.ServFail}} {
		w := newWorld(t, exampleAt1, "")
		w.options.Delegations.Configured = []*delegation.Point{configured("example.com.", delegation.Forward, c.first, "192.0.2.53:53")}
		w.start()
		w.example("192.0.2.1", "example.com.")
		forwarder(w, "192.0.2.53", "example.com.", "@ SOA a b 1 2 3 4 5").Faults = sim.Faults{RCode: dns.RcodeServerFailure}
		w.wantRCode(w.ask("www.example.com.", wire.TypeA), c.want)
	}
}

// A dead forwarder costs time until it is known to be dead. From then on it is probed: after five seconds, ten, and so on
// up to five minutes; what comes between costs nothing.
func TestADeadForwarderIsLeftAlone(t *testing.T) {
	w := newWorld(t, exampleAt1, "")
	w.options.Delegations.Configured = []*delegation.Point{configured("example.com.", delegation.Forward, true, "192.0.2.53:53")}
	w.start()
	var names strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&names, "n%d A 192.0.2.80\n", i)
	}
	w.example("192.0.2.1", "example.com.", names.String())
	dead := forwarder(w, "192.0.2.53", "example.com.", "@ SOA a b 1 2 3 4 5\n")
	dead.Faults.Silence = true

	began := w.clock.Now().TTL
	var slow []time.Duration
	for i := range 1500 { // a name a second
		o := w.ask(fmt.Sprintf("n%d.example.com.", i), wire.TypeA)
		w.wantA(o, "192.0.2.80")
		if o.took > 100*time.Millisecond {
			slow = append(slow, w.clock.Now().TTL.Sub(began).Round(time.Second))
		}
		w.clock.Advance(max(0, time.Second-o.took))
	}
	// Two names until it is down, then the probes.
	want := []time.Duration{3, 3, 9, 20, 41, 82, 163, 324, 625, 926, 1227}
	for i := range want {
		want[i] *= time.Second
	}
	if !slices.Equal(slow, want) {
		t.Errorf("waited at %v, want %v", slow, want)
	}
	if n := dead.Asked(); n != 13 {
		t.Errorf("the forwarder was asked %d times", n)
	}

	// It comes back, and is used again when its time has come.
	dead.Faults.Silence = false
	w.clock.Advance(5 * time.Minute)
	w.sent()
	w.wantRCode(w.ask("x.example.com.", wire.TypeA), wire.NXDomain)
	w.wantRCode(w.ask("y.example.com.", wire.TypeA), wire.NXDomain)
	w.wantSent("192.0.2.53 x.example.com. A", "192.0.2.53 y.example.com. A")
}

// A forward zone within another, both with a way around them: each is passed by once, and the walk goes on.
func TestForwardZonesWithinOneAnotherThatFail(t *testing.T) {
	for _, first := range []bool{true, false} {
		w := newWorld(t, exampleAt1, "")
		w.options.Delegations.Configured = []*delegation.Point{
			configured("sub.example.com.", delegation.Forward, true, "192.0.2.53:53"),
			configured("example.com.", delegation.Forward, true, "192.0.2.54:53"),
			configured(".", delegation.Forward, first, "192.0.2.55:53"),
		}
		w.start()
		w.example("192.0.2.1", "example.com.", "www.sub A 192.0.2.81")
		for _, a := range []string{"192.0.2.53", "192.0.2.54", "192.0.2.55"} {
			forwarder(w, a, "example.com.", "@ SOA a b 1 2 3 4 5").Faults = sim.Faults{RCode: dns.RcodeServerFailure}
		}
		o := w.ask("www.sub.example.com.", wire.TypeA)
		asked := []string{"192.0.2.53 www.sub.example.com. A", "192.0.2.54 www.sub.example.com. A", "192.0.2.55 www.sub.example.com. A"}
		if first {
			w.wantA(o, "192.0.2.81")
			asked = append(asked, rootAddr+" com. A", comAddr+" example.com. A", "192.0.2.1 sub.example.com. A", "192.0.2.1 www.sub.example.com. A")
		} else {
			w.wantRCode(o, wire.ServFail)
		}
		w.wantSent(asked...)
	}
}

// A zone whose only server is silent: it is asked four times, and then once for each name, which fails fast.
func TestASoleServerIsDeclaredDown(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	w.example("192.0.2.1", "example.com.").Faults.Silence = true
	w.wantRCode(w.ask("a.example.com.", wire.TypeA), wire.ServFail)
	w.clock.Advance(2 * time.Second)
	w.sent()
	o := w.ask("b.example.com.", wire.TypeA)
	w.wantRCode(o, wire.ServFail)
	w.wantSent("192.0.2.1 b.example.com. A")
	if o.took > 500*time.Millisecond {
		t.Errorf("took %v", o.took)
	}
	w.servers["192.0.2.1"].Faults.Silence = false
	w.clock.Advance(time.Second)
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
}

// A forwarder that refers us to others does not recurse: it is of no use, which is not to say that there is no data.
func TestForwarderThatDoesNotRecurse(t *testing.T) {
	for _, first := range []bool{true, false} {
		w := newWorld(t, exampleAt1, "")
		w.options.Delegations.Configured = []*delegation.Point{configured("com.", delegation.Forward, first, "192.0.2.53:53")}
		w.start()
		w.example("192.0.2.1", "example.com.")
		w.serve("192.0.2.53", "com.", "@ SOA a b 1 2 3 4 5\n@ NS a.gtld-servers.net.\n"+exampleAt1)
		o := w.ask("www.example.com.", wire.TypeA)
		if first {
			w.wantA(o, "192.0.2.80")
			w.wantSent("192.0.2.53 www.example.com. A", rootAddr+" com. A", comAddr+" example.com. A", "192.0.2.1 www.example.com. A")
			continue
		}
		w.wantRCode(o, wire.ServFail)
		if ede.CodeOf(o.err) != ede.NoReachableAuthority || !strings.Contains(o.err.Error(), "forwarders: 192.0.2.53 a referral: it does not recurse") {
			t.Errorf("EDE %d: %v", ede.CodeOf(o.err), o.err)
		}
		w.wantSent("192.0.2.53 www.example.com. A")
	}
}

func TestStubZone(t *testing.T) {
	w := newWorld(t, "", "")
	w.options.Delegations.Configured = []*delegation.Point{configured("corp.example.", delegation.Stub, false, "192.0.2.53:53")}
	w.start()
	w.serve("192.0.2.53", "corp.example.", "@ SOA a b 1 2 3 4 5\n@ NS ns\nsub NS ns.sub\nns.sub A 192.0.2.54\nwww A 192.0.2.80")
	w.serve("192.0.2.54", "sub.corp.example.", "@ SOA a b 1 2 3 4 5\n@ NS ns\nwww A 192.0.2.81")
	w.wantA(w.ask("www.corp.example.", wire.TypeA), "192.0.2.80")
	w.wantA(w.ask("www.sub.corp.example.", wire.TypeA), "192.0.2.81")
	w.wantSent("192.0.2.53 www.corp.example. A", "192.0.2.53 sub.corp.example. A", "192.0.2.54 www.sub.corp.example. A")
	for _, s := range w.net.Take() {
		if s.RD {
			t.Errorf("RD to an authority: %v", s)
		}
	}
}

// RFC: 9609.1 RFC: 9609.2 RFC: 9609.4
func TestPriming(t *testing.T) {
	w := newWorld(t, exampleAt1, "")
	w.options.Walk.Priming = true
	w.start()
	w.example("192.0.2.1", "example.com.")
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	primes := 0
	for _, s := range w.net.Take() {
		if s.Query() == ". NS" {
			primes++
			if !s.DO || s.Payload < 1024 {
				t.Errorf("priming query %v", s)
			}
		}
	}
	if primes != 1 {
		t.Fatalf("%d priming queries", primes)
	}
	w.ask("www.other.net.", wire.TypeA)
	for _, s := range w.sent() {
		if s == rootAddr+" . NS" {
			t.Error("primed again")
		}
	}
	w.clock.Advance(25 * 3600e9)
	w.ask("www.example.com.", wire.TypeA)
	primes = 0
	for _, s := range w.net.Take() {
		if s.Query() == ". NS" {
			primes++
		}
	}
	if primes != 1 {
		t.Errorf("%d priming queries after the root's NS set expired", primes)
	}
}

// Which of the hints is asked first is left to chance.
//
// RFC: 9609.3
func TestPrimingAsksAnyRootServer(t *testing.T) {
	roots := []string{rootAddr, "192.0.2.101", "192.0.2.102", "192.0.2.103", "192.0.2.104"}
	asked := map[string]int{}
	for seed := range uint64(40) {
		w := newWorld(t, exampleAt1, "")
		w.options.Walk.Priming = true
		hints := w.options.Delegations.Hints
		for i, addr := range roots[1:] {
			w.serve(addr, ".", rootZone)
			hints.Servers = append(hints.Servers, delegation.Server{
				Name: name(string(rune('b'+i)) + ".root-servers.net."), Addrs: []netip.Addr{netip.MustParseAddr(addr)},
			})
		}
		w.Resolver = recursor.New(recursor.Parts{
			Clock: w.clock, Net: w.net, Cache: w.cache, Seeds: &random.Replay{Seed: seed},
		}, w.options)
		w.example("192.0.2.1", "example.com.")
		w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
		for _, s := range w.net.Take() {
			if s.Query() == ". NS" {
				asked[s.To.Addr().String()]++
			}
		}
	}
	for _, addr := range roots {
		if n := asked[addr]; n == 0 || n > 20 {
			t.Errorf("%s was asked %d times of 40: %v", addr, n, asked)
		}
	}
}

// Where no root server answers, whoever asks is told that it is the hints that do not work.
func TestHintsThatNobodyAnswersAt(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	w.net.Block(netip.MustParsePrefix(rootAddr+"/32"), sim.Down)
	o := w.ask("www.example.com.", wire.TypeA)
	w.wantRCode(o, wire.ServFail)
	if want := "root hints: " + rootAddr + " timed out"; o.err == nil || !strings.Contains(o.err.Error(), want) {
		t.Errorf("%v; want %q", o.err, want)
	}
	if len(w.sent()) > 5 {
		t.Error("asked too often")
	}
}

func TestHintsStayUsableWherePrimingFails(t *testing.T) {
	w := newWorld(t, exampleAt1, "")
	w.options.Walk.Priming = true
	w.start()
	w.servers[rootAddr].Faults.DropTypes = []uint16{dns.TypeNS}
	w.example("192.0.2.1", "example.com.")
	o := w.ask("www.example.com.", wire.TypeA)
	w.wantA(o, "192.0.2.80")
	if o.took > 100e6 {
		t.Errorf("the walk waited for priming: %v", o.took)
	}
}
