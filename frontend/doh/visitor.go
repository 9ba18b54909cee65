package doh

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"

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

// told is what the library says of a connection: it is active when its
// handshake has ended and, over HTTP/1.1, the first request begins.
func told(conn net.Conn, state http.ConnState) {
	if v, ok := below(conn).(*visitor); ok && state == http.StateActive {
		v.shook()
	}
}

// shook says that the handshake has ended well, once or more often.
func (v *visitor) shook() {
	if v.to.o.TLS != nil && v.shaken.CompareAndSwap(false, true) {
		v.slot.Shaken()
		v.counters.Add(frontend.Handshakes, 1)
	}
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
		}
		v.slot.Closed()
		v.to.open.Done()
	})
	return err
}

// carry says that the connection speaks HTTP/2 from now on.
func (v *visitor) carry(c *h2conn) {
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
