package cache

import (
	"encoding/binary"

	"recursor/dns/domain"
	"recursor/dns/wire"
)

// keyBuf has room for any key: the kind, a name, a type.
type keyBuf [1 + domain.MaxName + 2]byte

// typed is the key of a name and type.
func (b *keyBuf) typed(k kind, name domain.Name, t wire.Type) []byte {
	b[0] = byte(k)
	n := 1 + copy(b[1:], name.Wire())
	binary.BigEndian.PutUint16(b[n:], uint16(t))
	return b[:n+2]
}

// named is the key of a name.
func (b *keyBuf) named(k kind, name domain.Name) []byte {
	b[0] = byte(k)
	n := 1 + copy(b[1:], name.Wire())
	return b[:n]
}

// wire is the key of a name in wire form, and of a type where the kind has one.
func (b *keyBuf) wire(k kind, name []byte, t wire.Type) []byte {
	b[0] = byte(k)
	n := 1 + copy(b[1:1+domain.MaxName], name)
	if !k.hasType() {
		return b[:n]
	}
	binary.BigEndian.PutUint16(b[n:], uint16(t))
	return b[:n+2]
}

// nameOf is the wire form of the name in a key.
func nameOf(key []byte) []byte {
	if len(key) > 3 && kind(key[0]).hasType() {
		return key[1 : len(key)-2]
	}
	return key[1:]
}

// within reports whether the name in wire form is zone or below it.
func within(name []byte, zone domain.Name) bool {
	cut := len(name) - zone.Len()
	if cut < 0 || string(name[cut:]) != zone.Wire() {
		return false
	}
	off := 0
	for off < cut {
		off += int(name[off]) + 1
	}
	return off == cut
}
