package udp

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// bindTarget binds addr once per worker.
//
// The first socket is bound without SO_REUSEPORT, so that a port that another
// service holds is an error even where that service would share it; the option
// is set afterwards, for the sockets of the other workers.
func (l *Listener) bindTarget(addr netip.AddrPort) (netip.AddrPort, error) {
	options := func(fd uintptr) error { return ignorePathMTU(fd, addr.Addr().Is6()) }
	if l.o.Plain {
		return l.newPlain(addr, options)
	}
	first, err := l.open(addr, options)
	if err != nil {
		return netip.AddrPort{}, err
	}
	bound := first.bound(addr)
	if err := l.newBatch(first); err != nil || l.o.Workers == 1 {
		return bound, err
	}
	if err := first.control(sharePort); err != nil {
		return netip.AddrPort{}, err
	}
	for range l.o.Workers - 1 {
		s, err := l.open(bound, func(fd uintptr) error {
			if err := options(fd); err != nil {
				return err
			}
			return sharePort(fd)
		})
		if err != nil {
			return netip.AddrPort{}, err
		}
		if err := l.newBatch(s); err != nil {
			return netip.AddrPort{}, err
		}
	}
	return bound, nil
}

// control calls f with the descriptor of s.
func (s *socket) control(f func(fd uintptr) error) error {
	raw, err := s.conn.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = f(fd) }); err != nil {
		return err
	}
	return inner
}

func sharePort(fd uintptr) error {
	return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
}

// ignorePathMTU makes the kernel send what fits the interface, whatever ICMP
// says about the path: a forged message could otherwise make replies fragment,
// and fragments can be replaced (RFC 9715 §3.1). Kernels before 3.15 do not
// know it, and go on as they did.
func ignorePathMTU(fd uintptr, v6 bool) error {
	if v6 {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_OMIT)
		return nil
	}
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_OMIT)
	return nil
}
