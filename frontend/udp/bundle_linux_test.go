package udp

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"recursor/frontend"
)

// padded is a query of n octets more.
func padded(id uint16, n int) []byte {
	return append(query(id, wantHit), strings.Repeat("x", n)...)
}

// Answers of one length to one client are one message, whatever comes between
// them, and each client gets each of its answers as a packet of its own, from the
// address that it asked.
func TestBundles(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"} {
		t.Run(addr, func(t *testing.T) {
			at := netip.MustParseAddrPort(addr)
			if at.Addr().Is6() {
				loopback6(t)
			}
			o := options(echo{})
			o.Addrs = []netip.AddrPort{at}
			l := listen(t, o)
			tr := trace(l, nil)
			port := l.Addrs()[0].Port()
			targets := []string{"127.0.0.1", "127.0.0.1"}
			want := 4 // two lengths for each of two clients
			switch {
			case at.Addr().Is6():
				targets = []string{"::1", "::1"}
			case at.Addr().IsUnspecified():
				targets = append(targets, "127.0.0.2") // the same length, from another address
				want = 6
			}
			var clients []client
			for _, to := range targets {
				clients = append(clients, dial(t, netip.AddrPortFrom(netip.MustParseAddr(to), port)))
			}
			const each = 4
			for i := range uint16(each) {
				for _, c := range clients {
					c.send(padded(2*i+1, 3), padded(2*i+2, 40))
				}
			}
			s := run(t, l, nil)
			for n, c := range clients {
				lengths := map[uint16]int{}
				for range 2 * each {
					got := c.receive()
					lengths[answerID(got)] = len(got)
				}
				for i := range uint16(each) {
					short, long := len(padded(0, 3)), len(padded(0, 40))
					if lengths[2*i+1] != short || lengths[2*i+2] != long {
						t.Errorf("client %d: lengths %v, want %d and %d in turn", n, lengths, short, long)
					}
				}
			}
			packets := len(clients) * 2 * each
			wantCounts(t, s.stop(), map[frontend.Counter]uint64{frontend.Queries: uint64(packets), frontend.Hits: uint64(packets)})
			tr.want(t, call{"receive", packets, 0}, call{"send", want, 0})
		})
	}
}

// Where the system cannot cut messages, each answer goes alone, in the batch that
// found out and for a while; then it is tried again.
func TestBundlesThatAreRefused(t *testing.T) {
	l := listen(t, options(echo{}))
	tr := trace(l, map[string][]unix.Errno{"send": {unix.EINVAL}})
	c := dial(t, l.Addrs()[0])
	for i := range uint16(4) {
		c.send(padded(i+1, int(i/2)))
	}
	s := run(t, l, nil)
	got := map[uint16]bool{}
	for range 4 {
		got[answerID(c.receive())] = true
	}
	if len(got) != 4 {
		t.Errorf("answered %v", got)
	}
	for i := range apartFor {
		c.ask(uint16(i), wantHit)
	}
	s.stop()
	tr.mu.Lock()
	calls := tr.calls[:3]
	tr.mu.Unlock()
	if want := []call{{"receive", 4, 0}, {"send", 0, unix.EINVAL}, {"send", 4, 0}}; !slices.Equal(calls, want) {
		t.Errorf("system calls %v, want %v", calls, want)
	}
	w, _ := l.workers[0].(*batchWorker)
	if w.apart != 0 {
		t.Errorf("apart for %d batches more", w.apart)
	}
}

func BenchmarkBundle(b *testing.B) {
	for _, lengths := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("%d-lengths", lengths), func(b *testing.B) {
			r := newRing(false, false)
			for j := range batchSize {
				r.address(j, j, 60+j%lengths, origin{})
			}
			b.ReportAllocs()
			for b.Loop() {
				r.bundle(batchSize)
			}
		})
	}
}
