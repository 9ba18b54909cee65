package stream

import (
	"container/list"
	"sync/atomic"
	"time"

	"recursor/clock"
	"recursor/transport"
)

// exchange is a query under way. It implements transport.Exchange.
type exchange struct {
	x      *Exchanger
	query  transport.Query
	route  route
	signal clock.Signal

	// Guarded by Exchanger.mu. An exchange waits (waits is set), has a place
	// (conn is set), or is done.
	waits   *list.Element
	conn    *conn
	id      uint16    // on conn
	seq     uint64    // order of placing
	placed  time.Time // on conn
	sent    bool      // its octets may be on the way
	retried bool      // lost with its first connection
	done    bool
	misses  int

	outcome transport.Outcome // before settled
	settled atomic.Bool
}

var _ transport.Exchange = (*exchange)(nil)

// Outcome implements transport.Exchange.
func (e *exchange) Outcome() (transport.Outcome, bool) {
	if !e.settled.Load() {
		return transport.Outcome{}, false
	}
	return e.outcome, true
}

// Cancel implements transport.Exchange.
func (e *exchange) Cancel() {
	var fx effects
	e.x.mu.Lock()
	e.x.cancel(e, &fx)
	e.x.mu.Unlock()
	e.x.apply(&fx)
}

// settle makes o the outcome.
func (e *exchange) settle(o transport.Outcome, fx *effects) {
	e.done, e.conn = true, nil
	e.outcome = o
	fx.settled = append(fx.settled, e)
}
