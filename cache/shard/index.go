package shard

import "encoding/binary"

// The index is a row of buckets, each a cache line of sixteen words: fifteen
// slots and a count of the entries that belong here and stand in a later
// bucket, because this one was full when they came. A slot is a tag of ten
// bits over a location of 22 bits, in units; 0 is an empty slot, since no
// record lies at unit 0.
//
// The buckets in use are a part of them that doubles as entries come: what is
// asked for lies close together, and pages of the rest are not resident.
const (
	bucketLen = 64
	slots     = bucketLen/4 - 1
	overflow  = slots * 4 // offset of the count
	locBits   = 22
	locMask   = 1<<locBits - 1
	tagMask   = 1<<(32-locBits) - 1
	// maxArena is what a location can reach.
	maxArena = unit << locBits

	// The index begins with so many buckets, a quarter of a page, and doubles when
	// so many slots of each are taken on average.
	firstBuckets = 16
	wellFilled   = slots * 4 / 5
)

type index struct {
	mem []byte
	n   uint32 // buckets in use
}

func newIndex(mem []byte) index {
	x := index{mem: mem}
	x.n = min(firstBuckets, x.most())
	return x
}

// most is how many buckets there can be.
func (x *index) most() uint32 { return uint32(len(x.mem) / bucketLen) }

// clear empties it, back to its first size.
func (x *index) clear() {
	clear(x.mem[:x.n*bucketLen])
	x.n = min(firstBuckets, x.most())
}

// narrow reports whether it should grow before it takes another entry.
func (x *index) narrow(entries int) bool {
	return entries >= int(x.n)*wellFilled && x.n < x.most()
}

// double empties it, with twice the buckets.
func (x *index) double() {
	x.n = min(2*x.n, x.most())
	clear(x.mem[:x.n*bucketLen])
}

func (x *index) bucket(b uint32) []byte {
	off := int(b) * bucketLen
	return x.mem[off : off+bucketLen : off+bucketLen]
}

func (x *index) next(b uint32) uint32 {
	if b++; b == x.n {
		return 0
	}
	return b
}

func slot(line []byte, i int) uint32 { return binary.LittleEndian.Uint32(line[i*4:]) }

func setSlot(line []byte, i int, w uint32) { binary.LittleEndian.PutUint32(line[i*4:], w) }

func spilled(line []byte) uint32 { return binary.LittleEndian.Uint32(line[overflow:]) }

func spill(line []byte, by uint32) { binary.LittleEndian.PutUint32(line[overflow:], spilled(line)+by) }

// add puts loc into the first bucket with room. The shard keeps the number of
// entries below that of slots, so that there is one.
func (x *index) add(d digest, loc uint32) {
	for b := d.bucket(x.n); ; b = x.next(b) {
		line := x.bucket(b)
		for i := range slots {
			if slot(line, i) == 0 {
				setSlot(line, i, d.tag()<<locBits|loc)
				return
			}
		}
		spill(line, 1)
	}
}

// move changes where an entry is said to lie.
func (x *index) move(d digest, from, to uint32) {
	b := d.bucket(x.n)
	for range x.n {
		line := x.bucket(b)
		for i := range slots {
			if w := slot(line, i); w&locMask == from {
				setSlot(line, i, w&^locMask|to)
				return
			}
		}
		b = x.next(b)
	}
}

// remove forgets the entry at loc, which must be in the index.
func (x *index) remove(d digest, loc uint32) {
	home := d.bucket(x.n)
	b := home
	for range x.n {
		line := x.bucket(b)
		for i := range slots {
			if slot(line, i)&locMask == loc {
				setSlot(line, i, 0)
				for ; home != b; home = x.next(home) {
					spill(x.bucket(home), ^uint32(0))
				}
				return
			}
		}
		b = x.next(b)
	}
}
