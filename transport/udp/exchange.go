package udp

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"

	"recursor/clock"
	"recursor/transport"
)

// state of an exchange, guarded by Exchanger.mu.
type state uint8

const (
	// waiting: for a socket, in the list of that name.
	waiting state = iota
	// busy: one goroutine has claimed the exchange, works on its socket
	// without the lock and is the only one that may close it.
	busy
	// listening: the socket is open and has nobody's attention.
	listening
	// done: there is no socket any more.
	done
)

var _ transport.Exchange = (*exchange)(nil)

// exchange is a query under way. It implements transport.Exchange.
type exchange struct {
	x      *Exchanger
	query  transport.Query
	server netip.AddrPort // query.To, IPv4 as such
	signal clock.Signal
	misses int // of the goroutine that reads

	// Of the socket, written by open before listening.
	port uint16
	fd   int
	gen  uint32
	conn *net.UDPConn

	// Guarded by Exchanger.mu.
	state      state
	cancelled  bool
	prev, next *exchange
	in         *list

	outcome transport.Outcome // before settled
	settled atomic.Bool
}

// errCancelled: the exchange was given up while its socket was being opened.
var errCancelled = errors.New("udp: cancelled")

func newExchange(x *Exchanger, q transport.Query, signal clock.Signal) *exchange {
	to := q.To.Addr.Addr().Unmap()
	return &exchange{
		x: x, query: q, signal: signal, fd: -1,
		server: netip.AddrPortFrom(to, q.To.Addr.Port()),
	}
}

// Outcome implements transport.Exchange.
func (e *exchange) Outcome() (transport.Outcome, bool) {
	if !e.settled.Load() {
		return transport.Outcome{}, false
	}
	return e.outcome, true
}

// Cancel implements transport.Exchange.
func (e *exchange) Cancel() {
	x := e.x
	x.mu.Lock()
	switch e.state {
	case waiting:
		x.waiting.remove(e)
		e.state = done
	case busy:
		e.cancelled = true // whoever has claimed it sees to the rest
	case listening:
		e.cancelled = true
		e.state = busy
		x.mu.Unlock()
		x.finish(e, transport.Outcome{})
		return
	case done:
	}
	x.mu.Unlock()
}

// conclude makes o the outcome and says so.
func (e *exchange) conclude(o transport.Outcome) {
	e.outcome = o
	e.settled.Store(true)
	e.signal.Set()
}

// arm lets a busy exchange listen, unless it is not wanted any more. listen
// runs under the lock, so that nobody closes the socket before it is known;
// it must not block.
func (x *Exchanger) arm(e *exchange, listen func() error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case e.cancelled:
		return errCancelled
	case x.stage != running:
		return ErrEnded
	}
	if err := listen(); err != nil {
		return err
	}
	e.state = listening
	x.active.push(e)
	return nil
}

// claim makes a listening exchange the caller's.
func (x *Exchanger) claim(e *exchange) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e.state != listening {
		return false
	}
	e.state = busy
	return true
}

// release ends a claim without an outcome. It returns false where the
// exchange was cancelled meanwhile; then the caller keeps the claim and
// finishes it.
func (x *Exchanger) release(e *exchange) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e.cancelled {
		return false
	}
	e.state = listening
	return true
}

// list is a doubly linked list of exchanges, each in one list at most.
type list struct {
	first, last *exchange
	n           int
}

func (l *list) push(e *exchange) {
	e.prev, e.in = l.last, l
	if l.last == nil {
		l.first = e
	} else {
		l.last.next = e
	}
	l.last = e
	l.n++
}

// remove takes e out, if it is in l.
func (l *list) remove(e *exchange) {
	if e.in != l {
		return
	}
	if e.prev == nil {
		l.first = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		l.last = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.prev, e.next, e.in = nil, nil, nil
	l.n--
}
