package shard

import (
	"encoding/binary"
	"sync"
)

// chances is how many entries one insertion may move instead of evict. It
// bounds the time the lock is held when everything was hit.
const chances = 64

// shard is a part of the store behind a lock of its own. Every method but lock
// is called with the lock held.
type shard struct {
	mu         sync.Mutex
	generation uint64
	secret     secret
	arena      []byte
	index      index
	ghosts     ghosts
	small      ring // newcomers
	main       ring // what was hit, or was known before
	entries    int
	maxEntries int
	counters
	_ [64]byte // the next shard's lock lies in another cache line
}

// lock enters the shard and empties it where the store was flushed since.
func (s *shard) lock(generation uint64) {
	s.mu.Lock()
	if s.generation != generation {
		s.generation = generation
		s.reset()
	}
}

func (s *shard) reset() {
	s.index.clear()
	clear(s.ghosts.mem)
	for _, r := range []*ring{&s.small, &s.main} {
		r.head, r.tail, r.dead = 0, 0, 0
	}
	s.entries = 0
}

func (s *shard) header(loc uint32) header {
	return header(binary.LittleEndian.Uint64(s.arena[int(loc)*unit:]))
}

func (s *shard) setHeader(loc uint32, h header) {
	binary.LittleEndian.PutUint64(s.arena[int(loc)*unit:], uint64(h))
}

func (s *shard) key(loc uint32, h header) []byte {
	off := (int(loc) + 1) * unit
	return s.arena[off : off+h.keyLen()]
}

func (s *shard) value(loc uint32, h header) []byte {
	off := (int(loc)+1)*unit + h.keyLen()
	return s.arena[off : off+h.valueLen()]
}

// find is the location of key, 0 where it is not.
func (s *shard) find(d digest, key []byte) (uint32, header) {
	tag := d.tag()
	b := d.bucket(s.index.n)
	for range s.index.n {
		line := s.index.bucket(b)
		for i := range slots {
			w := slot(line, i)
			if w>>locBits != tag || w == 0 {
				continue
			}
			loc := w & locMask
			if h := s.header(loc); string(s.key(loc, h)) == string(key) {
				return loc, h
			}
		}
		if spilled(line) == 0 {
			break
		}
		b = s.index.next(b)
	}
	return 0, 0
}

// fresh is find for an entry that has not expired. An expired one goes.
func (s *shard) fresh(d digest, key []byte, now uint32) (uint32, header) {
	loc, h := s.find(d, key)
	if loc != 0 && h.expiry() <= now {
		s.drop(d, loc, h)
		s.expired++
		return 0, 0
	}
	return loc, h
}

// touch notes a hit.
func (s *shard) touch(loc uint32, h header) {
	if n := h.hits(); n < maxHits {
		s.setHeader(loc, h.withHits(n+1))
	}
}

// ringOf is the ring that loc lies in.
func (s *shard) ringOf(loc uint32) *ring {
	if s.main.holds(loc) {
		return &s.main
	}
	return &s.small
}

// drop makes a hole of an entry that is in the index.
func (s *shard) drop(d digest, loc uint32, h header) {
	s.index.remove(d, loc)
	s.entries--
	s.setHeader(loc, hole(h.units()))
	s.ringOf(loc).dead += h.units()
}

// put stores the entry, over the older one of that key where there is one.
func (s *shard) put(d digest, e *entry, now uint32) {
	h := live(len(e.key), len(e.value), e.expiry)
	n := h.units()
	if s.index.narrow(s.entries) {
		s.grow()
	}
	var into *ring
	loc, old := s.find(d, e.key)
	switch {
	case loc == 0:
		into = &s.small
		if s.ghosts.take(d) {
			into = &s.main
		}
	case n <= old.units():
		if left := old.units() - n; left > 0 {
			s.setHeader(loc+n, hole(left))
			s.ringOf(loc).dead += left
		}
		s.write(loc, h.withHits(old.hits()), e)
		return
	default:
		h = h.withHits(old.hits())
		into = s.ringOf(loc)
		s.drop(d, loc, old)
	}
	left := chances
	for s.entries >= s.maxEntries {
		if s.small.used() > 0 {
			s.popSmall(now, &left)
		} else {
			s.popMain(now, &left)
		}
	}
	loc = s.room(into, n, now, &left)
	s.write(loc, h, e)
	s.index.add(d, loc)
	s.entries++
}

// grow doubles the index: it is made anew from what lies in the rings, which
// takes a tenth of a microsecond for each entry. Those of all such moments in the
// life of a shard are no more than twice what it holds at last.
func (s *shard) grow() {
	s.index.double()
	for _, r := range []*ring{&s.small, &s.main} {
		for pos := r.tail; pos < r.head; {
			loc := r.at(pos)
			h := s.header(loc)
			if h.isLive() {
				s.index.add(s.secret.sum(s.key(loc, h)), loc)
			}
			pos += uint64(h.units())
		}
	}
}

func (s *shard) write(loc uint32, h header, e *entry) {
	s.setHeader(loc, h)
	off := (int(loc) + 1) * unit
	off += copy(s.arena[off:], e.key)
	copy(s.arena[off:], e.value)
}
