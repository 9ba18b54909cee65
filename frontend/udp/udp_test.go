package udp

import (
	"bytes"
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"recursor/clock"
	"recursor/frontend"
)

func TestAnswers(t *testing.T) {
	eachEngine(t, func(t *testing.T, plain bool) {
		for _, family := range []string{"v4", "v6"} {
			t.Run(family, func(t *testing.T) {
				h := &scripted{}
				o := options(h)
				o.Plain = plain
				if family == "v6" {
					o.Addrs = []netip.AddrPort{loopback6(t)}
				}
				s := serve(t, o)
				c := dial(t, s.Addrs()[0])
				for i, want := range []byte{wantHit, wantMiss, wantHit} {
					c.ask(uint16(i+1), want)
				}
				c.send(query(9, wantSilence), query(10, wantNoReply))
				c.ask(11, wantHit)
				stats := s.stop()
				local := c.conn.LocalAddr().(*net.UDPAddr).AddrPort()
				for i, q := range h.seen {
					if q.Client != local || q.Local != s.sockets[0].addr || q.Transport != frontend.UDP {
						t.Errorf("query %d: from %v to %v over %v; want from %v to %v", i, q.Client, q.Local, q.Transport, local, s.sockets[0].addr)
					}
				}
				if len(h.seen) != 5 || !bytes.Equal(h.seen[0].Message, query(1, wantHit)) {
					t.Errorf("the handler saw %v", h.seen)
				}
				wantCounts(t, stats, map[frontend.Counter]uint64{
					frontend.Queries: 6, frontend.Hits: 3, frontend.Misses: 2, frontend.Silent: 1, frontend.Replies: 1,
				})
			})
		}
	})
}

// RFC: 2181.1
func TestReplyLeavesFromWhereTheQueryCameTo(t *testing.T) {
	eachEngine(t, func(t *testing.T, plain bool) {
		for _, tc := range []struct {
			name, listen string
			to           func(t *testing.T) []netip.Addr
		}{
			{"v4", "0.0.0.0:0", func(*testing.T) []netip.Addr {
				if !haveBatches { // other systems have 127.0.0.1 alone
					return []netip.Addr{netip.MustParseAddr("127.0.0.1")}
				}
				return []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3"), netip.MustParseAddr("127.0.0.1")}
			}},
			{"v6", "[::]:0", localIPv6},
		} {
			t.Run(tc.name, func(t *testing.T) {
				to := tc.to(t)
				h := &scripted{}
				o := options(h)
				o.Plain = plain
				o.Addrs = []netip.AddrPort{netip.MustParseAddrPort(tc.listen)}
				s := serve(t, o)
				port := s.Addrs()[0].Port()
				for _, addr := range to {
					network := "udp4"
					if addr.Is6() {
						network = "udp6"
					}
					conn, err := net.ListenUDP(network, nil) // not connected: it takes replies from anywhere
					if err != nil {
						t.Fatal(err)
					}
					defer conn.Close()
					for i, want := range []byte{wantHit, wantMiss} {
						target := netip.AddrPortFrom(addr, port)
						if _, err := conn.WriteToUDPAddrPort(query(uint16(i), want), target); err != nil {
							t.Fatal(err)
						}
						if err := conn.SetReadDeadline(soon()); err != nil {
							t.Fatal(err)
						}
						_, from, err := conn.ReadFromUDPAddrPort(make([]byte, 512))
						if err != nil {
							t.Fatalf("asked %v: %v", target, err)
						}
						if from.Addr().Unmap().WithZone("") != addr.WithZone("") || from.Port() != port {
							t.Errorf("asked %v, answered from %v", target, from)
						}
						if got := h.last().Local; got != netip.AddrPortFrom(addr.WithZone(""), port) {
							t.Errorf("asked %v, the handler was told %v", target, got)
						}
					}
				}
			})
		}
	})
}

// localIPv6 lists the addresses of this machine, link-local ones too.
func localIPv6(t *testing.T) []netip.Addr {
	t.Helper()
	loopback6(t)
	all, err := interfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(a netip.Addr) bool { return !a.Is6() })
}

func TestLinkLocalListener(t *testing.T) {
	eachEngine(t, func(t *testing.T, plain bool) {
		all := slices.DeleteFunc(localIPv6(t), func(a netip.Addr) bool { return a.Zone() == "" })
		if len(all) == 0 {
			t.Skip("this machine has no link-local address")
		}
		h := &scripted{}
		o := options(h)
		o.Plain = plain
		o.Addrs = []netip.AddrPort{netip.AddrPortFrom(all[0], 0)}
		s := serve(t, o)
		if got := s.Addrs()[0].Addr(); got != all[0] {
			t.Errorf("listens on %v, want %v", got, all[0])
		}
		c := dial(t, s.Addrs()[0])
		c.ask(1, wantHit)
		c.ask(2, wantMiss)
		s.stop()
		for _, q := range h.seen {
			if q.Client.Addr() != all[0].WithZone("") {
				t.Errorf("the handler saw the client %v, which no prefix matches", q.Client)
			}
		}
	})
}

func TestDropped(t *testing.T) {
	eachEngine(t, func(t *testing.T, plain bool) {
		o := options(&scripted{})
		o.Plain = plain
		s := serve(t, o)
		c := dial(t, s.Addrs()[0])
		response := query(1, wantHit)
		response[2] |= 0x80
		c.send(
			[]byte{},
			[]byte{1},
			query(2, wantHit)[:11],
			response,
			append(query(3, wantHit), make([]byte, bufferSize)...),
		)
		c.ask(4, wantHit) // nothing was answered before it
		exact := append(query(5, wantHit), make([]byte, bufferSize)...)[:bufferSize]
		c.send(exact)
		if got := c.receive(); len(got) != bufferSize || answerID(got) != 5 {
			t.Errorf("a query that just fits was answered with %d octets", len(got))
		}
		wantCounts(t, s.stop(), map[frontend.Counter]uint64{
			frontend.Queries: 2, frontend.Hits: 2, frontend.Short: 3, frontend.Responses: 1, frontend.Oversized: 1,
		})
	})
}

func TestMissesHoldUpNobody(t *testing.T) {
	eachEngine(t, func(t *testing.T, plain bool) {
		h := &scripted{entered: make(chan struct{}, 10), release: make(chan struct{})}
		o := options(h)
		o.Plain = plain
		o.Misses = frontend.NewGate(2)
		s := serve(t, o)
		c := dial(t, s.Addrs()[0])
		c.send(query(1, wantMiss), query(2, wantMiss))
		<-h.entered
		<-h.entered
		c.send(query(3, wantMiss)) // one too many: dropped
		c.ask(4, wantHit)
		if in := o.Misses.In(); in != 2 {
			t.Errorf("%d misses in progress, want 2", in)
		}
		close(h.release)
		got := []uint16{answerID(c.receive()), answerID(c.receive())}
		slices.Sort(got)
		if !slices.Equal(got, []uint16{1, 2}) {
			t.Errorf("answered %v", got)
		}
		stats := s.stop()
		wantCounts(t, stats, map[frontend.Counter]uint64{
			frontend.Queries: 4, frontend.Hits: 1, frontend.Misses: 2, frontend.Replies: 2, frontend.Overload: 1,
		})
		if in := o.Misses.In(); in != 0 {
			t.Errorf("%d misses in progress at the end", in)
		}
		if stats.Dropped() != 1 {
			t.Errorf("dropped %d, want 1", stats.Dropped())
		}
	})
}

// The listener ends when its misses have, and their clients are answered.
func TestEndsWithItsMisses(t *testing.T) {
	eachEngine(t, func(t *testing.T, plain bool) {
		h := &scripted{entered: make(chan struct{}, 1), release: make(chan struct{})}
		o := options(h)
		o.Plain = plain
		s := serve(t, o)
		c := dial(t, s.Addrs()[0])
		c.send(query(1, wantMiss))
		<-h.entered
		s.cancel()
		for !s.stopping.Load() {
			runtime.Gosched()
		}
		select {
		case <-s.ended:
			t.Fatal("Run returned while a miss was in progress")
		default:
		}
		close(h.release)
		if id := answerID(c.receive()); id != 1 {
			t.Errorf("answered %d", id)
		}
		s.stop()
	})
}

func TestPanicsCostOneQuery(t *testing.T) {
	eachEngine(t, func(t *testing.T, plain bool) {
		for _, broken := range []byte{wantHitPanic, wantMissPanic, wantTooMuch} {
			t.Run(string(broken), func(t *testing.T) {
				o := options(&scripted{})
				o.Plain = plain
				panics := make(chan any, 10)
				o.Clock.(*clock.Real).OnPanic = func(_ string, recovered any, _ []byte) { panics <- recovered }
				l := listen(t, o)
				c := dial(t, l.Addrs()[0])
				// All are there before it runs, so that they are one batch.
				c.send(query(1, wantHit), query(2, broken), query(3, wantHit), query(4, broken))
				s := run(t, l, panics)
				for _, want := range []uint16{1, 3} {
					if got := answerID(c.receive()); got != want {
						t.Errorf("answered %d, want %d", got, want)
					}
				}
				<-panics
				<-panics
				c.ask(5, wantHit)
				stats := s.stop()
				if stats.Of(frontend.Hits) != 3 || stats.Of(frontend.Queries) != 5 {
					t.Errorf("counted %d hits of %d queries, want 3 of 5", stats.Of(frontend.Hits), stats.Of(frontend.Queries))
				}
				if in := l.o.Misses.In(); in != 0 {
					t.Errorf("%d misses in progress at the end", in)
				}
			})
		}
	})
}

// Clients whose queries are in one batch get their own answers, hits and
// misses.
func TestClientsOfOneBatch(t *testing.T) {
	eachEngine(t, func(t *testing.T, plain bool) {
		for _, addr := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
			t.Run(addr, func(t *testing.T) {
				h := &scripted{}
				o := options(h)
				o.Plain = plain
				o.Addrs = []netip.AddrPort{netip.MustParseAddrPort(addr)}
				l := listen(t, o)
				to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), l.Addrs()[0].Port())
				clients := map[uint16]client{}
				for i := range uint16(12) {
					c := dial(t, to)
					c.send(query(i+1, []byte{wantMiss, wantHit, wantHit, wantSilence}[i%4]))
					clients[i+1] = c
				}
				s := run(t, l, nil)
				for id, c := range clients {
					if id%4 == 0 {
						continue // silence
					}
					if got := answerID(c.receive()); got != id {
						t.Errorf("the client of query %d got the answer to %d", id, got)
					}
				}
				s.stop()
				for _, q := range h.seen {
					id := uint16(q.Message[0])<<8 | uint16(q.Message[1])
					if want := clients[id].conn.LocalAddr().(*net.UDPAddr).AddrPort(); q.Client != want {
						t.Errorf("query %d came from %v, the handler was told %v", id, want, q.Client)
					}
				}
			})
		}
	})
}

func TestReplies(t *testing.T) {
	eachEngine(t, func(t *testing.T, plain bool) {
		o := options(&scripted{})
		o.Plain = plain
		s := serve(t, o)
		c := dial(t, s.Addrs()[0])
		c.send(query(1, wantWholeReply))
		if got := c.receive(); len(got) != bufferSize {
			t.Errorf("a hit that fills its buffer came as %d octets, want %d", len(got), bufferSize)
		}
		c.send(query(2, wantTwoOctets))
		if got := c.receive(); !bytes.Equal(got, []byte{1, 2}) {
			t.Errorf("the reply of a miss came as %x", got)
		}
	})
}

func TestWorkersShareThePort(t *testing.T) {
	eachEngine(t, func(t *testing.T, plain bool) {
		o := options(&scripted{})
		o.Plain = plain
		o.Workers = 4
		o.Addrs = append(o.Addrs, netip.MustParseAddrPort("127.0.0.1:0"))
		s := serve(t, o)
		addrs := s.Addrs()
		if len(addrs) != 2 || addrs[0] == addrs[1] || len(s.workers) != 8 {
			t.Fatalf("listens on %v with %d workers", addrs, len(s.workers))
		}
		const clients = 64
		for i := range uint16(clients) {
			dial(t, addrs[i%2]).ask(i+1, wantHit)
		}
		stats := s.stop()
		if stats.Of(frontend.Hits) != clients {
			t.Errorf("counted %d hits, want %d", stats.Of(frontend.Hits), clients)
		}
		busy := 0
		for _, c := range s.counters {
			if frontend.Sum(frontend.UDP, []*frontend.Counters{c}).Of(frontend.Hits) > 0 {
				busy++
			}
		}
		// With 32 clients an address, one in 4^31 runs leaves all to one worker.
		if !plain && busy < 4 {
			t.Errorf("%d of 8 workers had all the queries", busy)
		}
	})
}

// RFC: 2181.1
func TestDigAcceptsTheSourceOfReplies(t *testing.T) {
	for peer, once := range map[string]string{"dig": "+tries=1", "kdig": "+retry=0"} {
		t.Run(peer, func(t *testing.T) {
			path, err := exec.LookPath(peer)
			if err != nil {
				t.Skip(peer + " is not installed")
			}
			o := options(&scripted{})
			o.Addrs = []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:0")}
			s := serve(t, o)
			port := strconv.Itoa(int(s.Addrs()[0].Port()))
			to := []string{"127.0.0.1"}
			if haveBatches {
				to = []string{"127.0.0.2", "127.0.0.3"}
			}
			for _, addr := range to {
				out, err := exec.CommandContext(t.Context(), path, "@"+addr, "-p", port, once, "+noedns", "h.example.", "A").CombinedOutput()
				if err != nil || !strings.Contains(string(out), "NOERROR") || strings.Contains(string(out), "unexpected source") {
					t.Errorf("%s: %v\n%s", addr, err, out)
				}
			}
		})
	}
}
