package scenario_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/random"
	"recursor/testbed/scenario"
	"recursor/testbed/sim"

	"recursor/daemon"
	"recursor/frontend"
	"recursor/recursor/delegation"
)

// What a resolver does in one simulation is recorded and replayed in another: a
// lame server beside one that knows no EDNS.
func TestRecordAndReplay(t *testing.T) {
	c := sim.NewClock(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	defer c.Close()
	net := sim.NewNetwork(c, 1)
	for addr, zones := range map[string][][2]string{
		"192.0.2.1":  {{".", "@ SOA a. b. 1 2 3 4 5\n@ NS a.\na. A 192.0.2.1\nexample. NS ns1.example.\nexample. NS ns2.example.\nns1.example. A 192.0.2.10\nns2.example. A 192.0.2.11"}},
		"192.0.2.10": {{"example.", "@ SOA ns1 b 1 2 3 4 5\n@ NS ns1\nwww A 192.0.2.80"}},
		"192.0.2.11": {},
	} {
		a := sim.NewAuthority(addr, 1)
		for _, z := range zones {
			zone, err := sim.ParseZone(z[0], "$TTL 3600\n"+z[1])
			if err != nil {
				t.Fatal(err)
			}
			a.Serve(zone)
		}
		if addr == "192.0.2.10" {
			a.Faults = sim.Faults{EDNS: sim.EDNSFormErr}
		}
		net.Attach(netip.MustParseAddr(addr), a)
	}
	text := record(t, c, net)
	for _, want := range []string{
		"; This is what happened when www.example. A was asked for on 2026-11-23 at 12:00:00 UTC.\n",
		"\tvalidation.mode: off\n", "MATCH opcode qtype qname DO\n", "noedns", "ADDRESS 192.0.2.11\n", "MATCH TCP\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in it", want)
		}
	}
	r := play(t, "sections+ede", text)
	wantPassed(t, r)
	if t.Failed() {
		t.Log(text)
	}
}

// record asks for www.example. over the network and is the scenario made of it.
func record(t *testing.T, c *sim.Clock, net *sim.Network) string {
	t.Helper()
	config, err := daemon.Parse("test", []byte("upstream: {allow-special-addresses: true, priming: false}\nvalidation: {mode: \"off\"}\ncache: {size: 8MB}\n"))
	if err != nil {
		t.Fatal(err)
	}
	recorder := scenario.NewRecorder(net)
	root := netip.MustParseAddr("192.0.2.1")
	engine, err := daemon.NewEngine(config, daemon.World{
		Clock: c, Net: recorder, Watch: recorder, Seeds: &random.Replay{Seed: 3},
		Hints: &delegation.Point{Zone: domain.Root(), Hints: true, Servers: []delegation.Server{{Name: domain.MustParse("a."), Addrs: []netip.Addr{root}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	rec := scenario.Recording{
		Title: "recorded", When: c.Now().Signature, Roots: []netip.Addr{root}, Settings: config.Changed(),
		Query: scenario.NewQuery(domain.MustParse("www.example."), wire.TypeA),
	}
	c.Run(func() {
		q := frontend.Query{Message: rec.Query, Client: netip.MustParseAddrPort("127.0.0.1:4096"), Transport: frontend.TCP}
		engine.Handler(context.Background()).Miss(&q, func(msg []byte) { rec.Reply = msg })
	})
	text, err := recorder.Write(rec)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What the network does not reach in the recording it does not reach in the
// replay.
func TestRecordUnreachable(t *testing.T) {
	c := sim.NewClock(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	defer c.Close()
	net := sim.NewNetwork(c, 1)
	zone, err := sim.ParseZone(".", "$TTL 3600\n@ SOA a. b. 1 2 3 4 5\n@ NS a.\na. A 192.0.2.1\nexample. NS ns.example.\nns.example. AAAA 2001:4860::10")
	if err != nil {
		t.Fatal(err)
	}
	a := sim.NewAuthority("a", 1)
	a.Serve(zone)
	net.Attach(netip.MustParseAddr("192.0.2.1"), a)
	net.Block(netip.MustParsePrefix("2001:4860::/32"), sim.NoRoute)
	text := record(t, c, net)
	for _, want := range []string{"; servers that the network did not reach\nRANGE_BEGIN 0 100\n\tADDRESS 2001:4860::10\n", "ADJUST unreachable\n", "ede=any"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in it", want)
		}
	}
	r := play(t, "sections+ede", text)
	if wantPassed(t, r); r.Elapsed > time.Second {
		t.Errorf("it took %v to notice", r.Elapsed)
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestWriteNeedsMessages(t *testing.T) {
	query := scenario.NewQuery(domain.MustParse("a."), wire.TypeA)
	for _, rec := range []scenario.Recording{{Query: query[:5]}, {Query: query, Reply: query[:20]}} {
		if text, err := scenario.NewRecorder(nil).Write(rec); err == nil {
			t.Errorf("written:\n%s", text)
		}
	}
}
