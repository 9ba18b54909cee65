package serve_test

import (
	"net/netip"
	"testing"

	"recursor/clock"
	"recursor/dns/wire"
	"recursor/frontend"
	"recursor/serve"
)

// RA tells a client whether it gets recursion here, so that who is refused it, or
// sends what is no question, is told that it does not (RFC 1035 §4.1.1).
func TestRecursionAvailable(t *testing.T) {
	h := serve.New(t.Context(), serve.Options{
		Clock: clock.NewReal(), Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Cookies: serve.Cookies{Mode: serve.CookiesIgnored},
	})
	for _, c := range []struct {
		what   string
		client string
		msg    []byte
		rcode  wire.RCode
		ra     bool
	}{
		{"a client that is not served", "198.51.100.1", hand(wire.Header{Flags: wire.FlagRD, QD: 1}, exampleSOA), wire.Refused, false},
		{"one that is, without RD", "192.0.2.1", hand(wire.Header{QD: 1}, exampleSOA), wire.Refused, true},
		{"half a question", "192.0.2.1", hand(wire.Header{Flags: wire.FlagRD, QD: 1}, exampleSOA[:9]), wire.FormErr, false},
		{"a version of EDNS to come", "192.0.2.1", hand(wire.Header{Flags: wire.FlagRD, QD: 1, AR: 1}, exampleSOA+"\x00\x00\x29\x04\xd0\x00\x01\x00\x00\x00\x00"), wire.NoError, true},
	} {
		var buf [512]byte
		n, ok := h.Hit(&frontend.Query{Message: c.msg, Client: netip.AddrPortFrom(netip.MustParseAddr(c.client), 4096)}, buf[:])
		got, err := wire.ParseHeader(buf[:n])
		if !ok || err != nil || got.Flags.RCode() != c.rcode || got.Flags.Has(wire.FlagRA) != c.ra {
			t.Errorf("%s: %t, %v, flags %#x; want RCODE %v, RA %t", c.what, ok, err, got.Flags, c.rcode, c.ra)
		}
	}
}
