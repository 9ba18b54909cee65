package udp

import (
	"net/netip"

	"recursor/frontend"
)

// miss is a query on the cold path, with the way back to its client.
type miss struct {
	query    frontend.Query
	listener *Listener
	counters *frontend.Counters
	socket   *socket
	client   netip.AddrPort // with its zone, unlike query.Client
	origin   origin
	inline   [512]byte // the message, where it fits: RFC 1035 §2.3.4, and few queries are longer
	// m.resolve and m.reply, made once: a miss is used for many queries.
	resolveFunc func()
	replyFunc   func(msg []byte)
	envelope    envelope
}

// miss hands a copy of q to the handler's Miss, or drops it when too many are
// in progress: the newest, since those before it have waited longer.
func (l *Listener) miss(q *frontend.Query, counters *frontend.Counters, s *socket, client netip.AddrPort, from origin) {
	if !l.o.Misses.Enter() {
		counters.Add(frontend.Overload, 1)
		return
	}
	counters.Add(frontend.Misses, 1)
	m, _ := l.unused.Get().(*miss)
	if m == nil {
		m = &miss{listener: l}
		m.resolveFunc, m.replyFunc = m.resolve, m.reply
	}
	m.query, m.counters, m.socket, m.client, m.origin = *q, counters, s, client, from
	m.query.Message = append(m.inline[:0], q.Message...)
	l.missing.Add(1)
	l.o.Clock.Go("udp miss", m.resolveFunc)
}

func (m *miss) resolve() {
	l := m.listener
	defer l.missing.Done()
	defer l.o.Misses.Leave()
	l.o.Handler.Miss(&m.query, m.replyFunc)
	l.unused.Put(m) // not after a panic: whoever has it then may go on using it
}

func (m *miss) reply(msg []byte) {
	if len(msg) == 0 {
		return
	}
	m.counters.Add(frontend.Replies, 1)
	if m.quick(msg) {
		return
	}
	if err := m.socket.send(msg, m.client, m.origin); err != nil {
		m.counters.Add(frontend.Unsent, 1)
	}
}
