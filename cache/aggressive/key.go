package aggressive

import (
	"recursor/dns/domain"
	"recursor/validate/denial"
)

// kind tells what lies under a key of a zone. The order is that of the keys.
type kind byte

const (
	kindZone   kind = iota // the zone's SOA
	kindParams             // the parameters of its NSEC3 records
	kindNSEC
	kindNSEC3
)

// typicalKey is room for a zone, a kind and an owner, which nearly all have. The
// longest key takes four times as much, and is the collector's: stacks would grow
// for it that seldom hold one.
const typicalKey = 256

// A key is a zone, an empty label, a kind and an owner below the zone. Names are
// written such that octets compare as the names do (RFC 4034 §6.1): labels from
// the root down, each ended by 0, and 0 and 1 within a label escaped by 1.
const (
	labelEnd = 0
	escape   = 1
)

// appendName appends the labels of name that are below zone.
func appendName(dst []byte, name, zone domain.Name) []byte {
	var starts [domain.MaxName / 2]uint8
	w := name.Wire()
	n := 0
	for off := 0; off < len(w)-zone.Len(); off += int(w[off]) + 1 {
		starts[n] = uint8(off)
		n++
	}
	for n--; n >= 0; n-- {
		off := int(starts[n])
		for _, c := range []byte(w[off+1 : off+1+int(w[off])]) {
			if c <= escape {
				dst = append(dst, escape)
				c++
			}
			dst = append(dst, c)
		}
		dst = append(dst, labelEnd)
	}
	return dst
}

// appendZone appends what the keys of a zone's entries of a kind begin with.
func appendZone(dst []byte, zone domain.Name, k kind) []byte {
	return append(appendName(dst, zone, domain.Root()), labelEnd, byte(k))
}

// keyBuf is where a key is made.
type keyBuf [typicalKey]byte

// zone is the key of what a zone has one of.
func (b *keyBuf) zone(zone domain.Name, k kind) []byte { return appendZone(b[:0], zone, k) }

// name is the key of an NSEC record, whose owner is within the zone.
func (b *keyBuf) name(zone, owner domain.Name) []byte {
	return appendName(appendZone(b[:0], zone, kindNSEC), owner, zone)
}

// hash is the key of an NSEC3 record.
func (b *keyBuf) hash(zone domain.Name, h denial.Hash) []byte {
	return append(appendZone(b[:0], zone, kindNSEC3), h[:]...)
}

// after is a key behind all of the zone's of that kind.
func (b *keyBuf) after(zone domain.Name, k kind) []byte { return appendZone(b[:0], zone, k+1) }
