package answer

import "sync/atomic"

// doorkeeper remembers questions that came once, by 31 bits in a place that
// their hash chooses. A later question takes the place of an earlier one, so it
// remembers about as many as it has places, and forgets by itself.
type doorkeeper struct{ places []uint32 }

const (
	// doorShare is the part of the memory that is the doorkeeper's: a place for
	// each entry that the rest may hold.
	doorShare = 24
	placeLen  = 4
)

func newDoorkeeper(size int64) doorkeeper {
	return doorkeeper{make([]uint32, max(size/doorShare/placeLen, 1))}
}

func (d *doorkeeper) size() int64 { return int64(len(d.places)) * placeLen }

// seen reports whether the question with this hash is remembered, and remembers
// it.
func (d *doorkeeper) seen(hash uint64) bool {
	place := &d.places[(hash>>32)*uint64(len(d.places))>>32]
	mark := uint32(hash) | 1 // an empty place is 0
	if atomic.LoadUint32(place) == mark {
		return true
	}
	atomic.StoreUint32(place, mark)
	return false
}
