package recursor_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"recursor/dns/wire"
	"recursor/testbed/sim"
)

const dualStack = "example NS ns1.example\nexample NS ns2.example\n" +
	"ns1.example A 192.0.2.1\nns1.example AAAA 2001:db8::1\nns2.example A 192.0.2.2\nns2.example AAAA 2001:db8::2"

func dual(w *world) []string {
	addrs := []string{"192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2"}
	for _, a := range addrs {
		z := "@ SOA ns1 host 1 2 3 4 5\n@ NS ns1\n"
		for i := range 40 {
			z += fmt.Sprintf("n%d A 192.0.2.80\n", i)
		}
		w.serve(a, "example.com.", z)
	}
	return addrs
}

func TestADeadFamilyCostsOneDelay(t *testing.T) {
	w := newWorld(t, dualStack, "").start()
	dual(w)
	w.net.Block(netip.MustParsePrefix("2001:db8::/32"), sim.Down)
	slow := 0
	for i := range 40 {
		o := w.ask(fmt.Sprintf("n%d.example.com.", i), wire.TypeA)
		if o.err != nil {
			t.Fatal(o.err)
		}
		if o.took > 100*time.Millisecond {
			slow++
		}
	}
	if slow > 1 {
		t.Errorf("%d of 40 queries were delayed", slow)
	}
	// It is probed again, and used when it is back.
	w.net.Block(netip.MustParsePrefix("2001:db8::/32"), sim.Up)
	w.clock.Advance(10 * time.Minute)
	w.sent()
	for i := range 40 {
		w.clock.Advance(5 * time.Minute)
		w.ask(fmt.Sprintf("m%d.example.com.", i), wire.TypeA)
	}
	if sent := strings.Join(w.sent(), " "); !strings.Contains(sent, "2001:db8::") {
		t.Error("IPv6 is never tried again")
	}
}

func TestIPv6Only(t *testing.T) {
	w := newWorld(t, dualStack, "")
	w.options.Walk.Usable.NoIPv4 = true
	w.options.Delegations.Hints.Servers[0].Addrs = []netip.Addr{netip.MustParseAddr("2001:503:ba3e::2:30")}
	w.start()
	dual(w)
	w.serve("2001:503:ba3e::2:30", ".", strings.ReplaceAll(rootZone, "A 192.5.6.30", "AAAA 2001:503:a83e::2:30"))
	w.serve("2001:503:a83e::2:30", "com.", "@ SOA a b 1 2 3 4 5\n@ NS a.gtld-servers.net.\n"+dualStack)
	w.wantA(w.ask("n1.example.com.", wire.TypeA), "192.0.2.80")
	for _, s := range w.sent() {
		if strings.HasPrefix(s, "192.") {
			t.Error(s)
		}
	}
}

// A network that was down for long is used again within seconds, although every
// server was silent for all that time.
func TestTheNetworkComesBack(t *testing.T) {
	w := newWorld(t, dualStack, "").start()
	dual(w)
	if o := w.ask("n0.example.com.", wire.TypeA); o.err != nil {
		t.Fatal(o.err)
	}
	everything := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	for _, p := range everything {
		w.net.Block(p, sim.Down)
	}
	for i := range 60 { // an hour of attempts
		w.wantRCode(w.ask(fmt.Sprintf("n%d.example.com.", 1+i%20), wire.TypeA), wire.ServFail)
		w.clock.Advance(time.Minute)
	}
	for _, p := range everything {
		w.net.Block(p, sim.Up)
	}
	w.clock.Advance(2 * time.Second)
	o := w.ask("n1.example.com.", wire.TypeA)
	if o.err != nil {
		t.Fatalf("two seconds after the network came back: %v", o.err)
	}
	if o.took > time.Second {
		t.Errorf("took %v", o.took)
	}
}

func TestASlowServerIsHedged(t *testing.T) {
	w := newWorld(t, "example NS ns1.example\nexample NS ns2.example\nns1.example A 192.0.2.1\nns2.example A 192.0.2.2", "").start()
	for _, a := range []string{"192.0.2.1", "192.0.2.2"} {
		z := ""
		for i := range 60 {
			z += fmt.Sprintf("n%d A 192.0.2.80\n", i)
		}
		w.example(a, "example.com.", z)
	}
	for i := range 30 { // both are measured
		w.ask(fmt.Sprintf("n%d.example.com.", i), wire.TypeA)
	}
	w.servers["192.0.2.1"].Faults.Delay = 2 * time.Second
	for i := 30; i < 60; i++ {
		o := w.ask(fmt.Sprintf("n%d.example.com.", i), wire.TypeA)
		if o.err != nil || o.took > 100*time.Millisecond {
			t.Errorf("n%d: %v, %v", i, o.took, o.err)
		}
	}
}

func TestLossOfHalfThePackets(t *testing.T) {
	w := newWorld(t, dualStack, "").start()
	for _, a := range append(dual(w), comAddr, rootAddr) {
		l := w.net.Link(netip.MustParseAddr(a))
		l.Loss, l.LossBack = 0.3, 0.3
	}
	failed := 0
	for i := range 40 {
		if o := w.ask(fmt.Sprintf("n%d.example.com.", i), wire.TypeA); o.err != nil {
			failed++
			t.Log(i, o.took, o.err)
		}
	}
	if failed > 2 {
		t.Errorf("%d of 40 names failed at a loss of half the exchanges", failed)
	}
}

// RFC: 4697.5
func TestOtherServersAreTriedNowAndThen(t *testing.T) {
	w := newWorld(t, "example NS ns1.example\nexample NS ns2.example\nns1.example A 192.0.2.1\nns2.example A 192.0.2.2", "").start()
	w.example("192.0.2.1", "example.com.")
	w.example("192.0.2.2", "example.com.")
	w.net.Link(netip.MustParseAddr("192.0.2.1")).RTT = 80 * time.Millisecond
	w.net.Link(netip.MustParseAddr("192.0.2.2")).RTT = 5 * time.Millisecond
	for i := range 300 {
		w.ask(fmt.Sprintf("n%d.example.com.", i), wire.TypeA)
	}
	slow, fast := w.servers["192.0.2.1"].Asked(), w.servers["192.0.2.2"].Asked()
	if slow < 3 || slow > 60 || fast < 240 {
		t.Errorf("the slow server was asked %d times, the fast one %d times", slow, fast)
	}
}
