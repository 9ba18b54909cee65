package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"testing"
	"time"

	"recursor/random"
	"recursor/transport"
)

// RFC: 7766.1, 9210.1
func TestReply(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1", "::ffff:127.0.0.1"} {
		t.Run(host, func(t *testing.T) {
			s := serve(t, netip.MustParseAddr(host).Unmap().String(), echo)
			x := New(Options{})
			run(t, x)
			ask(x, netip.AddrPortFrom(netip.MustParseAddr(host), s.at.Port()), question(7, "www")).wantReply(t)
		})
	}
}

// One connection serves one query after the other.
//
// RFC: 7766.2
func TestReuse(t *testing.T) {
	s, other := serve(t, "127.0.0.1", echo), serve(t, "127.0.0.1", echo)
	x := New(Options{})
	run(t, x)
	for i := range uint16(20) {
		ask(x, s.at, question(i, "www")).wantReply(t)
	}
	ask(x, other.at, question(1, "www")).wantReply(t)
	if s.connections() != 1 || other.connections() != 1 {
		t.Errorf("%d connections to one server, %d to the other", s.connections(), other.connections())
	}
}

// Queries from different addresses do not share a connection.
func TestSourceAddress(t *testing.T) {
	s := serve(t, "127.0.0.1", echo)
	x := New(Options{})
	run(t, x)
	send := func(from string) transport.Outcome {
		to := transport.Endpoint{Addr: s.at, Proto: transport.TCP}
		return start(x, transport.Query{To: to, From: netip.MustParseAddr(from), Message: question(1, "www")}).outcome(t)
	}
	for i, from := range []string{"127.0.0.1", "127.0.0.9"} {
		o := send(from)
		if o.Kind == transport.Unreachable && errors.Is(o.Err, syscall.EADDRNOTAVAIL) && i == 1 {
			continue // not every system has all of 127/8
		}
		s.mu.Lock()
		got := s.from[len(s.from)-1].Addr()
		s.mu.Unlock()
		if o.Kind != transport.Reply || got != netip.MustParseAddr(from) || s.connections() != i+1 {
			t.Errorf("from %s: %+v from %v on connection %d", from, o, got, s.connections())
		}
	}
	for _, from := range []string{"192.0.2.77", "::1"} {
		if o := send(from); o.Kind != transport.Unreachable || o.Err == nil {
			t.Errorf("from %s: %+v", from, o)
		}
	}
}

// Queries with the same ID share a connection, pipelined, each under an ID of
// its own; replies in another order find theirs, with the ID they were asked
// with.
//
// RFC: 7766.2, 7766.5
func TestPipelining(t *testing.T) {
	const n = 10
	ids := make(chan int, 1)
	s := serve(t, "127.0.0.1", func(p *peer) {
		var queries [][]byte
		different := map[string]bool{}
		for range n { // no reply before the last query
			q := p.query()
			queries = append(queries, q)
			different[string(q[:2])] = true
		}
		for i := range queries {
			p.answer(response(queries[n-1-i]))
		}
		ids <- len(different)
		silent(p)
	})
	x := New(Options{})
	run(t, x)
	var asked []asking
	for i := range n {
		asked = append(asked, ask(x, s.at, question(0xbeef, "host"+strconv.Itoa(i))))
	}
	for _, a := range asked {
		a.wantReply(t)
	}
	if got := <-ids; got != n || s.connections() != 1 {
		t.Errorf("%d different IDs for %d queries, on %d connections", got, n, s.connections())
	}
}

// writes notes each write to a connection.
type writes struct {
	net.Conn
	all chan []byte
}

func (w writes) Write(p []byte) (int, error) {
	w.all <- bytes.Clone(p)
	return w.Conn.Write(p)
}

// Length and message go to the system together.
//
// RFC: 7766.6
func TestOneWrite(t *testing.T) {
	s := serve(t, "127.0.0.1", echo)
	x := New(Options{})
	all := make(chan []byte, 100)
	dial := x.dial
	x.dial = func(ctx context.Context, r route) (net.Conn, error) {
		c, err := dial(ctx, r)
		return writes{c, all}, err
	}
	run(t, x)
	ask(x, s.at, question(1, "first")).wantReply(t)
	if got := <-all; !bytes.Equal(got, framed(question(1, "first"))) {
		t.Errorf("wrote %x", got)
	}
	var asked []asking
	for i := range uint16(50) {
		asked = append(asked, ask(x, s.at, question(i, "more")))
	}
	for _, a := range asked {
		a.wantReply(t)
	}
	for whole := 0; whole < 50; {
		got := <-all
		for len(got) > 0 { // frames, and nothing but whole ones
			n := 2 + int(got[0])<<8 + int(got[1])
			if n > len(got) {
				t.Fatalf("a write ends within a frame: %x", got)
			}
			got = got[n:]
			whole++
		}
	}
}

// Replies are found however they are cut into segments.
//
// RFC: 7766.6
func TestSplitReplies(t *testing.T) {
	s := serve(t, "127.0.0.1", func(p *peer) {
		for q := p.query(); q != nil; q = p.query() {
			for _, octet := range framed(response(q)) {
				_, _ = p.Write([]byte{octet})
			}
		}
	})
	x := New(Options{})
	run(t, x)
	for i := range uint16(3) {
		ask(x, s.at, question(i, "www")).wantReply(t)
	}
	if s.connections() != 1 {
		t.Errorf("%d connections", s.connections())
	}
}

// What answers nothing is counted while waiting goes on.
//
// RFC: 7766.5, 1034.4
func TestStrangersAreDiscarded(t *testing.T) {
	change := func(off int, b byte) func([]byte) []byte {
		return func(q []byte) []byte { r := response(q); r[off] ^= b; return r }
	}
	for name, tc := range map[string]struct {
		stray  func(query []byte) []byte
		misses int
	}{
		"another ID":    {change(0, 1), 0}, // whose miss it is cannot be told
		"a query":       {change(2, 0x80), 1},
		"another name":  {change(14, 1), 1},
		"another type":  {change(len(question(1, "www"))-3, 28), 1},
		"a header":      {func(q []byte) []byte { return response(q)[:12] }, 1},
		"two questions": {change(5, 3), 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, "127.0.0.1", func(p *peer) {
				for q := p.query(); q != nil; q = p.query() {
					p.answer(tc.stray(q))
					p.answer(response(q))
				}
			})
			x := New(Options{})
			run(t, x)
			for range 12 { // more than would end a connection, but none ten in a row
				a := ask(x, s.at, question(1, "www"))
				a.wantReply(t)
				if o := a.result(); o.NearMisses != tc.misses {
					t.Errorf("%d near misses, want %d", o.NearMisses, tc.misses)
				}
			}
			if s.connections() != 1 {
				t.Errorf("%d connections", s.connections())
			}
		})
	}
}

// Over TCP, a reply whose question differs in case is a reply: it shows that
// the server folds.
func TestFoldedReply(t *testing.T) {
	s := serve(t, "127.0.0.1", func(p *peer) {
		q := p.query()
		r := response(q)
		r[14] ^= 0x20
		p.answer(r)
		silent(p)
	})
	x := New(Options{})
	run(t, x)
	o := ask(x, s.at, question(7, "wWw")).outcome(t)
	if o.Kind != transport.Reply || hostOf(o.Message) != "www" || o.Message[1] != 7 {
		t.Errorf("%+v", o)
	}
}

// Half a message, and what is none, break the connection for all its queries,
// served before or not.
func TestBroken(t *testing.T) {
	for name, tc := range map[string]struct {
		send func(p *peer, q []byte)
		want error
	}{
		"half a length":   {func(p *peer, _ []byte) { _, _ = p.Write([]byte{0}) }, ErrHalf},
		"a length":        {func(p *peer, _ []byte) { _, _ = p.Write([]byte{0, 40}) }, ErrHalf},
		"half a message":  {func(p *peer, q []byte) { _, _ = p.Write(framed(response(q))[:20]) }, ErrHalf},
		"no message":      {func(p *peer, _ []byte) { _, _ = p.Write([]byte{0, 0}) }, ErrGarbage},
		"a short message": {func(p *peer, _ []byte) { _, _ = p.Write([]byte("\x00\x05hello")) }, ErrGarbage},
		"three strays": {func(p *peer, q []byte) {
			for range 3 {
				p.answer(q)
			}
		}, ErrGarbage},
		"HTTP": {func(p *peer, _ []byte) { _, _ = p.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }, ErrHalf},
		"ten strays": {func(p *peer, q []byte) {
			for range transport.MaxNearMisses {
				p.answer(q)
			}
		}, ErrGarbage},
	} {
		for _, served := range []int{0, 1} {
			t.Run(fmt.Sprintf("%s after %d replies", name, served), func(t *testing.T) {
				s := serve(t, "127.0.0.1", func(p *peer) {
					for range served {
						p.answer(response(p.query()))
					}
					q := p.query()
					p.query() // both are under way
					tc.send(p, q)
				})
				o := Options{}
				if name == "three strays" {
					o.Misses = 3
				}
				x := New(o)
				run(t, x)
				for range served {
					ask(x, s.at, question(1, "www")).wantReply(t)
				}
				for _, a := range []asking{ask(x, s.at, question(2, "a")), ask(x, s.at, question(3, "b"))} {
					if o := a.outcome(t); o.Kind != transport.Broken || !errors.Is(o.Err, tc.want) {
						t.Errorf("%+v, want %v", o, tc.want)
					}
				}
				if s.connections() != 1 {
					t.Errorf("%d connections: tried again", s.connections())
				}
			})
		}
	}
}

// When the server ends a connection that had served, each unanswered query
// gets one try on a new one.
//
// RFC: 7766.4
func TestRetry(t *testing.T) {
	ends := map[string]func(*peer){"closes": func(p *peer) { p.Close() }, "resets": (*peer).reset}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			s := serve(t, "127.0.0.1", func(p *peer) {
				p.answer(response(p.query()))
				if p.n == 1 {
					p.query()
					p.query()
					end(p)
					return
				}
				echo(p)
			})
			x := New(Options{})
			run(t, x)
			ask(x, s.at, question(1, "first")).wantReply(t)
			a, b := ask(x, s.at, question(2, "a")), ask(x, s.at, question(3, "b"))
			a.wantReply(t)
			b.wantReply(t)
			if s.connections() != 2 {
				t.Errorf("%d connections", s.connections())
			}
		})
		t.Run(name+" twice", func(t *testing.T) {
			s := serve(t, "127.0.0.1", func(p *peer) {
				if p.n == 1 {
					p.answer(response(p.query()))
				}
				p.query()
				end(p)
			})
			x := New(Options{})
			run(t, x)
			ask(x, s.at, question(1, "first")).wantReply(t)
			if o := ask(x, s.at, question(2, "a")).outcome(t); o.Kind != transport.Broken || !errors.Is(o.Err, ErrLost) {
				t.Errorf("%+v", o)
			}
			if s.connections() != 2 {
				t.Errorf("%d connections", s.connections())
			}
		})
		t.Run(name+" at once", func(t *testing.T) {
			s := serve(t, "127.0.0.1", func(p *peer) { p.query(); end(p) })
			x := New(Options{})
			run(t, x)
			if o := ask(x, s.at, question(2, "a")).outcome(t); o.Kind != transport.Broken || !errors.Is(o.Err, ErrLost) {
				t.Errorf("%+v", o)
			}
			if s.connections() != 1 {
				t.Errorf("%d connections: a server that never answered was tried again", s.connections())
			}
		})
	}
}

// One retry, and no more, even where the second connection served others.
//
// RFC: 7766.4
func TestRetriesAreOne(t *testing.T) {
	s := serve(t, "127.0.0.1", func(p *peer) {
		if p.n == 1 {
			p.answer(response(p.query()))
			p.query()
			p.query()
			return
		}
		p.query()
		p.answer(response(p.query()))
	})
	x := New(Options{})
	run(t, x)
	ask(x, s.at, question(1, "first")).wantReply(t)
	a, b := ask(x, s.at, question(2, "a")), ask(x, s.at, question(3, "b"))
	b.wantReply(t)
	if o := a.outcome(t); o.Kind != transport.Broken || !errors.Is(o.Err, ErrLost) {
		t.Errorf("%+v", o)
	}
	if s.connections() != 2 {
		t.Errorf("%d connections", s.connections())
	}
}

// The retry does not go to another old connection, which may be as stale.
//
// RFC: 7766.4
func TestRetryIsOnANewConnection(t *testing.T) {
	both := make(chan bool)
	s := serve(t, "127.0.0.1", func(p *peer) {
		q := p.query()
		if p.n <= 2 {
			<-both
		}
		p.answer(response(q))
		p.query()
		if p.n > 2 {
			p.answer(response(q))
		}
	})
	x := New(Options{MaxOutstanding: 1})
	run(t, x)
	a, b := ask(x, s.at, question(1, "www")), ask(x, s.at, question(1, "www"))
	both <- true
	both <- true
	a.wantReply(t)
	b.wantReply(t)
	ask(x, s.at, question(1, "www")).wantReply(t)
	if s.connections() != 3 {
		t.Errorf("%d connections", s.connections())
	}
}

// Who is tried again does not queue again.
func TestRetryComesFirst(t *testing.T) {
	got := make(chan string, 10)
	s := serve(t, "127.0.0.1", func(p *peer) {
		for q := p.query(); q != nil; q = p.query() {
			got <- hostOf(q)
			if p.n == 1 && hostOf(q) == "a" {
				return
			}
			p.answer(response(q))
		}
	})
	x := New(Options{MaxOutstanding: 1, MaxPerServer: 1})
	first, a, b := ask(x, s.at, question(1, "first")), ask(x, s.at, question(1, "a")), ask(x, s.at, question(1, "b"))
	run(t, x)
	first.wantReply(t)
	a.wantReply(t)
	b.wantReply(t)
	if order := <-got + " " + <-got + " " + <-got + " " + <-got; order != "first a a b" {
		t.Errorf("sent: %s", order)
	}
}

// half is a connection that takes nothing and says nothing, until it ends.
type half struct {
	net.Conn
	end chan struct{}
}

func (half) Write([]byte) (int, error)  { return 0, syscall.EPIPE }
func (h half) Read([]byte) (int, error) { <-h.end; return 0, io.EOF }

// After a write that failed, replies may come yet; new queries go elsewhere.
func TestFailedWrite(t *testing.T) {
	s := serve(t, "127.0.0.1", echo)
	x := New(Options{})
	dial, end := x.dial, make(chan struct{})
	dials := 0
	x.dial = func(ctx context.Context, r route) (net.Conn, error) {
		c, err := dial(ctx, r)
		if dials++; dials == 1 {
			return half{c, end}, err
		}
		return c, err
	}
	run(t, x)
	a := ask(x, s.at, question(1, "a"))
	c := a.Exchange.(*exchange).conn
	until(t, "the write to fail", func() bool { return x.look(func() bool { return c.last }) })
	ask(x, s.at, question(2, "b")).wantReply(t)
	if _, ok := a.Outcome(); ok {
		t.Error("an outcome before the connection ended")
	}
	close(end)
	if o := a.outcome(t); o.Kind != transport.Broken || !errors.Is(o.Err, ErrLost) {
		t.Errorf("%+v", o)
	}
}

// A server that answers one query a connection still answers them all.
//
// RFC: 7766.4
func TestOneQueryPerConnection(t *testing.T) {
	s := serve(t, "127.0.0.1", func(p *peer) { p.answer(response(p.query())) })
	x := New(Options{})
	run(t, x)
	for i := range uint16(20) {
		ask(x, s.at, question(i, "www")).wantReply(t)
	}
}

func TestUnreachable(t *testing.T) {
	s := serve(t, "127.0.0.1", silent)
	x := New(Options{Connect: time.Nanosecond})
	run(t, x)
	if o := ask(x, s.at, question(1, "www")).outcome(t); o.Kind != transport.Unreachable || o.Err == nil {
		t.Errorf("no time to connect: %+v", o)
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().(*net.TCPAddr).AddrPort()
	l.Close()
	x = New(Options{})
	run(t, x)
	if o := ask(x, at, question(1, "www")).outcome(t); o.Kind != transport.Unreachable || !errors.Is(o.Err, syscall.ECONNREFUSED) {
		t.Errorf("closed port: %+v", o)
	}
	x.dial = func(context.Context, route) (net.Conn, error) { return nil, syscall.EMFILE }
	if o := ask(x, at, question(1, "www")).outcome(t); o.Kind != transport.Exhausted || !errors.Is(o.Err, syscall.EMFILE) {
		t.Errorf("no descriptor: %+v", o)
	}
}

func TestMessageOfNoLength(t *testing.T) {
	x := New(Options{})
	run(t, x)
	for _, n := range []int{0, 11, 65_536} {
		o := ask(x, netip.MustParseAddrPort("127.0.0.1:53"), make([]byte, n)).outcome(t)
		if o.Kind != transport.Exhausted || !errors.Is(o.Err, ErrMessage) {
			t.Errorf("%d octets: %+v", n, o)
		}
	}
}

func TestBeforeRun(t *testing.T) {
	s := serve(t, "127.0.0.1", echo)
	x := New(Options{})
	a, b, c := ask(x, s.at, question(1, "a")), ask(x, s.at, question(1, "b")), ask(x, s.at, question(1, "c"))
	b.Cancel()
	run(t, x)
	a.wantReply(t)
	c.wantReply(t)
	b.wantNone(t)
	if s.connections() != 1 {
		t.Errorf("%d connections", s.connections())
	}
}

func TestAfterRun(t *testing.T) {
	asked := make(chan bool, 1)
	s := serve(t, "127.0.0.1", func(p *peer) { p.query(); asked <- true; silent(p) })
	idle := serve(t, "127.0.0.1", echo)
	x := New(Options{MaxPerServer: 1, MaxOutstanding: 1})
	connecting := netip.MustParseAddrPort("127.0.0.1:1")
	dial, dialling := x.dial, make(chan bool, 1)
	x.dial = func(ctx context.Context, r route) (net.Conn, error) {
		if r.to != connecting {
			return dial(ctx, r)
		}
		dialling <- true
		<-ctx.Done()
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- x.Run(ctx) }()
	all := []asking{ask(x, s.at, question(1, "sent")), ask(x, s.at, question(2, "waiting")), ask(x, connecting, question(3, "connecting"))}
	ask(x, idle.at, question(1, "idle")).wantReply(t)
	<-asked
	<-dialling
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	all = append(all, ask(x, s.at, question(4, "late")))
	for _, a := range all {
		if o := a.outcome(t); o.Kind != transport.Exhausted || !errors.Is(o.Err, ErrEnded) {
			t.Errorf("%s: %+v", hostOf(a.message), o)
		}
		a.Cancel()
		if _, ok := a.Outcome(); !ok {
			t.Error("Cancel took the outcome away")
		}
	}
	if err := x.Run(context.Background()); !errors.Is(err, ErrEnded) {
		t.Errorf("Run again: %v", err)
	}
	x.Idle(s.at, netip.Addr{}, 0)
	wantIdle(t, x)
}

// Two thousand at a time: they share two connections and all are answered.
func TestManyAtOnce(t *testing.T) {
	s := serve(t, "127.0.0.1", echo)
	x := New(Options{})
	run(t, x)
	asked := make([]asking, 2000)
	for i := range asked {
		asked[i] = ask(x, s.at, question(uint16(i%100), "host"+strconv.Itoa(i)))
	}
	for i, a := range asked {
		if i%7 == 0 {
			a.Cancel()
			continue
		}
		a.wantReply(t)
	}
	if n := s.connections(); n < 1 || n > 2 {
		t.Errorf("%d connections", n)
	}
}

// Many goroutines ask and cancel while servers end connections at any moment.
func TestConcurrentUse(t *testing.T) {
	var servers []*listener
	for i := range 4 {
		servers = append(servers, serve(t, "127.0.0.1", func(p *peer) {
			for range 5 + i {
				q := p.query()
				if q == nil {
					return
				}
				p.answer(response(q))
			}
			if i%2 == 0 {
				p.reset()
			}
		}))
	}
	x := New(Options{MaxConns: 3, MaxPerServer: 2, MaxOutstanding: 3})
	run(t, x)
	const goroutines = 20
	failures := make(chan string, goroutines)
	for g := range goroutines {
		go func() {
			stream := (&random.Replay{Seed: uint64(g)}).Stream()
			for i := range uint16(50) {
				host := fmt.Sprintf("g%d-%d", g, i)
				q := transport.Query{
					To:      transport.Endpoint{Addr: servers[stream.IntN(len(servers))].at, Proto: transport.TCP},
					Message: question(i%3, host), Random: stream,
				}
				a := start(x, q)
				if stream.IntN(5) == 0 {
					a.Cancel()
					continue
				}
				if !a.done.Wait(patience) {
					failures <- host + ": no outcome"
					return
				}
				o, _ := a.Outcome()
				good := o.Kind == transport.Reply && bytes.Equal(o.Message, response(q.Message))
				if !good && (o.Kind != transport.Broken || !errors.Is(o.Err, ErrLost)) {
					failures <- fmt.Sprintf("%s: %+v", host, o)
					return
				}
			}
			failures <- ""
		}()
	}
	for range goroutines {
		if f := <-failures; f != "" {
			t.Error(f)
		}
	}
}
