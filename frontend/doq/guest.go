package doq

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"recursor/clock"
	"recursor/frontend"
)

// Guest is the place that a connection has: from the first packet among the
// handshakes, from Accept on among the connections.
type Guest struct {
	endpoint *Endpoint
	shaken   atomic.Bool // the handshake has ended, well or not
	asked    atomic.Bool // a query came
	conn     *quic.Conn  // set by admit, as slot is
	frontend.Unfinished

	mu     sync.Mutex
	slot   *frontend.Connection // set once, before a query is served
	closed bool
	watch  clock.Timer // looks whether the connection is idle
	end    func()      // ends it in good order, when all are to end
	ends   bool        // they are
}

type guestKey struct{}

// GuestOf is the Guest of the connection that ctx is the context of, or was
// derived from.
func GuestOf(ctx context.Context) *Guest {
	g, _ := ctx.Value(guestKey{}).(*Guest)
	return g
}

// admit takes a place for the connection, or ends it.
func (g *Guest) admit(conn *quic.Conn) bool {
	g.shook(&g.endpoint.handshakes)
	now := g.endpoint.o.Clock.Now().TTL
	g.conn = conn
	slot, ok := g.endpoint.o.Connections.Admit(plain(conn.RemoteAddr()).Addr(), now, g, &g.endpoint.tally)
	if !ok {
		g.Abort()
		return false
	}
	g.mu.Lock()
	g.slot = slot
	closed := g.closed
	g.mu.Unlock()
	if closed { // it had gone before it had a place
		slot.Closed()
		return false
	}
	g.look()
	return true
}

// shook ends the handshake, and counts it.
func (g *Guest) shook(as *atomic.Uint64) {
	if g.shaken.CompareAndSwap(false, true) {
		g.endpoint.shaking.Add(-1)
		as.Add(1)
	}
}

// gone is called when the connection is closed.
func (g *Guest) gone() {
	g.shook(&g.endpoint.unshaken)
	g.mu.Lock()
	g.closed = true
	slot := g.slot
	if g.watch != nil {
		g.watch.Stop()
	}
	g.mu.Unlock()
	if slot != nil {
		slot.Closed()
	}
}

// Begin says that a query is being served; false when the connection has given
// way. Done is to be called in either case.
func (g *Guest) Begin() bool {
	g.asked.Store(true)
	return g.slot.Begin()
}

// Done says that it was served.
func (g *Guest) Done(now time.Time) { g.slot.Done(now) }

// Client is the address that the client has now, and ours.
func (g *Guest) Client() (client, local netip.AddrPort) {
	return plain(g.conn.RemoteAddr()), plain(g.conn.LocalAddr())
}

// look closes the connection when it has brought no query for too long. What
// keeps a connection alive on the level of QUIC does not count.
func (g *Guest) look() {
	first, limit := g.endpoint.o.Limits.FirstQuery, g.endpoint.o.Limits.Idle
	if !g.asked.Load() {
		limit = first
	}
	left := limit
	if g.slot.Active() == 0 {
		now := g.endpoint.o.Clock.Now().TTL
		if left = limit - now.Sub(g.slot.Since()); left <= 0 {
			_ = g.conn.CloseWithError(0, "") // it was idle
			return
		}
	}
	// No later than either time from now, since which of them counts can change.
	left = min(left, first)
	if idle := g.endpoint.o.Limits.Idle; idle > 0 {
		left = min(left, idle)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.watch = g.endpoint.o.Clock.AfterFunc(left, g.look)
	}
}

// Abort implements frontend.Held.
func (g *Guest) Abort() {
	_ = g.conn.CloseWithError(quic.ApplicationErrorCode(g.endpoint.o.Refused), "") // it was idle
}

// End implements frontend.Held.
func (g *Guest) End() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ends = true
	if g.end != nil {
		g.end()
	}
}

// OnEnd sets what ends the connection in good order.
func (g *Guest) OnEnd(end func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.end = end
	if g.ends {
		end()
	}
}
