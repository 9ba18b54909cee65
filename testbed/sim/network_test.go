package sim_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/clock"
	"recursor/random"
	"recursor/testbed/sim"
	"recursor/transport"
)

// server is where the tests of the network ask.
func server() netip.Addr { return netip.MustParseAddr("192.0.2.53") }

// question is a query as a resolver sends it.
func question(t *testing.T, name string, qtype uint16) []byte {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name, qtype)
	m.Id, m.RecursionDesired, m.CheckingDisabled = 4711, false, true
	m.SetEdns0(1232, true)
	return pack(t, m)
}

func pack(t *testing.T, m *dns.Msg) []byte {
	t.Helper()
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// answers is a Node that answers with an address, after change had its way.
func answers(t *testing.T, change func(q *dns.Msg, m *dns.Msg)) sim.Node {
	return sim.NodeFunc(func(p sim.Packet) []sim.Reply {
		return []sim.Reply{{Message: answerTo(t, p.Message, change)}}
	})
}

func answerTo(t *testing.T, query []byte, change func(q *dns.Msg, m *dns.Msg)) []byte {
	t.Helper()
	q, m := new(dns.Msg), new(dns.Msg)
	if err := q.Unpack(query); err != nil {
		t.Fatal(err)
	}
	m.SetReply(q)
	m.Authoritative = true
	rr, err := dns.NewRR(q.Question[0].Name + " 60 IN A 192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	m.Answer = []dns.RR{rr}
	if change != nil {
		change(q, m)
	}
	return pack(t, m)
}

// ask sends a query and waits at most ten seconds. It must run in an engine
// goroutine.
func ask(c *sim.Clock, n *sim.Network, to netip.Addr, p transport.Proto, message []byte) (transport.Outcome, bool) {
	done := c.NewSignal()
	x := n.Start(transport.Query{
		To: transport.Endpoint{Addr: netip.AddrPortFrom(to, 53), Proto: p}, Message: message,
		Random: (&random.Replay{Seed: 9}).Stream(),
	}, done)
	defer x.Cancel()
	done.Wait(10 * time.Second)
	return x.Outcome()
}

func TestOutcomes(t *testing.T) {
	type setup func(n *sim.Network)
	attach := func(node sim.Node) setup { return func(n *sim.Network) { n.Attach(server(), node) } }
	link := func(change func(l *sim.Link)) setup {
		return func(n *sim.Network) {
			n.Attach(server(), answers(t, nil))
			change(n.Link(server()))
		}
	}
	replies := func(f func(p sim.Packet) []sim.Reply) setup { return attach(sim.NodeFunc(f)) }
	good := func(p sim.Packet) []byte { return answerTo(t, p.Message, nil) }
	wrongID := func(p sim.Packet) []byte {
		return answerTo(t, p.Message, func(_, m *dns.Msg) { m.Id++ })
	}
	const ms = time.Millisecond
	for _, tc := range []struct {
		name  string
		setup setup
		proto transport.Proto
		want  string        // end of the line in the log
		took  time.Duration // with a nanosecond for each packet
		near  int
	}{
		{"reply", attach(answers(t, nil)), transport.UDP, "NOERROR aa 1/0/0", 20*ms + 2, 0},
		{"reply over TCP", attach(answers(t, nil)), transport.TCP, "NOERROR aa 1/0/0", 40*ms + 2, 0},
		{"latency of the link", link(func(l *sim.Link) { l.RTT = 50 * ms }), transport.UDP, "NOERROR aa 1/0/0", 50*ms + 2, 0},
		{"delay of the node", replies(func(p sim.Packet) []sim.Reply {
			return []sim.Reply{{Message: good(p), Delay: time.Second}}
		}), transport.UDP, "NOERROR aa 1/0/0", 1020*ms + 2, 0},
		{"nobody there", func(*sim.Network) {}, transport.UDP, "cancelled", 10000 * ms, 0},
		{"nobody there, and a router says so", func(n *sim.Network) { n.Unattached = sim.NoRoute }, transport.UDP, "unreachable", 20*ms + 1, 0},
		{"no route here", link(func(l *sim.Link) { l.Reach = sim.NoRoute }), transport.UDP, "unreachable", 1, 0},
		{"link down", link(func(l *sim.Link) { l.Reach = sim.Down }), transport.TCP, "cancelled", 10000 * ms, 0},
		{"family down", func(n *sim.Network) {
			n.Attach(server(), answers(t, nil))
			n.Block(netip.MustParsePrefix("0.0.0.0/0"), sim.Down)
		}, transport.UDP, "cancelled", 10000 * ms, 0},
		{"family back", func(n *sim.Network) {
			n.Attach(server(), answers(t, nil))
			n.Block(netip.MustParsePrefix("0.0.0.0/0"), sim.NoRoute)
			n.Block(netip.MustParsePrefix("0.0.0.0/0"), sim.Up)
		}, transport.UDP, "NOERROR aa 1/0/0", 20*ms + 2, 0},
		{"all lost", link(func(l *sim.Link) { l.Loss = 1 }), transport.UDP, "cancelled", 10000 * ms, 0},
		{"replies lost", link(func(l *sim.Link) { l.LossBack = 1 }), transport.UDP, "cancelled", 10000 * ms, 0},
		{"losses do not concern TCP", link(func(l *sim.Link) { l.Loss, l.LossBack, l.MaxUDP = 1, 1, 12 }), transport.TCP, "NOERROR aa 1/0/0", 40*ms + 2, 0},
		{"too large for the path", link(func(l *sim.Link) { l.MaxUDP = 40 }), transport.UDP, "cancelled", 10000 * ms, 0},
		{"TCP refused", link(func(l *sim.Link) { l.TCP = sim.TCPRefused }), transport.TCP, "unreachable", 20*ms + 1, 0},
		{"TCP silent", link(func(l *sim.Link) { l.TCP = sim.TCPSilent }), transport.TCP, "cancelled", 10000 * ms, 0},
		{"TCP ends midway", link(func(l *sim.Link) { l.TCP = sim.TCPMidway }), transport.TCP, "broken", 40*ms + 2, 0},
		{"TCP faults do not concern UDP", link(func(l *sim.Link) { l.TCP = sim.TCPRefused }), transport.UDP, "NOERROR aa 1/0/0", 20*ms + 2, 0},
		{"garbage over TCP", replies(func(sim.Packet) []sim.Reply {
			return []sim.Reply{{Message: []byte("too short")}}
		}), transport.TCP, "broken", 40*ms + 2, 1},
		{"another answer first over TCP", replies(func(p sim.Packet) []sim.Reply {
			return []sim.Reply{{Message: wrongID(p)}, {Message: good(p)}}
		}), transport.TCP, "NOERROR aa 1/0/0", 40*ms + 3, 1},
		{"other answers only over TCP", replies(func(p sim.Packet) []sim.Reply {
			return slices.Repeat([]sim.Reply{{Message: wrongID(p)}}, 12)
		}), transport.TCP, "broken", 40*ms + 11, 10},
		{"too large to be read", replies(func(p sim.Packet) []sim.Reply {
			return []sim.Reply{{Message: append(good(p), make([]byte, 5000)...)}}
		}), transport.UDP, "cancelled", 10000 * ms, 0},
		{"letters folded", attach(answers(t, func(_, m *dns.Msg) {
			m.Question[0].Name = strings.ToLower(m.Question[0].Name)
		})), transport.UDP, "folded", 20*ms + 2, 0},
		{"letters folded over TCP", attach(answers(t, func(_, m *dns.Msg) {
			m.Question[0].Name = strings.ToLower(m.Question[0].Name)
		})), transport.TCP, "NOERROR aa 1/0/0", 40*ms + 2, 0},
		{"spoofs before the answer", replies(func(p sim.Packet) []sim.Reply {
			return []sim.Reply{
				{Message: wrongID(p)},
				{Message: wrongID(p)},
				{Message: good(p), From: netip.MustParseAddrPort("198.51.100.1:53")}, // from elsewhere
				{Message: good(p), Port: p.From.Port() + 1},                          // to elsewhere
				{Message: good(p)},
			}
		}), transport.UDP, "NOERROR aa 1/0/0", 20*ms + 6, 2},
		{"spoofs only", replies(func(p sim.Packet) []sim.Reply {
			var all []sim.Reply
			for range 12 {
				all = append(all, sim.Reply{Message: wrongID(p)})
			}
			return all
		}), transport.UDP, "flooded", 20*ms + 11, 10},
		{"no sockets", func(n *sim.Network) {
			n.Attach(server(), answers(t, nil))
			n.Sockets = 1
			n.Start(transport.Query{To: transport.Endpoint{Addr: netip.MustParseAddrPort("198.51.100.1:53")}, Message: make([]byte, 12)}, nil)
		}, transport.UDP, "exhausted", 1, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newClock(t)
			n := sim.NewNetwork(c, 1)
			tc.setup(n)
			var o transport.Outcome
			c.Run(func() { o, _ = ask(c, n, server(), tc.proto, question(t, "Www.Example.", dns.TypeA)) })
			all := n.Sent()
			got := all[len(all)-1]
			want := fmt.Sprintf("192.0.2.53 %s www.example. A do cd 1232: %s", tc.proto, tc.want)
			if got.String() != want || got.Took != tc.took || o.NearMisses != tc.near {
				t.Errorf("got  %s after %v, %d near misses\nwant %s after %v, %d near misses",
					got, got.Took, o.NearMisses, want, tc.took, tc.near)
			}
		})
	}
}

// TestPacketsHaveTheirInstants: two replies that would come at one instant
// come a nanosecond apart, in the order they were sent in.
func TestPacketsHaveTheirInstants(t *testing.T) {
	c := newClock(t)
	n := sim.NewNetwork(c, 1)
	n.Attach(server(), answers(t, nil))
	var came []time.Duration
	c.Run(func() {
		for range 3 {
			c.Go("ask", func() {
				ask(c, n, server(), transport.UDP, question(t, "example.", dns.TypeA))
				came = append(came, c.Elapsed())
			})
		}
	})
	want := "[20.000002ms 20.000003ms 20.000004ms]"
	if fmt.Sprint(came) != want {
		t.Errorf("replies came at %v, want %v", came, want)
	}
}

func TestPlayingTheServerByHand(t *testing.T) {
	c := newClock(t)
	n := sim.NewNetwork(c, 1)
	var started, ended int
	n.OnSend = func(*sim.Exchange) { started++ }
	n.OnDone = func(*sim.Exchange) { ended++ }
	results := map[string]string{}
	for _, name := range []string{"a.", "b."} {
		c.Go("ask "+name, func() {
			done := c.NewSignal()
			x := n.Start(transport.Query{
				To: transport.Endpoint{Addr: netip.AddrPortFrom(server(), 53)}, Message: question(t, name, dns.TypeA),
			}, done)
			done.Wait(clock.Forever)
			results[name] = x.(*sim.Exchange).Sent().Timed()
		})
	}
	c.Settle()
	open := n.Pending()
	if len(open) != 2 || started != 2 || ended != 0 {
		t.Fatalf("%d pending, %d started, %d ended", len(open), started, ended)
	}
	if got := n.Sent()[1].Timed(); got != "+0s 192.0.2.53 udp b. A do cd 1232: pending" {
		t.Errorf("log %q", got)
	}
	c.Advance(time.Second)
	open[1].Deliver(answerTo(t, open[1].Sent().Message, func(_, m *dns.Msg) { m.Rcode, m.Answer = dns.RcodeNameError, nil }))
	open[0].Fail(transport.Unreachable)
	c.Settle()
	for name, want := range map[string]string{
		"a.": "+0s 192.0.2.53 udp a. A do cd 1232: unreachable after 1s",
		"b.": "+0s 192.0.2.53 udp b. A do cd 1232: NXDOMAIN aa 0/0/0 after 1s",
	} {
		if results[name] != want {
			t.Errorf("got  %s\nwant %s", results[name], want)
		}
	}
	if len(n.Pending()) != 0 || ended != 2 || len(n.Take()) != 2 || len(n.Sent()) != 0 {
		t.Error("something is left")
	}
}

func TestLossFollowsTheSeed(t *testing.T) {
	losses := func(seed uint64) string {
		c := newClock(t)
		n := sim.NewNetwork(c, seed)
		n.Attach(server(), answers(t, nil))
		n.Link(server()).Loss = 0.3
		c.Run(func() {
			for range 100 {
				ask(c, n, server(), transport.UDP, question(t, "example.", dns.TypeA))
			}
		})
		return sim.Lines(n.Sent())
	}
	first := losses(1)
	if first != losses(1) || first == losses(2) {
		t.Error("what is lost does not follow the seed")
	}
	if lost := strings.Count(first, "cancelled"); lost < 15 || lost > 45 {
		t.Errorf("%d of 100 lost at 30 %%", lost)
	}
}

func TestPortsOfOneAddress(t *testing.T) {
	c := newClock(t)
	n := sim.NewNetwork(c, 1)
	n.Attach(server(), answers(t, nil))
	n.AttachPort(netip.AddrPortFrom(server(), 5353), answers(t, func(_, m *dns.Msg) { m.Rcode = dns.RcodeRefused }))
	asked := func(port uint16) string {
		var result string
		c.Run(func() {
			done := c.NewSignal()
			x := n.Start(transport.Query{
				To: transport.Endpoint{Addr: netip.AddrPortFrom(server(), port)}, Message: question(t, "example.", dns.TypeA),
			}, done)
			done.Wait(time.Second)
			result = sim.Summary(x.(*sim.Exchange).Sent().Outcome.Message)
		})
		return result
	}
	if got := asked(53); got != "NOERROR aa 1/0/0" {
		t.Error(got)
	}
	if got := asked(5353); got != "REFUSED aa 1/0/0" {
		t.Error(got)
	}
	n.AttachPort(netip.AddrPortFrom(server(), 5353), nil)
	if got := asked(5353); got != "NOERROR aa 1/0/0" {
		t.Error(got)
	}
}
