package shard

// room takes n units at the head of r, evicting at its tail as needed.
func (s *shard) room(r *ring, n, now uint32, left *int) uint32 {
	for {
		// A record that would wrap leaves the end of the memory to a hole.
		end := r.toEnd()
		need := n
		if n > end {
			need = end
		}
		switch {
		case r.free() < need && r == &s.small:
			s.popSmall(now, left)
		case r.free() < need:
			s.popMain(now, left)
		case n > end:
			s.setHeader(r.at(r.head), hole(end))
			r.head += uint64(end)
			r.dead += end
		default:
			loc := r.at(r.head)
			r.head += uint64(n)
			return loc
		}
	}
}

// tail takes the oldest record off r. It reports false where that was a hole
// or an entry past its time, which is gone then.
func (s *shard) tail(r *ring, now uint32) (loc uint32, h header, d digest, ok bool) {
	loc = r.at(r.tail)
	h = s.header(loc)
	r.tail += uint64(h.units())
	if !h.isLive() {
		r.dead -= h.units()
		return loc, h, 0, false
	}
	d = s.secret.sum(s.key(loc, h))
	if h.expiry() <= now {
		s.index.remove(d, loc)
		s.entries--
		s.expired++
		return loc, h, d, false
	}
	return loc, h, d, true
}

// popSmall takes the oldest newcomer: to the main ring where it was hit or
// nothing has to go for it there, else out, leaving a fingerprint.
func (s *shard) popSmall(now uint32, left *int) {
	loc, h, d, ok := s.tail(&s.small, now)
	if !ok {
		return
	}
	n := h.units()
	s.reap(now, left)
	if *left > 0 && (h.hits() > 0 || s.roomy(n)) {
		*left--
		s.copyTo(s.room(&s.main, n, now, left), loc, h.withHits(0), d)
		return
	}
	s.index.remove(d, loc)
	s.entries--
	s.evicted++
	s.ghosts.add(d)
}

// roomy reports whether the main ring takes n units without a loss.
func (s *shard) roomy(n uint32) bool {
	return s.entries < s.maxEntries && (s.main.free() >= n || s.compacting())
}

// reap takes holes and what is past its time off the tail of the main ring, so
// that newcomers get their room.
func (s *shard) reap(now uint32, left *int) {
	for *left > 0 && s.main.used() > 0 {
		if h := s.header(s.main.at(s.main.tail)); h.isLive() && h.expiry() > now {
			return
		}
		*left--
		s.tail(&s.main, now)
	}
}

// popMain takes the oldest entry of the main ring: to its head again where it
// was hit since, else out.
func (s *shard) popMain(now uint32, left *int) {
	loc, h, d, ok := s.tail(&s.main, now)
	if !ok {
		return
	}
	if hits := h.hits(); *left > 0 && (hits > 0 || s.compacting()) {
		*left--
		if hits > 0 {
			h = h.withHits(hits - 1)
		}
		// What was taken at the tail fits at the head without evicting: either
		// it fits before the end of the memory, or the units up to the end are
		// free, since the record itself does not wrap.
		s.copyTo(s.room(&s.main, h.units(), now, left), loc, h, d)
		return
	}
	s.index.remove(d, loc)
	s.entries--
	s.evicted++
}

// copyTo moves a record that was taken off a tail. Old and new place may
// overlap.
func (s *shard) copyTo(to, from uint32, h header, d digest) {
	size := int(h.units()) * unit
	copy(s.arena[int(to)*unit:int(to)*unit+size], s.arena[int(from)*unit:int(from)*unit+size])
	s.setHeader(to, h)
	s.index.move(d, from, to)
}

// compacting reports whether holes are so many that the tail of the main ring
// is better spent on closing them than on evicting.
func (s *shard) compacting() bool { return s.main.dead > s.main.size/8 }
