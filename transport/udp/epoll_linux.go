package udp

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"recursor/transport"
)

// epoll is sockets on Linux: raw descriptors, all watched by one epoll
// instance, which one goroutine reads. The instance itself is watched by the
// runtime's poller, where that goroutine parks. So an exchange needs neither a
// goroutine nor an entry of the runtime's.
type epoll struct {
	x         *Exchanger
	kernel    kernel
	addresses sync.Pool // of *sockaddr

	// Of the goroutine of Run, from begin to end.
	poll  int
	file  *os.File // poll, as the runtime's poller knows it
	ready [128]unix.EpollEvent
	inbox inbox

	// Guarded by Exchanger.mu.
	table []*exchange // by descriptor
	gen   uint32      // of the last exchange armed
}

func newSockets(x *Exchanger) sockets { return newEpoll(x, syscalls{}) }

func newEpoll(x *Exchanger, k kernel) sockets {
	return &epoll{x: x, kernel: k, addresses: sync.Pool{New: func() any { return new(sockaddr) }}}
}

func (p *epoll) begin() error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // else os would not hand it to the poller
		_ = unix.Close(fd)
		return os.NewSyscallError("fcntl", err)
	}
	p.poll, p.file = fd, os.NewFile(uintptr(fd), "epoll")
	return nil
}

func (p *epoll) open(e *exchange) error {
	domain := unix.AF_INET
	if e.server.Addr().Is6() {
		domain = unix.AF_INET6
	}
	fd, err := p.kernel.socket(domain)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	e.fd = fd
	if err = p.send(e, domain); err == nil {
		err = p.x.arm(e, func() error { return p.watch(e) })
	}
	if err != nil {
		p.kernel.close(fd)
	}
	return err
}

// send sends the query of e from its new socket.
func (p *epoll) send(e *exchange, domain int) error {
	if err := p.kernel.omitPMTU(e.fd, domain); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	a, _ := p.addresses.Get().(*sockaddr)
	defer p.addresses.Put(a)
	if err := a.set(domain, e.query.From.Unmap()); err != nil {
		return err
	}
	err := e.bindPort(func(port uint16) error {
		a.setPort(port)
		return p.kernel.bind(e.fd, a)
	})
	if err != nil {
		return os.NewSyscallError("bind", err)
	}
	if err := a.set(domain, e.server.Addr()); err != nil {
		return err
	}
	a.setPort(e.server.Port())
	if err := p.kernel.connect(e.fd, a); err != nil {
		return os.NewSyscallError("connect", err)
	}
	return os.NewSyscallError("send", p.kernel.send(e.fd, e.query.Message))
}

// watch makes e known to the reader. The caller holds Exchanger.mu, so that
// e cannot be cancelled, and its descriptor be another's, before the poll
// instance has it.
func (p *epoll) watch(e *exchange) error {
	for e.fd >= len(p.table) {
		p.table = append(p.table, make([]*exchange, max(256, len(p.table)))...)
	}
	p.gen++
	e.gen = p.gen
	p.table[e.fd] = e
	if err := p.kernel.watch(p.poll, e.fd, e.gen); err != nil {
		p.table[e.fd] = nil
		return os.NewSyscallError("epoll_ctl", err)
	}
	return nil
}

func (p *epoll) close(e *exchange) {
	p.x.mu.Lock()
	p.table[e.fd] = nil
	p.x.mu.Unlock()
	p.kernel.close(e.fd) // takes it out of the poll instance, too
}

func (p *epoll) serve(ctx context.Context) error {
	raw, err := p.file.SyscallConn()
	if err != nil {
		return err
	}
	readerDone, stopperDone := make(chan struct{}), make(chan struct{})
	p.x.clock.Go("udp: end of the reader", func() {
		defer close(stopperDone)
		select {
		case <-ctx.Done():
			_ = p.file.SetReadDeadline(time.Unix(1, 0)) // in the past: wakes the reader
		case <-readerDone:
		}
	})
	var failure error
	err = raw.Read(func(uintptr) bool {
		failure = p.drain()
		return failure != nil
	})
	close(readerDone)
	<-stopperDone
	switch {
	case failure != nil:
		return failure
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	}
	return err
}

func (p *epoll) end() { _ = p.file.Close() }

// drain reads every socket that has something. It may return when a batch is
// not full: what arrives later makes the poll instance readable anew.
func (p *epoll) drain() error {
	for {
		n, err := p.kernel.wait(p.poll, p.ready[:])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return os.NewSyscallError("epoll_wait", err)
		}
		for _, event := range p.ready[:n] {
			if e := p.claim(int(event.Fd), uint32(event.Pad)); e != nil {
				p.receive(e)
			}
		}
		if n < len(p.ready) {
			return nil
		}
	}
}

// claim is the exchange that an event is about, claimed. An event of the
// batch may be about an exchange that has been closed since, and its
// descriptor be a newer one's: the generation tells.
func (p *epoll) claim(fd int, gen uint32) *exchange {
	p.x.mu.Lock()
	defer p.x.mu.Unlock()
	e := p.table[fd]
	if e == nil || e.gen != gen || e.state != listening {
		return nil
	}
	e.state = busy
	return e
}

// receive reads what the socket of e, which is claimed, holds.
func (p *epoll) receive(e *exchange) {
	for {
		n, err := p.kernel.receive(e.fd, &p.inbox)
		var outcome transport.Outcome
		over := false
		switch {
		case err == nil:
			outcome, over = e.sift(p.inbox.buf[:n], p.inbox.from.addrPort())
		case errors.Is(err, syscall.EAGAIN):
			if p.x.release(e) {
				return
			}
			over = true // cancelled meanwhile: no outcome is asked for
		case errors.Is(err, syscall.EINTR), passing(err):
		default:
			outcome, over = failed(os.NewSyscallError("recvfrom", err)), true
		}
		if over {
			p.x.finish(e, outcome)
			return
		}
	}
}
