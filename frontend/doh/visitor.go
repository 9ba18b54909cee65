package doh

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"recursor/frontend"
	"recursor/frontend/tcp"
)

// visitor is a connection and its place among the others.
type visitor struct {
	*tcp.Socket
	to            *Listener
	client, local netip.AddrPort
	lane          uint8
	counters      *frontend.Counters
	slot          *frontend.Connection
	unfinished    frontend.Unfinished
	shaken        atomic.Bool
	stage         atomic.Uint32
	behind        atomic.Bool // what is read now is beyond the end of the request
	ahead         atomic.Bool // something was
	left          sync.Once

	mu   sync.Mutex
	h2   *h2conn // what it is now, if it has come to that
	ends bool    // all are to end
}

// room is the place of a connection, and what it may hold.
type room struct {
	*frontend.Connection
	*frontend.Unfinished
}

type visitorKey struct{}

// The stages of a connection of HTTP/1.1, whose headers the library reads, and
// gives up without a word.
const (
	unasked  uint32 = iota // no whole header has come
	serving                // a request is being served
	answered               // it is, and the next one is not waited for yet
	resting                // nothing of the next one has come
	asking                 // something has
	tooLate                // a header took too long, or a body that nobody wants
	settled                // it is HTTP/2, which counts for itself, or all is counted
)

// Read implements net.Conn.
func (v *visitor) Read(p []byte) (int, error) {
	n, err := v.Socket.Read(p)
	switch at := v.stage.Load(); {
	case at == settled:
	case n > 0 && v.behind.Load():
		v.ahead.Store(true)
	case n > 0:
		v.stage.CompareAndSwap(resting, asking)
	case (at == unasked || at == asking || at == serving && !v.behind.Load()) && errors.Is(err, os.ErrDeadlineExceeded):
		v.stage.CompareAndSwap(at, tooLate)
	}
	return n, err
}

// SetReadDeadline implements net.Conn. The library takes the deadline back when
// the handshake has ended well; and when it has read a whole request, so as to
// hear whether the client leaves. When a request is answered it sets one for being
// idle, and another as soon as it has four octets of the next header, which may
// have come with the request.
func (v *visitor) SetReadDeadline(t time.Time) error {
	switch at := v.stage.Load(); {
	case t.IsZero():
		if !v.shook() {
			v.behind.Store(true)
		}
	case at == answered:
		v.stage.CompareAndSwap(answered, resting)
	case at == resting:
		v.stage.CompareAndSwap(resting, asking)
	}
	return v.Socket.SetReadDeadline(t)
}

// told is what the library says of a connection.
func told(conn net.Conn, state http.ConnState) {
	v, ok := below(conn).(*visitor)
	if !ok || state != http.StateIdle {
		return
	}
	v.behind.Store(false)
	if v.ahead.Swap(false) {
		v.reach(asking)
	} else {
		v.reach(answered)
	}
}

// reach is the next stage of a connection of HTTP/1.1.
func (v *visitor) reach(stage uint32) {
	if v.stage.Load() != settled {
		v.stage.Store(stage)
	}
}

// shook says that the handshake has ended well, once or more often; true where
// that is news.
func (v *visitor) shook() bool {
	news := v.to.o.TLS != nil && !v.shaken.Load() && v.shaken.CompareAndSwap(false, true)
	if news {
		v.slot.Shaken()
		v.counters.Add(frontend.Handshakes, 1)
	}
	return news
}

// below is what TLS was put around.
func below(conn net.Conn) net.Conn {
	if secure, ok := conn.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return conn
}

// withVisitor lets requests know their connection.
func withVisitor(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, visitorKey{}, below(conn))
}

// Close implements net.Conn.
func (v *visitor) Close() error {
	err := v.Socket.Close()
	v.left.Do(func() {
		if v.to.o.TLS != nil && !v.shaken.Load() {
			v.counters.Add(frontend.Unshaken, 1)
		} else if v.stage.Load() == tooLate {
			v.counters.Add(frontend.TimedOut, 1)
		}
		v.slot.Closed()
		v.to.open.Done()
	})
	return err
}

// carry says that the connection speaks HTTP/2 from now on.
func (v *visitor) carry(c *h2conn) {
	v.stage.Store(settled)
	v.mu.Lock()
	v.h2 = c
	ends := v.ends
	v.mu.Unlock()
	if ends {
		c.End()
	}
}

// Abort implements frontend.Held.
func (v *visitor) Abort() {
	v.mu.Lock()
	c := v.h2
	v.mu.Unlock()
	if c != nil {
		c.Abort()
		return
	}
	// TLS is not told: it would wait for a client that does not read.
	_ = v.Socket.Close() // it is idle: nothing can be lost
}

// End implements frontend.Held. Connections of HTTP/1.1 the library ends itself.
func (v *visitor) End() {
	v.mu.Lock()
	c := v.h2
	v.ends = true
	v.mu.Unlock()
	if c != nil {
		c.End()
	}
}

func addrPort(addr net.Addr) netip.AddrPort {
	t, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	both := t.AddrPort()
	return netip.AddrPortFrom(both.Addr().Unmap().WithZone(""), both.Port())
}
