package udp

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"recursor/transport"
)

// forgeUnreachable sends the ICMP message «destination unreachable» with a
// code about the query that was sent from client to server, as anybody can
// who guesses the ports.
func forgeUnreachable(t *testing.T, raw int, code byte, client, server netip.AddrPort) {
	t.Helper()
	m := []byte{3, code, 0, 0, 0, 0, 0x02, 0x40} // the MTU of code 4 is 576
	inner := []byte{0x45, 0, 0, 60, 0, 0, 0, 0, 64, unix.IPPROTO_UDP, 0, 0}
	inner = append(inner, client.Addr().AsSlice()...)
	inner = append(inner, server.Addr().AsSlice()...)
	m = append(m, inner...)
	m = binary.BigEndian.AppendUint16(m, client.Port())
	m = binary.BigEndian.AppendUint16(m, server.Port())
	m = append(m, 0, 40, 0, 0)
	sum := uint32(0)
	for i := 0; i < len(m); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(m[i:]))
	}
	sum = sum>>16 + sum&0xffff
	sum += sum >> 16
	binary.BigEndian.PutUint16(m[2:], ^uint16(sum))
	if err := unix.Sendto(raw, m, 0, &unix.SockaddrInet4{Addr: client.Addr().As4()}); err != nil {
		t.Fatal(err)
	}
}

// Of what routers say, only that the port is closed counts.
//
// RFC: X.6, 9715.1
func TestForgedICMP(t *testing.T) {
	raw, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
	if err != nil {
		t.Skipf("raw sockets need a privilege: %v", err)
	}
	defer unix.Close(raw)
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			got := make(chan packet, 1)
			s := serve(t, "127.0.0.1", func(_ *server, p packet) { got <- p })
			x := build(Options{}, way)
			run(t, x)

			a := ask(x, s.at, question(1))
			p := <-got
			for _, code := range []byte{0 /* network */, 1 /* host */, 4 /* fragmentation needed */} {
				forgeUnreachable(t, raw, code, p.from, s.at)
			}
			s.send(p.from, response(p.message))
			if o := a.outcome(t); o.Kind != transport.Reply || o.NearMisses != 0 {
				t.Errorf("unreachable network, host, too big: %+v", o)
			}

			a = ask(x, s.at, question(2))
			p = <-got
			forgeUnreachable(t, raw, 3 /* port */, p.from, s.at)
			if o := a.outcome(t); o.Kind != transport.Unreachable || !errors.Is(o.Err, syscall.ECONNREFUSED) {
				t.Errorf("closed port: %+v", o)
			}
		})
	}
}
