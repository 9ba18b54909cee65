package udp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"recursor/clock"
	"recursor/frontend"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scripted is a handler that is told by the first octet behind the header what
// to do. Its answers are the query with QR set.
type scripted struct {
	mu      sync.Mutex
	seen    []frontend.Query // of hits and misses, in order
	entered chan struct{}    // one for each miss that began
	release chan struct{}    // misses wait for it to be closed, where it is not nil
}

// What a query may ask for.
const (
	wantHit        = 'h'
	wantMiss       = 'm'
	wantSilence    = 's' // of Hit
	wantNoReply    = 'n' // of Miss
	wantHitPanic   = 'p'
	wantMissPanic  = 'q'
	wantTooMuch    = 't' // Hit claims more octets than it was given
	wantTwoOctets  = '2' // a miss whose reply is shorter than a header
	wantWholeReply = 'w' // a hit that fills dst
)

func (h *scripted) saw(q *frontend.Query) {
	h.mu.Lock()
	defer h.mu.Unlock()
	kept := *q
	kept.Message = slices.Clone(q.Message)
	h.seen = append(h.seen, kept)
}

// last is the last query that it saw.
func (h *scripted) last() frontend.Query {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen[len(h.seen)-1]
}

func (h *scripted) Hit(q *frontend.Query, dst []byte) (int, bool) {
	switch q.Message[12] {
	case wantMiss, wantNoReply, wantMissPanic, wantTwoOctets:
		return 0, false
	case wantSilence:
		return 0, true
	case wantHitPanic:
		panic("a broken handler")
	case wantTooMuch:
		return len(dst) + 1, true
	case wantWholeReply:
		h.saw(q)
		copy(dst, q.Message)
		dst[2] |= 0x80
		return len(dst), true
	default:
		h.saw(q)
		n := copy(dst, q.Message)
		dst[2] |= 0x80
		return n, true
	}
}

func (h *scripted) Miss(q *frontend.Query, reply func([]byte)) {
	if h.entered != nil {
		h.entered <- struct{}{}
	}
	if h.release != nil {
		<-h.release
	}
	h.saw(q)
	switch q.Message[12] {
	case wantNoReply:
	case wantMissPanic:
		panic("a broken resolver")
	case wantTwoOctets:
		reply([]byte{1, 2})
	default:
		msg := slices.Clone(q.Message)
		msg[2] |= 0x80
		reply(msg)
	}
}

// query is a message with an ID that asks the scripted handler for want.
func query(id uint16, want byte) []byte {
	msg := make([]byte, 13, 40)
	msg[0], msg[1] = byte(id>>8), byte(id)
	msg[5] = 1
	msg[12] = want
	return append(msg, "example"...)
}

// served is a running Listener.
type served struct {
	*Listener
	t      *testing.T
	cancel context.CancelFunc
	ended  chan error
	once   sync.Once
	panics chan any
}

// options are what most tests want: one worker on the loopback of IPv4.
func options(h frontend.Handler) Options {
	return Options{
		Addrs:   []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")},
		Handler: h,
		Clock:   clock.NewReal(),
		Workers: 1,
	}
}

// listen binds, and closes at the end of the test if nothing else does.
func listen(t *testing.T, o Options) *Listener {
	t.Helper()
	l := New(o)
	if err := l.Listen(); err != nil {
		t.Fatal(err)
	}
	return l
}

func serve(t *testing.T, o Options) *served {
	t.Helper()
	panics := make(chan any, 100)
	if o.Clock == nil {
		o.Clock = clock.NewReal()
	}
	if real, ok := o.Clock.(*clock.Real); ok {
		real.OnPanic = func(_ string, recovered any, _ []byte) { panics <- recovered }
	}
	return run(t, listen(t, o), panics)
}

func run(t *testing.T, l *Listener, panics chan any) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &served{Listener: l, t: t, cancel: cancel, ended: make(chan error, 1), panics: panics}
	go func() { s.ended <- l.Run(ctx) }()
	t.Cleanup(func() { s.stop() })
	return s
}

// stop ends the listener and returns what it counted.
func (s *served) stop() frontend.Stats {
	s.t.Helper()
	s.once.Do(func() {
		s.cancel()
		if err := <-s.ended; err != nil {
			s.t.Errorf("Run: %v", err)
		}
	})
	return s.Stats()
}

// client is a connected socket.
type client struct {
	t    *testing.T
	conn *net.UDPConn
}

func dial(t *testing.T, to netip.AddrPort) client {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return client{t, conn}
}

// soon is when a test that waits for something is lost.
func soon() time.Time { return clock.NewReal().Now().TTL.Add(10 * time.Second) }

func (c client) send(msgs ...[]byte) {
	c.t.Helper()
	for _, msg := range msgs {
		if _, err := c.conn.Write(msg); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c client) receive() []byte {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(soon()); err != nil {
		c.t.Fatal(err)
	}
	buffer := make([]byte, 1<<16)
	n, err := c.conn.Read(buffer)
	if err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	return buffer[:n]
}

// ask sends a query and returns the ID of the answer.
func (c client) ask(id uint16, want byte) {
	c.t.Helper()
	c.send(query(id, want))
	if got := c.receive(); answerID(got) != id {
		c.t.Fatalf("answered ID %d, asked %d", answerID(got), id)
	}
}

func answerID(msg []byte) uint16 {
	if len(msg) < 3 || msg[2]&0x80 == 0 {
		return 0
	}
	return uint16(msg[0])<<8 | uint16(msg[1])
}

// eachEngine runs a test on the batches, where there are any, and on their
// plain twin.
func eachEngine(t *testing.T, test func(t *testing.T, plain bool)) {
	t.Helper()
	if haveBatches {
		t.Run("batches", func(t *testing.T) { test(t, false) })
	}
	t.Run("plain", func(t *testing.T) { test(t, true) })
}

func wantCounts(t *testing.T, s frontend.Stats, want map[frontend.Counter]uint64) {
	t.Helper()
	for c, n := range s.N {
		if c := frontend.Counter(c); n != want[c] {
			t.Errorf("%v = %d, want %d", c, n, want[c])
		}
	}
}

// loopback6 is the loopback of IPv6 with a port for the system to choose.
func loopback6(t *testing.T) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			t.Skip("this machine has no IPv6 loopback:", op.Err)
		}
		t.Fatal(err)
	}
	conn.Close()
	return netip.MustParseAddrPort("[::1]:0")
}
