package stream

import (
	"recursor/clock"
	"recursor/frontend"
)

// flush writes the hits of the batch, or leaves them to whoever is writing;
// false when nothing can be written any more.
func (c *connection) flush() bool {
	if c.hitCount == 0 {
		return true
	}
	c.counters.Add(frontend.Hits, c.hitCount)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.broken:
		c.counters.Add(frontend.Unsent, c.hitCount)
	case c.writing:
		c.queue = append(c.queue, c.hits...)
		c.queued += c.hitCount
		c.waiting += c.hitCount
		c.held += c.hitCount
		c.boundQueue()
	default:
		c.writing = true
		if !c.write(c.hits) {
			c.counters.Add(frontend.Unsent, c.hitCount)
		}
		c.drain()
	}
	c.hits, c.hitCount = kept(c.hits), 0
	return !c.broken
}

// enqueue gives the answer of a miss to the writer, or becomes it. It has c.mu.
func (c *connection) enqueue(msg []byte) {
	if c.broken {
		c.counters.Add(frontend.Unsent, 1)
		c.waiting--
		c.wakeUp()
		return
	}
	c.queue = Append(c.queue, msg)
	c.queued++
	if c.writing {
		c.boundQueue()
		return
	}
	c.writing = true
	c.drain()
}

// drain writes what is queued, and ends the writing. It has c.mu.
func (c *connection) drain() {
	for len(c.queue) > 0 && !c.broken {
		octets, count := c.queue, c.queued
		c.queue, c.queued, c.spare = c.spare[:0], 0, nil
		if !c.write(octets) {
			c.counters.Add(frontend.Unsent, count)
		}
		c.spare = kept(octets)
		c.waiting -= count
	}
	c.writing = false
	c.restIfIdle()
	c.wakeUp()
}

// write writes octets; false when the client is gone or did not read in time.
// It has c.mu, and leaves it while it writes: c.writing keeps others off.
func (c *connection) write(octets []byte) bool {
	c.mu.Unlock()
	limit := c.server.o.Limits.Write
	now := c.server.o.Clock.Now().TTL
	if c.writeBy.Sub(now) < limit {
		// A quarter more, so that not every write sets a deadline.
		c.writeBy = now.Add(limit + limit/4)
		_ = c.conn.SetWriteDeadline(c.writeBy) // where it fails, the write does
	}
	_, err := c.conn.Write(octets)
	c.mu.Lock()
	if err != nil {
		c.breakOff()
	}
	return err == nil
}

// boundQueue breaks off where a client leaves too much unread. It has c.mu.
func (c *connection) boundQueue() {
	if len(c.queue) > backlog {
		c.breakOff()
	}
}

// breakOff ends the connection at once: nothing is written any more
// (RFC 7766 §6.2.4), and whoever reads or writes is woken. It has c.mu.
func (c *connection) breakOff() {
	if c.broken {
		return
	}
	c.broken = true
	c.counters.Add(frontend.Unsent, c.queued)
	c.waiting -= c.queued
	c.queue, c.queued = nil, 0
	_ = c.conn.Close() // an error would change nothing
	c.wakeUp()
}

// restIfIdle tells that nothing waits on the connection. It has c.mu.
func (c *connection) restIfIdle() {
	if c.waiting == 0 && !c.serving {
		c.slot.Idle(c.server.o.Clock.Now().TTL)
	}
}

// sleep lets the reader wait until something changed. It has c.mu.
func (c *connection) sleep() {
	c.sleeping = true
	c.mu.Unlock()
	c.wake.Wait(clock.Forever)
	c.mu.Lock()
}

// wakeUp wakes the reader if it sleeps. It has c.mu.
func (c *connection) wakeUp() {
	if c.sleeping {
		c.sleeping = false
		c.wake.Set()
	}
}

// kept is a buffer to be used again, unless one long answer made it large.
func kept(buffer []byte) []byte {
	if cap(buffer) > keepSize {
		return nil
	}
	return buffer[:0]
}
