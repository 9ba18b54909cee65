package stream

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"recursor/clock"
	"recursor/random"
	"recursor/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// stoppedClock is the real clock, but its time stands still until a test moves
// it, and timers run then.
type stoppedClock struct {
	*clock.Real
	mu     sync.Mutex
	passed time.Duration
	timers []*stoppedTimer
}

type stoppedTimer struct {
	clock *stoppedClock
	at    time.Duration
	f     func()
}

func newClock() *stoppedClock { return &stoppedClock{Real: clock.NewReal()} }

func (c *stoppedClock) Now() clock.Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	return clock.Instant{TTL: time.Unix(1e9, 0).Add(c.passed)}
}

func (c *stoppedClock) AfterFunc(d time.Duration, f func()) clock.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	timer := &stoppedTimer{c, c.passed + d, f}
	c.timers = append(c.timers, timer)
	return timer
}

func (t *stoppedTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	before := len(t.clock.timers)
	t.clock.timers = slices.DeleteFunc(t.clock.timers, func(o *stoppedTimer) bool { return o == t })
	return len(t.clock.timers) < before
}

// advance moves time and runs the timers that are due.
func (c *stoppedClock) advance(d time.Duration) {
	c.mu.Lock()
	c.passed += d
	var due []*stoppedTimer
	c.timers = slices.DeleteFunc(c.timers, func(t *stoppedTimer) bool {
		if t.at <= c.passed {
			due = append(due, t)
		}
		return t.at <= c.passed
	})
	c.mu.Unlock()
	for _, t := range due {
		t.f()
	}
}

// run runs x for the rest of the test and checks then that nothing is left.
func run(t testing.TB, x *Exchanger) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- x.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		wantIdle(t, x)
	})
	until(t, "Run", func() bool { return x.look(func() bool { return x.stage == running }) })
}

// look calls f under the lock of x.
func (x *Exchanger) look(f func() bool) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return f()
}

func wantIdle(t testing.TB, x *Exchanger) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.conns != 0 || x.waiting != 0 || len(x.idle) != 0 || len(x.servers) != 0 || len(x.starved) != 0 {
		t.Errorf("left over: %d connections, %d waiting, %d idle, %d servers, %d starved",
			x.conns, x.waiting, len(x.idle), len(x.servers), len(x.starved))
	}
}

// until waits for ok, looking every millisecond.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	never := clock.NewReal().NewSignal()
	for range int(patience / time.Millisecond) {
		if ok() {
			return
		}
		never.Wait(time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

// peer is the server's end of a connection.
type peer struct {
	*net.TCPConn
	in frames
	n  int // the connection's number, from 1
}

// query is the next message from the client, nil at its end.
func (p *peer) query() []byte {
	m, err := p.in.next()
	if err != nil {
		return nil
	}
	return m
}

// answer sends a message, if there is one.
func (p *peer) answer(message []byte) {
	if message == nil {
		return
	}
	_, _ = p.Write(framed(message)) // a client that has gone is the test's business
}

// reset ends the connection with RST.
func (p *peer) reset() {
	_ = p.SetLinger(0)
	p.Close()
}

func framed(message []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)
}

// listener listens on loopback; handle runs for each connection, in a goroutine
// of its own, and the connection ends with it.
type listener struct {
	at       netip.AddrPort
	mu       sync.Mutex
	accepted int
	from     []netip.AddrPort
}

func serve(t testing.TB, host string, handle func(*peer)) *listener {
	t.Helper()
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(host), 0)))
	if err != nil {
		t.Skipf("no TCP on %s: %v", host, err)
	}
	s := &listener{at: l.Addr().(*net.TCPAddr).AddrPort()}
	var all sync.WaitGroup
	var open sync.Map
	all.Go(func() {
		for {
			c, err := l.AcceptTCP()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.accepted++
			p := &peer{c, newFrames(c), s.accepted}
			s.from = append(s.from, c.RemoteAddr().(*net.TCPAddr).AddrPort())
			s.mu.Unlock()
			open.Store(p, nil)
			all.Go(func() { defer p.Close(); handle(p) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Range(func(p, _ any) bool { p.(*peer).Close(); return true })
		all.Wait()
	})
	return s
}

func (s *listener) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// echo answers each query with itself and QR set.
func echo(p *peer) {
	for q := p.query(); q != nil; q = p.query() {
		p.answer(response(q))
	}
}

// silent reads and says nothing.
func silent(p *peer) { _, _ = io.Copy(io.Discard, p) }

// response is query with QR set; nil, the end of a connection, stays nil.
func response(query []byte) []byte {
	if query == nil {
		return nil
	}
	r := bytes.Clone(query)
	r[2] |= 0x80
	return r
}

// question is a query for <host>.eXample.com. A.
func question(id uint16, host string) []byte {
	m := binary.BigEndian.AppendUint16(nil, id)
	m = append(m, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	m = append(m, byte(len(host)))
	m = append(m, host...)
	return append(m, "\x07eXample\x03com\x00\x00\x01\x00\x01"...)
}

// hostOf is what question was called with.
func hostOf(message []byte) string { return string(message[13 : 13+message[12]]) }

// asking is one exchange of a test.
type asking struct {
	transport.Exchange
	done    clock.Signal
	message []byte
}

func ask(x *Exchanger, to netip.AddrPort, message []byte) asking {
	return start(x, transport.Query{To: transport.Endpoint{Addr: to, Proto: transport.TCP}, Message: message})
}

func start(x *Exchanger, q transport.Query) asking {
	if q.Random == nil {
		q.Random = random.Secure{}.Stream()
	}
	done := clock.NewReal().NewSignal()
	return asking{x.Start(q, done), done, q.Message}
}

// outcome waits for what comes of a.
func (a asking) outcome(t testing.TB) transport.Outcome {
	t.Helper()
	if !a.done.Wait(patience) {
		t.Fatal("no outcome")
	}
	o, ok := a.Outcome()
	if !ok {
		t.Fatal("signalled without an outcome")
	}
	return o
}

// wantReply checks that a gets the reply of echo.
func (a asking) wantReply(t testing.TB) {
	t.Helper()
	o := a.outcome(t)
	if o.Kind != transport.Reply || !bytes.Equal(o.Message, response(a.message)) || o.Err != nil {
		t.Errorf("%s: %+v", hostOf(a.message), o)
	}
}

// wantNone checks that a, which was cancelled, has no outcome.
func (a asking) wantNone(t testing.TB) {
	t.Helper()
	if a.done.Wait(0) {
		t.Error("a cancelled exchange was signalled")
	}
	if o, ok := a.Outcome(); ok {
		t.Errorf("a cancelled exchange has the outcome %+v", o)
	}
}

// result is the outcome of a that is there already.
func (a asking) result() transport.Outcome {
	o, _ := a.Outcome()
	return o
}
