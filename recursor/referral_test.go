package recursor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/wire"
	"recursor/testbed/sim"
)

// RFC: 1034.2 RFC: 4697.1
func TestLameServerIsRememberedForItsZone(t *testing.T) {
	for _, lame := range []sim.Lame{sim.LameRefused, sim.LameUpward} {
		w := newWorld(t, "example NS ns1.example\nexample NS ns2.example\nns1.example A 192.0.2.1\nns2.example A 192.0.2.2", "").start()
		w.example("192.0.2.1", "example.com.", "a A 192.0.2.81", "b A 192.0.2.82", "c A 192.0.2.83").Faults.Lame = lame
		w.example("192.0.2.2", "example.com.", "a A 192.0.2.81", "b A 192.0.2.82", "c A 192.0.2.83")
		for _, n := range []string{"a", "b", "c", "www"} {
			if o := w.ask(n+".example.com.", wire.TypeA); o.err != nil {
				t.Fatal(o.err)
			}
		}
		if n := w.servers["192.0.2.1"].Asked(); n > 1 {
			t.Errorf("lame %d: asked %d times", lame, n)
		}
		// When all are lame, they are asked all the same.
		w.servers["192.0.2.2"].Faults.Lame = lame
		w.sent()
		o := w.ask("d.example.com.", wire.TypeA)
		w.wantRCode(o, wire.ServFail)
		if sent := strings.Join(w.sent(), " "); !strings.Contains(sent, "192.0.2.1") || strings.Contains(sent, comAddr) {
			t.Errorf("sent %v", sent)
		}
		if !strings.Contains(o.err.Error(), "192.0.2.2") {
			t.Errorf("the error names no server: %v", o.err)
		}
	}
}

// RFC: 5452.3 RFC: 2181.4
func TestNSBesideAnAnswerIsIgnored(t *testing.T) {
	w := newWorld(t, exampleAt1, "").start()
	a := w.example("192.0.2.1", "example.com.", "other A 192.0.2.81")
	a.Faults.Extra.Authority = []dns.RR{rr(t, "example.com. 86400 NS ns.evil.com."), rr(t, "com. 86400 NS ns.evil.com.")}
	a.Faults.Extra.Additional = []dns.RR{rr(t, "ns.evil.com. 86400 A 192.0.2.66"), rr(t, "ns.example.com. 86400 A 192.0.2.66")}
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	w.sent()
	w.wantA(w.ask("other.example.com.", wire.TypeA), "192.0.2.81")
	w.wantSent("192.0.2.1 other.example.com. A")
	w.wantA(w.ask("ns.example.com.", wire.TypeA), "192.0.2.1")
}

// Glue serves its delegation; a client that asks for the name gets what the
// zone itself says.
// RFC: 2181.4
func TestGlueIsNeverAnAnswer(t *testing.T) {
	w := newWorld(t, "example NS ns.example\nns.example A 192.0.2.1", "").start()
	w.serve("192.0.2.1", "example.com.", "@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 192.0.2.99\nwww A 192.0.2.80")
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	w.wantA(w.ask("ns.example.com.", wire.TypeA), "192.0.2.99")
}

// A delegation that the parent has withdrawn dies with the parent's TTL,
// whatever the child goes on saying (ghost domains).
func TestGhostDomain(t *testing.T) {
	w := newWorld(t, "example 600 NS ns.example\nns.example 600 A 192.0.2.1", "").start()
	w.serve("192.0.2.1", "example.com.", "@ SOA ns host 1 2 3 4 5\n@ 86400 NS ns\nns 86400 A 192.0.2.1\n"+
		"www 30 A 192.0.2.80")
	w.wantA(w.ask("www.example.com.", wire.TypeA), "192.0.2.80")
	w.servers[comAddr].Drop(name("com."))
	w.serve(comAddr, "com.", "@ SOA a.gtld-servers.net. nstld. 2 1800 900 604800 900\n@ NS a.gtld-servers.net.")
	for range 12 {
		w.clock.Advance(time.Minute)
		w.ask("example.com.", wire.TypeNS)
		w.ask("www.example.com.", wire.TypeA)
	}
	w.wantRCode(w.ask("www.example.com.", wire.TypeA), wire.NXDomain)
}

// RFC: X.3
func TestReferralToManyNamesCostsLittle(t *testing.T) {
	var ns strings.Builder
	for i := range 60 {
		ns.WriteString("example NS ns" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + ".victim.net.\n")
	}
	w := newWorld(t, ns.String(), "victim NS ns.victim\nns.victim A 192.0.2.2").start()
	victim := w.example("192.0.2.2", "victim.net.")
	w.wantRCode(w.ask("www.example.com.", wire.TypeA), wire.ServFail)
	if n := victim.Asked(); n > 20 {
		t.Errorf("the victim was asked %d times", n)
	}
}

// RFC: 4697.3 RFC: 9471.3
func TestNameServersThatDependOnOneAnother(t *testing.T) {
	w := newWorld(t, "a NS ns.b.net.", "b NS ns.a.com.").start()
	o := w.ask("www.a.com.", wire.TypeA)
	w.wantRCode(o, wire.ServFail)
	if n := len(w.sent()); n > 12 {
		t.Errorf("%d queries for a circle", n)
	}
}

// Two clients whose walks need each other's zones must both end.
func TestFlightsDoNotDeadlockAcrossClients(t *testing.T) {
	w := newWorld(t, "a NS ns.b.net.", "b NS ns.a.com.").start()
	var one, two outcome
	w.clock.Run(func() {
		w.clock.Go("one", func() { one.Answer, one.err = w.Resolve(t.Context(), query("www.a.com.")) })
		w.clock.Go("two", func() { two.Answer, two.err = w.Resolve(t.Context(), query("www.b.net.")) })
	})
	if one.RCode != wire.ServFail || two.RCode != wire.ServFail {
		t.Errorf("%v, %v", one.RCode, two.RCode)
	}
	if d := w.clock.Elapsed(); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

// The same with a way out: both zones also have a server with glue.
func TestFlightsFindTheWayOutOfACircle(t *testing.T) {
	w := newWorld(t, "a NS ns.b.net.\na NS ns.c.com.\nc NS ns.c\nns.c A 192.0.2.3", "b NS ns.a.com.\nb NS ns.c.com.").start()
	w.example("192.0.2.3", "c.com.")
	w.serve("192.0.2.3", "a.com.", "@ SOA ns host 1 2 3 4 5\n@ NS ns.c.com.\nwww A 192.0.2.81\nns A 192.0.2.3")
	w.serve("192.0.2.3", "b.net.", "@ SOA ns host 1 2 3 4 5\n@ NS ns.c.com.\nwww A 192.0.2.82\nns A 192.0.2.3")
	var one, two outcome
	w.clock.Run(func() {
		w.clock.Go("one", func() { one.Answer, one.err = w.Resolve(t.Context(), query("www.a.com.")) })
		w.clock.Go("two", func() { two.Answer, two.err = w.Resolve(t.Context(), query("www.b.net.")) })
	})
	w.wantA(one, "192.0.2.81")
	w.wantA(two, "192.0.2.82")
}

func TestEndlessDelegation(t *testing.T) {
	// RFC: 1034.1 — each name server's name needs a deeper delegation.
	w := newWorld(t, "example NS ns.example\nns.example A 192.0.2.1", "").start()
	a := w.example("192.0.2.1", "example.com.")
	n := 0
	a.Faults.Instead = func(_ sim.Packet, q *dns.Msg) ([]sim.Reply, bool) {
		m := new(dns.Msg)
		m.SetReply(q)
		n++
		sub := q.Question[0].Name
		m.Ns = []dns.RR{&dns.NS{Hdr: dns.RR_Header{Name: sub, Rrtype: dns.TypeNS, Class: 1, Ttl: 300}, Ns: "ns.x" + string(rune('a'+n%26)) + sub}}
		b, err := m.Pack()
		if err != nil {
			return nil, true
		}
		return []sim.Reply{{Message: b}}, true
	}
	w.wantRCode(w.ask("www.sub.example.com.", wire.TypeA), wire.ServFail)
	if got := len(w.sent()); got > 100 {
		t.Errorf("%d queries", got)
	}
}
