package shard

import (
	"math"
	"os"
	"unsafe"
)

const (
	// MinSize is the least ceiling a Store works under.
	MinSize = 256 << 10

	// A shard should be big enough that its small ring takes the largest
	// entries, and small enough that locks are many and a location reaches. Each
	// has pages of its own that are not full, so that there are no more of them
	// than processors can use.
	shardSize = 2 << 20
	shardMost = 24 << 20
	shardsMax = 32

	// The grain of a shard: 3,840 octets of arena, planned for entries of 64
	// octets at twelve of fifteen slots a bucket, and for fingerprints of half
	// as many entries. Smaller entries fill the index before the arena.
	grainArena  = 3840
	grainIndex  = 5 * bucketLen
	grainGhosts = 2 * ghostLen
	grain       = grainArena + grainIndex + grainGhosts

	// indexAlign is a page nearly everywhere.
	indexAlign = 4 << 10
)

// layout is how a ceiling is spent.
type layout struct {
	shards int // a power of two
	grains int // of each shard
	// reserved is everything counted: the mapping in whole pages and the
	// structures on the heap.
	reserved int64
}

func plan(size int64) layout {
	// The memory is one mapping, whose length is an int.
	size = min(max(size, MinSize), math.MaxInt/2)
	l := layout{shards: 1}
	for l.shards < shardsMax && size/int64(l.shards*2) >= shardSize {
		l.shards *= 2
	}
	for size/int64(l.shards) > shardMost {
		l.shards *= 2
	}
	page := int64(os.Getpagesize())
	heap := int64(unsafe.Sizeof(Store{})) + int64(l.shards)*int64(unsafe.Sizeof(shard{}))
	l.grains = int(((size-heap-page)/int64(l.shards) - indexAlign) / grain)
	l.reserved = heap + (l.mapped()+page-1)/page*page
	return l
}

// indexLen is how many octets of an index are used, and indexRoom what it takes
// until the next begins: each on pages of its own, of which few are used at
// first.
func (l layout) indexLen() int  { return l.grains * grainIndex }
func (l layout) indexRoom() int { return (l.indexLen() + indexAlign - 1) / indexAlign * indexAlign }

// mapped is how many octets the shards use outside the heap.
func (l layout) mapped() int64 {
	return int64(l.shards) * (int64(l.indexRoom()) + int64(l.grains)*(grainArena+grainGhosts))
}
