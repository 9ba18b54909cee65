package stream

import (
	"context"
	"errors"
	"slices"
	"time"

	"recursor/transport"
)

// The functions of this file decide under Exchanger.mu who goes where.

// place finds a place for e, or lets it wait for one.
func (x *Exchanger) place(e *exchange, fx *effects) error {
	s := x.servers[e.route]
	if s == nil {
		s = &server{route: e.route, idle: x.options.Idle}
		x.servers[e.route] = s
	}
	if s.waiting.Len() == 0 || e.retried { // who had a place need not queue again
		c := s.vacancy(e)
		if c == nil {
			c = x.connect(s, fx)
		}
		if c != nil {
			c.attach(e, fx)
			return nil
		}
	}
	if x.waiting >= x.options.MaxWaiting {
		x.forget(s)
		return ErrQueue
	}
	e.waits = s.waiting.PushBack(e)
	x.waiting++
	x.starve(s)
	return nil
}

// vacancy is a connection with room for e. One that was lost with a connection
// that had served before gets a new one: others of the same age may be as
// stale (RFC 7766 §6.2.4).
func (s *server) vacancy(e *exchange) *conn {
	for _, c := range s.conns {
		if c.room() && (!e.retried || c.replies == 0) {
			return c
		}
	}
	return nil
}

// connect decides on a new connection to s, if limits allow it; the one
// longest idle gives way.
func (x *Exchanger) connect(s *server, fx *effects) *conn {
	if x.stage != running || len(s.conns) >= x.options.MaxPerServer {
		return nil
	}
	if x.conns >= x.options.MaxConns {
		if len(x.idle) == 0 {
			return nil
		}
		oldest := x.idle[0]
		x.remove(oldest, fx)
		if oldest.server != s {
			x.forget(oldest.server)
		}
	}
	c := &conn{x: x, server: s, wake: x.clock.NewSignal(), pending: map[uint16]*exchange{}}
	c.ctx, c.stop = context.WithCancel(context.Background()) // remove stops it
	s.conns = append(s.conns, c)
	x.conns++
	x.workers.Add(1)
	fx.opening = append(fx.opening, c)
	return c
}

// fill gives the places of c to those that wait for its server.
func (x *Exchanger) fill(c *conn, fx *effects) {
	for first := c.server.waiting.Front(); first != nil && c.room(); first = c.server.waiting.Front() {
		e, _ := first.Value.(*exchange)
		x.unqueue(e)
		c.attach(e, fx)
	}
}

// unqueue takes e out of the list in which it waits.
func (x *Exchanger) unqueue(e *exchange) {
	x.servers[e.route].waiting.Remove(e.waits)
	e.waits = nil
	x.waiting--
}

// starve notes that s could use another connection.
func (x *Exchanger) starve(s *server) {
	if !s.isStarved && s.waiting.Len() > 0 && len(s.conns) < x.options.MaxPerServer {
		s.isStarved = true
		x.starved = append(x.starved, s)
	}
}

// refill opens connections for those that wait, as far as there may be more.
func (x *Exchanger) refill(fx *effects) {
	for x.stage == running && len(x.starved) > 0 {
		s := x.starved[0]
		if s.waiting.Len() > 0 && len(s.conns) < x.options.MaxPerServer {
			c := x.connect(s, fx)
			if c == nil {
				return
			}
			x.fill(c, fx)
			continue
		}
		s.isStarved = false
		x.starved = x.starved[1:]
	}
}

// vacate uses the place that has become free on c.
func (x *Exchanger) vacate(c *conn, fx *effects) {
	x.fill(c, fx)
	switch {
	case c.live > 0:
	case c.phase == connecting, !c.room(): // nobody wants it, or it takes nobody
		x.discard(c, fx)
	default:
		x.rest(c)
		x.refill(fx)
	}
}

// rest notes that c has nothing to do.
func (x *Exchanger) rest(c *conn) {
	c.idling++
	nth := c.idling
	c.timer = x.clock.AfterFunc(c.server.idle, func() { x.expire(c, nth) })
	x.idle = append(x.idle, c)
}

// busy notes that c has something to do again.
func (x *Exchanger) busy(c *conn) {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
		x.idle = slices.DeleteFunc(x.idle, func(o *conn) bool { return o == c })
	}
}

// expire closes c if it has been idle ever since the nth time.
func (x *Exchanger) expire(c *conn, nth int) {
	var fx effects
	x.mu.Lock()
	if c.timer != nil && c.idling == nth {
		x.discard(c, &fx)
	}
	x.mu.Unlock()
	x.apply(&fx)
}

// remove closes c and forgets it. What it owed answers to is the caller's.
func (x *Exchanger) remove(c *conn, fx *effects) {
	x.busy(c)
	c.phase = closed
	c.stop()
	c.server.conns = slices.DeleteFunc(c.server.conns, func(o *conn) bool { return o == c })
	x.conns--
	if c.net != nil {
		fx.closing = append(fx.closing, c.net)
	}
	fx.waking = append(fx.waking, c)
}

// discard closes c, which owes nobody an answer.
func (x *Exchanger) discard(c *conn, fx *effects) {
	x.remove(c, fx)
	x.starve(c.server)
	x.refill(fx)
	x.forget(c.server)
}

// drop closes c because of the outcome why. The queries on it get that
// outcome, unless the connection just ended after it had served before: that
// happens to the best, and each of them gets a second try (RFC 7766 §6.2.4).
func (x *Exchanger) drop(c *conn, why transport.Outcome, fx *effects) {
	orphans := c.orphans()
	x.remove(c, fx)
	ended := why.Kind == transport.Broken && errors.Is(why.Err, ErrLost)
	for _, e := range orphans {
		if ended && c.replies > 0 && !e.retried {
			e.retried, e.conn = true, nil
			if err := x.place(e, fx); err != nil {
				e.settle(transport.Outcome{Kind: transport.Exhausted, Err: err}, fx)
			}
			continue
		}
		outcome := why
		outcome.NearMisses = e.misses
		e.settle(outcome, fx)
	}
	x.starve(c.server)
	x.refill(fx)
	x.forget(c.server)
}

// abandon ends everything that concerns s.
func (x *Exchanger) abandon(s *server, o transport.Outcome, fx *effects) {
	for len(s.conns) > 0 {
		c := s.conns[0]
		for _, e := range c.orphans() {
			e.settle(o, fx)
		}
		x.remove(c, fx)
	}
	for first := s.waiting.Front(); first != nil; first = s.waiting.Front() {
		e, _ := first.Value.(*exchange)
		x.unqueue(e)
		e.settle(o, fx)
	}
	x.forget(s)
}

// forget lets go of s, if there is nothing to know of it.
func (x *Exchanger) forget(s *server) {
	if len(s.conns) == 0 && s.waiting.Len() == 0 {
		delete(x.servers, s.route)
	}
}

// silence is how long a connection says nothing while somebody waits until it
// is taken for dead when that one gives up.
const silence = time.Second

// cancel takes e from wherever it is.
func (x *Exchanger) cancel(e *exchange, fx *effects) {
	switch c := e.conn; {
	case e.done:
	case e.waits != nil:
		s := x.servers[e.route]
		x.unqueue(e)
		x.forget(s)
	case c != nil:
		e.conn = nil
		c.live--
		if e.sent {
			c.pending[e.id] = nil // its reply may come yet, and must not be another's
		} else {
			delete(c.pending, e.id)
		}
		// A path that has died says nothing at all. The next query must not
		// wait for it in its turn.
		if since := x.now(); c.phase == open && since.Sub(e.placed) >= silence && since.Sub(c.heard) >= silence {
			c.last = true
		}
		x.vacate(c, fx)
	}
	e.done = true
}

// hint is what Idle says.
func (x *Exchanger) hint(s *server, timeout time.Duration, fx *effects) {
	// Before the server does (RFC 7828 §3.2.2), on the way to which there is a
	// delay.
	s.idle = min(x.options.Idle, timeout-timeout/4)
	for _, c := range slices.Clone(s.conns) {
		c.last = c.last || timeout <= 0
		switch {
		case c.timer == nil: // busy, or connecting
		case c.last:
			x.discard(c, fx)
		default:
			x.busy(c)
			x.rest(c)
		}
	}
}
