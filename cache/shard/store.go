package shard

import (
	"math"
	"math/bits"
	"runtime"
	"sync/atomic"
)

// Options configure a Store.
type Options struct {
	// Size is the ceiling in octets of all memory the Store uses; at least
	// MinSize, which stands for less.
	Size int64
	// Seed keys the hash, for runs that must be the same again. 0 draws one.
	Seed uint64
}

// Store is a bounded map from short keys to blobs.
type Store struct {
	secret     secret
	shift      uint8 // of a digest, leaves the number of the shard
	generation atomic.Uint64
	shards     []shard
	reserved   int64
	maxItem    int
}

// entry is what is to be stored.
type entry struct {
	key, value []byte
	expiry     uint32
}

// New is an empty Store. Its memory goes back to the system when the Store is
// no longer reachable.
func New(o Options) *Store {
	l := plan(o.Size)
	mem, release := reserve(int(l.mapped()))
	s := newStore(l, mem, newSecret(o.Seed))
	if release != nil {
		// The shards are what every call holds on to while it reads mem.
		runtime.AddCleanup(&s.shards[0], release, mem)
	}
	return s
}

func newStore(l layout, mem []byte, k secret) *Store {
	s := &Store{
		secret:   k,
		shift:    uint8(64 - bits.TrailingZeros(uint(l.shards))),
		shards:   make([]shard, l.shards),
		reserved: l.reserved,
	}
	cut := func(n int) []byte {
		part := mem[:n:n]
		mem = mem[n:]
		return part
	}
	for i := range s.shards {
		s.shards[i].index = newIndex(cut(l.indexRoom())[:l.indexLen()])
	}
	for i := range s.shards {
		s.shards[i].ghosts = newGhosts(cut(l.grains * grainGhosts))
	}
	for i := range s.shards {
		sh := &s.shards[i]
		sh.secret = k
		sh.arena = cut(l.grains * grainArena)
		units := uint32(len(sh.arena) / unit)
		// Unit 0 belongs to no ring: location 0 means none.
		sh.small = ring{base: 1, size: units / 10}
		sh.main = ring{base: 1 + sh.small.size, size: units - 1 - sh.small.size}
		sh.maxEntries = int(sh.index.most()) * (slots - 1)
	}
	// Half the small ring, so that a large entry does not empty it.
	s.maxItem = (min(maxUnits, int(s.shards[0].small.size/2)) - 1) * unit
	return s
}

// MaxItem is the most octets that key and value of one entry may have.
func (s *Store) MaxItem() int { return s.maxItem }

// Hash is the keyed hash that places b, for callers that stripe locks or
// counters of their own.
func (s *Store) Hash(b []byte) uint64 { return uint64(s.secret.sum(b)) }

// enter locks the shard of d.
func (s *Store) enter(d digest) *shard {
	sh := &s.shards[uint64(d)>>s.shift]
	sh.lock(s.generation.Load())
	return sh
}

// Get appends the value under key to dst and counts as a use of the entry. An
// entry whose expiry is now or earlier is not found.
func (s *Store) Get(key, dst []byte, now int64) ([]byte, bool) {
	d := s.secret.sum(key)
	sh := s.enter(d)
	loc, h := sh.fresh(d, key, seconds(now))
	if loc == 0 {
		sh.misses++
		sh.mu.Unlock()
		return dst, false
	}
	sh.touch(loc, h)
	sh.hits++
	dst = append(dst, sh.value(loc, h)...)
	sh.mu.Unlock()
	return dst, true
}

// Peek copies as much of the value as fits into head and returns how much that
// is. It is no use of the entry, nor a hit or miss.
func (s *Store) Peek(key, head []byte, now int64) (int, bool) {
	d := s.secret.sum(key)
	sh := s.enter(d)
	loc, h := sh.fresh(d, key, seconds(now))
	n := 0
	if loc != 0 {
		n = copy(head, sh.value(loc, h))
	}
	sh.mu.Unlock()
	return n, loc != 0
}

// Touch counts as a use of the entry and reports whether there is one. Whoever
// answers from something made of an entry touches it, now and then is enough,
// so that it is not taken for forgotten.
func (s *Store) Touch(key []byte, now int64) bool {
	d := s.secret.sum(key)
	sh := s.enter(d)
	loc, h := sh.fresh(d, key, seconds(now))
	if loc != 0 {
		sh.touch(loc, h)
	}
	sh.mu.Unlock()
	return loc != 0
}

// Put stores value under key until expiry. An entry of that key is replaced,
// in its place where the new value fits there, and keeps its standing with
// eviction. False: key is longer than 511 octets, the two together are longer
// than MaxItem, or expiry has come; then an older entry stands as it was.
func (s *Store) Put(key, value []byte, expiry, now int64) bool {
	if len(key) > maxKey || len(key)+len(value) > s.maxItem || seconds(expiry) <= seconds(now) {
		return false
	}
	d := s.secret.sum(key)
	sh := s.enter(d)
	sh.put(d, &entry{key, value, seconds(expiry)}, seconds(now))
	sh.puts++
	sh.mu.Unlock()
	return true
}

// Delete removes the entry and reports whether there was one.
func (s *Store) Delete(key []byte) bool {
	d := s.secret.sum(key)
	sh := s.enter(d)
	loc, h := sh.find(d, key)
	if loc != 0 {
		sh.drop(d, loc, h)
	}
	sh.mu.Unlock()
	return loc != 0
}

// Flush forgets everything at once: each shard is emptied when it is next
// entered, and nothing stored before is found from now on.
func (s *Store) Flush() { s.generation.Add(1) }

// seconds is a time as the headers hold it. What does not fit is as early or
// as late as can be told.
func seconds(t int64) uint32 { return uint32(max(0, min(t, math.MaxUint32))) }
