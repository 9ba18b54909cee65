package tcp

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"recursor/clock"
)

// readAhead is the room for what one read of the system brings: some thirty
// small records of TLS.
const readAhead = 4096

// Socket is a connection below TLS. What the system has is read at once, though
// TLS asks for a record at a time; and what was read can be taken without
// waiting for more.
type Socket struct {
	net.Conn
	clock   clock.Clock
	closing atomic.Bool

	// The reader's own.
	octets     []byte // octets[start:end] was read and not taken
	start, end int
	gathering  bool // nobody waits for octets

	mu     sync.Mutex // TLS writes at the call of its reader too
	corked bool
	held   []byte // written, and to be sent
}

// NewSocket makes a Socket of a connection.
func NewSocket(conn net.Conn, c clock.Clock) *Socket { return &Socket{Conn: conn, clock: c} }

// Read implements net.Conn.
func (s *Socket) Read(p []byte) (int, error) {
	if s.start == s.end {
		if s.gathering {
			return 0, nothing{}
		}
		if len(p) >= readAhead {
			return s.Conn.Read(p)
		}
		if s.octets == nil {
			s.octets = make([]byte, readAhead)
		}
		n, err := s.Conn.Read(s.octets)
		s.start, s.end = 0, n
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, s.octets[s.start:s.end])
	s.start += n
	return n, nil
}

// Gather reads once from what stands on the socket, without waiting: what has
// come already, of TLS no more than a record. It belongs to who reads.
func (s *Socket) Gather(above io.Reader, p []byte) int {
	s.gathering = true
	n, _ := above.Read(p) // what is wrong the next read says too
	s.gathering = false
	return n
}

// nothing says that nothing is there yet. To TLS it is a time that is over,
// after which one may go on.
type nothing struct{}

// Error implements error.
func (nothing) Error() string { return "nothing has come yet" }

// Timeout implements net.Error.
func (nothing) Timeout() bool { return true }

// Temporary implements net.Error.
func (nothing) Temporary() bool { return true }

var _ net.Error = nothing{}

// Cork keeps what is written until Uncork, which sends all of it at once.
func (s *Socket) Cork() {
	s.mu.Lock()
	s.corked = true
	s.mu.Unlock()
}

// keep is the largest buffer that is kept between writes.
const keep = 32 << 10

// Uncork sends what was kept.
func (s *Socket) Uncork() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.corked = false
	if len(s.held) == 0 {
		return nil
	}
	_, err := s.Conn.Write(s.held)
	if s.held = s.held[:0]; cap(s.held) > keep {
		s.held = nil
	}
	return err
}

// Write implements net.Conn.
func (s *Socket) Write(p []byte) (int, error) {
	s.mu.Lock()
	if s.corked {
		s.held = append(s.held, p...)
		s.mu.Unlock()
		return len(p), nil
	}
	s.mu.Unlock()
	return s.Conn.Write(p)
}

// CloseWrite ends our half, where the connection has halves.
func (s *Socket) CloseWrite() error {
	if half, ok := s.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Closing says that the connection is about to be closed, so that a goodbye
// may not take long.
func (s *Socket) Closing() { s.closing.Store(true) }

// farewell is the time to hand a close_notify to the kernel. It takes none,
// unless the client has let its buffers fill; and who closes an idle connection
// has other clients to serve.
const farewell = time.Millisecond

// SetWriteDeadline implements net.Conn. The library gives a close_notify five
// seconds.
func (s *Socket) SetWriteDeadline(t time.Time) error {
	if s.closing.Load() {
		if soon := s.clock.Now().TTL.Add(farewell); soon.Before(t) {
			t = soon
		}
	}
	return s.Conn.SetWriteDeadline(t)
}

// Secure is a connection over TLS on a Socket.
type Secure struct {
	*tls.Conn
	below *Socket
}

// NewSecure is the server's end of TLS on conn.
func NewSecure(conn net.Conn, config *tls.Config, c clock.Clock) *Secure {
	below := NewSocket(conn, c)
	return &Secure{tls.Server(below, config), below}
}

// Gather reads once, without waiting.
func (s *Secure) Gather(p []byte) int { return s.below.Gather(s.Conn, p) }

// Close sends the close_notify, where it can be sent without waiting.
func (s *Secure) Close() error {
	s.below.Closing()
	return s.Conn.Close()
}
