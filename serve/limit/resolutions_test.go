package limit_test

import (
	"net/netip"
	"sync"
	"testing"

	"recursor/serve/limit"
)

func TestResolutions(t *testing.T) {
	r := limit.NewResolutions(10, 2)
	a, b, c := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.3")
	enter := func(client netip.Addr, want limit.Verdict) {
		t.Helper()
		if got := r.Enter(client); got != want {
			t.Fatalf("%s: verdict %d, want %d (%d in progress)", client, got, want, r.InProgress())
		}
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
	r.Leave(b)
	enter(b, limit.Admitted)
	for _, last := range []string{"198.51.100.1", "198.51.100.2"} {
		enter(netip.MustParseAddr(last), limit.Admitted)
	}
	enter(netip.MustParseAddr("198.51.100.3"), limit.Full)
	for range 5 {
		r.Leave(a)
	}
	if r.InProgress() != 5 || !r.Pressed() {
		t.Errorf("%d in progress", r.InProgress())
	}
	r.Leave(c)
	if r.Pressed() {
		t.Error("pressed with four of ten")
	}
	for range 3 {
		enter(a, limit.Admitted)
		r.Leave(a)
	}
}

// TestNetwork: an IPv6 client is its /56.
func TestNetwork(t *testing.T) {
	r := limit.NewResolutions(2, 1)
	enter := func(addr string) limit.Verdict { return r.Enter(netip.MustParseAddr(addr)) }
	if enter("2001:db8:0:1200::1") != limit.Admitted || enter("2001:db8:0:12ff::2%eth0") != limit.ClientFull {
		t.Error("two addresses of one /56 are two clients")
	}
	if enter("2001:db8:0:1300::1") != limit.Admitted {
		t.Error("two /56 are one client")
	}
}

func TestResolutionsTogether(t *testing.T) {
	r := limit.NewResolutions(100, 10)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			client := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
			for range 1000 {
				if r.Enter(client) == limit.Admitted {
					r.Leave(client)
				}
			}
		})
	}
	wg.Wait()
	if r.InProgress() != 0 {
		t.Errorf("%d left", r.InProgress())
	}
}
