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
}

// miss hands a copy of q to the handler's Miss, or drops it when too many are
// in progress: the newest, since those before it have waited longer.
func (l *Listener) miss(q *frontend.Query, counters *frontend.Counters, s *socket, client netip.AddrPort, from origin) {
	if !l.o.Misses.Enter() {
		counters.Add(frontend.Overload, 1)
		return
	}
	counters.Add(frontend.Misses, 1)
	m := &miss{query: *q, listener: l, counters: counters, socket: s, client: client, origin: from}
	m.query.Message = append(m.inline[:0], q.Message...)
	l.missing.Add(1)
	l.o.Clock.Go("udp miss", m.resolve)
}

func (m *miss) resolve() {
	defer m.listener.missing.Done()
	defer m.listener.o.Misses.Leave()
	m.listener.o.Handler.Miss(&m.query, m.reply)
}

func (m *miss) reply(msg []byte) {
	if len(msg) == 0 {
		return
	}
	m.counters.Add(frontend.Replies, 1)
	if err := m.socket.send(msg, m.client, m.origin); err != nil {
		m.counters.Add(frontend.Unsent, 1)
	}
}
