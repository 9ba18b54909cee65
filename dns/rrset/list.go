package rrset

import (
	"encoding/binary"
	"iter"
)

// List is a sequence of RDATA, each uncompressed and behind its length in two
// octets. Appending may share the array, as with any slice.
type List []byte

// Append appends one RDATA of at most 65,535 octets.
func (l List) Append(rdata []byte) List {
	l = binary.BigEndian.AppendUint16(l, uint16(len(rdata)))
	return append(l, rdata...)
}

// All yields each RDATA in order; they are parts of l.
func (l List) All() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for b := []byte(l); len(b) >= 2; {
			end := 2 + int(binary.BigEndian.Uint16(b))
			if !yield(b[2:end:end]) {
				return
			}
			b = b[end:]
		}
	}
}

// at is the RDATA behind the length at off, and where the next one begins.
func (l List) at(off int) (rdata []byte, next int) {
	next = off + 2 + int(binary.BigEndian.Uint16(l[off:]))
	return l[off+2 : next : next], next
}

// Len counts the RDATA.
func (l List) Len() int {
	n := 0
	for off := 0; off < len(l); n++ {
		off += 2 + int(binary.BigEndian.Uint16(l[off:]))
	}
	return n
}

// First is the first RDATA, nil where there is none.
func (l List) First() []byte {
	for rd := range l.All() {
		return rd
	}
	return nil
}

// Valid reports whether the lengths of l add up, as they must where l comes
// from storage.
func (l List) Valid() bool {
	for off := 0; off < len(l); {
		if len(l)-off < 2 {
			return false
		}
		off += 2 + int(binary.BigEndian.Uint16(l[off:]))
		if off > len(l) {
			return false
		}
	}
	return true
}
