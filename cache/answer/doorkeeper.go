package answer

import (
	"sync/atomic"
	"unsafe"
)

// doorkeeper remembers questions that came once, by 31 bits in a place that
// their hash chooses. A later question takes the place of an earlier one, so it
// remembers about as many as it has places, and forgets by itself. It begins with
// few places and forgets nearly all when it takes more. Its memory is not the
// collector's, who would take so much more of it for what is to be collected.
type doorkeeper struct {
	mem  []byte
	open atomic.Uint32 // places in use
	came atomic.Uint32 // places taken since there are so many
}

const (
	// doorShare is the part of the memory that is the doorkeeper's: a place for
	// each entry that the rest may hold.
	doorShare = 24
	placeLen  = 4
	// It begins with this part of its places, or with so many where that is more.
	// They double when a quarter of them was taken.
	doorFirst = 64
	doorLeast = 4096
)

// doorLen is how many octets the doorkeeper gets of size.
func doorLen(size int64) int { return int(max(size/doorShare/placeLen, 1)) * placeLen }

func (d *doorkeeper) size() int64 { return int64(len(d.mem)) }

func (d *doorkeeper) most() uint32 { return uint32(len(d.mem) / placeLen) }

// place is the one that a hash chooses of n.
func (d *doorkeeper) place(hash uint64, n uint32) *uint32 {
	i := (hash >> 32) * uint64(n) >> 32
	return (*uint32)(unsafe.Pointer(&d.mem[i*placeLen]))
}

// seen reports whether the question with this hash is remembered, and remembers
// it.
func (d *doorkeeper) seen(hash uint64) bool {
	n := d.open.Load()
	if n == 0 {
		n = min(max(d.most()/doorFirst, doorLeast), d.most())
		d.open.CompareAndSwap(0, n)
	}
	place := d.place(hash, n)
	mark := uint32(hash) | 1 // an empty place is 0
	switch atomic.LoadUint32(place) {
	case mark:
		return true
	case 0:
		if d.came.Add(1) > n/4 && n < d.most() && d.open.CompareAndSwap(n, min(2*n, d.most())) {
			d.came.Store(0)
		}
	}
	atomic.StoreUint32(place, mark)
	return false
}
