package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"recursor/transport"
)

// spy is a kernel that counts the calls and does what a test wants first.
type spy struct {
	kernel
	mu     sync.Mutex
	counts map[string]int
	opened int // sockets
	// before runs before the call named; its error is the call's.
	before func(call string, fd int) error
}

func newSpy(before func(call string, fd int) error) *spy {
	return &spy{kernel: syscalls{}, counts: map[string]int{}, before: before}
}

func (s *spy) call(name string, fd int) error {
	s.mu.Lock()
	s.counts[name]++
	before := s.before
	s.mu.Unlock()
	if before == nil {
		return nil
	}
	return before(name, fd)
}

func (s *spy) count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[name]
}

func (s *spy) socket(domain int) (int, error) {
	if err := s.call("socket", -1); err != nil {
		return -1, err
	}
	s.mu.Lock()
	s.opened++
	s.mu.Unlock()
	return s.kernel.socket(domain)
}

func (s *spy) omitPMTU(fd, domain int) error {
	if err := s.call("setsockopt", fd); err != nil {
		return err
	}
	return s.kernel.omitPMTU(fd, domain)
}

func (s *spy) bind(fd int, local *sockaddr) error {
	if err := s.call("bind", fd); err != nil {
		return err
	}
	return s.kernel.bind(fd, local)
}

func (s *spy) connect(fd int, server *sockaddr) error {
	if err := s.call("connect", fd); err != nil {
		return err
	}
	return s.kernel.connect(fd, server)
}

func (s *spy) send(fd int, message []byte) error {
	if err := s.call("write", fd); err != nil {
		return err
	}
	return s.kernel.send(fd, message)
}

func (s *spy) watch(poll, fd int, gen uint32) error {
	if err := s.call("epoll_ctl", fd); err != nil {
		return err
	}
	return s.kernel.watch(poll, fd, gen)
}

func (s *spy) wait(poll int, ready []unix.EpollEvent) (int, error) {
	if err := s.call("epoll_wait", poll); err != nil {
		return 0, err
	}
	return s.kernel.wait(poll, ready)
}

func (s *spy) receive(fd int, in *inbox) (int, error) {
	if err := s.call("recvfrom", fd); err != nil {
		return 0, err
	}
	return s.kernel.receive(fd, in)
}

func (s *spy) close(fd int) {
	_ = s.call("close", fd)
	s.kernel.close(fd)
}

// spied is an Exchanger over s, running; when it has ended, every socket must
// have been closed, once.
func spied(t testing.TB, s *spy) *Exchanger {
	t.Helper()
	x := build(Options{}, func(x *Exchanger) sockets { return newEpoll(x, s) })
	t.Cleanup(func() { wantClosed(t, s) }) // the last registered runs first: after Run
	run(t, x)
	return x
}

// wantClosed checks that every socket opened was closed.
func wantClosed(t testing.TB, s *spy) {
	t.Helper()
	until(t, "all to be closed", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.opened == s.counts["close"]
	})
}

// What an exchange costs: eight calls, and at most two epoll_waits where it
// has them to itself (one for the reply, one idle).
func TestSystemCalls(t *testing.T) {
	const n = 200
	server := serve(t, "127.0.0.1", echo)
	s := newSpy(nil)
	x := spied(t, s)
	for i := range uint16(n) {
		if o := ask(x, server.at, question(i)).outcome(t); o.Kind != transport.Reply {
			t.Fatalf("%+v", o)
		}
	}
	wantClosed(t, s)
	s.mu.Lock()
	defer s.mu.Unlock()
	waits := s.counts["epoll_wait"]
	delete(s.counts, "epoll_wait")
	if waits > 2*n {
		t.Errorf("%d epoll_waits for %d exchanges", waits, n)
	}
	want := map[string]int{"socket": n, "setsockopt": n, "bind": n, "connect": n, "write": n, "epoll_ctl": n, "recvfrom": n, "close": n}
	if fmt.Sprint(s.counts) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", s.counts, want)
	}
}

// An exchange under way has no goroutine of its own.
func TestNoGoroutinePerExchange(t *testing.T) {
	server := serve(t, "127.0.0.1", silent)
	x := New(Options{})
	run(t, x)
	before := runtime.NumGoroutine()
	var asked []asking
	for i := range uint16(100) {
		asked = append(asked, ask(x, server.at, question(i)))
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines more with 100 exchanges under way", n-before)
	}
	for _, a := range asked {
		a.Cancel()
	}
}

func TestFailingCalls(t *testing.T) {
	for _, tc := range []struct {
		call  string
		errno syscall.Errno
		want  transport.Kind
	}{
		{"socket", unix.EMFILE, transport.Exhausted},
		{"socket", unix.ENFILE, transport.Exhausted},
		{"socket", unix.ENOBUFS, transport.Exhausted},
		{"socket", unix.EAFNOSUPPORT, transport.Unreachable},
		{"setsockopt", unix.ENOMEM, transport.Exhausted},
		{"bind", unix.EADDRNOTAVAIL, transport.Unreachable},
		{"bind", unix.EADDRINUSE, transport.Exhausted},
		{"connect", unix.ENETUNREACH, transport.Unreachable},
		{"connect", unix.EHOSTUNREACH, transport.Unreachable},
		{"write", unix.ENETUNREACH, transport.Unreachable},
		{"write", unix.EHOSTUNREACH, transport.Unreachable},
		{"write", unix.EPERM, transport.Unreachable},
		{"write", unix.ENOBUFS, transport.Exhausted},
		{"epoll_ctl", unix.ENOSPC, transport.Exhausted},
		{"recvfrom", unix.ECONNREFUSED, transport.Unreachable},
		{"recvfrom", unix.EHOSTUNREACH, transport.Unreachable},
		{"recvfrom", unix.ENOMEM, transport.Exhausted},
	} {
		t.Run(fmt.Sprintf("%s %v", tc.call, tc.errno), func(t *testing.T) {
			server := serve(t, "127.0.0.1", echo)
			s := newSpy(func(call string, _ int) error {
				if call == tc.call {
					return tc.errno
				}
				return nil
			})
			x := spied(t, s)
			o := ask(x, server.at, question(1)).outcome(t)
			if o.Kind != tc.want || o.Err == nil || (tc.errno != unix.EADDRINUSE && !errors.Is(o.Err, tc.errno)) {
				t.Errorf("%+v, want kind %d", o, tc.want)
			}
			if n := s.count("bind"); tc.errno == unix.EADDRINUSE && n != maxBinds {
				t.Errorf("%d binds, want %d", n, maxBinds)
			}
		})
	}
}

// Passing errors leave the exchange waiting: EINTR, and the word of a router
// that a packet was too big.
//
// RFC: X.6, 9715.1
func TestPassingErrors(t *testing.T) {
	server := serve(t, "127.0.0.1", echo)
	left := []error{unix.EMSGSIZE, unix.EINTR, unix.EMSGSIZE}
	s := newSpy(func(call string, _ int) error {
		if call != "recvfrom" || len(left) == 0 {
			return nil
		}
		err := left[0]
		left = left[1:]
		return err
	})
	if o := ask(spied(t, s), server.at, question(1)).outcome(t); o.Kind != transport.Reply || o.NearMisses != 0 {
		t.Errorf("%+v", o)
	}
	if n := s.count("recvfrom"); n != 4 {
		t.Errorf("%d recvfroms", n)
	}
}

// A perfect reply that was in the socket before it was connected may be
// anybody's.
//
// RFC: 5452.1
func TestReplyBeforeConnect(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		forger, server := serve(t, host, silent), serve(t, host, func(s *server, p packet) {
			s.send(p.from, changed(p.message, 3, 5)) // REFUSED
		})
		query := question(0xbeef)
		s := newSpy(func(call string, fd int) error {
			if call == "connect" {
				forger.send(netip.AddrPortFrom(forger.at.Addr(), portOf(t, fd)), response(query))
			}
			return nil
		})
		o := ask(spied(t, s), server.at, query).outcome(t)
		if o.Kind != transport.Reply || o.Message[3] != 5 || o.NearMisses != 1 {
			t.Errorf("%s: %+v", host, o)
		}
	}
}

func portOf(t testing.TB, fd int) uint16 {
	t.Helper()
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return uint16(sa.Port)
	case *unix.SockaddrInet6:
		return uint16(sa.Port)
	}
	t.Fatalf("%T", sa)
	return 0
}

// RFC: 9715.1, X.6
func TestPathMTUIsIgnored(t *testing.T) {
	check := func(t *testing.T, host string, fd int) {
		t.Helper()
		level, option, want := unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_OMIT
		if host == "::1" {
			level, option, want = unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_OMIT
		}
		if got, err := unix.GetsockoptInt(fd, level, option); err != nil || got != want {
			t.Errorf("%s: path MTU discovery %d, %v; want %d", host, got, err, want)
		}
	}
	for _, host := range []string{"127.0.0.1", "::1"} {
		server := serve(t, host, echo)
		s := newSpy(func(call string, fd int) error {
			if call == "write" {
				check(t, host, fd)
			}
			return nil
		})
		ask(spied(t, s), server.at, question(1)).outcome(t)

		quiet := serve(t, host, silent)
		x := build(Options{}, newPortable)
		run(t, x)
		a := ask(x, quiet.at, question(1))
		raw, err := a.Exchange.(*exchange).conn.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := raw.Control(func(fd uintptr) { check(t, host, int(fd)) }); err != nil {
			t.Error(err)
		}
		a.Cancel()
	}
}

// Cancel while another goroutine works on the socket: it closes, once.
func TestCancelWhileBusy(t *testing.T) {
	for _, call := range []string{"setsockopt", "bind", "connect", "write"} {
		t.Run("opening, at "+call, func(t *testing.T) {
			got := make(chan packet, 2)
			server := serve(t, "127.0.0.1", func(_ *server, p packet) { got <- p })
			// The second exchange waits for the first's socket, and is opened
			// by whoever gives that back.
			reached := false
			s := newSpy(nil)
			x := build(Options{MaxOpen: 1}, func(x *Exchanger) sockets { return newEpoll(x, s) })
			run(t, x)
			first := ask(x, server.at, question(1))
			p := <-got
			second := ask(x, server.at, question(2))
			s.mu.Lock()
			s.before = func(at string, _ int) error {
				if at == call {
					reached = true
					second.Cancel()
				}
				return nil
			}
			s.mu.Unlock()
			server.send(p.from, response(p.message))
			first.outcome(t)
			until(t, "the end of the second", func() bool { return x.is(second, done) })
			if s.count("socket") != 2 || s.count("close") != 2 || !reached {
				t.Errorf("%v, reached %s: %t", s.counts, call, reached)
			}
			second.wantNone(t)
			if s.count("epoll_ctl") != 1 {
				t.Error("a cancelled exchange was armed")
			}
		})
	}
	for name, empty := range map[string]bool{"reading a reply": false, "reading nothing": true} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, "127.0.0.1", echo)
			ready := make(chan asking, 1)
			s := newSpy(func(call string, _ int) error {
				if call != "recvfrom" {
					return nil
				}
				a := <-ready
				a.Cancel()
				a.Cancel()
				if empty {
					return unix.EAGAIN
				}
				return nil
			})
			x := spied(t, s)
			a := ask(x, server.at, question(1))
			ready <- a
			wantClosed(t, s)
			until(t, "the end", func() bool { return x.is(a, done) })
			a.wantNone(t)
		})
	}
}

// An event that comes late must not reach the exchange that has the
// descriptor now.
func TestLateEvents(t *testing.T) {
	server := serve(t, "127.0.0.1", silent)
	x := New(Options{})
	run(t, x)
	p := x.sockets.(*epoll)
	first := ask(x, server.at, question(1))
	old := first.Exchange.(*exchange)
	first.Cancel()
	if p.claim(old.fd, old.gen) != nil {
		t.Error("claimed an exchange that was cancelled")
	}
	second := ask(x, server.at, question(2))
	now := second.Exchange.(*exchange)
	if now.fd != old.fd {
		t.Skipf("descriptors %d and %d: the system did not reuse the first", old.fd, now.fd)
	}
	if p.claim(old.fd, old.gen) != nil {
		t.Error("a late event claimed the next exchange")
	}
	if p.claim(now.fd, now.gen) != now {
		t.Error("its own event did not")
	}
	if p.claim(now.fd, now.gen) != nil {
		t.Error("claimed twice")
	}
	if !x.release(now) {
		t.Error("not released")
	}
	second.Cancel()
}

// More replies at once than a batch of events holds.
func TestManyEventsAtOnce(t *testing.T) {
	const many = 500
	got := make(chan packet, many)
	server := serve(t, "127.0.0.1", func(_ *server, p packet) { got <- p })
	gate := make(chan struct{})
	s := newSpy(func(call string, _ int) error {
		if call == "epoll_wait" {
			<-gate
		}
		return nil
	})
	x := spied(t, s)
	var asked []asking
	for i := range uint16(many) {
		asked = append(asked, ask(x, server.at, question(i)))
		p := <-got
		server.send(p.from, response(p.message))
	}
	close(gate)
	for i, a := range asked {
		if o := a.outcome(t); o.Kind != transport.Reply || o.Message[0] != byte(i>>8) || o.Message[1] != byte(i) {
			t.Fatalf("%d: %+v", i, o)
		}
	}
	if n := s.count("epoll_wait"); n < many/128 || n > many/10 {
		t.Errorf("%d epoll_waits for %d replies that were there at once", n, many)
	}
}

// The reader's failure is Run's.
func TestReaderFails(t *testing.T) {
	server := serve(t, "127.0.0.1", echo)
	s := newSpy(func(call string, _ int) error {
		if call == "epoll_wait" {
			return unix.EBADF
		}
		return nil
	})
	x := build(Options{}, func(x *Exchanger) sockets { return newEpoll(x, s) })
	ended := make(chan error, 1)
	go func() { ended <- x.Run(t.Context()) }()
	a := ask(x, server.at, question(1))
	if o := a.outcome(t); o.Kind != transport.Exhausted || !errors.Is(o.Err, ErrEnded) {
		t.Errorf("%+v", o)
	}
	if err := <-ended; !errors.Is(err, unix.EBADF) {
		t.Errorf("Run: %v", err)
	}
	wantIdle(t, x)
}

func TestScope(t *testing.T) {
	loopback, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skip(err)
	}
	for text, want := range map[string]uint32{"fe80::1": 0, "fe80::1%7": 7, "fe80::1%lo": uint32(loopback.Index)} {
		if got, err := scopeID(netip.MustParseAddr(text)); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	if _, err := scopeID(netip.MustParseAddr("fe80::1%nosuchlink")); err == nil {
		t.Error("an interface that does not exist has an index")
	}
}
