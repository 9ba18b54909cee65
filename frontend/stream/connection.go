package stream

// This file is hot: a hit on an open connection allocates nothing.

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"recursor/clock"
	"recursor/frontend"
)

const (
	// readSize is the room for what a read brings, some fifty queries.
	readSize = 4096
	// writeSize is the most that hits are gathered into one write, unless one
	// answer alone is longer: what a TLS record carries.
	writeSize = 16384
	// keepSize is the largest buffer that a connection keeps between writes.
	keepSize = 2 * writeSize
	// backlog is the most that waits for a client that does not read. The
	// kernel holds megabytes before anything waits here.
	backlog = 256 << 10
	// linger is the time for a client to take its last answers, when we end the
	// connection while it may still send: what arrives after a close makes the
	// kernel reset the connection, and answers on their way are lost.
	linger = time.Second
)

// connection serves one connection.
type connection struct {
	server   *Server
	conn     Conn
	gatherer gatherer // conn, nil where it is none
	slot     *frontend.Connection
	counters *frontend.Counters
	wake     clock.Signal // for the reader, when it sleeps

	// The reader's own.
	query      frontend.Query
	in         []byte // in[start:end] was read and not served
	start, end int
	hits       []byte // framed answers of this batch
	hitCount   int
	held       int  // no fewer than waiting
	asked      bool // a whole query came
	linger     bool // before closing
	finished   bool // the reader ended, and not by a panic

	mu       sync.Mutex
	queue    []byte // framed answers that the writer takes along
	queued   int    // how many
	spare    []byte // the queue's other buffer
	waiting  int    // queries whose answers are not written: misses, and what is queued
	serving  bool   // the reader has a batch in hand
	writing  bool   // somebody writes
	ending   bool   // no more is read
	broken   bool   // nothing is written any more
	sleeping bool   // the reader waits for wake

	writeBy time.Time // the write deadline; belongs to the writer
}

// run reads and serves until the connection ends, and closes it when nothing
// waits any more.
func (c *connection) run() {
	defer c.server.running.Done()
	defer c.leave()
	first := c.slot.Since().Add(c.server.o.Limits.FirstQuery)
	c.arm(first)
	if c.shake(first) {
		for c.read() && c.serve() {
		}
	}
	c.finished = true
}

// shake makes the handshake of a connection that has one, within the time of the
// first query; false where it fails.
func (c *connection) shake(until time.Time) bool {
	secure, ok := c.conn.(handshaker)
	if !ok {
		return true
	}
	_ = c.conn.SetWriteDeadline(until) // where it fails, the handshake does
	err := secure.Handshake()
	c.slot.Shaken()
	if err != nil {
		c.counters.Add(frontend.Unshaken, 1)
		return false
	}
	c.counters.Add(frontend.Handshakes, 1)
	return true
}

// read waits for octets; false when there are none to come.
func (c *connection) read() bool {
	c.makeRoom()
	for {
		n, err := c.conn.Read(c.in[c.end:])
		c.end += n
		switch {
		case n > 0:
			c.gather()
			return true
		case err == nil:
		case errors.Is(err, io.EOF):
			// The client sends no more. Whether it has closed its side alone, as it
			// may, or all, shows when we write: the answers that wait are tried.
			return false
		case isTimeout(err):
			if !c.patient() {
				return false
			}
		default:
			c.mu.Lock()
			c.breakOff()
			c.mu.Unlock()
			return false
		}
	}
}

// gather reads what has come already, where the connection can tell: over TLS a
// read brings one record, and there are clients that send each query in one of
// its own.
func (c *connection) gather() {
	for c.gatherer != nil && c.end < len(c.in) {
		n := c.gatherer.Gather(c.in[c.end:])
		if n == 0 {
			return
		}
		c.end += n
	}
}

// makeRoom makes room behind end. A message that is longer than the buffer
// gets one of twice the size each time it has filled the one it has: a length
// alone, which costs its sender nothing, reserves nothing.
func (c *connection) makeRoom() {
	switch {
	case c.start == c.end:
		c.start, c.end = 0, 0
		if len(c.in) > readSize {
			c.in = make([]byte, readSize)
		}
	case c.end < len(c.in):
	case c.start > 0:
		c.end = copy(c.in, c.in[c.start:c.end])
		c.start = 0
	default:
		c.in = append(c.in, make([]byte, min(len(c.in), prefixLen+frontend.MaxMessage-len(c.in)))...)
	}
}

// patient is what to do when reading took too long; false ends the connection.
func (c *connection) patient() bool {
	limit := c.server.o.Limits.Idle
	if !c.asked {
		limit = c.server.o.Limits.FirstQuery
	}
	now := c.server.o.Clock.Now().TTL
	c.mu.Lock()
	defer c.mu.Unlock()
	until := c.slot.Since().Add(limit)
	switch {
	case c.ending || limit < 0:
		c.linger = c.waiting > 0
		return false
	case c.waiting > 0:
		until = now.Add(limit) // it is not idle
	case !now.Before(until):
		// Part of a message does not prolong it (RFC 7766 §6.2.3).
		if !c.asked || c.end > c.start {
			c.counters.Add(frontend.TimedOut, 1)
		}
		return false
	}
	_ = c.conn.SetReadDeadline(until) // where it fails, the next read does
	return true
}

// arm sets the read deadline, unless the connection is to end. The time that a
// batch is served does not move it: it is looked at when it has passed.
func (c *connection) arm(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ending {
		_ = c.conn.SetReadDeadline(at) // where it fails, the next read does
	}
}

// serve serves all whole queries that were read; false ends reading.
func (c *connection) serve() bool {
	msg, rest, whole := Next(c.in[c.start:c.end])
	if !whole {
		return true
	}
	c.mu.Lock()
	c.serving = true
	alive := c.slot.Busy()
	c.mu.Unlock()
	if !alive {
		return false // it has given way: the other side knows by now
	}
	c.look()
	b := c.server.benches.Get().(*bench)
	more, queries := true, 0
	for ; whole && more; msg, rest, whole = Next(rest) {
		c.start = c.end - len(rest)
		if more = c.admit(msg); more {
			queries++
			more = c.answer(msg, b)
		}
	}
	c.server.benches.Put(b)
	c.counters.Add(frontend.Queries, queries)
	return c.flush() && c.endBatch(more)
}

// endBatch ends the serving of a batch.
func (c *connection) endBatch(more bool) bool {
	c.mu.Lock()
	c.serving = false
	c.restIfIdle()
	c.mu.Unlock()
	c.linger = !more
	if !c.asked {
		c.asked = true
		c.arm(c.server.o.Clock.Now().TTL.Add(c.server.o.Limits.Idle))
	}
	return more
}

// admit sorts out what is no query, and waits while too many queries wait.
func (c *connection) admit(msg []byte) bool {
	switch frontend.Judge(msg) {
	case frontend.IsShort:
		c.counters.Add(frontend.Short, 1)
		return false
	case frontend.IsResponse:
		c.counters.Add(frontend.Responses, 1)
		return false
	case frontend.IsQuery:
	}
	if c.held < c.server.o.Limits.Outstanding {
		return true
	}
	if !c.flush() || !c.waitForRoom() {
		return false
	}
	c.look() // that may have taken long
	return true
}

// look takes down when the queries in hand were taken from the system.
func (c *connection) look() { c.query.At = c.server.o.Clock.Now().TTL }

// answer serves one query; false when there is no room for a miss.
func (c *connection) answer(msg []byte, b *bench) bool {
	c.query.Message = msg
	n, hit := c.server.o.Handler.Hit(&c.query, b[:])
	switch {
	case !hit:
		return c.miss()
	case n == 0:
		c.counters.Add(frontend.Silent, 1)
		return true
	}
	if len(c.hits) > 0 && len(c.hits)+prefixLen+n > writeSize {
		if !c.flush() {
			return false
		}
		c.look() // that may have taken long
	}
	c.hits = Append(c.hits, b[:n])
	c.hitCount++
	return true
}

// waitForRoom sleeps while as many queries wait as may; false ends reading.
func (c *connection) waitForRoom() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.waiting >= c.server.o.Limits.Outstanding && !c.broken && !c.ending {
		c.sleep()
	}
	c.held = c.waiting
	return !c.broken && !c.ending
}

// leave closes the connection when nothing waits on it any more.
func (c *connection) leave() {
	c.mu.Lock()
	if !c.finished {
		c.breakOff() // a panic: what it left behind is not to be trusted
	}
	for c.waiting > 0 || c.writing {
		c.sleep()
	}
	gently := c.linger && !c.broken
	c.broken = true
	c.mu.Unlock()
	if gently {
		c.takeLeave()
	}
	_ = c.conn.Close() // all was sent that will be
	c.slot.Leave()
}

// takeLeave ends our half, and discards what the client still sends until it
// has ended its own. Meanwhile the connection may give way.
func (c *connection) takeLeave() {
	half, ok := c.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	now := c.server.o.Clock.Now().TTL
	c.slot.Idle(now)
	if c.conn.SetReadDeadline(now.Add(linger)) != nil {
		return
	}
	for range backlog / readSize {
		if _, err := c.conn.Read(c.in); err != nil {
			return
		}
	}
}

// Abort implements frontend.Held: the connection gives way.
func (c *connection) Abort() { _ = c.conn.Close() } // it is idle: nothing can be lost

// End implements frontend.Held.
func (c *connection) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending = true
	_ = c.conn.SetReadDeadline(time.Unix(1, 0)) // where it fails, the next read does
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
