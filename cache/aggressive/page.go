package aggressive

import (
	"bytes"
	"encoding/binary"
	"sync/atomic"
)

const (
	// pageSize is what a page takes of memory.
	pageSize = 8 << 10
	// pageRoom is what of it is for entries.
	pageRoom = pageSize - 16
	// entryHead is the lengths of key and value.
	entryHead = 4
	// maxValue leaves room for several entries in a page, and for two
	// signatures by keys of 4096 bits.
	maxValue = 2 << 10
	// typicalValue is a value that is made without an allocation.
	typicalValue = 512
)

// page is a run of entries in the order of their keys: the lengths of key and
// value in two octets each, key, value. It has no pointers in it, so that the
// collector does not look inside.
type page struct {
	used  uint32
	fresh atomic.Uint32 // 1: read since the hand passed
	buf   [pageRoom]byte
}

// at is the entry that begins at off, and where the next one does.
func (p *page) at(off int) (key, value []byte, next int) {
	k := int(binary.BigEndian.Uint16(p.buf[off:]))
	v := int(binary.BigEndian.Uint16(p.buf[off+2:]))
	mid := off + entryHead + k
	return p.buf[off+entryHead : mid : mid], p.buf[mid : mid+v : mid+v], mid + v
}

// first is the least key.
func (p *page) first() []byte {
	key, _, _ := p.at(0)
	return key
}

// seek is the offset of the first entry whose key is not below key, and that of
// the entry before it, -1 where there is none. equal tells that it is key's.
func (p *page) seek(key []byte) (off, before int, equal bool) {
	before = -1
	for off < int(p.used) {
		k, _, next := p.at(off)
		if c := bytes.Compare(k, key); c >= 0 {
			return off, before, c == 0
		}
		off, before = next, off
	}
	return off, before, false
}

// fits reports whether an entry of n octets more has room.
func (p *page) fits(n int) bool { return int(p.used)+n <= pageRoom }

// insert puts an entry at off, for which there is room.
func (p *page) insert(off int, key, value []byte) {
	n := entryHead + len(key) + len(value)
	copy(p.buf[off+n:], p.buf[off:p.used])
	binary.BigEndian.PutUint16(p.buf[off:], uint16(len(key)))
	binary.BigEndian.PutUint16(p.buf[off+2:], uint16(len(value)))
	copy(p.buf[off+entryHead:], key)
	copy(p.buf[off+entryHead+len(key):], value)
	p.used += uint32(n)
}

// remove takes the octets of entries between two offsets out.
func (p *page) remove(from, to int) {
	copy(p.buf[from:], p.buf[to:p.used])
	p.used -= uint32(to - from)
}

// split moves the latter half of the entries to a new page.
func (p *page) split() *page {
	off := 0
	for off < int(p.used)/2 {
		_, _, off = p.at(off)
	}
	if off == int(p.used) { // the last entry is longer than all others
		_, last, _ := p.seekLast()
		off = last
	}
	right := &page{}
	right.used = uint32(copy(right.buf[:], p.buf[off:p.used]))
	p.used = uint32(off)
	return right
}

// seekLast walks to the last entry and returns its offset.
func (p *page) seekLast() (key []byte, off int, value []byte) {
	for next := 0; next < int(p.used); {
		off = next
		key, value, next = p.at(off)
	}
	return key, off, value
}
