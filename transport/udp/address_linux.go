package udp

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// address is the memory of the socket addresses of one exchange.
type address struct {
	in4 unix.SockaddrInet4
	in6 unix.SockaddrInet6
}

// from prepares the source address. The zero Addr is any address.
func (a *address) from(domain int, from netip.Addr) error {
	from = from.Unmap()
	switch {
	case !from.IsValid():
		a.in4.Addr, a.in6.Addr, a.in6.ZoneId = [4]byte{}, [16]byte{}, 0
	case from.Is6() != (domain == unix.AF_INET6):
		return fmt.Errorf("udp: source address %v: %w", from, unix.EAFNOSUPPORT)
	case from.Is4():
		a.in4.Addr = from.As4()
	default:
		scope, err := scopeID(from)
		if err != nil {
			return err
		}
		a.in6.Addr, a.in6.ZoneId = from.As16(), scope
	}
	return nil
}

// local is the source address with a port.
func (a *address) local(domain int, port uint16) unix.Sockaddr {
	if domain == unix.AF_INET {
		a.in4.Port = int(port)
		return &a.in4
	}
	a.in6.Port = int(port)
	return &a.in6
}

// server is the address of a server. It overwrites the source address.
func (a *address) server(to netip.AddrPort) (unix.Sockaddr, error) {
	if to.Addr().Is4() {
		a.in4.Addr, a.in4.Port = to.Addr().As4(), int(to.Port())
		return &a.in4, nil
	}
	scope, err := scopeID(to.Addr())
	if err != nil {
		return nil, err
	}
	a.in6.Addr, a.in6.Port, a.in6.ZoneId = to.Addr().As16(), int(to.Port()), scope
	return &a.in6, nil
}

// scopeID is the index of the interface that a link-local address names.
func scopeID(a netip.Addr) (uint32, error) {
	if a.Zone() == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(a.Zone(), 10, 32); err == nil {
		return uint32(n), nil
	}
	link, err := net.InterfaceByName(a.Zone())
	if err != nil {
		return 0, fmt.Errorf("udp: zone of %v: %w", a, err)
	}
	return uint32(link.Index), nil
}
