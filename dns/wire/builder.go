package wire

import (
	"encoding/binary"

	"recursor/dns/domain"
)

const (
	// maxTargets bounds the names remembered for compression, and maxProbes the
	// comparisons made for all names of a message: packing very many names, or
	// names chosen to collide, must not become quadratic (CVE-2024-8508). Beyond
	// either, names are written in full.
	maxTargets = 120
	maxProbes  = 16384
	// maxPointer is the highest offset that a pointer can hold (RFC 1035 §4.1.4).
	maxPointer = 0x3fff
)

// Builder writes one message with name compression (RFC 1035 §4.1.4). The
// zero Builder is ready after Reset; it may be used again and again.
type Builder struct {
	buf     []byte
	base    int // where the message begins in buf
	targets [256]target
	used    int
	probes  int
}

// target is a name written in the message: where, with a part of its hash, so
// that most others are told apart without a look. The zero target is a free slot.
type target struct {
	at  uint16
	tag uint16
}

// forgotten marks a slot whose name was taken back: no pointer can be as high.
// It keeps probe sequences whole.
const forgotten = 0xffff

// Reset begins a message at the end of buf with room for the header.
func (b *Builder) Reset(buf []byte) {
	b.base = len(buf)
	b.buf = append(buf, make([]byte, HeaderLen)...)
	clear(b.targets[:])
	b.used, b.probes = 0, 0
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
// goes as a whole (RFC 2181 §9). Compression targets beyond m are forgotten;
// what else stands in a message up to m never pointed beyond it.
func (b *Builder) Rollback(m Mark) {
	b.buf = b.buf[:m.length]
	for i := range b.targets {
		if t := &b.targets[i]; t.at != 0 && int(t.at) >= m.length-b.base {
			// used is not lowered, so that it bounds the slots ever taken and
			// a free one is always left.
			t.at = forgotten
		}
	}
}

// Question appends a question; raw is the uncompressed name in the case that
// is to be echoed (RFC 4343 §4).
func (b *Builder) Question(raw []byte, t Type, c Class) {
	b.Name(raw)
	b.buf = binary.BigEndian.AppendUint16(b.buf, uint16(t))
	b.buf = binary.BigEndian.AppendUint16(b.buf, uint16(c))
}

// RR appends a record. owner and rdata are uncompressed, and rdata fits t; names
// in the RDATA of types of RFC 1035 are compressed, no others (RFC 3597 §4).
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
	var few [8]label // enough for most, and quickly cleared
	n, end := labels(few[:], raw)
	if n <= len(few) {
		b.name(raw[:end+1], few[:n])
		return
	}
	var many [domain.MaxName / 2]label
	n, _ = labels(many[:], raw)
	b.name(raw[:end+1], many[:n])
}

// label is where a label of a name begins, and a hash of the name from there.
type label struct {
	at   uint8
	hash uint32
}

// labels writes where each label of raw begins, as long as into has room, and
// returns how many there are and where the root's octet is.
func labels(into []label, raw []byte) (n, end int) {
	for ; raw[end] != 0; end += 1 + int(raw[end]) {
		if n < len(into) {
			into[n].at = uint8(end)
		}
		n++
	}
	return n, end
}

// name appends raw, one whole name of these labels.
func (b *Builder) name(raw []byte, labels []label) {
	// A name's hash continues that of its parent: one pass for all of them.
	h := uint32(2166136261)
	for i, to := len(labels)-1, len(raw)-1; i >= 0; i-- {
		from := int(labels[i].at)
		for _, c := range raw[from:to] {
			h = (h ^ uint32(c)) * 16777619
		}
		labels[i].hash, to = h, from
	}
	for _, l := range labels {
		off := int(l.at)
		slot, at := b.find(raw[off:], l.hash)
		if at != 0 {
			b.buf = append(b.buf, 0xc0|byte(at>>8), byte(at))
			return
		}
		if here := b.Len(); slot >= 0 && here <= maxPointer {
			b.targets[slot] = target{at: uint16(here), tag: uint16(l.hash)}
			b.used++
		}
		b.buf = append(b.buf, raw[off:off+1+int(raw[off])]...)
	}
	b.buf = append(b.buf, 0)
}

// find looks for name among the targets. It returns where it stands in the
// message, or 0 and the slot it may take, -1 where there is none.
func (b *Builder) find(name []byte, hash uint32) (slot int, at uint16) {
	for i := uint8(hash >> 24); b.probes < maxProbes; i++ {
		b.probes++
		t := b.targets[i]
		switch {
		case t.at == 0 && b.used < maxTargets:
			return int(i), 0
		case t.at == 0:
			return -1, 0
		case t.at != forgotten && t.tag == uint16(hash) && b.same(name, int(t.at)):
			return -1, t.at
		}
	}
	return -1, 0
}

// same reports whether the name at off of the message is name, octet by octet.
// It may be one that is being written just now and has no end yet.
func (b *Builder) same(name []byte, off int) bool {
	msg := b.buf[b.base:]
	for i := 0; off < len(msg); {
		if msg[off] >= 0xc0 {
			off = int(binary.BigEndian.Uint16(msg[off:]) & maxPointer)
			continue
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
	return false
}
