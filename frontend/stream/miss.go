package stream

import "recursor/frontend"

// miss is a query on the cold path.
type miss struct {
	query    frontend.Query
	c        *connection
	answered bool      // guarded by c.mu
	inline   [512]byte // the message, where it fits
}

// miss hands a copy of the query in hand to the handler's Miss; false when too
// many are in progress. Then the connection ends after what it has: a client
// that is told so can ask elsewhere, one that waits for an answer cannot.
func (c *connection) miss() bool {
	if !c.server.o.Misses.Enter() {
		c.counters.Add(frontend.Overload, 1)
		return false
	}
	c.counters.Add(frontend.Misses, 1)
	m := &miss{query: c.query, c: c}
	m.query.Message = append(m.inline[:0], c.query.Message...)
	c.held++
	c.mu.Lock()
	c.waiting++
	c.mu.Unlock()
	c.server.running.Add(1)
	c.server.o.Clock.Go("stream miss", m.resolve)
	return true
}

func (m *miss) resolve() {
	defer m.c.server.running.Done()
	defer m.end()
	defer m.c.server.o.Misses.Leave()
	m.c.server.o.Handler.Miss(&m.query, m.reply)
}

// reply answers the query, once.
func (m *miss) reply(msg []byte) {
	if len(msg) == 0 {
		return
	}
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	if m.answered {
		return
	}
	m.answered = true
	m.c.counters.Add(frontend.Replies, 1)
	if len(msg) > frontend.MaxMessage {
		m.c.counters.Add(frontend.Unsent, 1)
		m.c.forget()
		return
	}
	m.c.enqueue(msg)
}

// end is for a query that got no answer, whatever the reason.
func (m *miss) end() {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	if !m.answered {
		m.answered = true
		m.c.forget()
	}
}

// forget takes a query off those that wait. It has c.mu.
func (c *connection) forget() {
	c.waiting--
	c.restIfIdle()
	c.wakeUp()
}
