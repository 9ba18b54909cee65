package dot

import (
	"context"
	"crypto/tls"
	"crypto/x509"
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
	"recursor/frontend/tlsconf"
	"recursor/random"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo answers with the query, QR set: a miss, where the octet behind the header
// is an m, which waits for a value of release.
type echo struct {
	release chan struct{}

	mu   sync.Mutex
	seen []frontend.Query
}

func (e *echo) Hit(q *frontend.Query, dst []byte) (int, bool) {
	e.mu.Lock()
	e.seen = append(e.seen, *q)
	e.mu.Unlock()
	if len(q.Message) > 12 && q.Message[12] == 'm' {
		return 0, false
	}
	n := copy(dst, q.Message)
	dst[2] |= 0x80
	return n, true
}

func (e *echo) Miss(q *frontend.Query, reply func([]byte)) {
	if e.release != nil {
		<-e.release
	}
	msg := slices.Clone(q.Message)
	msg[2] |= 0x80
	reply(msg)
}

// query is a message with an ID, and an octet behind its header.
func query(id uint16, want byte) []byte {
	msg := make([]byte, 13)
	binary.BigEndian.PutUint16(msg, id)
	msg[12] = want
	return msg
}

// served is a running Listener and what clients need to know.
type served struct {
	Listener
	t      *testing.T
	source *tlsconf.Source
	at     netip.AddrPort
	stop   func() frontend.Stats
}

func serve(t *testing.T, o Options) *served {
	t.Helper()
	c := clock.NewReal()
	source, err := tlsconf.New(tlsconf.Options{
		Clock: c, Seeds: random.Secure{}, Names: []string{"dns.example"}, Addrs: []netip.Addr{netip.MustParseAddr("127.0.0.1")},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Clock, o.TLS = c, source.Config(Protocol)
	o.Addrs = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	l := New(o)
	if err := l.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	s := &served{Listener: l, t: t, source: source, at: l.Addrs()[0]}
	s.stop = sync.OnceValue(func() frontend.Stats {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		return l.Stats()
	})
	t.Cleanup(func() { s.stop() })
	return s
}

// client is a configuration that trusts the server.
func (s *served) client() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(s.source.Leaves()[0].Certificate)
	return &tls.Config{RootCAs: pool, ServerName: "dns.example", NextProtos: []string{Protocol}}
}

// raw is a connection without TLS.
func (s *served) raw() net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.at.String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(clock.NewReal().Now().TTL.Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// dial is a connection with its handshake made.
func (s *served) dial(config *tls.Config) *tls.Conn {
	s.t.Helper()
	c := tls.Client(s.raw(), config)
	if err := c.Handshake(); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func send(t *testing.T, c net.Conn, msgs ...[]byte) {
	t.Helper()
	var octets []byte
	for _, msg := range msgs {
		octets = stream.Append(octets, msg)
	}
	if _, err := c.Write(octets); err != nil {
		t.Error(err)
	}
}

// want reads answers and compares their IDs.
func want(t *testing.T, c net.Conn, ids ...uint16) {
	t.Helper()
	for _, id := range ids {
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			t.Fatalf("no answer to %d: %v", id, err)
		}
		msg := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c, msg); err != nil {
			t.Fatalf("part of an answer to %d: %v", id, err)
		}
		if got := binary.BigEndian.Uint16(msg); got != id || msg[2]&0x80 == 0 {
			t.Errorf("answered %d, want %d", got, id)
		}
	}
}
