package udp

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// sockaddr is struct sockaddr_in or sockaddr_in6: what follows the port is read
// by family.
type sockaddr struct {
	family uint16
	port   [2]byte // in network order
	rest   [24]byte
}

// Where the parts of a sockaddr's rest are: sin_addr; sin6_addr behind
// sin6_flowinfo, and sin6_scope_id.
const (
	addr6At = 4
	scopeAt = 20
)

// size is the length of the struct that a is.
func (a *sockaddr) size() uintptr {
	if a.family == unix.AF_INET {
		return unix.SizeofSockaddrInet4
	}
	return unix.SizeofSockaddrInet6
}

func (a *sockaddr) setPort(port uint16) { binary.BigEndian.PutUint16(a.port[:], port) }

// set makes a an address of the domain, without port. The zero Addr is any.
func (a *sockaddr) set(domain int, addr netip.Addr) error {
	*a = sockaddr{family: uint16(domain)}
	switch {
	case !addr.IsValid():
	case addr.Is6() != (domain == unix.AF_INET6):
		return fmt.Errorf("udp: source address %v: %w", addr, unix.EAFNOSUPPORT)
	case addr.Is4():
		octets := addr.As4()
		copy(a.rest[:], octets[:])
	default:
		scope, err := scopeID(addr)
		if err != nil {
			return err
		}
		octets := addr.As16()
		copy(a.rest[addr6At:], octets[:])
		binary.NativeEndian.PutUint32(a.rest[scopeAt:], scope)
	}
	return nil
}

// addrPort is a as an exchange has its server: without zone. It is zero where a
// is of another family.
func (a *sockaddr) addrPort() netip.AddrPort {
	port := binary.BigEndian.Uint16(a.port[:])
	switch a.family {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(a.rest[:])), port)
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(a.rest[addr6At:])), port)
	default:
		return netip.AddrPort{}
	}
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
