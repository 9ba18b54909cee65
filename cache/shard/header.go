package shard

// unit is the grain of the rings in octets; every record begins at a multiple.
const unit = 8

// A record is a header of one unit, the key, the value and up to seven octets
// of padding. The header, from the lowest bit:
//
//	32  expiry
//	14  length of the record in units, the header's included
//	 9  length of the key
//	 3  padding after the value, in octets
//	 2  hits since it came into its ring, saturating
//	 1  live; a record that is not is a hole
type header uint64

const (
	unitBits = 14
	maxUnits = 1<<unitBits - 1
	maxKey   = 1<<9 - 1

	unitShift = 32
	keyShift  = unitShift + unitBits
	padShift  = keyShift + 9
	hitShift  = padShift + 3
	liveBit   = header(1) << (hitShift + 2)
	maxHits   = 3
)

// unitsFor is the length of a record in units.
func unitsFor(key, value int) int { return 1 + (key+value+unit-1)/unit }

// live is the header of an entry nobody has asked for yet.
func live(key, value int, expiry uint32) header {
	n := unitsFor(key, value)
	pad := (n-1)*unit - key - value
	return header(expiry) | header(n)<<unitShift | header(key)<<keyShift | header(pad)<<padShift | liveBit
}

// hole is the header of n units that hold nothing.
func hole(n uint32) header { return header(n) << unitShift }

func (h header) expiry() uint32 { return uint32(h) }
func (h header) units() uint32  { return uint32(h>>unitShift) & maxUnits }
func (h header) keyLen() int    { return int(h>>keyShift) & maxKey }
func (h header) valueLen() int {
	return (int(h.units())-1)*unit - h.keyLen() - int(h>>padShift)&(unit-1)
}
func (h header) hits() uint32 { return uint32(h>>hitShift) & maxHits }
func (h header) withHits(n uint32) header {
	return h&^(maxHits<<hitShift) | header(n)<<hitShift
}
func (h header) isLive() bool { return h&liveBit != 0 }
