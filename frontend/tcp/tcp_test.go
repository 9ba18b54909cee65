package tcp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/stream"
)

// The same addresses as UDP, IPv6 too, and answers on the connection that the
// query came by.
//
// RFC: 7766.1, 9210.1, 9210.2
func TestAnswers(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"} {
		t.Run(addr, func(t *testing.T) {
			listenOn := netip.MustParseAddrPort(addr)
			loopback := netip.MustParseAddr("127.0.0.1")
			if listenOn.Addr().Is6() {
				needIPv6(t)
				loopback = netip.IPv6Loopback()
			}
			h := &scripted{}
			s := serve(t, Options{Handler: h, Addrs: []netip.AddrPort{listenOn}})
			to := netip.AddrPortFrom(loopback, s.Addrs()[0].Port())
			c := dial(t, to)
			c.send(query(1, wantHit), query(2, wantHit))
			c.want(1, 2)
			c.send(query(3, wantMiss))
			c.want(3)
			q := h.seen[0]
			if q.Local != to || q.Client != c.LocalAddr().(*net.TCPAddr).AddrPort() || q.Transport != frontend.TCP {
				t.Errorf("the handler was told %v to %v over %v", q.Client, q.Local, q.Transport)
			}
			c.Close()
			stats := s.stop()
			for counter, want := range map[frontend.Counter]uint64{
				frontend.Queries: 3, frontend.Hits: 2, frontend.Misses: 1, frontend.Replies: 1, frontend.Accepted: 1,
			} {
				if got := stats.Of(counter); got != want {
					t.Errorf("%v = %d, want %d", counter, got, want)
				}
			}
		})
	}
}

func needIPv6(t *testing.T) {
	t.Helper()
	ln, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6 loopback:", err)
	}
	ln.Close()
}

func TestListenSaysWhatToDo(t *testing.T) {
	other, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	taken := other.Addr().(*net.TCPAddr).AddrPort()
	for _, tc := range []struct {
		addr   netip.AddrPort
		remedy string
	}{
		{taken, "stop it, or choose another port in listen.dns"},
		{netip.MustParseAddrPort("192.0.2.1:5300"), "no such address"}, // TEST-NET-1: on no host (RFC 5737 §3)
	} {
		free, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		first := free.Addr().(*net.TCPAddr).AddrPort()
		free.Close()
		l := New(Options{Addrs: []netip.AddrPort{first, tc.addr}, Clock: clock.NewReal()})
		err = l.Listen()
		var failure *frontend.ListenError
		if !errors.As(err, &failure) || failure.Addr != tc.addr || failure.Transport != frontend.TCP {
			t.Fatalf("Listen: %v", err)
		}
		for _, want := range []string{"listen.dns:", tc.addr.String(), "(tcp)", tc.remedy} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not say %q", err, want)
			}
		}
		// All or none.
		if len(l.Addrs()) != 0 {
			t.Errorf("after the failure it holds %v", l.Addrs())
		}
		again := New(Options{Addrs: []netip.AddrPort{first}, Clock: clock.NewReal()})
		if err := again.Listen(); err != nil {
			t.Errorf("what was bound before the failure is not free: %v", err)
		}
		again.Close()
	}
}

// RFC: 7766.2, 7766.5
func TestOutOfOrder(t *testing.T) {
	h := &scripted{release: make(chan struct{}), entered: make(chan struct{}, 10)}
	s := serve(t, Options{Handler: h})
	c := dial(t, s.Addrs()[0])
	c.send(query(1, wantMiss))
	<-h.entered
	c.send(query(2, wantHit), query(3, wantMiss), query(4, wantHit))
	c.want(2, 4)
	close(h.release)
	ids := []byte{c.receive()[1], c.receive()[1]}
	slices.Sort(ids)
	if !slices.Equal(ids, []byte{1, 3}) {
		t.Errorf("answered %v", ids)
	}
}

// RFC: 7766.3
func TestSlowWriterIsCut(t *testing.T) {
	s := serve(t, Options{Handler: &scripted{}, Limits: frontend.Limits{FirstQuery: time.Second, Idle: 500 * time.Millisecond}})
	wait := clock.NewReal()
	for _, queries := range []int{0, 1} {
		c := dial(t, s.Addrs()[0])
		for i := range queries {
			c.send(query(uint16(i), wantHit))
			c.want(uint16(i))
		}
		began := wait.Now().TTL
		for i := 0; ; i++ { // an octet at a time, of a query that would be long
			if _, err := c.Write([]byte{1}); err != nil {
				break
			}
			wait.NewSignal().Wait(5 * time.Millisecond)
			if wait.Now().TTL.Sub(began) > 10*time.Second {
				t.Fatalf("after %d octets in 10 s the connection is open", i)
			}
		}
	}
	if got := s.stop().Of(frontend.TimedOut); got != 2 {
		t.Errorf("%d timed out, want 2", got)
	}
}

// A client that never reads loses its connection; the kernel's buffers are
// real here.
func TestNeverReads(t *testing.T) {
	for name, want := range map[string]byte{"hits": wantHit, "misses": wantLong} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, Options{Handler: &scripted{}, Limits: frontend.Limits{Write: 50 * time.Millisecond}})
			c := dial(t, s.Addrs()[0])
			msg := append(query(1, want), make([]byte, 4000)...)
			for {
				var octets []byte
				for range 10 {
					octets = append(octets, byte(len(msg)>>8), byte(len(msg)))
					octets = append(octets, msg...)
				}
				if _, err := c.Write(octets); err != nil {
					if isTimeout(err) {
						t.Error("the connection is open")
					}
					break
				}
			}
			if got := s.stop().Of(frontend.Unsent); got == 0 {
				t.Error("no answer is counted as unsent")
			}
		})
	}
}

// A client that ends its half gets its answers, then the end.
func TestHalfClosed(t *testing.T) {
	h := &scripted{release: make(chan struct{}, 1), entered: make(chan struct{}, 1)}
	s := serve(t, Options{Handler: h})
	c := dial(t, s.Addrs()[0])
	c.send(query(1, wantHit), query(2, wantMiss))
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	c.want(1)
	<-h.entered
	h.release <- struct{}{}
	c.want(2)
	if n := c.wantEnd(); n != 0 {
		t.Errorf("%d octets more", n)
	}
}

// What was answered before garbage arrives, though the garbage goes on.
func TestAnswersBeforeGarbageArrive(t *testing.T) {
	for name, garbage := range map[string][]byte{
		"zeros":          make([]byte, 100_000),
		"a response":     {0, 13, 0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"length 0":       {0, 0},
		"length 1, HTTP": []byte("\x00\x01GET / HTTP/1.1\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, Options{Handler: &scripted{}})
			c := dial(t, s.Addrs()[0])
			c.send(query(1, wantHit), query(2, wantHit))
			_, _ = c.Write(garbage) // may find the connection closed already
			c.want(1, 2)
			if err := c.CloseWrite(); err != nil && !errors.Is(err, syscall.ENOTCONN) {
				t.Error(err)
			}
			c.wantEnd()
		})
	}
}

// RFC: 9210.3, X.7
func TestConnectionLimits(t *testing.T) {
	s := serve(t, Options{Handler: &scripted{}, Limits: frontend.Limits{ConnectionsPerClient: 3}})
	var all []conn
	for i := range uint16(5) {
		c := dial(t, s.Addrs()[0])
		c.send(query(i, wantHit))
		c.want(i)
		all = append(all, c)
	}
	// Which of them gave way depends on when the server saw that they were idle.
	alive := 0
	for i, c := range all {
		_, _ = c.Write(stream.Append(nil, query(uint16(i), wantHit))) // fails where it gave way
		if n, _ := c.Read(make([]byte, 100)); n > 0 {
			alive++
		}
	}
	if alive != 3 {
		t.Errorf("%d connections are open, want 3", alive)
	}
	stats := s.stop()
	if stats.Of(frontend.Evicted) != 2 || stats.Of(frontend.Accepted) != 5 {
		t.Errorf("%d of %d gave way, want 2 of 5", stats.Of(frontend.Evicted), stats.Of(frontend.Accepted))
	}
}

// Run answers what waits, and then ends.
func TestEndsGracefully(t *testing.T) {
	h := &scripted{release: make(chan struct{}), entered: make(chan struct{}, 1)}
	s := serve(t, Options{Handler: h})
	idle := dial(t, s.Addrs()[0])
	idle.send(query(1, wantHit))
	idle.want(1)
	c := dial(t, s.Addrs()[0])
	c.send(query(2, wantMiss))
	<-h.entered
	s.cancel()
	idle.wantEnd()
	if late, err := net.Dial("tcp", s.Addrs()[0].String()); err == nil {
		late.Close()
		t.Error("a connection was taken after the end had come")
	}
	select {
	case err := <-s.ended:
		t.Fatalf("Run returned %v while a query waited", err)
	default:
	}
	h.release <- struct{}{}
	c.want(2)
	if n := c.wantEnd(); n != 0 {
		t.Errorf("%d octets more", n)
	}
	c.Close()
	s.stop()
}

// broken is a listener whose second and third Accept fail, once begin is closed.
type broken struct {
	net.Listener
	calls int
	begin chan struct{}
}

func (b *broken) Accept() (net.Conn, error) {
	if b.calls++; b.calls == 2 || b.calls == 3 {
		<-b.begin
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return b.Listener.Accept()
}

// Without descriptors an idle connection gives way, and accepting goes on.
func TestOutOfDescriptors(t *testing.T) {
	l := New(Options{Handler: &scripted{}, Clock: clock.NewReal(), Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}})
	if err := l.Listen(); err != nil {
		t.Fatal(err)
	}
	failing := &broken{Listener: l.listeners[0], begin: make(chan struct{})}
	l.listeners[0] = failing
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	idle := dial(t, l.Addrs()[0])
	idle.send(query(1, wantHit))
	idle.want(1)
	close(failing.begin)
	idle.wantEnd()
	second := dial(t, l.Addrs()[0])
	second.send(query(2, wantHit))
	second.want(2)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if l.Stats().Of(frontend.Evicted) == 0 {
		t.Error("no connection gave way: it was its idle time that ended it")
	}
}
