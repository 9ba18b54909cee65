package udp

import (
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// canTellPacketInfo: whether this system can be told the source address of a
// reply. Windows and the BSDs (IPv4) cannot, as far as golang.org/x/net goes.
func canTellPacketInfo(v6 bool) bool {
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if v6 {
		loopback = netip.IPv6Loopback()
	}
	return len(origin{addr: loopback}.control()) > 0
}

// tellPacketInfo makes packets tell where they were sent to.
func tellPacketInfo(conn *net.UDPConn, v6 bool) error {
	if v6 {
		return ipv6.NewPacketConn(conn).SetControlMessage(ipv6.FlagDst|ipv6.FlagInterface, true)
	}
	return ipv4.NewPacketConn(conn).SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true)
}

// parseOrigin reads the control message of a packet.
func parseOrigin(control []byte, v6 bool) (origin, bool) {
	if v6 {
		var m ipv6.ControlMessage
		if m.Parse(control) != nil {
			return origin{}, false
		}
		addr, _ := netip.AddrFromSlice(m.Dst) // the zero Addr where there is none
		return originOf(addr, m.IfIndex)
	}
	var m ipv4.ControlMessage
	if m.Parse(control) != nil {
		return origin{}, false
	}
	addr, _ := netip.AddrFromSlice(m.Dst)
	return originOf(addr.Unmap(), m.IfIndex)
}

// control is the control message that makes a packet leave from o; nil where
// o says nothing.
func (o origin) control() []byte {
	switch {
	case !o.addr.IsValid():
		return nil
	case o.addr.Is4():
		return (&ipv4.ControlMessage{Src: o.addr.AsSlice(), IfIndex: o.ifIndex}).Marshal()
	default:
		return (&ipv6.ControlMessage{Src: o.addr.AsSlice(), IfIndex: o.ifIndex}).Marshal()
	}
}
