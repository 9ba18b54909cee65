package cache

import "encoding/binary"

// head begins the value of every RRset and denial:
//
//	1  bit 0 RRset, 1 why, 2-4 rank, 5-6 status + 1, 7 compact
//	6  when it was stored, a tick
//	…  TTL, a varint of up to five octets
//	1  why, where its bit is set
type head struct {
	denial, compact bool
	standing
	why    Why
	stored tick
	ttl    uint32
}

const (
	headSet     = 1 << 0
	headWhy     = 1 << 1
	headCompact = 1 << 7

	minHead = 1 + 6 + 1
	maxHead = 1 + 6 + binary.MaxVarintLen32 + 1
)

func (h *head) append(dst []byte) []byte {
	first := byte(h.rank)<<2 | byte(h.status+1)<<5
	if !h.denial {
		first |= headSet
	}
	if h.why != 0 {
		first |= headWhy
	}
	if h.compact {
		first |= headCompact
	}
	dst = appendTick(append(dst, first), h.stored)
	dst = binary.AppendUvarint(dst, uint64(h.ttl))
	if h.why != 0 {
		dst = append(dst, byte(h.why))
	}
	return dst
}

// parseHead reads a head and returns what follows it.
func parseHead(b []byte) (h head, rest []byte, ok bool) {
	if len(b) < minHead {
		return head{}, nil, false
	}
	h = head{
		denial:   b[0]&headSet == 0,
		compact:  b[0]&headCompact != 0,
		standing: standing{Rank(b[0] >> 2 & 7), Status(b[0]>>5&3) - 1},
		stored:   parseTick(b[1:]),
	}
	ttl, n := binary.Uvarint(b[7:])
	if n <= 0 || ttl > 1<<32-1 || h.rank > RankAnswerAA {
		return head{}, nil, false
	}
	h.ttl, rest = uint32(ttl), b[7+n:]
	if b[0]&headWhy == 0 {
		return h, rest, true
	}
	if len(rest) == 0 {
		return head{}, nil, false
	}
	h.why = Why(rest[0])
	return h, rest[1:], true
}

func appendTick(dst []byte, t tick) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(t))
	return append(dst, b[2:]...)
}

// parseTick reads six octets.
func parseTick(b []byte) tick {
	return tick(binary.BigEndian.Uint16(b))<<32 | tick(binary.BigEndian.Uint32(b[2:]))
}

// ends is when the TTL has run out.
func (h *head) ends() tick { return h.stored + tick(h.ttl)*second }

// left is the TTL counted down by the whole seconds that passed since the data
// was stored; 0 is not to be used any more.
func (h *head) left(now tick) uint32 {
	age := max(now-h.stored, 0) / second
	if age >= tick(h.ttl) {
		return 0
	}
	return h.ttl - uint32(age)
}

// forgotten is when the entry is of no use to anyone.
func (c *Cache) forgotten(h *head) tick {
	if h.status == Bogus {
		return h.ends() // never stale
	}
	return h.ends() + ticks(c.o.MaxStale)
}

// peek reads the head of what stands under key and is not forgotten. It counts
// as no use of it.
func (c *Cache) peek(key []byte, now tick) (head, bool) {
	var buf [maxHead]byte
	n, ok := c.store.Peek(key, buf[:], now.seconds())
	if !ok {
		return head{}, false
	}
	h, _, ok := parseHead(buf[:n])
	return h, ok && now < c.forgotten(&h)
}

// yields reports whether the entry h may be replaced by data of standing n.
func (h *head) yields(n standing, now tick) bool {
	if h.left(now) > 0 {
		return h.standing.yieldsTo(n)
	}
	// What ran out stands against nothing, but a failed refresh leaves it to
	// be served stale (RFC 8767 §4).
	return n.status > Bogus || h.status == Bogus
}
