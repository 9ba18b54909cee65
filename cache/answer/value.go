package answer

import (
	"encoding/binary"
	"time"

	"recursor/dns/wire"
)

// A value is a head, the body, and the offset of each record's TTL in the body
// in two octets. The head is no longer than header and shortest question
// together, so that Get can copy a value to where its body belongs and let
// header and question be written over the head. It is, in this order: RCODE and
// a bit for Secure (1 octet), counts of the three sections (2 each), tick (6),
// window in seconds (2).
const (
	headLen   = 1 + 6 + tickLen + 2
	secureBit = 1 << 7
	countsAt  = 1
	tickAt    = 7
	tickLen   = 6
	windowAt  = tickAt + tickLen

	// MinOffset is the least length of header and question.
	MinOffset = wire.HeaderLen + 1 + 4
	// MaxBody is the longest body that is kept. Few answers are longer, and no
	// datagram.
	MaxBody = 4096
	// typicalValue is a value that is made without an allocation: nearly all are
	// shorter, and stacks would grow for the longest.
	typicalValue = 1024
)

// head is what a value begins with.
type head struct {
	rcode  wire.RCode
	secure bool
	counts [3]uint16
	at     tick
	window uint16
}

func readHead(value []byte) (h head) {
	h.rcode, h.secure = wire.RCode(value[0]&0xf), value[0]&secureBit != 0
	for i := range h.counts {
		h.counts[i] = binary.LittleEndian.Uint16(value[countsAt+2*i:])
	}
	// The tick fills the upper part of eight octets that end with it.
	h.at = tick(binary.LittleEndian.Uint64(value[tickAt+tickLen-8:]) >> 16)
	h.window = binary.LittleEndian.Uint16(value[windowAt:])
	return h
}

func (h *head) append(dst []byte) []byte {
	first := byte(h.rcode & 0xf)
	if h.secure {
		first |= secureBit
	}
	dst = append(dst, first)
	for _, n := range h.counts {
		dst = binary.LittleEndian.AppendUint16(dst, n)
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(h.at))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(h.at>>32))
	return binary.LittleEndian.AppendUint16(dst, h.window)
}

// records is the number of records, each of which has a TTL.
func (h *head) records() int { return int(h.counts[0]) + int(h.counts[1]) + int(h.counts[2]) }

// age is how many seconds began since the TTLs were true.
func (h *head) age(now tick) uint32 { return (max(now-h.at, 0) + second - 1).seconds32() }

// countDown takes age off the TTL at each offset and returns the least that is
// left; 0: one is over.
func countDown(body, offsets []byte, age uint32) (least uint32) {
	least = 1<<32 - 1
	for ; len(offsets) >= 2; offsets = offsets[2:] {
		field := body[binary.LittleEndian.Uint16(offsets):][:4]
		ttl := binary.BigEndian.Uint32(field)
		if ttl <= age {
			return 0
		}
		binary.BigEndian.PutUint32(field, ttl-age)
		least = min(least, ttl-age)
	}
	return least
}

// encode appends the value of a, and finds the least of its TTLs; false where it
// is not to be kept.
func encode(dst []byte, a *Answer, at tick) (value []byte, least uint32, ok bool) {
	header, err := wire.ParseHeader(a.Message)
	if err != nil || header.QD != 1 || header.Flags.Has(wire.FlagTC) {
		return dst, 0, false
	}
	c := wire.NewCursor(a.Message)
	if _, err := c.FirstQuestion(); err != nil || len(a.Message)-c.Off > MaxBody {
		return dst, 0, false
	}
	start := c.Off
	h := head{
		rcode: header.Flags.RCode(), secure: a.Secure, at: at,
		counts: [3]uint16{header.AN, header.NS, header.AR},
		window: uint16(min(a.Window/time.Second, 1<<16-1)),
	}
	from := len(dst)
	dst = h.append(dst)
	dst = append(dst, a.Message[start:]...)
	const ttlOffset = 6 // before the RDATA: TTL and RDLENGTH
	least = 1<<32 - 1
	for range h.records() {
		rr, err := c.RR()
		if err != nil || rr.Type == wire.TypeOPT {
			return dst, 0, false
		}
		least = min(least, rr.TTL)
		dst = binary.LittleEndian.AppendUint16(dst, uint16(rr.Start-ttlOffset-start))
	}
	if h.window == 0 {
		binary.LittleEndian.PutUint16(dst[from+windowAt:], uint16(min(least/10, 1<<16-1)))
	}
	return dst, least, c.Off == len(a.Message) && least >= 2 && h.records() > 0
}
