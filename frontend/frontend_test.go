package frontend

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"go.uber.org/goleak"

	"recursor/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestJudge(t *testing.T) {
	for _, tc := range []struct {
		name string
		msg  []byte
		want Judgement
	}{
		{"nothing", nil, IsShort},
		{"eleven octets", make([]byte, 11), IsShort},
		{"a header", make([]byte, 12), IsQuery},
		{"QR", []byte{0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0}, IsResponse},
		{"all but QR", []byte{255, 255, 0x7f, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}, IsQuery},
		{"QR, but short", []byte{0, 0, 0x80}, IsShort},
	} {
		if got := Judge(tc.msg); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestGate(t *testing.T) {
	g := NewGate(2)
	for i, want := range []bool{true, true, false, false} {
		if got := g.Enter(); got != want {
			t.Errorf("to a gate for two came number %d: let in %t", i+1, got)
		}
	}
	if g.In() != 2 {
		t.Errorf("a gate for two has %d in", g.In())
	}
	g.Leave()
	if !g.Enter() {
		t.Error("a place that was given back is not to be had")
	}
	g.Leave()
	g.Leave()
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 1000 {
				if g.Enter() {
					if g.In() > 2+8 { // those who look, too
						t.Error("too many are in")
					}
					g.Leave()
				}
			}
		})
	}
	work.Wait()
	if g.In() != 0 {
		t.Errorf("%d in at the end", g.In())
	}
}

func TestLimitsHaveDefaults(t *testing.T) {
	l := Limits{Connections: 7, Idle: -1}.WithDefaults()
	if l.Connections != 7 || l.Idle != -1 {
		t.Errorf("what was set is now %+v", l)
	}
	if l.Misses != 10_000 || l.ConnectionsPerClient != 128 || l.Outstanding != 64 {
		t.Errorf("the defaults are %+v", l)
	}
}

// Two workers do not share a cache line.
func TestCountersKeepApart(t *testing.T) {
	if size := unsafe.Sizeof(Counters{}); size%cacheLine != 0 {
		t.Errorf("a worker's counters are %d octets, no multiple of %d", size, cacheLine)
	}
	for c := range numCounters {
		if c.String() == "unknown" {
			t.Errorf("counter %d has no name", c)
		}
	}
	a, b := new(Counters), new(Counters)
	a.Add(Hits, 3)
	b.Add(Hits, 4)
	b.Add(Short, 1)
	b.Add(Unsent, 0)
	s := Sum(DoT, []*Counters{a, b})
	if s.Of(Hits) != 7 || s.Dropped() != 1 || s.Transport.String() != "dot" {
		t.Errorf("summed %v", s)
	}
}

func TestTransportsHaveNames(t *testing.T) {
	for transport, want := range map[Transport]string{UDP: "udp", TCP: "tcp", DoT: "dot", DoH: "doh", DoQ: "doq", 99: "unknown"} {
		if got := transport.String(); got != want {
			t.Errorf("transport %d is called %s, want %s", transport, got, want)
		}
	}
}

func TestListenErrorSaysWhatToDo(t *testing.T) {
	bind := func(number syscall.Errno) error {
		return &net.OpError{Op: "listen", Net: "udp", Err: os.NewSyscallError("bind", number)}
	}
	for _, tc := range []struct {
		name, addr string
		err        error
		want       []string
	}{
		{"taken", "127.0.0.1:53", bind(errTaken), []string{"another service has this port", "choose another port in listen.dns"}},
		{"privileged port", "[::1]:53", bind(syscall.EACCES), []string{"CAP_NET_BIND_SERVICE", "a port above 1023 in listen.dns"}},
		{"forbidden", "127.0.0.1:5300", bind(syscall.EACCES), []string{"security policy"}},
		{"absent", "192.0.2.1:53", bind(errAbsent), []string{"no such address", "correct listen.dns"}},
		{"no IPv6", "[::1]:53", bind(errFamily), []string{"enable IPv6"}},
		{"descriptors", "127.0.0.1:53", bind(errFiles), []string{"open files"}},
		{"something else", "127.0.0.1:53", errors.New("the moon is full"), []string{"the moon is full"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := error(&ListenError{Key: "listen.dns", Transport: UDP, Addr: netip.MustParseAddrPort(tc.addr), Err: tc.err})
			for _, want := range append(tc.want, "listen.dns: cannot listen on "+tc.addr+" (udp): ") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if !errors.Is(err, tc.err) {
				t.Errorf("%v does not wrap the system's error", err)
			}
			if strings.Contains(err.Error(), "bind:") {
				t.Errorf("%q tells of system calls", err)
			}
		})
	}
}

// fake is a Listener that does as it is told.
type fake struct {
	addr              netip.AddrPort
	listenErr, runErr error
	fails             bool // Run returns at once
	panics            bool
	bound, ran        bool
}

func (f *fake) Listen() error {
	f.bound = f.listenErr == nil
	return f.listenErr
}
func (f *fake) Close()                  { f.bound = false }
func (f *fake) Addrs() []netip.AddrPort { return []netip.AddrPort{f.addr} }
func (f *fake) Stats() Stats            { return Stats{Transport: DoQ} }
func (f *fake) Run(ctx context.Context) error {
	f.ran = true
	if f.panics {
		panic("a broken listener")
	}
	if !f.fails {
		<-ctx.Done()
	}
	return f.runErr
}

func TestGroup(t *testing.T) {
	broken := errors.New("broken")
	quiet := clock.NewReal()
	quiet.OnPanic = func(string, any, []byte) {}
	t.Run("binds all or none", func(t *testing.T) {
		a, b, c := &fake{}, &fake{listenErr: broken}, &fake{}
		g := Group{Clock: quiet, Listeners: []Listener{a, b, c}}
		if err := g.Listen(); !errors.Is(err, broken) {
			t.Errorf("Listen: %v", err)
		}
		if a.bound || c.bound {
			t.Error("a listener is bound though another could not be")
		}
	})
	t.Run("ends together", func(t *testing.T) {
		a, b := &fake{addr: netip.MustParseAddrPort("127.0.0.1:1")}, &fake{addr: netip.MustParseAddrPort("127.0.0.1:2")}
		g := Group{Clock: quiet, Listeners: []Listener{a, b}}
		if err := g.Listen(); err != nil || !a.bound || !b.bound {
			t.Fatalf("Listen: %v", err)
		}
		if got := g.Addrs(); len(got) != 2 || got[1] != b.addr {
			t.Errorf("addresses %v", got)
		}
		if got := g.Stats(); len(got) != 2 || got[1].Transport != DoQ {
			t.Errorf("counts %v", got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := g.Run(ctx); err != nil || !a.ran || !b.ran {
			t.Errorf("Run: %v; ran %t, %t", err, a.ran, b.ran)
		}
		g.Close()
		if a.bound || b.bound {
			t.Error("a listener is bound after Close")
		}
	})
	t.Run("one fails, all end", func(t *testing.T) {
		g := Group{Clock: quiet, Listeners: []Listener{&fake{}, &fake{fails: true, runErr: broken}, &fake{}}}
		if err := g.Run(t.Context()); !errors.Is(err, broken) {
			t.Errorf("Run: %v", err)
		}
	})
	t.Run("one panics, all end", func(t *testing.T) {
		g := Group{Clock: quiet, Listeners: []Listener{&fake{}, &fake{panics: true}}}
		if err := g.Run(t.Context()); err == nil {
			t.Error("Run: no error though a listener panicked")
		}
	})
}
