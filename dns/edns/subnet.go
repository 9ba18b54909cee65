package edns

import (
	"encoding/binary"
	"net/netip"
)

// Address families of RFC 7871 §6.
const (
	familyNone = 0
	familyIPv4 = 1
	familyIPv6 = 2
)

// Subnet is the data of an ECS option.
type Subnet struct {
	// Prefix is the client's network: its length is SOURCE PREFIX-LENGTH. The
	// zero Prefix stands for a SOURCE of 0 in family 0, which some clients
	// send who want nothing told of them.
	Prefix netip.Prefix
	// Scope is the SCOPE PREFIX-LENGTH, 0 in queries (RFC 7871 §7.1.2).
	Scope uint8
}

// ParseECS reads the data of an ECS option with the checks of RFC 7871 §6:
// a known family, lengths within it, exactly the octets that the SOURCE
// PREFIX-LENGTH needs, and no bit set beyond it.
func ParseECS(data []byte) (Subnet, error) {
	if len(data) < 4 {
		return Subnet{}, badOption(ECS)
	}
	family, source, scope := binary.BigEndian.Uint16(data), int(data[2]), data[3]
	address := data[4:]
	if len(address) != (source+7)/8 {
		return Subnet{}, badOption(ECS)
	}
	var full [16]byte
	var addr netip.Addr
	switch {
	case family == familyNone && source == 0 && scope == 0:
		return Subnet{}, nil
	case family == familyIPv4 && source <= 32 && scope <= 32:
		copy(full[:4], address)
		addr = netip.AddrFrom4([4]byte(full[:4]))
	case family == familyIPv6 && source <= 128 && scope <= 128:
		copy(full[:], address)
		addr = netip.AddrFrom16(full)
	default: // an unknown family too: RFC 7871 §7.2.1
		return Subnet{}, badOption(ECS)
	}
	prefix := netip.PrefixFrom(addr, source)
	if prefix.Masked() != prefix {
		return Subnet{}, badOption(ECS)
	}
	return Subnet{Prefix: prefix, Scope: scope}, nil
}

// AppendECS appends the data of an ECS option; bits of the address beyond
// the prefix are sent as zero (RFC 7871 §6).
func AppendECS(dst []byte, s Subnet) []byte {
	if !s.Prefix.IsValid() {
		return append(dst, 0, familyNone, 0, 0)
	}
	prefix := s.Prefix.Masked()
	octets := (prefix.Bits() + 7) / 8
	if prefix.Addr().Is4() {
		dst = append(dst, 0, familyIPv4, byte(prefix.Bits()), s.Scope)
		a := prefix.Addr().As4()
		return append(dst, a[:octets]...)
	}
	dst = append(dst, 0, familyIPv6, byte(prefix.Bits()), s.Scope)
	a := prefix.Addr().As16()
	return append(dst, a[:octets]...)
}
