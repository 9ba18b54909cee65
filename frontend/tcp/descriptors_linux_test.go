package tcp

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// descriptors is the number of open descriptors of this process.
func descriptors(t *testing.T) (n int, known bool) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries), true
}

// Answers leave at once (TCP_NODELAY), and the kernel sends no probes.
func TestSocketOptions(t *testing.T) {
	ln, err := Bind(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	dial(t, ln.Addr().(*net.TCPAddr).AddrPort())
	c, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) {
		for name, option := range map[string][3]int{
			"TCP_NODELAY":  {unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
			"SO_KEEPALIVE": {unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0},
		} {
			got, err := unix.GetsockoptInt(int(fd), option[0], option[1])
			if err != nil || got != option[2] {
				t.Errorf("%s is %d (%v), want %d", name, got, err, option[2])
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
}
