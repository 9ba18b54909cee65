package udp

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"recursor/frontend"
)

// socket is one bound socket.
type socket struct {
	conn *net.UDPConn
	raw  syscall.RawConn // conn's
	addr netip.AddrPort  // without zone
	// wildcard: bound to no address, so that each packet must tell where it
	// was sent to.
	wildcard bool
}

// origin is where a query was sent to, so that the reply leaves from there.
// It is zero for a socket that is bound to an address: the kernel knows then.
type origin struct {
	addr netip.Addr
	// ifIndex is the interface, where addr is link-local and so means nothing
	// without it. Elsewhere it is 0: to bind the interface would bypass the
	// routing table, and a host with two uplinks sends its answers into the
	// wrong one.
	ifIndex int
}

// originOf is the origin of a packet that came to addr over interface ifIndex;
// false where no reply may come from there.
func originOf(addr netip.Addr, ifIndex int) (origin, bool) {
	switch {
	case !addr.IsValid() || addr.IsMulticast() || addr.IsUnspecified() || addr.Is4In6():
		return origin{}, false
	case addr.IsLinkLocalUnicast():
		return origin{addr, ifIndex}, true
	default:
		return origin{addr: addr}, true
	}
}

// bind opens the sockets of one address, with their workers.
func (l *Listener) bind(addr netip.AddrPort) error {
	targets := []netip.AddrPort{addr}
	if addr.Addr().IsUnspecified() && !canTellPacketInfo(addr.Addr().Is6()) {
		var err error
		if targets, err = expand(addr, interfaceAddrs); err != nil {
			return err
		}
	}
	for _, target := range targets {
		bound, err := l.bindTarget(target)
		if err != nil {
			return err
		}
		l.addrs = append(l.addrs, bound)
	}
	return nil
}

// open binds one socket and sets what every system has.
func (l *Listener) open(addr netip.AddrPort, before func(fd uintptr) error) (*socket, error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		if before == nil {
			return nil
		}
		var inner error
		if err := c.Control(func(fd uintptr) { inner = before(fd) }); err != nil {
			return err
		}
		return inner
	}}
	network := "udp4"
	if addr.Addr().Is6() {
		network = "udp6" // IPv6 alone: the IPv4 wildcard is an address of its own
	}
	packets, err := config.ListenPacket(context.Background(), network, addr.String())
	if err != nil {
		return nil, err
	}
	conn := packets.(*net.UDPConn) // promised by package net for these networks
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	raw, err := conn.SyscallConn()
	if err != nil {
		_ = conn.Close() // the error that counts is the other
		return nil, err
	}
	s := &socket{
		conn:     conn,
		raw:      raw,
		addr:     netip.AddrPortFrom(local.Addr().Unmap().WithZone(""), local.Port()),
		wildcard: addr.Addr().IsUnspecified(),
	}
	// The system may grant less, and says so to nobody; less is no failure.
	_ = conn.SetReadBuffer(kernelQueue)
	_ = conn.SetWriteBuffer(kernelQueue)
	if s.wildcard {
		if err := tellPacketInfo(conn, addr.Addr().Is6()); err != nil {
			_ = conn.Close() // the error that counts is the other
			return nil, err
		}
	}
	l.sockets = append(l.sockets, s)
	return s, nil
}

// bound is the address that l tells of s: with the zone that was asked for.
func (s *socket) bound(asked netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(asked.Addr(), s.addr.Port())
}

// send sends one reply, waiting while the kernel's queue is full.
func (s *socket) send(msg []byte, client netip.AddrPort, from origin) error {
	_, _, err := s.conn.WriteMsgUDPAddrPort(msg, from.control(), client)
	return err
}

// look sorts out what is no query, and counts it.
func look(msg []byte, counters *frontend.Counters) bool {
	switch frontend.Judge(msg) {
	case frontend.IsShort:
		counters.Add(frontend.Short, 1)
		return false
	case frontend.IsResponse:
		counters.Add(frontend.Responses, 1)
		return false
	case frontend.IsQuery:
	}
	return true
}

// expand lists the addresses of this host that a wildcard stands for, on
// systems where a packet does not tell where it was sent to. Addresses that
// come later are not served.
func expand(wildcard netip.AddrPort, addrs func() ([]netip.Addr, error)) ([]netip.AddrPort, error) {
	all, err := addrs()
	if err != nil {
		return nil, err
	}
	var targets []netip.AddrPort
	for _, addr := range all {
		if addr.Is4() == wildcard.Addr().Is4() && !addr.IsMulticast() {
			targets = append(targets, netip.AddrPortFrom(addr, wildcard.Port()))
		}
	}
	slices.SortFunc(targets, netip.AddrPort.Compare)
	return slices.Compact(targets), nil
}

// interfaceAddrs are the addresses of this host, link-local ones with zone.
func interfaceAddrs() ([]netip.Addr, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var all []netip.Addr
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addrs {
			prefix, ok := a.(*net.IPNet)
			if !ok {
				continue
			}
			addr, ok := netip.AddrFromSlice(prefix.IP)
			if !ok {
				continue
			}
			if addr = addr.Unmap(); addr.Is6() && addr.IsLinkLocalUnicast() {
				addr = addr.WithZone(i.Name)
			}
			all = append(all, addr)
		}
	}
	return all, nil
}
