package delegation

import "net/netip"

// Usable tells to which addresses queries may go. Name servers come from
// strangers: glue of 127.0.0.1 or a router's address would aim the resolver at
// itself or its network.
type Usable struct {
	// Special allows loopback, private and documentation ranges.
	Special bool
	// NoIPv4 and NoIPv6 turn a family off.
	NoIPv4, NoIPv6 bool
	// Own are the resolver's own addresses and ports, never asked.
	Own []netip.AddrPort
}

// Allows reports whether a query may go to a.
func (u *Usable) Allows(a netip.AddrPort) bool {
	ip := a.Addr()
	if !ip.IsValid() || ip.IsUnspecified() || ip.IsMulticast() || a.Port() == 0 {
		return false
	}
	if ip.Is4() && u.NoIPv4 || !ip.Is4() && u.NoIPv6 {
		return false
	}
	for _, own := range u.Own {
		if own == a {
			return false
		}
	}
	return u.Special && ip != netip.AddrFrom4([4]byte{255, 255, 255, 255}) || !special(ip)
}

// special reports whether ip is in a range of the special-purpose registries
// (RFC 6890) where no public name server can be.
func special(ip netip.Addr) bool {
	if ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
		return true
	}
	if ip.Is4() {
		b := ip.As4()
		switch {
		case b[0] == 0, b[0] >= 240: // this network; reserved and broadcast
			return true
		case b[0] == 100 && b[1]&0xc0 == 64: // shared, RFC 6598
			return true
		case b[0] == 192 && b[1] == 0 && (b[2] == 0 || b[2] == 2): // IETF, TEST-NET-1
			return true
		case b[0] == 198 && (b[1]&0xfe == 18 || b[1] == 51 && b[2] == 100): // benchmarks, TEST-NET-2
			return true
		case b[0] == 203 && b[1] == 0 && b[2] == 113: // TEST-NET-3
			return true
		}
		return false
	}
	b := ip.As16()
	switch {
	case b[0]&0xe0 != 0x20: // outside global unicast 2000::/3
		return true
	case b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8: // documentation
		return true
	case b[0] == 0x3f && b[1] == 0xff && b[2]&0xf0 == 0: // documentation, RFC 9637
		return true
	case b[0] == 0x20 && b[1] == 0x02: // 6to4: it would carry an IPv4 address past this list
		return true
	}
	return false
}
