package frontend_test

import (
	"bytes"
	"context"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/tcp"
	"recursor/frontend/udp"
)

// zone answers a query for A with one address, whatever the name; a name that
// begins with "slow" is a miss that ends when a hit has been answered.
type zone struct {
	hit  chan struct{} // nil: a miss does not wait
	once sync.Once
}

func (z *zone) Hit(q *frontend.Query, dst []byte) (int, bool) {
	end := 12
	for end < len(q.Message) && q.Message[end] != 0 {
		end += 1 + int(q.Message[end])
	}
	if end += 5; end > len(q.Message) {
		return 0, true
	}
	if bytes.HasPrefix(q.Message[12:], []byte("\x04slow")) {
		return 0, false
	}
	if z.hit != nil {
		z.once.Do(func() { close(z.hit) })
	}
	return copy(dst, answered(q.Message[:end])), true
}

func (z *zone) Miss(q *frontend.Query, reply func([]byte)) {
	if z.hit != nil {
		<-z.hit
	}
	reply(answered(q.Message[:12+int(q.Message[12])+9+5]))
}

// answered is a reply to the header and question of a query: one address.
func answered(msg []byte) []byte {
	msg = slices.Concat(msg, []byte{0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1})
	msg[2] |= 0x80
	msg[3] = 0x80
	copy(msg[6:], []byte{0, 1, 0, 0, 0, 0})
	return msg
}

// both serves UDP and TCP on the same port.
func both(t *testing.T, addr string, h frontend.Handler) (frontend.Group, netip.AddrPort, func()) {
	t.Helper()
	c := clock.NewReal()
	for range 20 { // the port that the system chose for UDP may be taken for TCP
		u := udp.New(udp.Options{Addrs: []netip.AddrPort{netip.MustParseAddrPort(addr)}, Handler: h, Clock: c})
		if err := u.Listen(); err != nil {
			t.Fatal(err)
		}
		at := u.Addrs()
		u.Close()
		g := frontend.Group{Clock: c, Listeners: []frontend.Listener{
			udp.New(udp.Options{Addrs: at, Handler: h, Clock: c}),
			tcp.New(tcp.Options{Addrs: at, Handler: h, Clock: c}),
		}}
		if g.Listen() != nil {
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- g.Run(ctx) }()
		stop := func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		return g, at[0], stop
	}
	t.Fatal("no port is free for both")
	return frontend.Group{}, netip.AddrPort{}, nil
}

// ask runs a program that asks at addr, and skips where it is not installed.
func ask(t *testing.T, peer string, addr netip.Addr, port uint16, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(peer)
	if err != nil {
		t.Skip(peer + " is not installed")
	}
	args = append([]string{"@" + addr.String(), "-p", strconv.Itoa(int(port))}, args...)
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", peer, args, err, out)
	}
	return string(out)
}

func wantAnswers(t *testing.T, out string, n int) {
	t.Helper()
	if got := strings.Count(out, "192.0.2.1\n"); got != n {
		t.Errorf("%d answers, want %d:\n%s", got, n, out)
	}
	for _, bad := range []string{"WARNING", "unexpected", "malformed", "end of file", "reset"} {
		if strings.Contains(out, bad) {
			t.Errorf("the client says %q:\n%s", bad, out)
		}
	}
}

// Both transports on every address of a wildcard, from the address asked.
//
// RFC: 2181.1, 7766.1, 9210.1
func TestPeersOnAWildcard(t *testing.T) {
	for _, peer := range []string{"dig", "kdig"} {
		t.Run(peer, func(t *testing.T) {
			g, at, stop := both(t, "0.0.0.0:0", &zone{})
			for _, to := range []string{"127.0.0.2", "127.0.0.3"} {
				wantAnswers(t, ask(t, peer, netip.MustParseAddr(to), at.Port(), "+noedns", "a.example.", "A"), 1)
				wantAnswers(t, ask(t, peer, netip.MustParseAddr(to), at.Port(), "+noedns", "+tcp", "a.example.", "A"), 1)
			}
			stop()
			if stats := g.Stats(); stats[0].Of(frontend.Hits) != 2 || stats[1].Of(frontend.Hits) != 2 {
				t.Errorf("counted %v", stats)
			}
		})
	}
}

// A client that keeps its connection open asks all its questions on it.
//
// RFC: 7766.2
func TestPeersKeepTheConnection(t *testing.T) {
	for _, peer := range []string{"dig", "kdig"} {
		t.Run(peer, func(t *testing.T) {
			g, at, stop := both(t, "127.0.0.1:0", &zone{})
			out := ask(t, peer, at.Addr(), at.Port(), "+noedns", "+tcp", "+keepopen",
				"a.example.", "A", "slow.example.", "A", "c.example.", "A")
			wantAnswers(t, out, 3)
			stop()
			stats := g.Stats()[1]
			if stats.Of(frontend.Accepted) != 1 || stats.Of(frontend.Queries) != 3 || stats.Of(frontend.Misses) != 1 {
				t.Errorf("counted %v", stats)
			}
		})
	}
}

// A client that asks all at once gets the fast answer first.
//
// RFC: 7766.2, 7766.5
func TestPeersPipeline(t *testing.T) {
	t.Run("mdig", func(t *testing.T) {
		g, at, stop := both(t, "127.0.0.1:0", &zone{hit: make(chan struct{})})
		out := ask(t, "mdig", at.Addr(), at.Port(), "+tcp", "slow.example.", "fast.example.")
		wantAnswers(t, out, 2)
		stop()
		if stats := g.Stats()[1]; stats.Of(frontend.Queries) != 2 {
			t.Errorf("counted %v", stats)
		}
	})
}
