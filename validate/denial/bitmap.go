package denial

import (
	"recursor/dns/domain"
	"recursor/dns/wire"
)

// Bitmap is the Type Bit Maps field of NSEC and NSEC3 records
// (RFC 4034 §4.1.2).
type Bitmap []byte

// Has reports whether the bit of t is set. Types that no RRset can have are
// ignored where they are set (RFC 4034 §4.1.2), but for NXNAME, which is there
// to be read (RFC 9824 §3.4).
func (b Bitmap) Has(t wire.Type) bool {
	if t.IsMeta() && t != wire.TypeNXNAME {
		return false
	}
	window, octet, mask := byte(t>>8), int(t&0xff)/8, byte(0x80>>(t&7))
	for len(b) >= 2 {
		n := int(b[1])
		if 2+n > len(b) {
			return false
		}
		if b[0] == window {
			return octet < n && b[2+octet]&mask != 0
		}
		b = b[2+n:]
	}
	return false
}

// bare reports whether no type is shown but those that deny others.
func (b Bitmap) bare() bool {
	for len(b) >= 2 {
		window, n := int(b[0]), int(b[1])
		if 2+n > len(b) {
			return true
		}
		for i, c := range b[2 : 2+n] {
			for bit := range 8 {
				t := wire.Type(window<<8 | i<<3 | bit)
				if c&(0x80>>bit) != 0 && t != wire.TypeRRSIG && t != wire.TypeNSEC && !t.IsMeta() {
					return false
				}
			}
		}
		b = b[2+n:]
	}
	return true
}

// delegation reports whether the bits are those of a record from the parent's
// side of a cut (RFC 6840 §4.1).
func (b Bitmap) delegation() bool { return b.Has(wire.TypeNS) && !b.Has(wire.TypeSOA) }

// blind reports whether a record with the bits says nothing of names below its
// owner: another zone has them, or a DNAME redirects them (RFC 6840 §4.1).
func (b Bitmap) blind() bool { return b.delegation() || b.Has(wire.TypeDNAME) }

// lacks reports whether a record with the bits, whose owner is asked for or is
// the wildcard that would be used instead, denies type t.
func (b Bitmap) lacks(owner domain.Name, t wire.Type) bool {
	switch {
	case b.Has(wire.TypeCNAME):
		return false // it would have been the answer (RFC 6840 §4.3)
	case t == wire.TypeANY:
		return b.bare()
	case t == wire.TypeDS && !owner.IsRoot():
		// The child's side of a cut does not know (RFC 4035 §5.2,
		// RFC 5155 §8.6).
		return !b.Has(t) && !b.Has(wire.TypeSOA)
	}
	// The parent's side does not know of anything else (RFC 6840 §4.1).
	return !b.Has(t) && !b.delegation()
}
