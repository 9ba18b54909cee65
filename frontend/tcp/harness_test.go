package tcp

import (
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
	"recursor/frontend"
	"recursor/frontend/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What a query asks of the scripted handler, by its first octet behind the
// header. Other queries are hits.
const (
	wantHit  = 'h'
	wantMiss = 'm'
	wantLong = 'L' // a miss with an answer of 60,000 octets
)

// scripted answers with the query, QR set. A question that begins with a label
// of four letters, "miss", is one.
type scripted struct {
	release chan struct{} // misses wait for a value, where it is not nil
	entered chan struct{} // one for each miss that began, where it is not nil

	mu   sync.Mutex
	seen []frontend.Query
}

func isMiss(msg []byte) bool {
	return len(msg) > 12 && (msg[12] == wantMiss || msg[12] == wantLong || len(msg) > 17 && string(msg[12:17]) == "\x04miss")
}

func (h *scripted) Hit(q *frontend.Query, dst []byte) (int, bool) {
	h.mu.Lock()
	h.seen = append(h.seen, *q)
	h.mu.Unlock()
	if isMiss(q.Message) {
		return 0, false
	}
	n := copy(dst, q.Message)
	dst[2] |= 0x80
	return n, true
}

func (h *scripted) Miss(q *frontend.Query, reply func([]byte)) {
	if h.entered != nil {
		h.entered <- struct{}{}
	}
	if h.release != nil {
		<-h.release
	}
	msg := slices.Clone(q.Message)
	msg[2] |= 0x80
	if q.Message[12] == wantLong {
		msg = append(msg, make([]byte, 60_000)...)
	}
	reply(msg)
}

// query is a message with an ID that asks the scripted handler for want.
func query(id uint16, want byte) []byte {
	msg := make([]byte, 13)
	binary.BigEndian.PutUint16(msg, id)
	msg[12] = want
	return msg
}

// served is a running Listener.
type served struct {
	*Listener
	t      *testing.T
	cancel context.CancelFunc
	ended  chan error
	once   sync.Once
}

func serve(t *testing.T, o Options) *served {
	t.Helper()
	if o.Clock == nil {
		o.Clock = clock.NewReal()
	}
	if o.Addrs == nil {
		o.Addrs = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	}
	l := New(o)
	if err := l.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &served{Listener: l, t: t, cancel: cancel, ended: make(chan error, 1)}
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

// conn is a client's connection.
type conn struct {
	t *testing.T
	*net.TCPConn
}

func dial(t *testing.T, to netip.AddrPort) conn {
	t.Helper()
	c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(soon()); err != nil {
		t.Fatal(err)
	}
	return conn{t, c}
}

// soon is when a test that waits for something is lost.
func soon() time.Time { return clock.NewReal().Now().TTL.Add(20 * time.Second) }

func (c conn) send(msgs ...[]byte) {
	c.t.Helper()
	var octets []byte
	for _, msg := range msgs {
		octets = stream.Append(octets, msg)
	}
	if _, err := c.Write(octets); err != nil {
		c.t.Error(err)
	}
}

func (c conn) receive() []byte {
	c.t.Helper()
	length := make([]byte, 2)
	if _, err := io.ReadFull(c, length); err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	msg := make([]byte, binary.BigEndian.Uint16(length))
	if _, err := io.ReadFull(c, msg); err != nil {
		c.t.Fatalf("part of an answer: %v", err)
	}
	return msg
}

// want reads answers and compares their IDs.
func (c conn) want(ids ...uint16) {
	c.t.Helper()
	for _, id := range ids {
		msg := c.receive()
		if got := binary.BigEndian.Uint16(msg); got != id || msg[2]&0x80 == 0 {
			c.t.Errorf("answered %d, want %d", got, id)
		}
	}
}

// wantEnd reads until the server has closed, and reports the octets before.
func (c conn) wantEnd() int {
	c.t.Helper()
	n, err := io.Copy(io.Discard, c)
	if err != nil && isTimeout(err) {
		c.t.Errorf("the connection is open: %v", err)
	}
	return int(n)
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error) //nolint:errorlint // package net returns it bare
	return ok && timeout.Timeout()
}
