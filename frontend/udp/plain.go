package udp

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"recursor/frontend"
)

// plainWorker handles a packet at a time. Several of them share a socket.
type plainWorker struct {
	listener *Listener
	socket   *socket
	counters *frontend.Counters
	query    frontend.Query
	in       [bufferSize + 1]byte // one more, to know what was cut off
	out      [bufferSize]byte
	control  [128]byte
	errors   int // in a row
}

// newPlain binds addr once, for all workers.
func (l *Listener) newPlain(addr netip.AddrPort, before func(fd uintptr) error) (netip.AddrPort, error) {
	s, err := l.open(addr, before)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for range l.o.Workers {
		w := &plainWorker{listener: l, socket: s, counters: l.newCounters()}
		w.query.Transport = frontend.UDP
		w.query.Lane = uint8(len(l.workers)) // it may wrap: lanes are shared then
		l.workers = append(l.workers, w)
	}
	return s.bound(addr), nil
}

func (w *plainWorker) serve() error {
	for !w.listener.stopping.Load() {
		n, oob, _, client, err := w.socket.conn.ReadMsgUDPAddrPort(w.in[:], w.control[:])
		if err != nil {
			if err := w.failed(err); err != nil {
				return err
			}
			continue
		}
		w.errors = 0
		w.packet(n, oob, client)
	}
	return nil
}

// failed judges an error of a read. Some are about a packet that was sent
// before (Windows reports ICMP here); nothing mends a closed socket.
func (w *plainWorker) failed(err error) error {
	var timeout net.Error
	if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout() {
		return err
	}
	if w.errors++; w.errors > patience {
		return err
	}
	w.listener.rest()
	return nil
}

// packet serves one packet of n octets.
func (w *plainWorker) packet(n, oob int, client netip.AddrPort) {
	switch {
	case n > bufferSize:
		w.counters.Add(frontend.Oversized, 1)
		return
	case !look(w.in[:n], w.counters):
		return
	}
	from, local := origin{}, w.socket.addr
	if w.socket.wildcard {
		var ok bool
		if from, ok = parseOrigin(w.control[:oob], w.socket.addr.Addr().Is6()); !ok {
			w.counters.Add(frontend.Undirected, 1)
			return
		}
		local = netip.AddrPortFrom(from.addr, w.socket.addr.Port())
	}
	w.counters.Add(frontend.Queries, 1)
	w.query.At = w.listener.o.Clock.Now().TTL
	w.query.Message = w.in[:n:n]
	w.query.Client = netip.AddrPortFrom(client.Addr().Unmap().WithZone(""), client.Port())
	w.query.Local = local
	answer, ok := w.listener.o.Handler.Hit(&w.query, w.out[:])
	switch {
	case !ok:
		w.listener.miss(&w.query, w.counters, w.socket, client, from)
	case answer == 0:
		w.counters.Add(frontend.Silent, 1)
	default:
		msg := w.out[:answer] // a handler that wrote more than it could is not believed
		w.counters.Add(frontend.Hits, 1)
		if err := w.socket.send(msg, client, from); err != nil {
			w.counters.Add(frontend.Unsent, 1)
		}
	}
}

// patience is the number of failures in a row after which a socket is given
// up; each is followed by a rest.
const patience = 1000

// rest lets the system recover from what failed (no memory, mostly).
func (l *Listener) rest() { l.o.Clock.NewSignal().Wait(10 * time.Millisecond) }
