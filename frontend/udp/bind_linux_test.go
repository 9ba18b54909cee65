package udp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A service that would share its port does not get ours mixed into it: with
// SO_REUSEPORT on both sides the kernel would split the clients silently.
func TestListenDoesNotShareAPort(t *testing.T) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			if err := sharePort(fd); err != nil {
				t.Error(err)
			}
		})
	}}
	other, err := config.ListenPacket(context.Background(), "udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for _, workers := range []int{1, 3} {
		o := options(&scripted{})
		o.Workers = workers
		o.Addrs = []netip.AddrPort{other.LocalAddr().(*net.UDPAddr).AddrPort()}
		if err := New(o).Listen(); !errors.Is(err, unix.EADDRINUSE) {
			t.Errorf("%d workers: %v, want %v", workers, err, unix.EADDRINUSE)
		}
	}
	// Two of ours neither.
	o := options(&scripted{})
	o.Workers = 3
	first := listen(t, o)
	defer first.Close()
	o.Addrs = first.Addrs()
	if err := New(o).Listen(); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("a second instance: %v, want %v", err, unix.EADDRINUSE)
	}
}

func TestSocketOptions(t *testing.T) {
	loopback6(t)
	o := options(&scripted{})
	o.Workers = 2
	o.Addrs = []netip.AddrPort{
		netip.MustParseAddrPort("127.0.0.1:0"), netip.MustParseAddrPort("[::1]:0"),
		netip.MustParseAddrPort("0.0.0.0:0"), netip.MustParseAddrPort("[::]:0"),
	}
	l := listen(t, o)
	defer l.Close()
	if len(l.sockets) != 8 {
		t.Fatalf("%d sockets, want 8", len(l.sockets))
	}
	for _, s := range l.sockets {
		level, mtu, omit, info := unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_OMIT, unix.IP_PKTINFO
		if s.addr.Addr().Is6() {
			level, mtu, omit, info = unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_OMIT, unix.IPV6_RECVPKTINFO
		}
		wantInfo := 0
		if s.addr.Addr().IsUnspecified() {
			wantInfo = 1
		}
		err := s.control(func(fd uintptr) error {
			for _, option := range []struct {
				name               string
				level, name2, want int
			}{
				{"path MTU", level, mtu, omit},
				{"packet info", level, info, wantInfo},
				{"SO_REUSEPORT", unix.SOL_SOCKET, unix.SO_REUSEPORT, 1},
			} {
				got, err := unix.GetsockoptInt(int(fd), option.level, option.name2)
				if err != nil || got != option.want {
					t.Errorf("%v: %s is %d (%v), want %d", s.addr, option.name, got, err, option.want)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}
