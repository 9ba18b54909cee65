package udp

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"

	"recursor/random"
	"recursor/transport"
)

func TestReply(t *testing.T) {
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			for _, host := range []string{"127.0.0.1", "::1", "::ffff:127.0.0.1"} {
				t.Run(host, func(t *testing.T) {
					s := serve(t, netip.MustParseAddr(host).Unmap().String(), echo)
					x := build(Options{}, way)
					run(t, x)
					query := question(0xbeef)
					to := netip.AddrPortFrom(netip.MustParseAddr(host), s.at.Port())
					o := ask(x, to, query).outcome(t)
					if o.Kind != transport.Reply || !bytes.Equal(o.Message, response(query)) || o.NearMisses != 0 || o.Err != nil {
						t.Errorf("%+v", o)
					}
				})
			}
		})
	}
}

// What does not match is counted while waiting goes on; the reply that comes
// after it is taken.
//
// RFC: 5452.1, 5452.4, 1034.4
func TestStrangersAreDiscarded(t *testing.T) {
	query := question(0xbeef)
	long := append(response(query), make([]byte, MaxReply)...)
	several := func(n int) [][]byte { return slices.Repeat([][]byte{changed(query, 1, 0)}, n) }
	good := transport.Outcome{Kind: transport.Reply, Message: response(query)}
	for name, tc := range map[string]struct {
		before [][]byte
		want   transport.Outcome
		misses int
	}{
		"another ID":       {[][]byte{changed(query, 0, 0)}, good, 0},
		"a query":          {[][]byte{query}, good, 0},
		"another name":     {[][]byte{changed(query, 14, 'x')}, good, 0},
		"another type":     {[][]byte{changed(query, len(query)-3, 28)}, good, 0},
		"another class":    {[][]byte{changed(query, len(query)-1, 3)}, good, 0},
		"no octet":         {[][]byte{{}}, good, 0},
		"half a header":    {[][]byte{response(query)[:11]}, good, 0},
		"half a question":  {[][]byte{response(query)[:20]}, good, 0},
		"too long":         {[][]byte{long}, good, 0},
		"three of a kind":  {several(3), good, 0},
		"nine":             {several(9), good, 0},
		"ten":              {several(10), transport.Outcome{Kind: transport.Flooded}, 0},
		"twenty":           {several(20), transport.Outcome{Kind: transport.Flooded}, 0},
		"folded":           {[][]byte{changed(query, 14, 'w')}, transport.Outcome{Kind: transport.Folded}, 0},
		"one, then folded": {[][]byte{changed(query, 0, 0), changed(query, 14, 'w')}, transport.Outcome{Kind: transport.Folded}, 0},
		"two of two":       {several(2), transport.Outcome{Kind: transport.Flooded}, 2},
		"one of two":       {several(1), good, 2},
	} {
		switch tc.want.Kind {
		case transport.Reply:
			tc.want.NearMisses = len(tc.before)
		case transport.Folded:
			tc.want.NearMisses = len(tc.before) - 1
		default:
			tc.want.NearMisses = cmp.Or(tc.misses, transport.MaxNearMisses)
		}
		t.Run(name, func(t *testing.T) {
			for name, way := range ways() {
				t.Run(name, func(t *testing.T) {
					s := serve(t, "127.0.0.1", func(s *server, p packet) {
						for _, b := range tc.before {
							s.send(p.from, b)
						}
						s.send(p.from, response(query))
					})
					x := build(Options{Misses: tc.misses}, way)
					run(t, x)
					if o := ask(x, s.at, query).outcome(t); fmt.Sprint(o) != fmt.Sprint(tc.want) {
						t.Errorf("%+v, want %+v", o, tc.want)
					}
				})
			}
		})
	}
}

// A perfect reply from another address, or from another port of the server's,
// does not arrive and is not counted.
//
// RFC: 5452.1
func TestRepliesFromElsewhere(t *testing.T) {
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			query := question(0xbeef)
			port := serve(t, "127.0.0.1", silent)
			strangers := []*server{port}
			if other, err := net.ListenPacket("udp", "127.0.0.9:0"); err == nil { // Linux has all of 127/8
				other.Close()
				strangers = append(strangers, serve(t, "127.0.0.9", silent))
			}
			s := serve(t, "127.0.0.1", func(s *server, p packet) {
				for _, stranger := range strangers {
					stranger.send(p.from, response(query))
				}
				late := changed(query, 3, 5) // REFUSED, to tell it apart
				s.send(p.from, late)
			})
			x := build(Options{}, way)
			run(t, x)
			o := ask(x, s.at, query).outcome(t)
			if o.Kind != transport.Reply || o.Message[3] != 5 || o.NearMisses != 0 {
				t.Errorf("%+v", o)
			}
		})
	}
}

func TestTheLongestReply(t *testing.T) {
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			query := question(7)
			long := append(response(query), make([]byte, MaxReply-len(query))...)
			s := serve(t, "127.0.0.1", func(s *server, p packet) { s.send(p.from, long) })
			x := build(Options{}, way)
			run(t, x)
			if o := ask(x, s.at, query).outcome(t); !bytes.Equal(o.Message, long) {
				t.Errorf("%d octets of %d", len(o.Message), len(long))
			}
		})
	}
}

// An ICMP message that the port is closed ends the exchange.
//
// RFC: X.6
func TestRefusedPort(t *testing.T) {
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			for _, host := range []string{"127.0.0.1", "::1"} {
				s := serve(t, host, echo)
				s.conn.Close()
				x := build(Options{}, way)
				run(t, x)
				o := ask(x, s.at, question(1)).outcome(t)
				if o.Kind != transport.Unreachable || !errors.Is(o.Err, syscall.ECONNREFUSED) {
					t.Errorf("%s: %+v", host, o)
				}
			}
		})
	}
}

func TestSourceAddress(t *testing.T) {
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			seen := make(chan netip.AddrPort, 1)
			s := serve(t, "127.0.0.1", func(s *server, p packet) { seen <- p.from; echo(s, p) })
			x := build(Options{}, way)
			run(t, x)
			send := func(from string) transport.Outcome {
				q := transport.Query{To: transport.Endpoint{Addr: s.at}, From: netip.MustParseAddr(from), Message: question(1)}
				return start(x, q).outcome(t)
			}
			for _, from := range []string{"127.0.0.1", "127.0.0.9", "::ffff:127.0.0.1"} {
				o := send(from)
				if o.Kind == transport.Unreachable && errors.Is(o.Err, syscall.EADDRNOTAVAIL) && from == "127.0.0.9" {
					continue // not on this system
				}
				if got := <-seen; o.Kind != transport.Reply || got.Addr() != netip.MustParseAddr(from).Unmap() {
					t.Errorf("from %s: %+v from %v", from, o, got)
				}
			}
			for _, from := range []string{"192.0.2.77", "::1"} {
				if o := send(from); o.Kind != transport.Unreachable || o.Err == nil {
					t.Errorf("from %s: %+v, want unreachable", from, o)
				}
			}
		})
	}
}

func TestMessageOfNoLength(t *testing.T) {
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			x := build(Options{}, way)
			run(t, x)
			for _, n := range []int{0, 11, 70_000} {
				o := ask(x, netip.MustParseAddrPort("127.0.0.1:53"), make([]byte, n)).outcome(t)
				if o.Kind != transport.Exhausted || !errors.Is(o.Err, ErrMessage) {
					t.Errorf("%d octets: %+v", n, o)
				}
			}
		})
	}
}

// Queries beyond MaxOpen wait their turn, in order, and those beyond
// MaxWaiting do not.
func TestQueue(t *testing.T) {
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			got := make(chan packet, 10)
			s := serve(t, "127.0.0.1", func(_ *server, p packet) { got <- p })
			x := build(Options{MaxOpen: 2, MaxWaiting: 3}, way)
			run(t, x)
			var asked []asking
			for id := range uint16(6) {
				asked = append(asked, ask(x, s.at, question(id)))
			}
			if o := asked[5].outcome(t); o.Kind != transport.Exhausted || !errors.Is(o.Err, ErrQueue) {
				t.Errorf("the one too many: %+v", o)
			}
			first, second := <-got, <-got
			if len(got) != 0 || x.open != 2 {
				t.Fatalf("more than two were sent")
			}
			asked[3].Cancel() // leaves the queue
			s.send(first.from, response(first.message))
			third := <-got
			if third.message[1] != 2 {
				t.Errorf("query %d came third", third.message[1])
			}
			asked[1].Cancel() // makes room for the last
			if last := <-got; last.message[1] != 4 {
				t.Errorf("query %d came last", last.message[1])
			} else {
				s.send(last.from, response(last.message))
			}
			s.send(second.from, response(second.message)) // to a port that is closed
			s.send(third.from, response(third.message))
			for _, id := range []int{0, 2, 4} {
				if o := asked[id].outcome(t); o.Kind != transport.Reply || o.Message[1] != byte(id) {
					t.Errorf("%d: %+v", id, o)
				}
			}
			asked[1].wantNone(t)
			asked[3].wantNone(t)
		})
	}
}

func TestBeforeRun(t *testing.T) {
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			s := serve(t, "127.0.0.1", echo)
			x := build(Options{MaxOpen: 2}, way)
			var asked []asking
			for id := range uint16(5) {
				asked = append(asked, ask(x, s.at, question(id)))
			}
			asked[1].Cancel()
			if _, ok := asked[0].Outcome(); ok {
				t.Fatal("an outcome before Run")
			}
			run(t, x)
			for _, i := range []int{0, 2, 3, 4} {
				if o := asked[i].outcome(t); o.Kind != transport.Reply {
					t.Errorf("%d: %+v", i, o)
				}
			}
			asked[1].wantNone(t)
		})
	}
}

func TestAfterRun(t *testing.T) {
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			s := serve(t, "127.0.0.1", silent)
			x := build(Options{MaxOpen: 2}, way)
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- x.Run(ctx) }()
			var asked []asking
			for id := range uint16(4) {
				asked = append(asked, ask(x, s.at, question(id)))
			}
			until(t, "two to be sent", func() bool { return x.is(asked[0], listening) && x.is(asked[1], listening) })
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("Run: %v", err)
			}
			asked = append(asked, ask(x, s.at, question(9)))
			for i, a := range asked {
				if o := a.outcome(t); o.Kind != transport.Exhausted || !errors.Is(o.Err, ErrEnded) {
					t.Errorf("%d: %+v", i, o)
				}
				a.Cancel()
				if _, ok := a.Outcome(); !ok {
					t.Error("Cancel took the outcome away")
				}
			}
			if err := x.Run(context.Background()); !errors.Is(err, ErrEnded) {
				t.Errorf("Run again: %v", err)
			}
			wantIdle(t, x)
		})
	}
}

func TestCancel(t *testing.T) {
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			got := make(chan packet, 1)
			s := serve(t, "127.0.0.1", func(_ *server, p packet) { got <- p })
			x := build(Options{}, way)
			run(t, x)
			a := ask(x, s.at, question(1))
			p := <-got
			a.Cancel()
			a.Cancel()
			s.send(p.from, response(p.message))
			a.wantNone(t)
			wantIdle(t, x)
			// The exchange after it is not disturbed.
			b := ask(x, s.at, question(2))
			p = <-got
			s.send(p.from, response(p.message))
			if o := b.outcome(t); o.Kind != transport.Reply {
				t.Errorf("%+v", o)
			}
			b.Cancel()
			if o, ok := b.Outcome(); !ok || o.Kind != transport.Reply {
				t.Error("Cancel took the outcome away")
			}
			a.wantNone(t)
		})
	}
}

// Two thousand at a time, all from ports of their own, every third cancelled.
//
// RFC: 5452.2
func TestManyAtOnce(t *testing.T) {
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			const many = 2000
			if descriptors() < 2*many {
				t.Skipf("only %d descriptors", descriptors())
			}
			got := make(chan packet, 1)
			s := serve(t, "127.0.0.1", func(_ *server, p packet) { got <- p })
			x := build(Options{}, way)
			run(t, x)
			asked, seen := make([]asking, many), make([]packet, many)
			ports := map[uint16]bool{}
			for i := range asked {
				asked[i] = ask(x, s.at, question(uint16(i)))
				seen[i] = <-got // so that no buffer overflows
				ports[seen[i].from.Port()] = true
			}
			if len(ports) != many {
				t.Errorf("%d ports for %d queries under way", len(ports), many)
			}
			for i, a := range asked {
				if i%3 == 0 {
					a.Cancel()
				}
				s.send(seen[i].from, response(seen[i].message))
			}
			for i, a := range asked {
				if i%3 == 0 {
					a.wantNone(t)
					continue
				}
				if o := a.outcome(t); o.Kind != transport.Reply || !bytes.Equal(o.Message, response(seen[i].message)) {
					t.Fatalf("%d: %+v", i, o)
				}
			}
		})
	}
}

// Many goroutines start, take and cancel, with fewer sockets than queries.
func TestConcurrentUse(t *testing.T) {
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			s := serve(t, "127.0.0.1", echo)
			x := build(Options{MaxOpen: 20}, way)
			run(t, x)
			failures := make(chan string, 50)
			for g := range 50 {
				go func() {
					stream := (&random.Replay{Seed: uint64(g)}).Stream()
					for i := range uint16(40) {
						q := transport.Query{To: transport.Endpoint{Addr: s.at}, Message: question(i), Random: stream}
						a := start(x, q)
						if stream.IntN(4) == 0 {
							a.Cancel()
							continue
						}
						if !a.done.Wait(patience) {
							failures <- "no outcome"
							return
						}
						if o, _ := a.Outcome(); o.Kind != transport.Reply || o.Message[1] != byte(i) {
							failures <- fmt.Sprintf("%+v", o)
							return
						}
					}
					failures <- ""
				}()
			}
			for range 50 {
				if f := <-failures; f != "" {
					t.Error(f)
				}
			}
		})
	}
}
