package wire

import (
	"encoding/binary"
)

// maxTargets bounds the names remembered for compression: packing a message
// of very many names must not become quadratic (CVE-2024-8508).
const maxTargets = 120

// Builder writes one message with name compression (RFC 1035 §4.1.4). The
// zero Builder is ready after Reset; it may be used again and again.
type Builder struct {
	buf     []byte
	base    int // where the message begins in buf
	targets [256]uint16
	used    int
}

// Reset begins a message at the end of buf with room for the header.
func (b *Builder) Reset(buf []byte) {
	b.base = len(buf)
	b.buf = append(buf, make([]byte, HeaderLen)...)
	clear(b.targets[:])
	b.used = 0
}

// Bytes is what was written, buf of Reset included.
func (b *Builder) Bytes() []byte { return b.buf }

// Len is the length of the message so far.
func (b *Builder) Len() int { return len(b.buf) - b.base }

// Header overwrites the header.
func (b *Builder) Header(h Header) { h.Append(b.buf[b.base:b.base]) }

// Mark is a state that Rollback can return to.
type Mark struct{ length int }

// Mark remembers how far the message goes.
func (b *Builder) Mark() Mark { return Mark{len(b.buf)} }

// Rollback takes back everything written since m: an RRset that does not fit
// goes as a whole (RFC 2181 §9). Compression targets beyond m are forgotten.
func (b *Builder) Rollback(m Mark) {
	b.buf = b.buf[:m.length]
	limit := uint16(m.length - b.base)
	for i, t := range b.targets {
		if t >= limit {
			// A tombstone keeps probe sequences whole; used is not lowered, so
			// that the bound counts work, not entries.
			if t != 0 {
				b.targets[i] = tombstone
			}
		}
	}
}

const tombstone = 0xffff

// Question appends a question; raw is the uncompressed name in the case that
// is to be echoed (RFC 4343 §4).
func (b *Builder) Question(raw []byte, t Type, c Class) {
	b.Name(raw)
	b.buf = binary.BigEndian.AppendUint16(b.buf, uint16(t))
	b.buf = binary.BigEndian.AppendUint16(b.buf, uint16(c))
}

// RR appends a record. owner and rdata are uncompressed; names in the RDATA of
// types of RFC 1035 are compressed, no others (RFC 3597 §4).
func (b *Builder) RR(owner []byte, t Type, c Class, ttl uint32, rdata []byte) {
	b.Name(owner)
	b.buf = binary.BigEndian.AppendUint16(b.buf, uint16(t))
	b.buf = binary.BigEndian.AppendUint16(b.buf, uint16(c))
	b.buf = binary.BigEndian.AppendUint32(b.buf, ttl)
	at := len(b.buf)
	b.buf = append(b.buf, 0, 0)
	switch t {
	case TypeNS, TypeCNAME, TypePTR, TypeMB, TypeMG, TypeMR, TypeMD, TypeMF:
		b.Name(rdata)
	case TypeMX:
		b.buf = append(b.buf, rdata[:2]...)
		b.Name(rdata[2:])
	case TypeSOA, TypeMINFO:
		first := nameLen(rdata)
		second := first + nameLen(rdata[first:])
		b.Name(rdata[:first])
		b.Name(rdata[first:second])
		b.buf = append(b.buf, rdata[second:]...)
	default:
		b.buf = append(b.buf, rdata...)
	}
	binary.BigEndian.PutUint16(b.buf[at:], uint16(len(b.buf)-at-2))
}

// Raw appends octets as they are.
func (b *Builder) Raw(p []byte) { b.buf = append(b.buf, p...) }

// nameLen is the length of the valid uncompressed name at the start of b.
func nameLen(b []byte) int {
	off := 0
	for b[off] != 0 {
		off += 1 + int(b[off])
	}
	return off + 1
}

// Name appends an uncompressed name, compressed against what stands before.
// Two spellings of one name compress only where the case agrees, so that each
// keeps its own (RFC 4343 §4).
func (b *Builder) Name(raw []byte) {
	for off := 0; raw[off] != 0; off += 1 + int(raw[off]) {
		slot, at := b.find(raw[off:])
		if at != 0 {
			b.buf = append(b.buf, 0xc0|byte(at>>8), byte(at))
			return
		}
		if here := b.Len(); slot >= 0 && here < 0x4000 {
			b.targets[slot] = uint16(here)
			b.used++
		}
		b.buf = append(b.buf, raw[off:off+1+int(raw[off])]...)
	}
	b.buf = append(b.buf, 0)
}

// find looks for name among the targets. It returns where it stands in the
// message, or 0 and the slot it may take, -1 where there is none.
func (b *Builder) find(name []byte) (slot int, at uint16) {
	h := uint32(2166136261)
	for _, c := range name[:nameLen(name)] {
		h = (h ^ uint32(c)) * 16777619
	}
	for i, probes := uint8(h^h>>8^h>>16), 0; probes < len(b.targets); i, probes = i+1, probes+1 {
		t := b.targets[i]
		if t == 0 {
			if b.used < maxTargets {
				return int(i), 0
			}
			return -1, 0
		}
		if t != tombstone && b.same(name, int(t)) {
			return -1, t
		}
	}
	return -1, 0
}

// same reports whether the name at off of the message is name, octet by octet.
func (b *Builder) same(name []byte, off int) bool {
	msg := b.buf[b.base:]
	for i := 0; ; {
		for msg[off]&0xc0 == 0xc0 {
			off = int(binary.BigEndian.Uint16(msg[off:]) & 0x3fff)
		}
		n := 1 + int(name[i])
		if off+n > len(msg) || string(msg[off:off+n]) != string(name[i:i+n]) {
			return false
		}
		if name[i] == 0 {
			return true
		}
		i += n
		off += n
	}
}
