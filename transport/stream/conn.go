package stream

import (
	"cmp"
	"context"
	"net"
	"slices"
	"time"

	"recursor/clock"
	"recursor/dns/wire"
	"recursor/transport"
)

// phase is where a connection is in its life.
type phase uint8

const (
	connecting phase = iota
	open
	closed
)

// conn is a connection to a server, from the decision to connect on.
type conn struct {
	x      *Exchanger
	server *server
	wake   clock.Signal // of the writer
	ctx    context.Context
	stop   context.CancelFunc // of ctx: ends connecting

	// Guarded by Exchanger.mu.
	phase   phase
	net     net.Conn             // from open on
	last    bool                 // takes no more queries
	unsent  []*exchange          // cancelled ones among them
	pending map[uint16]*exchange // by ID; nil for a query that was sent and cancelled
	live    int                  // queries of pending that are not cancelled
	replies int
	misses  int       // messages that answered nothing, since the last reply
	heard   time.Time // when it was opened or a message came last
	timer   clock.Timer
	idling  int // counts the times it was idle, so that an old timer is told from a new one
}

// run is the goroutine that connects and writes.
func (c *conn) run() {
	defer c.x.workers.Done()
	n, err := c.x.dial(c.ctx, c.server.route)
	if !c.connected(n, err) {
		return
	}
	c.x.clock.Go("stream: reader of "+c.server.to.String(), c.read)
	var buf []byte
	for {
		var ok bool
		if buf, ok = c.take(buf[:0]); !ok {
			return
		}
		if len(buf) == 0 {
			c.wake.Wait(clock.Forever)
			continue
		}
		// Length and message in one write, and several of both
		// (RFC 7766 §8).
		if _, err := n.Write(buf); err != nil {
			c.deaf()
			return
		}
	}
}

// deaf notes that the server takes no more. The reader, which may find
// replies yet, sees the connection end, too, and says what becomes of it.
func (c *conn) deaf() {
	c.x.mu.Lock()
	defer c.x.mu.Unlock()
	c.last = true
}

// connected takes the result of connecting. It returns false where there is
// nothing to write to.
func (c *conn) connected(n net.Conn, err error) bool {
	var fx effects
	c.x.mu.Lock()
	switch {
	case c.phase == closed:
		if err == nil {
			fx.closing = append(fx.closing, n)
		}
	case err != nil:
		c.x.drop(c, transport.Outcome{Kind: transport.FailureKind(err), Err: err}, &fx)
	default:
		c.phase, c.net, c.heard = open, n, c.x.now()
		c.x.workers.Add(1) // the reader
	}
	isOpen := c.phase == open
	c.x.mu.Unlock()
	c.x.apply(&fx)
	return isOpen
}

// take appends the frames of the queries that were not sent, false when the
// connection is closed.
func (c *conn) take(buf []byte) ([]byte, bool) {
	c.x.mu.Lock()
	defer c.x.mu.Unlock()
	for _, e := range c.unsent {
		if e.conn != c {
			continue // cancelled
		}
		buf = appendFrame(buf, e.query.Message, e.id)
		e.sent = true
	}
	clear(c.unsent)
	c.unsent = c.unsent[:0]
	return buf, c.phase != closed
}

// read is the goroutine that reads.
func (c *conn) read() {
	defer c.x.workers.Done()
	in := newFrames(c.net)
	for {
		message, err := in.next()
		if err == nil {
			err = c.received(message)
		}
		if err != nil {
			c.lose(err)
			return
		}
	}
}

// lose ends the connection because of what happened to it.
func (c *conn) lose(err error) {
	var fx effects
	c.x.mu.Lock()
	if c.phase != closed {
		c.x.drop(c, transport.Outcome{Kind: transport.Broken, Err: err}, &fx)
	}
	c.x.mu.Unlock()
	c.x.apply(&fx)
}

// received matches a message with the query that it answers. It returns
// ErrGarbage when the server has sent too many that answer none.
func (c *conn) received(message []byte) error {
	var fx effects
	c.x.mu.Lock()
	defer func() {
		c.x.mu.Unlock()
		c.x.apply(&fx)
	}()
	if c.phase == closed {
		return nil
	}
	c.heard = c.x.now()
	header, err := wire.ParseHeader(message)
	if err != nil {
		return err
	}
	e, known := c.pending[header.ID]
	switch {
	case known && e == nil: // late
		delete(c.pending, header.ID)
		return nil
	case known && e != nil:
		own, _ := wire.ParseHeader(e.query.Message)
		wire.SetID(message, own.ID)
		if transport.Match(e.query.Message, message) != transport.Stranger {
			delete(c.pending, header.ID)
			c.live--
			c.replies++
			c.misses = 0
			e.settle(transport.Outcome{Kind: transport.Reply, Message: message, NearMisses: e.misses}, &fx)
			c.x.vacate(c, &fx)
			return nil
		}
		e.misses++
	}
	if c.misses++; c.misses >= c.x.options.Misses {
		return ErrGarbage
	}
	return nil
}

// attach gives e a place on c, which must have room.
func (c *conn) attach(e *exchange, fx *effects) {
	c.x.busy(c)
	own, _ := wire.ParseHeader(e.query.Message)
	e.id = own.ID
	for {
		if _, taken := c.pending[e.id]; !taken {
			break
		}
		e.id = e.query.Random.Uint16() // IDs under way are unique (RFC 7766 §6.2.1)
	}
	c.x.seq++
	e.conn, e.seq, e.placed, e.sent = c, c.x.seq, c.x.now(), false
	c.pending[e.id] = e
	c.live++
	c.unsent = append(c.unsent, e)
	fx.waking = append(fx.waking, c)
}

// room: c takes another query. Cancelled queries that the server has not
// answered count as well, though less: it may be at work on them.
func (c *conn) room() bool {
	limit := c.x.options.MaxOutstanding
	return !c.last && c.phase != closed && c.live < limit && len(c.pending) < 2*limit
}

// orphans are the queries that c owes an answer, in the order they came.
func (c *conn) orphans() []*exchange {
	var all []*exchange
	for _, e := range c.pending {
		if e != nil {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *exchange) int { return cmp.Compare(a.seq, b.seq) })
	return all
}

// now is the time by which connections age.
func (x *Exchanger) now() time.Time { return x.clock.Now().TTL }
