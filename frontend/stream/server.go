package stream

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"recursor/clock"
	"recursor/frontend"
)

// Options are the settings of a Server.
type Options struct {
	Handler frontend.Handler
	Clock   clock.Clock
	// Transport is what queries are said to come by.
	Transport frontend.Transport
	Limits    frontend.Limits
	// Connections admits connections; nil is this server's own, by Limits.
	Connections *frontend.Connections
	// Misses bounds the misses in progress; nil is this server's own, by Limits.
	Misses *frontend.Gate
}

// Conn is what a server needs of a connection. A net.Conn is one; where it can
// close its sending half alone (CloseWrite), that is used; where it begins with a
// handshake (Handshake), as TLS does, that is made first; where it can read what
// has come without waiting (Gather), all that has come is served together.
type Conn interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
	Close() error
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}

// handshaker is a connection that begins with a handshake.
type handshaker interface{ Handshake() error }

// gatherer is a connection that can read, once, what has come without waiting.
// What is wrong with it the next read says.
type gatherer interface{ Gather(p []byte) int }

// Server serves connections.
type Server struct {
	o        Options
	counters []*frontend.Counters
	tally    frontend.Tally
	next     atomic.Uint32 // which of them the next connection gets
	benches  sync.Pool     // of *bench
	running  sync.WaitGroup
}

// bench is where an answer is written before it is framed. It is as long as an
// answer can be, and borrowed while hits are made, never while somebody waits.
type bench [frontend.MaxMessage]byte

// New makes a Server.
func New(o Options) *Server {
	o.Limits = o.Limits.WithDefaults()
	if o.Connections == nil {
		o.Connections = frontend.NewConnections(o.Limits, o.Clock)
	}
	if o.Misses == nil {
		o.Misses = frontend.NewGate(o.Limits.Misses)
	}
	s := &Server{o: o, counters: make([]*frontend.Counters, runtime.GOMAXPROCS(0))}
	for i := range s.counters {
		s.counters[i] = new(frontend.Counters)
	}
	s.benches.New = func() any { return new(bench) }
	return s
}

// Serve takes the connections of ln until it is closed.
func (s *Server) Serve(ln net.Listener) error {
	for {
		conn, err := ln.Accept()
		if err == nil {
			s.Take(conn, addrPort(conn.RemoteAddr()), addrPort(conn.LocalAddr()))
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		// Out of descriptors or memory, mostly. An idle connection has some; and
		// without a pause this would take the processor from those who free more.
		s.o.Connections.Relieve()
		s.o.Clock.NewSignal().Wait(pause)
	}
}

// pause is the rest between two tries to accept.
const pause = 20 * time.Millisecond

// Take serves one connection in a goroutine of its own, or closes it where the
// limits say so.
func (s *Server) Take(conn Conn, client, local netip.AddrPort) {
	lane := int(s.next.Add(1)) % len(s.counters)
	c := &connection{server: s, conn: conn, counters: s.counters[lane]}
	c.gatherer, _ = conn.(gatherer)
	c.query.Lane = uint8(lane) // it may wrap: lanes are shared then
	c.query.Client, c.query.Local, c.query.Transport = client, local, s.o.Transport
	slot, ok := s.o.Connections.Admit(client.Addr(), s.o.Clock.Now().TTL, c, &s.tally)
	if _, secure := conn.(handshaker); ok && secure && !slot.Shake() {
		slot.Leave() // it has given way already
		ok = false
	}
	if !ok {
		_ = conn.Close() // it was never used
		return
	}
	c.slot, c.wake, c.in = slot, s.o.Clock.NewSignal(), make([]byte, readSize)
	s.running.Add(1)
	s.o.Clock.Go("stream connection", c.run)
}

// End ends all connections: what waits is answered, no more is read. It returns
// when all are closed. No connection may be taken any more.
func (s *Server) End() {
	s.o.Connections.End()
	s.running.Wait()
}

// Stats is what was counted so far.
func (s *Server) Stats() frontend.Stats {
	sum := frontend.Sum(s.o.Transport, s.counters)
	s.tally.AddTo(&sum)
	return sum
}

// addrPort is the address of one end, without zone; zero where it is of a kind
// that has none.
func addrPort(addr net.Addr) netip.AddrPort {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	both := tcp.AddrPort()
	return netip.AddrPortFrom(both.Addr().Unmap().WithZone(""), both.Port())
}
