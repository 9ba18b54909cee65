package limit_test

import (
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"recursor/serve/limit"
)

// What waits for one client is bounded, so that little can be released at it at once (DNSBomb).
//
// RFC: X.7
func TestResolutions(t *testing.T) {
	r := limit.NewResolutions(10, 2, time.Second)
	a, b, c := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.3")
	places := map[netip.Addr][]limit.Place{}
	enter := func(client netip.Addr, want limit.Verdict) {
		t.Helper()
		p, got := r.Enter(client, time.Unix(0, 0))
		if got != want {
			t.Fatalf("%s: verdict %d, want %d (%d in progress)", client, got, want, r.InProgress())
		}
		if got == limit.Admitted {
			places[client] = append(places[client], p)
		}
	}
	leave := func(client netip.Addr) {
		p := places[client]
		r.Leave(&p[0])
		places[client] = p[1:]
	}
	for range 5 { // one client alone may take half
		enter(a, limit.Admitted)
	}
	if !r.Pressed() {
		t.Error("half of the places are taken")
	}
	enter(a, limit.ClientFull)
	enter(b, limit.Admitted)
	enter(b, limit.Admitted)
	enter(b, limit.ClientFull)
	enter(c, limit.Admitted)
	leave(b)
	enter(b, limit.Admitted)
	for _, last := range []string{"198.51.100.1", "198.51.100.2"} {
		enter(netip.MustParseAddr(last), limit.Admitted)
	}
	enter(netip.MustParseAddr("198.51.100.3"), limit.Full)
	for range 5 {
		leave(a)
	}
	if r.InProgress() != 5 || !r.Pressed() {
		t.Errorf("%d in progress", r.InProgress())
	}
	leave(c)
	if r.Pressed() {
		t.Error("pressed with four of ten")
	}
	for range 3 {
		enter(a, limit.Admitted)
		leave(a)
	}
}

// TestTheSlowestGivesWay: where all places are taken, who has waited longest in the second half makes room, if that is
// long enough, and nobody twice.
func TestTheSlowestGivesWay(t *testing.T) {
	r := limit.NewResolutions(4, 9, 500*time.Millisecond)
	start := time.Unix(0, 0)
	var gaveUp []int
	places := map[int]*limit.Place{}
	enter := func(n int, at time.Duration, want limit.Verdict) {
		t.Helper()
		p, v := r.Enter(netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}), start.Add(at))
		if v != want {
			t.Fatalf("%d: verdict %d, want %d", n, v, want)
		}
		if v != limit.Admitted {
			return
		}
		if r.Pressed() && n != 3 { // whoever does not say so keeps its place
			r.MayGiveWay(&p, func() { gaveUp = append(gaveUp, n) })
		}
		places[n] = &p
	}
	enter(1, 0, limit.Admitted)
	enter(2, 0, limit.Admitted)
	enter(3, 0, limit.Admitted)
	enter(4, 100*time.Millisecond, limit.Admitted)
	enter(5, 400*time.Millisecond, limit.Full)
	enter(6, 500*time.Millisecond, limit.Admitted)
	enter(7, 599*time.Millisecond, limit.Full)
	if !slices.Equal(gaveUp, []int{2}) {
		t.Fatalf("gave up %v", gaveUp)
	}
	r.Leave(places[2])
	enter(8, 600*time.Millisecond, limit.Admitted)
	if !slices.Equal(gaveUp, []int{2, 4}) {
		t.Fatalf("gave up %v", gaveUp)
	}
	for _, n := range []int{1, 3, 4, 6, 8} {
		r.Leave(places[n])
	}
	if r.InProgress() != 0 {
		t.Errorf("%d left", r.InProgress())
	}
}

// TestNetwork: an IPv6 client is its /56.
func TestNetwork(t *testing.T) {
	r := limit.NewResolutions(2, 1, time.Second)
	enter := func(addr string) limit.Verdict {
		_, v := r.Enter(netip.MustParseAddr(addr), time.Unix(0, 0))
		return v
	}
	if enter("2001:db8:0:1200::1") != limit.Admitted || enter("2001:db8:0:12ff::2%eth0") != limit.ClientFull {
		t.Error("two addresses of one /56 are two clients")
	}
	if enter("2001:db8:0:1300::1") != limit.Admitted {
		t.Error("two /56 are one client")
	}
}

func TestResolutionsTogether(t *testing.T) {
	r := limit.NewResolutions(100, 10, time.Second)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			client := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
			for n := range 1000 {
				p, v := r.Enter(client, time.Unix(0, 0).Add(time.Duration(n)*time.Millisecond))
				if v == limit.Admitted {
					r.MayGiveWay(&p, func() {})
					r.Leave(&p)
				}
			}
		})
	}
	wg.Wait()
	if r.InProgress() != 0 {
		t.Errorf("%d left", r.InProgress())
	}
}
