package shard

// ring is a queue of records in a part of the arena. Positions count units
// from the beginning of time; a record never wraps around the end.
type ring struct {
	base, size uint32 // in units of the arena
	head, tail uint64 // positions: next record, oldest record
	dead       uint32 // units of holes between them
}

func (r *ring) used() uint32 { return uint32(r.head - r.tail) }
func (r *ring) free() uint32 { return r.size - r.used() }

// at is the location of a position.
func (r *ring) at(pos uint64) uint32 { return r.base + uint32(pos%uint64(r.size)) }

// toEnd is how many units lie between the head and the end of the memory.
func (r *ring) toEnd() uint32 { return r.size - uint32(r.head%uint64(r.size)) }

func (r *ring) holds(loc uint32) bool { return loc-r.base < r.size }
