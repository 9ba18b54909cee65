package domain_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
)

func TestReverse(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1":        "1.2.0.192.in-addr.arpa.",
		"0.0.0.0":          "0.0.0.0.in-addr.arpa.",
		"255.254.253.252":  "252.253.254.255.in-addr.arpa.",
		"::ffff:192.0.2.1": "1.2.0.192.in-addr.arpa.",
		"fe80::1%eth0":     "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa.",
		"4321:0:1:2:3:4:567:89ab":// RFC 3596 §2.5
		"b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa.",
	} {
		if got := domain.Reverse(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

// TestReverseSecondOpinion: the library writes the same names.
func TestReverseSecondOpinion(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var all [16]byte
		for i := range all {
			all[i] = byte(draw.Uint32())
		}
		for _, a := range []netip.Addr{netip.AddrFrom16(all), netip.AddrFrom4([4]byte(all[:4]))} {
			want, err := dns.ReverseAddr(a.String())
			if got := domain.Reverse(a).String(); err != nil || got != want {
				t.Fatalf("%s: %s, the library says %s, %v", a, got, want, err)
			}
		}
	}
}
