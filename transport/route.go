package transport

import (
	"errors"
	"net/netip"
	"time"

	"recursor/clock"
)

// ErrNoRoute says that nothing carries the protocol of the query.
var ErrNoRoute = errors.New("transport: no way for this protocol")

// Route is an Exchanger that hands each query to the Exchanger of its protocol.
type Route struct {
	UDP Exchanger
	TCP Exchanger
}

// Start implements Exchanger. A query whose protocol has no Exchanger ends at
// once as Exhausted: it is this host that cannot, not the server.
func (r Route) Start(q Query, done clock.Signal) Exchange {
	way := r.UDP
	if q.To.Proto == TCP {
		way = r.TCP
	}
	if way == nil {
		done.Set()
		return ended{Outcome{Kind: Exhausted, Err: ErrNoRoute}}
	}
	return way.Start(q, done)
}

// Idle implements Keeper.
func (r Route) Idle(to netip.AddrPort, from netip.Addr, timeout time.Duration) {
	if k, ok := r.TCP.(Keeper); ok {
		k.Idle(to, from, timeout)
	}
}

// ended is an exchange that was over before it began.
type ended struct{ outcome Outcome }

func (e ended) Outcome() (Outcome, bool) { return e.outcome, true }

func (ended) Cancel() {}
