package doh

import (
	"encoding/binary"

	"recursor/dns/wire"
)

// freshness is for how many seconds HTTP caches may keep an answer: the least
// TTL of its answer section; that of the SOA where there is no answer, which is
// no more than the SOA's MINIMUM (RFC 8484 §5.1, RFC 2308 §5); else none.
func freshness(msg []byte) uint32 {
	h, err := wire.ParseHeader(msg)
	if err != nil {
		return 0
	}
	if rc := h.Flags.RCode(); rc != wire.NoError && rc != wire.NXDomain {
		return 0
	}
	cursor := wire.NewCursor(msg)
	var name [255]byte
	for range h.QD {
		if _, _, err := cursor.RawQuestion(name[:0]); err != nil {
			return 0
		}
	}
	least, found := least(&cursor, h.AN)
	if h.Flags.RCode() == wire.NoError && found {
		return least
	}
	for range h.NS {
		rr, err := cursor.RR()
		if err != nil {
			return 0
		}
		if rr.Type != wire.TypeSOA || rr.End-rr.Start < 22 {
			continue
		}
		negative := min(rr.TTL, binary.BigEndian.Uint32(msg[rr.End-4:]))
		if found { // an alias leads to where there is nothing
			negative = min(negative, least)
		}
		return negative
	}
	return 0
}

// least is the least TTL of n records, false where there are none.
func least(cursor *wire.Cursor, n uint16) (uint32, bool) {
	var ttl uint32
	for i := range n {
		rr, err := cursor.RR()
		if err != nil {
			return 0, true
		}
		if i == 0 || rr.TTL < ttl {
			ttl = rr.TTL
		}
	}
	return ttl, n > 0
}
