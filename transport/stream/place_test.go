package stream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"recursor/transport"
)

// The cases of placing queries on connections, and of taking them away.

// live is how many queries each connection to a server has, eldest first.
func live(x *Exchanger, to netip.AddrPort) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var n []int
	if s := x.servers[route{to: to}]; s != nil {
		for _, c := range s.conns {
			n = append(n, c.live)
		}
	}
	return fmt.Sprint(n)
}

// Queries fill one connection, then a second one, then wait, in order; a place
// that is left goes to the first who waits.
func TestPlaces(t *testing.T) {
	got := make(chan string, 10)
	release := make(chan bool)
	s := serve(t, "127.0.0.1", func(p *peer) {
		for q := p.query(); q != nil; q = p.query() {
			got <- hostOf(q)
			<-release
			p.answer(response(q))
		}
	})
	x := New(Options{MaxOutstanding: 2, MaxWaiting: 3})
	run(t, x)
	asked := map[int]asking{}
	for i := range 8 {
		asked[i] = ask(x, s.at, question(1, "q"+strconv.Itoa(i)))
	}
	if o := asked[7].outcome(t); o.Kind != transport.Exhausted || !errors.Is(o.Err, ErrQueue) {
		t.Errorf("the one too many: %+v", o)
	}
	if n := live(x, s.at); n != "[2 2]" {
		t.Errorf("queries per connection: %s", n)
	}
	asked[4].Cancel() // waiting
	asked[0].Cancel() // its place goes to the fifth
	if !x.look(func() bool { return x.waiting == 1 }) || live(x, s.at) != "[2 2]" {
		t.Error("a place that a cancelled query left was not used")
	}
	close(release)
	for _, i := range []int{1, 2, 3, 5, 6} {
		asked[i].wantReply(t)
	}
	asked[0].wantNone(t)
	asked[4].wantNone(t)
	if s.connections() != 2 {
		t.Errorf("%d connections", s.connections())
	}
}

// RFC: 7766.3
func TestIdleConnectionsAreClosed(t *testing.T) {
	ended := make(chan bool, 4)
	s := serve(t, "127.0.0.1", func(p *peer) { echo(p); ended <- true })
	clk := newClock()
	x := New(Options{Clock: clk, Idle: 10 * time.Second})
	run(t, x)
	ask(x, s.at, question(1, "www")).wantReply(t)
	clk.advance(9 * time.Second)
	ask(x, s.at, question(2, "www")).wantReply(t) // starts the time anew
	clk.advance(9 * time.Second)
	if n := live(x, s.at); n != "[0]" {
		t.Errorf("before the time: %s", n)
	}
	clk.advance(time.Second)
	<-ended
	if n := live(x, s.at); n != "[]" {
		t.Errorf("after the time: %s", n)
	}
	ask(x, s.at, question(3, "www")).wantReply(t)
	if s.connections() != 2 {
		t.Errorf("%d connections", s.connections())
	}
}

// A connection that waits for a reply is not idle, however long it takes and
// whatever drips in.
func TestBusyConnectionsAreNotClosed(t *testing.T) {
	reply := make(chan bool)
	s := serve(t, "127.0.0.1", func(p *peer) {
		q := p.query()
		f := framed(response(q))
		_, _ = p.Write(f[:7])
		<-reply
		_, _ = p.Write(f[7:])
		silent(p)
	})
	clk := newClock()
	x := New(Options{Clock: clk})
	run(t, x)
	a := ask(x, s.at, question(1, "www"))
	clk.advance(time.Hour)
	reply <- true
	a.wantReply(t)
}

// An expired timer that finds its connection at work leaves it alone.
func TestLateTimer(t *testing.T) {
	s := serve(t, "127.0.0.1", echo)
	clk := newClock()
	x := New(Options{Clock: clk})
	run(t, x)
	ask(x, s.at, question(1, "www")).wantReply(t)
	c := x.servers[route{to: s.at}].conns[0]
	ask(x, s.at, question(2, "www")).wantReply(t)
	x.expire(c, 1) // the timer of the first time it was idle
	if n := live(x, s.at); n != "[0]" {
		t.Errorf("connections: %s", n)
	}
	x.expire(c, 2)
	if n := live(x, s.at); n != "[]" {
		t.Errorf("connections: %s", n)
	}
}

// RFC: 7828.2
func TestServerTellsItsIdleTime(t *testing.T) {
	s := serve(t, "127.0.0.1", echo)
	clk := newClock()
	x := New(Options{Clock: clk})
	run(t, x)
	ask(x, s.at, question(1, "www")).wantReply(t)
	x.Idle(s.at, netip.Addr{}, 4*time.Second)
	clk.advance(2 * time.Second)
	if n := live(x, s.at); n != "[0]" {
		t.Errorf("before the time: %s", n)
	}
	clk.advance(1999 * time.Millisecond) // and before the server's
	if n := live(x, s.at); n != "[]" {
		t.Errorf("after the time: %s", n)
	}

	ask(x, s.at, question(2, "www")).wantReply(t)
	x.Idle(s.at, netip.Addr{}, time.Hour) // is no reason to keep it for an hour
	clk.advance(10 * time.Second)
	if n := live(x, s.at); n != "[]" {
		t.Errorf("after our own time: %s", n)
	}

	ask(x, s.at, question(3, "www")).wantReply(t)
	x.Idle(s.at, netip.Addr{}, 0)
	if n := live(x, s.at); n != "[]" {
		t.Errorf("after zero: %s", n)
	}
	x.Idle(s.at, netip.Addr{}, 0) // a server that is not known
}

// After zero, the replies that are due still come, and new queries take a new
// connection.
//
// RFC: 7828.2
func TestServerWantsNoMore(t *testing.T) {
	release := make(chan bool)
	s := serve(t, "127.0.0.1", func(p *peer) {
		for q := p.query(); q != nil; q = p.query() {
			if p.n == 1 {
				<-release
			}
			p.answer(response(q))
		}
	})
	x := New(Options{})
	run(t, x)
	a := ask(x, s.at, question(1, "a"))
	until(t, "the connection", func() bool { return s.connections() == 1 })
	x.Idle(s.at, netip.Addr{}, 0)
	ask(x, s.at, question(2, "b")).wantReply(t)
	close(release)
	a.wantReply(t)
	if s.connections() != 2 {
		t.Errorf("%d connections", s.connections())
	}
	until(t, "both to be closed", func() bool { return x.look(func() bool { return x.conns == 0 }) })
}

// At MaxConns the connection longest idle gives way; where none is idle, the
// query waits for one.
func TestTooManyConnections(t *testing.T) {
	release := make(chan bool)
	hold := func(p *peer) {
		for q := p.query(); q != nil; q = p.query() {
			if hostOf(q) == "hold" {
				<-release
			}
			p.answer(response(q))
		}
	}
	var s []*listener
	for range 4 {
		s = append(s, serve(t, "127.0.0.1", hold))
	}
	clk := newClock()
	x := New(Options{Clock: clk, MaxConns: 2})
	run(t, x)
	conns := func() string {
		n := ""
		for _, l := range s {
			n += live(x, l.at)
		}
		return n
	}
	ask(x, s[0].at, question(1, "www")).wantReply(t)
	ask(x, s[1].at, question(1, "www")).wantReply(t)
	ask(x, s[0].at, question(2, "www")).wantReply(t) // now the second is longest idle
	ask(x, s[2].at, question(1, "www")).wantReply(t)
	if got := conns(); got != "[0][][0][]" {
		t.Fatalf("connections: %s", got)
	}
	first, third := ask(x, s[0].at, question(3, "hold")), ask(x, s[2].at, question(3, "hold"))
	fourth, second := ask(x, s[3].at, question(3, "www")), ask(x, s[1].at, question(3, "www"))
	if got := conns(); got != "[1][][1][]" || !x.look(func() bool { return x.waiting == 2 }) {
		t.Fatalf("connections: %s", got)
	}
	release <- true // whichever it is, its connection gives way to the fourth, then that to the second
	fourth.wantReply(t)
	second.wantReply(t)
	release <- true
	first.wantReply(t)
	third.wantReply(t)
}

// A dead path: the query that gives up takes the connection out of use.
func TestSilentConnectionIsNotUsedAgain(t *testing.T) {
	got := make(chan string, 10)
	s := serve(t, "127.0.0.1", func(p *peer) {
		for q := p.query(); q != nil; q = p.query() {
			got <- hostOf(q)
			if p.n == 2 {
				p.answer(response(q))
			}
		}
	})
	clk := newClock()
	x := New(Options{Clock: clk})
	run(t, x)
	impatient, patient := ask(x, s.at, question(1, "impatient")), ask(x, s.at, question(2, "patient"))
	<-got
	<-got
	clk.advance(silence - time.Millisecond)
	impatient.Cancel()
	third := ask(x, s.at, question(3, "third")) // too early to tell
	if <-got; s.connections() != 1 {
		t.Errorf("%d connections", s.connections())
	}
	clk.advance(silence)
	third.Cancel()
	ask(x, s.at, question(4, "fourth")).wantReply(t)
	if n := live(x, s.at); n != "[1 0]" {
		t.Errorf("queries per connection: %s", n)
	}
	patient.Cancel()
	if n := live(x, s.at); n != "[0]" {
		t.Errorf("queries per connection: %s", n)
	}
	impatient.wantNone(t)
}

// A connection that said something lately is alive, however long one query
// has waited; so is one that was merely idle.
func TestSlowQueryIsNoDeadConnection(t *testing.T) {
	s := serve(t, "127.0.0.1", func(p *peer) {
		for q := p.query(); q != nil; q = p.query() {
			if hostOf(q) != "slow" {
				p.answer(response(q))
			}
		}
	})
	clk := newClock()
	x := New(Options{Clock: clk})
	run(t, x)
	slow := ask(x, s.at, question(1, "slow"))
	clk.advance(silence)
	ask(x, s.at, question(2, "www")).wantReply(t)
	slow.Cancel()
	if n := live(x, s.at); n != "[0]" {
		t.Errorf("the others were answered: %s", n)
	}
	clk.advance(silence)
	ask(x, s.at, question(3, "slow")).Cancel()
	if n := live(x, s.at); n != "[0]" {
		t.Errorf("it was idle: %s", n)
	}
	ask(x, s.at, question(4, "www")).wantReply(t)
	if s.connections() != 1 {
		t.Errorf("%d connections", s.connections())
	}
}

// stalled is an Exchanger whose connecting takes until proceed is closed; it
// counts the attempts that were given up.
func stalled(t *testing.T) (x *Exchanger, proceed chan struct{}, gaveUp chan bool) {
	t.Helper()
	x = New(Options{Clock: newClock()})
	proceed, gaveUp = make(chan struct{}), make(chan bool, 10)
	dial := x.dial
	x.dial = func(ctx context.Context, r route) (net.Conn, error) {
		select {
		case <-proceed:
			return dial(context.Background(), r)
		case <-ctx.Done():
			gaveUp <- true
			return nil, ctx.Err()
		}
	}
	run(t, x)
	return x, proceed, gaveUp
}

// A query cancelled while its connection opens is not sent; the others are.
func TestCancelDuringConnect(t *testing.T) {
	got := make(chan string, 10)
	s := serve(t, "127.0.0.1", func(p *peer) {
		for q := p.query(); q != nil; q = p.query() {
			got <- hostOf(q)
			p.answer(response(q))
		}
	})
	x, proceed, gaveUp := stalled(t)
	a, b, c := ask(x, s.at, question(1, "a")), ask(x, s.at, question(1, "b")), ask(x, s.at, question(1, "c"))
	b.Cancel()
	if len(gaveUp) != 0 {
		t.Error("connecting was given up while others waited for it")
	}
	close(proceed)
	a.wantReply(t)
	c.wantReply(t)
	b.wantNone(t)
	if first, second := <-got, <-got; first != "a" || second != "c" || len(got) != 0 {
		t.Errorf("sent: %s, %s and %d more", first, second, len(got))
	}
}

// When nobody wants it any more, connecting is given up.
func TestCancelLastDuringConnect(t *testing.T) {
	s := serve(t, "127.0.0.1", echo)
	x, proceed, gaveUp := stalled(t)
	a, b := ask(x, s.at, question(1, "a")), ask(x, s.at, question(1, "b"))
	a.Cancel()
	b.Cancel()
	until(t, "connecting to be given up", func() bool { return len(gaveUp) > 0 })
	wantIdle(t, x)
	close(proceed)
	ask(x, s.at, question(1, "c")).wantReply(t)
	a.wantNone(t)
	b.wantNone(t)
}

// A connection that opens although it was given up is closed.
func TestConnectedTooLate(t *testing.T) {
	ended := make(chan bool, 1)
	s := serve(t, "127.0.0.1", func(p *peer) { silent(p); ended <- true })
	x := New(Options{})
	dial, stubborn := x.dial, make(chan bool)
	x.dial = func(_ context.Context, r route) (net.Conn, error) {
		<-stubborn
		return dial(context.Background(), r)
	}
	run(t, x)
	a := ask(x, s.at, question(1, "a"))
	a.Cancel()
	stubborn <- true
	<-ended
	a.wantNone(t)
}

// The reply to a cancelled query is nobody else's, and until it has come its
// ID is not used again.
//
// RFC: 7766.2
func TestLateReply(t *testing.T) {
	queries := make(chan []byte, 2)
	release := make(chan bool)
	s := serve(t, "127.0.0.1", func(p *peer) {
		a, b := p.query(), p.query()
		queries <- a
		queries <- b
		<-release
		p.answer(response(a))
		p.answer(response(b))
		echo(p)
	})
	x := New(Options{})
	run(t, x)
	a := ask(x, s.at, question(7, "same"))
	until(t, "the first to be sent", func() bool { return x.look(func() bool { return a.Exchange.(*exchange).sent }) })
	a.Cancel()
	b := ask(x, s.at, question(7, "same"))
	first, second := <-queries, <-queries
	if string(first[:2]) == string(second[:2]) {
		t.Error("the ID of a cancelled query was used again")
	}
	release <- true
	b.wantReply(t)
	a.wantNone(t)
	if o := b.result(); o.NearMisses != 0 {
		t.Errorf("the late reply counts as %d near misses", o.NearMisses)
	}
	x.mu.Lock()
	if c := x.servers[route{to: s.at}].conns[0]; len(c.pending) != 0 || c.misses != 0 {
		t.Errorf("%d pending, %d misses", len(c.pending), c.misses)
	}
	x.mu.Unlock()
	ask(x, s.at, question(7, "same")).wantReply(t)
	if s.connections() != 1 {
		t.Errorf("%d connections", s.connections())
	}
}

// A server that answers nothing is not sent query after query.
func TestCancelledQueriesAreBounded(t *testing.T) {
	s := serve(t, "127.0.0.1", silent)
	x := New(Options{MaxOutstanding: 4})
	run(t, x)
	for i := range uint16(8) {
		a := ask(x, s.at, question(i, "www"))
		until(t, "it to be sent", func() bool { return x.look(func() bool { return a.Exchange.(*exchange).sent }) })
		a.Cancel()
	}
	if n := live(x, s.at); n != "[]" {
		t.Errorf("connections: %s", n)
	}
}

// A query cancelled after the connection was lost, or twice, does no harm.
func TestCancelAfterTheEnd(t *testing.T) {
	s := serve(t, "127.0.0.1", func(p *peer) { p.query() })
	x := New(Options{})
	run(t, x)
	a := ask(x, s.at, question(1, "a"))
	if o := a.outcome(t); o.Kind != transport.Broken {
		t.Errorf("%+v", o)
	}
	a.Cancel()
	a.Cancel()
	if o, ok := a.Outcome(); !ok || o.Kind != transport.Broken {
		t.Error("Cancel took the outcome away")
	}
}

// Who does not take a connection in time is not waited for.
func TestConnectingHasALimit(t *testing.T) {
	s := serve(t, "127.0.0.1", func(p *peer) { p.answer(response(p.query())) })
	x := New(Options{Connect: time.Nanosecond})
	run(t, x)
	var timeout net.Error
	if o := ask(x, s.at, question(1, "www")).outcome(t); o.Kind != transport.Unreachable || !errors.As(o.Err, &timeout) || !timeout.Timeout() {
		t.Errorf("%+v", o)
	}
}
