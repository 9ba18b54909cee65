package limit_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"recursor/serve/limit"
)

// local are the clients that the shipped configuration serves.
func local() (prefixes []netip.Prefix) {
	for _, p := range []string{
		"127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10",
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",
	} {
		prefixes = append(prefixes, netip.MustParsePrefix(p))
	}
	return prefixes
}

// RFC: 5358.1
func TestList(t *testing.T) {
	l := limit.NewList(local())
	for addr, want := range map[string]bool{
		"127.0.0.1": true, "127.255.255.255": true, "128.0.0.0": false, "126.255.255.255": false,
		"10.1.2.3": true, "11.0.0.0": false, "172.16.0.0": true, "172.31.255.255": true, "172.32.0.0": false,
		"192.168.255.255": true, "192.169.0.0": false, "169.254.7.7": true, "0.0.0.0": false,
		"8.8.8.8": false, "255.255.255.255": false, "::1": true, "::2": false, "::": false,
		"fe80::1": true, "fe80::1%eth0": true, "febf:ffff::1": true, "fec0::": false,
		"fd00::1": true, "fbff::1": false, "fe00::": false, "2001:db8::1": false,
		"::ffff:10.0.0.1": true, "::ffff:8.8.8.8": false,
	} {
		if got := l.Contains(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %t", addr, got)
		}
	}
	if l.Contains(netip.Addr{}) {
		t.Error("no address is in the list")
	}
	var empty limit.List
	if empty.Contains(netip.MustParseAddr("127.0.0.1")) {
		t.Error("the empty List contains something")
	}
}

// TestListAgainstPrefixes: a List contains what one of its prefixes does.
func TestListAgainstPrefixes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	address := func() netip.Addr {
		// Few distinct addresses, so that prefixes touch, hold and repeat each other.
		if rng.IntN(2) == 0 {
			return netip.AddrFrom4([4]byte{10, byte(rng.IntN(4)), byte(rng.IntN(256)), byte(rng.IntN(2) * 255)})
		}
		return netip.AddrFrom16([16]byte{0xfd, byte(rng.IntN(4)), 7: byte(rng.IntN(256)), 15: byte(rng.IntN(2) * 255)})
	}
	for range 500 {
		var prefixes []netip.Prefix
		for range rng.IntN(8) {
			a := address()
			prefixes = append(prefixes, netip.PrefixFrom(a, rng.IntN(a.BitLen()+1)))
		}
		l := limit.NewList(prefixes)
		for range 200 {
			a, want := address(), false
			for _, p := range prefixes {
				want = want || p.Contains(a)
			}
			if l.Contains(a) != want {
				t.Fatalf("%v, %s: %t", prefixes, a, !want)
			}
		}
	}
	all := limit.NewList([]netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), {}})
	if !all.Contains(netip.MustParseAddr("255.255.255.255")) || all.Contains(netip.MustParseAddr("::")) {
		t.Error("0.0.0.0/0 is not IPv4")
	}
}

func TestContainsAllocates(t *testing.T) {
	l := limit.NewList(local())
	a := netip.MustParseAddr("fe80::1%eth0")
	if n := testing.AllocsPerRun(100, func() { l.Contains(a) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
