package udp

import (
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"recursor/clock"
	"recursor/frontend"
)

// call is what one system call moved, or why it did not.
type call struct {
	what  string
	n     int
	errno syscall.Errno
}

// traced keeps the calls of l; the first calls fail as scripted.
type traced struct {
	mu    sync.Mutex
	calls []call
	fail  map[string][]syscall.Errno // 0: let it through
}

func trace(l *Listener, fail map[string][]syscall.Errno) *traced {
	tr := &traced{fail: fail}
	tr.wrap("receive", &l.calls.receive)
	tr.wrap("send", &l.calls.send)
	return tr
}

func (tr *traced) wrap(what string, f *func(uintptr, *mmsghdr, int) (int, syscall.Errno)) {
	real := *f
	*f = func(fd uintptr, headers *mmsghdr, n int) (int, syscall.Errno) {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		if script := tr.fail[what]; len(script) > 0 {
			tr.fail[what] = script[1:]
			if script[0] != 0 {
				tr.calls = append(tr.calls, call{what: what, errno: script[0]})
				return -1, script[0]
			}
		}
		moved, errno := real(fd, headers, n)
		if errno != 0 {
			moved = 0
		}
		tr.calls = append(tr.calls, call{what, moved, errno})
		return moved, errno
	}
}

// want compares the calls, but for those that found an empty queue: there is
// one after the last batch, and one for each packet that the poller tells of
// when it was taken already.
func (tr *traced) want(t *testing.T, want ...call) {
	t.Helper()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	got := slices.DeleteFunc(slices.Clone(tr.calls), func(c call) bool { return c == call{"receive", 0, unix.EAGAIN} })
	if !slices.Equal(got, want) {
		t.Errorf("system calls %v, want %v", got, want)
	}
}

// A batch costs two system calls, whatever its size, and its answers are one
// message where they are of one length and for one client.
func TestSystemCallsOfABatch(t *testing.T) {
	for _, tc := range []struct {
		name    string
		packets int
		want    []call
	}{
		{"one", 1, []call{{"receive", 1, 0}, {"send", 1, 0}}},
		{"some", 20, []call{{"receive", 20, 0}, {"send", 1, 0}}},
		{"full", batchSize, []call{{"receive", batchSize, 0}, {"send", 1, 0}}},
		{"more", batchSize + 3, []call{{"receive", batchSize, 0}, {"send", 1, 0}, {"receive", 3, 0}, {"send", 1, 0}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := listen(t, options(&scripted{}))
			tr := trace(l, nil)
			c := dial(t, l.Addrs()[0])
			for i := range tc.packets {
				c.send(query(uint16(i+1), wantHit))
			}
			s := run(t, l, nil)
			for i := range tc.packets {
				if got := answerID(c.receive()); got != uint16(i+1) {
					t.Fatalf("answer %d has ID %d", i, got)
				}
			}
			s.stop()
			tr.want(t, tc.want...)
		})
	}
}

// Packets that arrive while a batch is served are the next batch.
func TestNoPacketIsForgotten(t *testing.T) {
	l := listen(t, options(&scripted{}))
	c := dial(t, l.Addrs()[0])
	inner := l.calls.send
	sent := 0
	l.calls.send = func(fd uintptr, headers *mmsghdr, n int) (int, syscall.Errno) {
		if sent++; sent < 50 {
			c.send(query(uint16(sent+1), wantHit)) // behind the worker's back
		}
		return inner(fd, headers, n)
	}
	c.send(query(1, wantHit))
	s := run(t, l, nil)
	for i := range uint16(50) {
		if got := answerID(c.receive()); got != i+1 {
			t.Fatalf("answer %d has ID %d", i, got)
		}
	}
	s.stop()
}

// breaker is a handler that panics when a second packet is in the queue and
// the poller has told of it, which it does once.
type breaker struct {
	scripted
	c client
}

func (h *breaker) Hit(q *frontend.Query, dst []byte) (int, bool) {
	if q.Message[12] == wantHitPanic {
		h.c.send(query(2, wantHit))
		clock.NewReal().NewSignal().Wait(5 * time.Millisecond) // other threads run the poller meanwhile
	}
	return h.scripted.Hit(q, dst)
}

// After a panic the worker looks before it waits.
func TestNoPacketIsForgottenAfterAPanic(t *testing.T) {
	h := &breaker{}
	o := options(h)
	o.Clock.(*clock.Real).OnPanic = func(string, any, []byte) {}
	l := listen(t, o)
	h.c = dial(t, l.Addrs()[0])
	run(t, l, nil)
	h.c.send(query(1, wantHitPanic))
	if got := answerID(h.c.receive()); got != 2 {
		t.Errorf("answered %d, want 2", got)
	}
}

func TestOnlyHitsAreInTheBatch(t *testing.T) {
	h := &scripted{entered: make(chan struct{}, 10), release: make(chan struct{})}
	l := listen(t, options(h))
	tr := trace(l, nil)
	c := dial(t, l.Addrs()[0])
	c.send(query(1, wantHit), query(2, wantMiss), query(3, wantSilence), query(4, wantHit), []byte{0}, query(5, wantHit))
	s := run(t, l, nil)
	for _, want := range []uint16{1, 4, 5} {
		if got := answerID(c.receive()); got != want {
			t.Errorf("answered %d, want %d", got, want)
		}
	}
	close(h.release)
	if got := answerID(c.receive()); got != 2 {
		t.Errorf("answered %d, want 2", got)
	}
	s.stop()
	tr.want(t, call{"receive", 6, 0}, call{"send", 1, 0})
}

func TestSystemCallsThatFail(t *testing.T) {
	for _, tc := range []struct {
		name string
		fail map[string][]syscall.Errno
		want []call
		lost uint16 // the ID that gets no answer
	}{
		{
			"interrupted",
			map[string][]syscall.Errno{"receive": {unix.EINTR}, "send": {unix.EINTR}},
			[]call{{"receive", 0, unix.EINTR}, {"receive", 3, 0}, {"send", 0, unix.EINTR}, {"send", 1, 0}},
			0,
		},
		{
			"queue full: the poller says when to go on",
			map[string][]syscall.Errno{"send": {unix.EAGAIN}},
			[]call{{"receive", 3, 0}, {"send", 0, unix.EAGAIN}, {"send", 1, 0}},
			0,
		},
		{
			"refused: about the first answer alone",
			map[string][]syscall.Errno{"send": {unix.EPERM, unix.EPERM}},
			[]call{{"receive", 3, 0}, {"send", 0, unix.EPERM}, {"send", 0, unix.EPERM}, {"send", 2, 0}},
			1,
		},
		{
			"refused as one message: each for itself",
			map[string][]syscall.Errno{"send": {unix.EIO}},
			[]call{{"receive", 3, 0}, {"send", 0, unix.EIO}, {"send", 3, 0}},
			0,
		},
		{
			"no memory: try again",
			map[string][]syscall.Errno{"receive": {unix.ENOMEM, unix.ENOBUFS}},
			[]call{{"receive", 0, unix.ENOMEM}, {"receive", 0, unix.ENOBUFS}, {"receive", 3, 0}, {"send", 1, 0}},
			0,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := options(&scripted{})
			o.Clock = restless{clock.NewReal()}
			l := listen(t, o)
			tr := trace(l, tc.fail)
			c := dial(t, l.Addrs()[0])
			c.send(query(1, wantHit), query(2, wantHit), query(3, wantHit))
			s := run(t, l, nil)
			lost := uint64(0)
			for id := range uint16(3) {
				if id+1 == tc.lost {
					lost++
					continue
				}
				if got := answerID(c.receive()); got != id+1 {
					t.Errorf("answered %d, want %d", got, id+1)
				}
			}
			wantCounts(t, s.stop(), map[frontend.Counter]uint64{
				frontend.Queries: 3, frontend.Hits: 3, frontend.Unsent: lost,
			})
			tr.want(t, tc.want...)
		})
	}
}

// A queue that never empties does not keep the listener from ending.
func TestEndsThoughTheQueueIsFull(t *testing.T) {
	l := listen(t, options(&scripted{}))
	l.grace = time.Millisecond
	full := make(chan struct{}, 10)
	l.calls.send = func(uintptr, *mmsghdr, int) (int, syscall.Errno) {
		full <- struct{}{}
		return 0, unix.EAGAIN
	}
	c := dial(t, l.Addrs()[0])
	s := run(t, l, nil)
	c.send(query(1, wantHit))
	<-full
	<-full
	wantCounts(t, s.stop(), map[frontend.Counter]uint64{frontend.Queries: 1, frontend.Hits: 1, frontend.Unsent: 1})
}

// restless is a clock whose waits are over at once.
type restless struct{ *clock.Real }

func (restless) NewSignal() clock.Signal {
	set := clock.NewReal().NewSignal()
	set.Set()
	return set
}

func TestGivesUpASocketThatNeverReceives(t *testing.T) {
	o := options(&scripted{})
	o.Clock = restless{clock.NewReal()}
	l := listen(t, o)
	calls := 0
	l.calls.receive = func(uintptr, *mmsghdr, int) (int, syscall.Errno) {
		calls++
		return 0, unix.ENOTCONN
	}
	if err := l.Run(t.Context()); err != unix.ENOTCONN { //nolint:errorlint // it is that very error
		t.Errorf("Run: %v, want %v", err, unix.ENOTCONN)
	}
	if calls != patience+1 {
		t.Errorf("tried %d times, want %d", calls, patience+1)
	}
}

// The wildcard hears broadcasts; answering them would make every host on the
// link answer one packet.
func TestBroadcastIsNotAnswered(t *testing.T) {
	o := options(&scripted{})
	o.Addrs = []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:0")}
	s := serve(t, o)
	port := s.Addrs()[0].Port()
	c := dial(t, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port))
	raw, err := c.conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) {
		if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 1); err != nil {
			t.Error(err)
		}
		to := &unix.SockaddrInet4{Port: int(port), Addr: [4]byte{127, 255, 255, 255}}
		if err := unix.Sendto(int(fd), query(1, wantHit), 0, to); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	c.ask(2, wantHit)
	wantCounts(t, s.stop(), map[frontend.Counter]uint64{frontend.Queries: 1, frontend.Hits: 1, frontend.Undirected: 1})
}

// mallocs runs f and counts the allocations of the whole process meanwhile.
func mallocs(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// From datagram in to datagram out nothing is allocated: counted, not sampled,
// over the real receive loop, client included.
func TestHitsDoNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	for _, addr := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"} {
		t.Run(addr, func(t *testing.T) {
			if addr[0] == '[' {
				loopback6(t)
			}
			o := options(echo{})
			o.Addrs = []netip.AddrPort{netip.MustParseAddrPort(addr)}
			s := serve(t, o)
			to := s.Addrs()[0]
			switch {
			case to.Addr() == netip.IPv4Unspecified():
				to = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), to.Port())
			case to.Addr() == netip.IPv6Unspecified():
				to = netip.AddrPortFrom(netip.IPv6Loopback(), to.Port())
			}
			b := newBlaster(t, to)
			b.rounds(100) // warm up: goroutines, pollers
			const rounds = 3_000
			got := mallocs(func() { b.rounds(rounds) })
			t.Logf("%d allocations for %d queries", got, rounds*batchSize)
			if got > 50 {
				t.Errorf("%d allocations for %d queries, want none but the runtime's own", got, rounds*batchSize)
			}
		})
	}
}

// echo answers with the query.
type echo struct{}

func (echo) Hit(q *frontend.Query, dst []byte) (int, bool) {
	n := copy(dst, q.Message)
	dst[2] |= 0x80
	return n, true
}

func (echo) Miss(*frontend.Query, func([]byte)) {}
