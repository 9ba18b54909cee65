package domain_test

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
)

func TestReverse(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1":        "1.2.0.192.in-addr.arpa.",
		"0.0.0.0":          "0.0.0.0.in-addr.arpa.",
		"255.255.255.254":  "254.255.255.255.in-addr.arpa.",
		"::ffff:192.0.2.1": "1.2.0.192.in-addr.arpa.",
		// RFC 3596 §2.5
		"4321:0:1:2:3:4:567:89ab": "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa.",
	} {
		a := netip.MustParseAddr(addr)
		got := domain.Reverse(a)
		if got.String() != want {
			t.Errorf("%s: %v, want %s", addr, got, want)
		}
		if theirs, err := dns.ReverseAddr(a.Unmap().String()); err != nil || theirs != got.String() {
			t.Errorf("%s: %v, the library says %s, %v", addr, got, theirs, err)
		}
	}
}
