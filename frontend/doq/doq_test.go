package doq

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"recursor/clock"
	"recursor/dns/edns"
	"recursor/frontend"
)

// RFC: 9250.1
func TestAnswersOverQUIC(t *testing.T) {
	e := &echo{release: make(chan struct{}, 1)}
	s := serve(t, Options{Handler: e})
	conn := s.dial()
	slow := s.ask(conn, framed(query(0, 'm')))
	fast := s.ask(conn, framed(query(0, 'h')))
	if msg := s.answer(fast); msg[2]&0x80 == 0 || !bytes.Equal(msg[12:], []byte{'h'}) {
		t.Errorf("answered %x", msg)
	}
	e.release <- struct{}{}
	if msg := s.answer(slow); !bytes.Equal(msg[12:], []byte{'m'}) {
		t.Errorf("answered %x", msg)
	}
	long := append(query(0, 'h'), make([]byte, 60_000)...)
	if msg := s.answer(s.ask(conn, framed(long))); len(msg) != len(long) {
		t.Errorf("answered %d octets, want %d", len(msg), len(long))
	}
	stats := s.stop()
	s.wantClosed(conn, NoError)
	if stats.Transport != frontend.DoQ || stats.Of(frontend.Hits) != 2 || stats.Of(frontend.Replies) != 1 || stats.Of(frontend.Accepted) != 1 {
		t.Errorf("counted %v", stats)
	}
	if q := e.seen[0]; q.Transport != frontend.DoQ || q.Client.Addr() != netip.MustParseAddr("127.0.0.1") || q.Local != s.at {
		t.Errorf("the handler saw %v from %v at %v", q.Transport, q.Client, q.Local)
	}
}

// RFC: 9250.1, 9250.2, 9250.4, 7828.4
func TestProtocolErrors(t *testing.T) {
	opt := edns.OPT{Payload: 1232, Options: []edns.Option{{Code: edns.Keepalive}}}.Append(nil)
	keepalive := append(query(0), opt...)
	keepalive[11] = 1
	response := query(0, 'h')
	response[2] = 0x80
	for name, octets := range map[string][]byte{
		"an ID":                         framed(query(7, 'h')),
		"two queries":                   framed(query(0, 'h'), query(0, 'h')),
		"an octet too many":             append(framed(query(0, 'h')), 0),
		"an end within the message":     framed(query(0, 'h'))[:9],
		"an end within the length":      {0},
		"nothing":                       {},
		"a message without a header":    framed([]byte{0, 0, 1}),
		"an empty message":              {0, 0},
		"a response":                    framed(response),
		"the keepalive option of TCP":   framed(keepalive),
		"a length that nothing follows": {0xff, 0xff},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, Options{Handler: &echo{}})
			conn := s.dial()
			str, err := conn.OpenStreamSync(s.ctx)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := str.Write(octets); err != nil {
				t.Fatal(err)
			}
			_ = str.Close() // the connection may have ended by now
			s.wantClosed(conn, ProtocolError)
			if stats := s.stop(); stats.Of(frontend.Queries) != 0 {
				t.Error("the handler saw it")
			}
		})
	}
}

// A client opens no stream of one direction (RFC 9250 §4.3.3).
func TestUnidirectionalStreamsAreRefused(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}})
	if _, err := s.dial().OpenUniStream(); err == nil {
		t.Error("the client may open a unidirectional stream")
	}
}

// RFC: 9250.2
func TestStreamErrors(t *testing.T) {
	e := &echo{}
	s := serve(t, Options{Handler: e, Limits: frontend.Limits{FirstQuery: time.Second}})
	conn := s.dial()
	s.wantReset(s.ask(conn, framed(query(0, 's'))), InternalError)
	s.wantReset(s.ask(conn, framed(query(0, 'n'))), InternalError)
	t.Run("stalled", func(t *testing.T) {
		str, err := conn.OpenStreamSync(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := str.Write([]byte{0, 13, 0}); err != nil {
			t.Fatal(err)
		}
		s.wantReset(str, UnspecifiedError)
	})
	t.Run("reset by the client", func(t *testing.T) {
		str, err := conn.OpenStreamSync(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := str.Write([]byte{0, 13, 0}); err != nil {
			t.Fatal(err)
		}
		str.CancelWrite(quic.StreamErrorCode(RequestCancelled))
		s.wantReset(str, UnspecifiedError)
	})
	if msg := s.answer(s.ask(conn, framed(query(0, 'h')))); len(msg) != 13 {
		t.Errorf("the connection answers %x afterwards", msg)
	}
}

func TestOverload(t *testing.T) {
	e := &echo{release: make(chan struct{}), entered: make(chan struct{})}
	s := serve(t, Options{Handler: e, Misses: frontend.NewGate(1)})
	conn := s.dial()
	slow := s.ask(conn, framed(query(0, 'm')))
	<-e.entered
	s.wantReset(s.ask(conn, framed(query(0, 'm'))), ExcessiveLoad)
	close(e.release)
	s.answer(slow)
	if stats := s.stop(); stats.Of(frontend.Overload) != 1 {
		t.Errorf("counted %v", stats)
	}
}

// A client that resets its streams has no more in progress than one that waits:
// the work of a stream counts until it is done.
func TestRapidReset(t *testing.T) {
	const streams = 8
	e := &echo{release: make(chan struct{}), entered: make(chan struct{}, 1000)}
	s := serve(t, Options{Handler: e, Limits: frontend.Limits{Outstanding: streams}})
	conn := s.dial()
	opened := 0
	for range streams {
		str := s.ask(conn, framed(query(0, 'm')))
		str.CancelRead(quic.StreamErrorCode(RequestCancelled))
		opened++
		<-e.entered
	}
	// No credit comes back while the misses wait, however long one waits for it.
	short, cancel := context.WithCancel(s.ctx)
	defer clock.NewReal().AfterFunc(100*time.Millisecond, cancel).Stop()
	if _, err := conn.OpenStreamSync(short); err == nil {
		t.Errorf("a stream was opened beyond %d whose queries are in progress", opened)
	}
	close(e.release)
	if msg := s.answer(s.ask(conn, framed(query(0, 'h')))); len(msg) != 13 {
		t.Errorf("answered %x", msg)
	}
	if stats := s.stop(); stats.Of(frontend.Misses) != streams {
		t.Errorf("%d misses, want %d", stats.Of(frontend.Misses), streams)
	}
}

func TestIdleConnectionsEnd(t *testing.T) {
	t.Run("no query", func(t *testing.T) {
		s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{FirstQuery: time.Second, Idle: time.Hour}})
		s.wantClosed(s.dial(), NoError)
	})
	t.Run("after a query", func(t *testing.T) {
		s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{Idle: 50 * time.Millisecond}})
		conn := s.dial()
		s.answer(s.ask(conn, framed(query(0, 'h'))))
		s.wantClosed(conn, NoError)
	})
	t.Run("a query in progress is not idle", func(t *testing.T) {
		e := &echo{release: make(chan struct{}), entered: make(chan struct{}, 1)}
		s := serve(t, Options{Handler: e, Limits: frontend.Limits{Idle: 30 * time.Millisecond}})
		conn := s.dial()
		str := s.ask(conn, framed(query(0, 'm')))
		<-e.entered
		clock.NewReal().NewSignal().Wait(120 * time.Millisecond)
		close(e.release)
		s.answer(str)
		s.wantClosed(conn, NoError)
	})
}

// RFC: X.7
func TestConnectionsGiveWay(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{ConnectionsPerClient: 2, FirstQuery: time.Minute}})
	var conns [3]*quic.Conn
	for i := range conns {
		conns[i] = s.dial()
		// The client's part of a handshake ends before ours. None of them asks
		// meanwhile: an answer arrives before its connection is idle.
		for s.Stats().Of(frontend.Accepted) != uint64(i+1) {
			if s.o.Clock.NewSignal().Wait(time.Millisecond); s.ctx.Err() != nil {
				t.Fatalf("connection %d is not taken", i)
			}
		}
	}
	s.wantClosed(conns[0], ExcessiveLoad)
	s.answer(s.ask(conns[1], framed(query(0, 'h'))))
	s.answer(s.ask(conns[2], framed(query(0, 'h'))))
}

// Under load a client proves its address before anything is computed for it;
// beyond the limit it is refused.
//
// RFC: 9250.3
func TestRetryUnderLoad(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{Handshakes: 8}})
	s.answer(s.ask(s.dial(), framed(query(0, 'h'))))
	if s.endpoint.loaded() {
		t.Fatal("loaded, and nothing is in progress")
	}
	s.endpoint.shaking.Store(2) // as if so many were
	if !s.endpoint.loaded() {
		t.Fatal("a quarter of the handshakes is in progress, and clients need not prove their addresses")
	}
	if retries(t, s) == 0 { // one for each packet of the client's first flight
		t.Error("no Retry packet")
	}
	s.endpoint.shaking.Store(8)
	if conn, err := quic.DialAddr(s.ctx, s.at.String(), s.client(), nil); err == nil {
		_ = conn.CloseWithError(0, "")
		t.Error("a handshake beyond the limit was made")
	}
	s.endpoint.shaking.Store(0)
	s.answer(s.ask(s.dial(), framed(query(0, 'h'))))
}

// sniffing counts the Retry packets among those that it reads.
type sniffing struct {
	net.PacketConn
	retries *int
}

func (s sniffing) ReadFrom(p []byte) (int, net.Addr, error) {
	n, addr, err := s.PacketConn.ReadFrom(p)
	if n > 0 && p[0]&0xf0 == 0xf0 { // long header, type 3 (RFC 9000 §17.2.5)
		*s.retries++
	}
	return n, addr, err
}

func retries(t *testing.T, s *served) int {
	t.Helper()
	t.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	transport := &quic.Transport{Conn: sniffing{socket, &n}}
	conn, err := transport.Dial(s.ctx, net.UDPAddrFromAddrPort(s.at), s.client(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.answer(s.ask(conn, framed(query(0, 'h'))))
	_ = conn.CloseWithError(0, "")
	_ = transport.Close() // waits for its reader
	_ = socket.Close()
	return n
}

// delayed is a socket that hands out nothing before it is to be heard.
type delayed struct {
	net.PacketConn
	heard chan struct{}
}

func (d delayed) ReadFrom(p []byte) (int, net.Addr, error) {
	n, addr, err := d.PacketConn.ReadFrom(p)
	<-d.heard
	return n, addr, err
}

// 0-RTT is refused unless configured, and then for queries only: what is not
// one waits for the end of the handshake.
//
// RFC: 9250.3
func TestEarlyData(t *testing.T) {
	t.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
	for name, early := range map[string]bool{"off": false, "on": true} {
		t.Run(name, func(t *testing.T) {
			e := &echo{}
			s := serve(t, Options{Handler: e, EarlyData: early})
			config := s.client()
			config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			first, err := quic.DialAddr(s.ctx, s.at.String(), config, &quic.Config{})
			if err != nil {
				t.Fatal(err)
			}
			s.answer(s.ask(first, framed(query(0, 'h')))) // and the ticket
			_ = first.CloseWithError(0, "")
			socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			// The library's client must not hear the server while it opens streams: it
			// does not expect that, and the race detector finds it.
			near := delayed{socket, make(chan struct{})}
			hear := sync.OnceFunc(func() { close(near.heard) })
			transport := &quic.Transport{Conn: near}
			defer func() {
				hear()
				_ = transport.Close() // waits for its reader
				_ = socket.Close()
			}()
			if !early {
				hear() // its ticket does not allow to begin before
			}
			conn, err := transport.DialEarly(s.ctx, net.UDPAddrFromAddrPort(s.at), config, &quic.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.CloseWithError(0, "") }()
			update := query(0, 'h')
			update[2] = 5 << 3 // UPDATE
			a, b := s.ask(conn, framed(query(0, 'h'))), s.ask(conn, framed(update))
			hear()
			<-conn.HandshakeComplete()
			if got := conn.ConnectionState().Used0RTT; got != early {
				t.Errorf("0-RTT was used: %t", got)
			}
			if !early {
				return // its streams are void
			}
			s.answer(a)
			s.answer(b)
		})
	}
}

// What comes as 0-RTT data and is no query is not looked at before the handshake
// has ended: until then, somebody may have recorded and repeated it.
//
// RFC: 9250.3
func TestEarlyDataThatIsNoQuery(t *testing.T) {
	t.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
	e := &echo{entered: make(chan struct{})}
	s := serve(t, Options{Handler: e, EarlyData: true})
	config := s.client()
	config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	first, err := quic.DialAddr(s.ctx, s.at.String(), config, &quic.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s.answer(s.ask(first, framed(query(0, 'h'))))
	_ = first.CloseWithError(0, "")

	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	near := &silenced{PacketConn: socket, deaf: true} // so its handshake cannot end
	transport := &quic.Transport{Conn: near}
	defer func() {
		_ = transport.Close() // waits for its reader
		_ = socket.Close()
	}()
	conn, err := transport.DialEarly(s.ctx, net.UDPAddrFromAddrPort(s.at), config, &quic.Config{})
	if err != nil {
		t.Fatal(err)
	}
	update := query(0, 'h')
	update[2] = 5 << 3 // UPDATE
	waits := s.ask(conn, framed(update))
	served := s.ask(conn, framed(query(0, 'm')))
	<-e.entered // the query is being answered
	s.o.Clock.NewSignal().Wait(50 * time.Millisecond)
	e.mu.Lock()
	seen := len(e.seen)
	e.mu.Unlock()
	if seen != 2 { // with that of the first connection
		t.Errorf("%d messages were served before the end of the handshake, want the two queries", seen)
	}
	near.turn(false)
	s.answer(served)
	s.answer(waits)
	_ = conn.CloseWithError(0, "")
}

func TestChurn(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{Connections: 16, ConnectionsPerClient: 16}})
	n := 100
	if testing.Short() {
		n = 10
	}
	for i := range n {
		conn, err := quic.DialAddr(s.ctx, s.at.String(), s.client(), nil)
		if err != nil {
			t.Fatal(err)
		}
		switch i % 3 {
		case 1:
			s.ask(conn, framed(query(0, 'm')))
		case 2:
			_, _ = conn.OpenStreamSync(s.ctx)
		}
		_ = conn.CloseWithError(0, "")
	}
	s.stop()
	if open := s.o.Connections.Open(); open != 0 {
		t.Errorf("%d connections are open at the end", open)
	}
}
