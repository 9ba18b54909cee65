package doq

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"go.uber.org/goleak"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/stream"
	"recursor/frontend/tlsconf"
	"recursor/random"
)

func TestMain(m *testing.M) {
	if profile := os.Getenv(serverVariable); profile != "" {
		if err := server(profile); err != nil {
			panic(err)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// echo answers with the query, QR set. The octet behind the header says how: m
// is a miss, which waits for a value of release; s is silence; n no answer.
type echo struct {
	release chan struct{}
	entered chan struct{}

	mu   sync.Mutex
	seen []frontend.Query
}

func (e *echo) Hit(q *frontend.Query, dst []byte) (int, bool) {
	e.mu.Lock()
	e.seen = append(e.seen, *q)
	e.mu.Unlock()
	if len(q.Message) > 12 {
		switch q.Message[12] {
		case 'm', 'n':
			return 0, false
		case 's':
			return 0, true
		}
	}
	n := copy(dst, q.Message)
	dst[2] |= 0x80
	return n, true
}

func (e *echo) Miss(q *frontend.Query, reply func([]byte)) {
	if e.entered != nil {
		e.entered <- struct{}{}
	}
	if e.release != nil {
		<-e.release
	}
	if q.Message[12] == 'n' {
		return
	}
	msg := slices.Clone(q.Message)
	msg[2] |= 0x80
	reply(msg)
}

// query is a message with an ID, and octets behind its header.
func query(id uint16, behind ...byte) []byte {
	msg := make([]byte, 12, 12+len(behind))
	binary.BigEndian.PutUint16(msg, id)
	return append(msg, behind...)
}

func framed(msgs ...[]byte) []byte {
	var octets []byte
	for _, msg := range msgs {
		octets = stream.Append(octets, msg)
	}
	return octets
}

// served is a running Listener and what clients need to know.
type served struct {
	*Listener
	t      *testing.T
	source *tlsconf.Source
	at     netip.AddrPort
	ctx    context.Context
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
	o.Clock, o.Seeds, o.TLS = c, random.Secure{}, source.Config(Protocol)
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
	var lost context.CancelFunc
	s.ctx, lost = context.WithCancel(context.Background())
	timer := c.AfterFunc(20*time.Second, lost) // a test that waits so long is lost
	t.Cleanup(func() {
		s.stop()
		timer.Stop()
		lost()
	})
	return s
}

func (s *served) client() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(s.source.Leaves()[0].Certificate)
	return &tls.Config{RootCAs: pool, ServerName: "dns.example", NextProtos: []string{Protocol}}
}

func (s *served) dial() *quic.Conn {
	s.t.Helper()
	conn, err := quic.DialAddr(s.ctx, s.at.String(), s.client(), &quic.Config{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.CloseWithError(0, "") })
	return conn
}

// ask sends octets on a stream of their own, and ends it.
func (s *served) ask(conn *quic.Conn, octets []byte) *quic.Stream {
	s.t.Helper()
	str, err := conn.OpenStreamSync(s.ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := str.Write(octets); err != nil {
		s.t.Fatal(err)
	}
	if err := str.Close(); err != nil {
		s.t.Fatal(err)
	}
	return str
}

// answer is what a stream has until its end.
func (s *served) answer(str *quic.Stream) []byte {
	s.t.Helper()
	octets, err := io.ReadAll(str)
	if err != nil {
		s.t.Fatalf("no answer: %v", err)
	}
	msg, rest, whole := stream.Next(octets)
	if !whole || len(rest) != 0 {
		s.t.Fatalf("no single whole message: %x", octets)
	}
	return msg
}

// wantReset wants a stream to be reset with a code.
func (s *served) wantReset(str *quic.Stream, code Code) {
	s.t.Helper()
	_, err := io.ReadAll(str)
	var reset *quic.StreamError
	if !errors.As(err, &reset) || Code(reset.ErrorCode) != code {
		s.t.Errorf("the stream ended with %v, want a reset with code %d", err, code)
	}
}

// wantClosed wants a connection to be closed by the server, with a code.
func (s *served) wantClosed(conn *quic.Conn, code Code) {
	s.t.Helper()
	select {
	case <-conn.Context().Done():
	case <-s.ctx.Done():
		s.t.Fatal("the connection is open")
	}
	var closed *quic.ApplicationError
	if err := context.Cause(conn.Context()); !errors.As(err, &closed) || Code(closed.ErrorCode) != code || !closed.Remote {
		s.t.Errorf("the connection ended with %v, want code %d", err, code)
	}
}
