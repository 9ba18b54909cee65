package udp

// This file is hot: nothing on the way of a hit allocates, formats or locks.

import (
	"net/netip"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"recursor/frontend"
)

// calls are the system calls of a batch: how many messages were moved, or why
// none was.
type calls struct {
	receive, send func(fd uintptr, headers *mmsghdr, n int) (int, syscall.Errno)
}

// systemCalls do not tell the scheduler: they never block, and telling costs
// more than it gives.
func systemCalls() calls {
	return calls{
		receive: func(fd uintptr, headers *mmsghdr, n int) (int, syscall.Errno) {
			k, _, e := unix.RawSyscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(headers)), uintptr(n), unix.MSG_DONTWAIT, 0, 0)
			return int(k), e
		},
		send: func(fd uintptr, headers *mmsghdr, n int) (int, syscall.Errno) {
			k, _, e := unix.RawSyscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(headers)), uintptr(n), unix.MSG_DONTWAIT, 0, 0)
			return int(k), e
		},
	}
}

// batchWorker handles up to batchSize packets a call, on a socket of its own.
type batchWorker struct {
	listener *Listener
	socket   *socket
	raw      syscall.RawConn
	counters *frontend.Counters
	ring     *ring
	query    frontend.Query
	turnFunc func(fd uintptr) bool // w.turn and w.push, made once
	pushFunc func(fd uintptr) bool

	// The batch in hand. It survives a panic of the handler.
	got, at       int // packets; the next to serve
	answers, sent int // ready to send; messages of these, sent or given up
	apart         int // batches to come whose answers go each alone

	queries, hits, silent, unsent int // to be counted when the batch is done

	failures int // of receiving, in a row
	err      error
}

// newBatch makes the worker of s.
func (l *Listener) newBatch(s *socket) error {
	raw, err := s.conn.SyscallConn()
	if err != nil {
		return err
	}
	w := &batchWorker{listener: l, socket: s, raw: raw, counters: l.newCounters(), ring: newRing(s.addr.Addr().Is6(), s.wildcard)}
	w.query.Transport = frontend.UDP
	w.query.Local = s.addr
	w.query.Lane = uint8(len(l.workers)) // it may wrap: lanes are shared then
	w.turnFunc, w.pushFunc = w.turn, w.push
	l.workers = append(l.workers, w)
	return nil
}

func (w *batchWorker) serve() error {
	if err := w.raw.Read(w.turnFunc); err != nil {
		return err
	}
	return w.err
}

// turn takes and answers batches until the queue is empty, under the runtime's
// poller: false waits for more, true ends.
func (w *batchWorker) turn(fd uintptr) bool {
	for {
		if w.got == 0 {
			if w.listener.stopping.Load() {
				return true
			}
			if again, ended := w.receive(fd); w.got == 0 {
				if again {
					continue
				}
				return ended
			}
		}
		w.answer()
		w.flush(fd)
	}
}

// receive takes a batch. Where it took none, it says whether to try again, or
// that receiving has ended.
func (w *batchWorker) receive(fd uintptr) (again, ended bool) {
	n, errno := w.listener.calls.receive(fd, &w.ring.in[0], batchSize)
	switch errno {
	case 0:
		w.got, w.failures = n, 0
		w.query.At = w.listener.o.Clock.Now().TTL
		return false, false
	case unix.EAGAIN:
		return false, false
	case unix.EINTR:
		return true, false
	}
	if w.failures++; w.failures > patience {
		w.err = errno
		return false, true
	}
	w.listener.rest()
	return true, false
}

// answer serves the packets of the batch that were not served yet.
func (w *batchWorker) answer() {
	for w.at < w.got {
		i := w.at
		w.at++ // before, so that a packet that makes the handler panic is not served again
		w.packet(i)
	}
}

// packet serves packet i: a hit becomes the next answer of the batch.
func (w *batchWorker) packet(i int) {
	r := w.ring
	n := int(r.in[i].len)
	msg := r.inBuffer[i][:n:n]
	if r.in[i].hdr.Flags&unix.MSG_TRUNC != 0 {
		w.counters.Add(frontend.Oversized, 1)
		return
	}
	if !look(msg, w.counters) {
		return
	}
	var from origin
	if r.wildcard {
		var ok bool
		if from, ok = r.origin(i); !ok {
			w.counters.Add(frontend.Undirected, 1)
			return
		}
		w.query.Local = netip.AddrPortFrom(from.addr, w.socket.addr.Port())
	}
	w.queries++
	w.query.Message = msg
	w.query.Client = r.client(i)
	dst := r.outBuffer[w.answers][:]
	n, ok := w.listener.o.Handler.Hit(&w.query, dst)
	switch {
	case !ok:
		w.counters.Add(frontend.Queries, w.queries) // as in flush: the miss may end before the batch
		w.queries = 0
		w.listener.miss(&w.query, w.counters, w.socket, w.clientWithZone(i), from)
	case n == 0:
		w.silent++
	default:
		_ = dst[:n] // a handler that wrote more than it could is not believed
		r.address(w.answers, i, n, from)
		w.answers++
		w.hits++
	}
}

// clientWithZone is what a miss sends its reply to.
func (w *batchWorker) clientWithZone(i int) netip.AddrPort {
	scope := w.ring.scope(i)
	if scope == 0 {
		return w.query.Client
	}
	zone := strconv.FormatUint(uint64(scope), 10)
	return netip.AddrPortFrom(w.query.Client.Addr().WithZone(zone), w.query.Client.Port())
}

// flush sends the answers of the batch and closes it.
func (w *batchWorker) flush(fd uintptr) {
	w.bundle()
	// Before they are sent: who has an answer finds it counted.
	w.counters.Add(frontend.Queries, w.queries)
	w.counters.Add(frontend.Hits, w.hits)
	w.counters.Add(frontend.Silent, w.silent)
	if !w.push(fd) {
		// The queue of the kernel is full; the poller says when it is not.
		if err := w.raw.Write(w.pushFunc); err != nil {
			w.unsent += w.answers - int(w.ring.send.first[w.sent])
		}
	}
	w.counters.Add(frontend.Unsent, w.unsent)
	w.queries, w.hits, w.silent, w.unsent = 0, 0, 0, 0
	w.ring.rearm(w.got)
	w.got, w.at, w.answers, w.sent = 0, 0, 0, 0
}

// bundle makes messages of the answers.
func (w *batchWorker) bundle() {
	if w.apart == 0 {
		w.ring.bundle(w.answers)
		return
	}
	w.apart--
	w.ring.alone(w.answers)
}

// separate lets what is to be sent go each alone.
func (w *batchWorker) separate() {
	if w.sent < w.ring.send.n {
		w.ring.singles(w.sent, w.answers)
		w.sent = 0
	}
}

// apartFor is how many batches are sent answer by answer after a bundle was
// refused: old kernels and some interfaces cannot cut them.
const apartFor = 1000

// push sends answers until all are sent; false when the queue is full.
func (w *batchWorker) push(fd uintptr) bool {
	messages := &w.ring.send
	for w.sent < messages.n {
		n, errno := w.listener.calls.send(fd, &messages.headers[w.sent], messages.n-w.sent)
		switch {
		case errno == 0:
			w.sent += n
		case errno == unix.EAGAIN:
			return false
		case errno == unix.EINTR:
		case w.ring.parts(w.sent, w.answers) > 1:
			w.apart = apartFor
			w.separate()
		default: // about the first of them alone: no route, a firewall, port 0
			w.sent++
			w.unsent++
		}
	}
	return true
}
