package doh

import (
	"encoding/binary"
	"errors"
	"net"
	"time"

	"golang.org/x/net/http2"

	"recursor/frontend"
)

// h2FrameHeader is the length of a frame's header (RFC 9113 §4.1).
const h2FrameHeader = 9

// read waits for octets; false when there are none to come, or the connection
// has been idle for too long.
func (c *h2conn) read() bool {
	c.makeRoom()
	for {
		n, err := c.conn.Read(c.in[c.end:])
		c.end += n
		var timeout net.Error
		switch {
		case n > 0:
			c.gather()
			return true
		case err == nil:
		case errors.As(err, &timeout) && timeout.Timeout():
			if !c.patient() {
				return false
			}
		default:
			return false
		}
	}
}

// gather reads what has come already, and notes where its records of TLS end:
// there are clients that send each request in one of its own.
func (c *h2conn) gather() {
	c.records = c.records[:0]
	for c.below != nil && c.end < len(c.in) {
		n := c.below.Gather(c.conn, c.in[c.end:])
		if n == 0 {
			return
		}
		c.records = append(c.records, c.end)
		c.end += n
	}
}

// makeRoom makes room behind end. A frame that is longer than the buffer gets
// one of twice the size each time it has filled the one it has.
func (c *h2conn) makeRoom() {
	switch {
	case c.start == c.end:
		c.start, c.end = 0, 0
		if len(c.in) > h2Read {
			c.in = make([]byte, h2Read)
		}
	case c.end < len(c.in):
	case c.start > 0:
		c.end = copy(c.in, c.in[c.start:c.end])
		c.start = 0
	default:
		c.in = append(c.in, make([]byte, min(len(c.in), h2FrameHeader+h2Frame-len(c.in)))...)
	}
}

// serve serves all whole frames that were read, and writes the answers to them
// at once; false ends reading.
func (c *h2conn) serve() bool {
	if !c.greeted() {
		return c.greeting != ""
	}
	if c.end-c.start < h2FrameHeader {
		return true
	}
	if !c.beginBatch() {
		return false // it has given way
	}
	more := true
	for more && c.end-c.start >= h2FrameHeader {
		header := c.in[c.start : c.start+h2FrameHeader]
		length := int(binary.BigEndian.Uint32(header) >> 8)
		if length > h2Frame {
			more = c.leaveWith(http2.ErrCodeFrameSize)
			break
		}
		end, kind := c.start+h2FrameHeader+length, http2.FrameType(header[3])
		if c.end < end {
			break
		}
		frame, err := c.framer.ReadFrame()
		c.start = end // also of a frame that was not read to its end
		if err != nil {
			more = c.wrong(kind, err)
		} else {
			more = c.frame(frame)
		}
		if more && c.useless > h2Allowance {
			more = c.leaveWith(http2.ErrCodeEnhanceYourCalm)
		}
		if len(c.records) > 0 && c.start >= c.records[0] {
			c.cut()
		}
		if more && c.full {
			more = c.push()
		}
	}
	return c.endBatch(more)
}

// cut ends a record where one ended in what was read. Responses to requests that
// came in one record share one, others do not: who sends them apart may read them
// apart (dnsperf takes one response from a record, and counts the others as
// lost).
func (c *h2conn) cut() {
	for len(c.records) > 0 && c.start >= c.records[0] {
		c.records = c.records[1:]
	}
	c.mu.Lock()
	c.out.cut()
	c.mu.Unlock()
}

// greeted takes what is left of the preface; false while it is not all there, or
// where it is something else, after which nothing is left of it.
func (c *h2conn) greeted() bool {
	if c.greeting == "" {
		return true
	}
	n := min(len(c.greeting), c.end-c.start)
	if c.greeting[:n] != string(c.in[c.start:c.start+n]) {
		c.greeting = ""
		c.linger = true
		c.leaveWith(http2.ErrCodeProtocol)
		c.push()
		return false
	}
	c.greeting = c.greeting[n:]
	c.start += n
	return c.greeting == ""
}

// wrong is a frame that the framer refuses.
func (c *h2conn) wrong(kind http2.FrameType, err error) bool {
	var stream http2.StreamError
	var connection http2.ConnectionError
	switch {
	case errors.As(err, &connection):
		return c.leaveWith(http2.ErrCode(connection))
	case !errors.As(err, &stream):
		return c.leaveWith(http2.ErrCodeFrameSize) // shorter than what it has to have
	case kind == http2.FrameHeaders || kind == http2.FrameData:
		// Padding that is longer than its frame (RFC 9113 §6.1, §6.2); and without
		// its block no later one can be read (§4.3).
		return c.leaveWith(stream.Code)
	default:
		return c.abandon(stream.StreamID, stream.Code)
	}
}

// beginBatch begins to serve what was read; false where the connection has given
// way.
func (c *h2conn) beginBatch() bool {
	now := c.l.o.Clock.Now().TTL
	c.query.At = now
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serving, c.now = true, now
	return c.begin()
}

// begin tells that the connection is not idle; false where it has given way. It
// has c.mu.
func (c *h2conn) begin() bool {
	if c.begun {
		return true
	}
	c.begun = true
	return c.slot.Begin()
}

// endBatch writes what the batch has left, and sees to the time that the client
// has for what it has begun.
func (c *h2conn) endBatch(more bool) bool {
	c.linger = !more
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serving = false
	c.out.cut()
	c.flush()
	c.rest()
	if c.broken {
		return false
	}
	// The read deadline does not move with each batch: it is looked at when it is
	// over. It moves where something is to be there sooner.
	if !c.timed && c.asked || c.owes() {
		c.timed = c.asked
		c.arm(c.l.o.Clock.Now().TTL)
	}
	return more
}

// rest tells that nothing is in progress. It has c.mu.
func (c *h2conn) rest() {
	if !c.begun || c.serving || len(c.streams) > 0 {
		return
	}
	c.begun = false
	c.slot.Done(c.l.o.Clock.Now().TTL)
	if c.ending || c.l.o.Limits.Idle < 0 {
		_ = c.conn.SetReadDeadline(time.Unix(1, 0)) // where it fails, the next read does
	}
}

// owes reports whether the client has to do something before it is idle for too
// long: to send the rest of a request, or to take an answer. It has c.mu.
func (c *h2conn) owes() bool {
	for _, s := range c.streams {
		if _, timed := c.until(s); timed {
			return true
		}
	}
	return false
}

// arm sets the read deadline to the first time that is to be looked at. It has
// c.mu.
func (c *h2conn) arm(now time.Time) {
	limits := &c.l.o.Limits
	next := c.idleUntil()
	if c.ending {
		next = c.endBy
		if !c.told {
			next = time.Unix(1, 0) // that is to be done now
		}
	} else if len(c.streams) > 0 {
		next = now.Add(max(limits.Idle, limits.FirstQuery))
	}
	for _, s := range c.streams {
		if at, timed := c.until(s); timed && at.Before(next) {
			next = at
		}
	}
	_ = c.conn.SetReadDeadline(next) // where it fails, the next read does
}

// idleUntil is when the connection has been idle for too long.
func (c *h2conn) idleUntil() time.Time {
	if !c.asked {
		return c.slot.Since().Add(c.l.o.Limits.FirstQuery)
	}
	return c.slot.Since().Add(max(c.l.o.Limits.Idle, 0))
}

// until is when the client has had its time for a stream: to send a request, or
// to take an answer, whatever parts of it have come or gone.
func (c *h2conn) until(s *h2stream) (time.Time, bool) {
	switch s.state {
	case h2Receiving:
		return s.since.Add(c.l.o.Limits.FirstQuery), true
	case h2Sending:
		return s.since.Add(c.l.o.Limits.Write), true
	default:
		return time.Time{}, false
	}
}

// patient is what to do when a time is over; false ends the connection.
func (c *h2conn) patient() bool {
	now := c.l.o.Clock.Now().TTL
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire(now)
	more := true
	switch {
	case c.ending:
		if !c.told {
			c.endBy = now.Add(grace)
			c.goAway(http2.ErrCodeNo)
		}
		more = len(c.streams) > 0 && now.Before(c.endBy)
		c.linger = !more
	case len(c.streams) == 0 && !now.Before(c.idleUntil()):
		// Part of a request, or what asks for nothing, has not prolonged it.
		if !c.asked || c.end > c.start || len(c.block) > 0 {
			c.counters.Add(frontend.TimedOut, 1)
		}
		c.goAway(http2.ErrCodeNo)
		more = false
	}
	c.flush()
	c.rest()
	if more {
		c.arm(now)
	}
	return more && !c.broken
}

// expire resets the streams whose client has had its time. It has c.mu.
func (c *h2conn) expire(now time.Time) {
	for i := len(c.streams) - 1; i >= 0; i-- {
		s := c.streams[i]
		if at, timed := c.until(s); !timed || now.Before(at) {
			continue
		}
		if s.state == h2Receiving {
			c.counters.Add(frontend.TimedOut, 1)
		} else {
			c.counters.Add(frontend.Unsent, 1)
		}
		_ = c.framer.WriteRSTStream(s.id, http2.ErrCodeCancel)
		c.forgive(s.id)
		c.drop(s)
	}
}

// leave closes the connection when nothing waits on it any more.
func (c *h2conn) leave() {
	c.mu.Lock()
	if !c.finished {
		c.breakOff() // a panic: what it left behind is not to be trusted
	}
	c.serving = false
	for i := len(c.streams) - 1; i >= 0; i-- {
		if c.streams[i].state != h2Waiting {
			c.drop(c.streams[i]) // nothing more is read: neither a body nor a window
		}
	}
	for len(c.streams) > 0 || c.writing {
		c.sleep()
	}
	c.rest()
	gently := c.linger && !c.broken
	c.broken = true
	c.mu.Unlock()
	if gently {
		c.takeLeave()
	}
	_ = c.conn.Close() // all was sent that will be
}

// takeLeave ends our half, and discards what the client still sends until it
// has ended its own: what arrives after a close makes the kernel reset the
// connection, and the last answers are lost on their way. Meanwhile the
// connection may give way.
func (c *h2conn) takeLeave() {
	half, ok := c.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	if c.conn.SetReadDeadline(c.l.o.Clock.Now().TTL.Add(h2Linger)) != nil {
		return
	}
	for range h2Held / h2Read {
		if _, err := c.conn.Read(c.in); err != nil {
			return
		}
	}
}

// Abort is for a connection that gives way.
func (c *h2conn) Abort() { _ = c.conn.Close() } // it is idle: nothing can be lost

// End lets what is in progress end.
func (c *h2conn) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending = true
	_ = c.conn.SetReadDeadline(time.Unix(1, 0)) // where it fails, the next read does
}
