package udp

import (
	"net"
	"net/netip"
	"testing"
)

// A reply to an address alone is one system call without an allocation; what
// needs more, or goes wrong, is left to package net.
func TestQuickReply(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		addr := netip.AddrPortFrom(netip.MustParseAddr(host), 0)
		s, err := New(Options{Addrs: []netip.AddrPort{addr}}).open(addr, nil)
		if err != nil {
			t.Fatal(err)
		}
		client, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		m := &miss{socket: s, client: client.LocalAddr().(*net.UDPAddr).AddrPort()}
		var got [16]byte
		for _, want := range []string{"a reply", "another"} {
			if !m.quick([]byte(want)) {
				t.Fatalf("%s: not sent: %v", host, m.envelope.errno)
			}
			n, from, err := client.ReadFromUDPAddrPort(got[:])
			if err != nil || string(got[:n]) != want || from != s.addr {
				t.Errorf("%s: %q from %v, %v", host, got[:n], from, err)
			}
		}
		msg := []byte("for nothing")
		if n := testing.AllocsPerRun(20, func() { m.quick(msg) }); n != 0 {
			t.Errorf("%s: %v allocations", host, n)
		}
		if m.quick(make([]byte, 1<<16)) {
			t.Errorf("%s: sent what is longer than a datagram", host)
		}
		wildcard := *m
		wildcard.origin.addr = addr.Addr()
		if wildcard.quick(msg) {
			t.Errorf("%s: sent without its source address", host)
		}
		_ = s.conn.Close()
		if m.quick(msg) {
			t.Errorf("%s: sent from a closed socket", host)
		}
	}
}
