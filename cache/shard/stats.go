package shard

// counters count what happened in one shard since it was made. They are
// written under its lock.
type counters struct {
	hits, misses, puts, evicted, expired uint64
}

// Stats is a reading of a Store, shard by shard and so of no single moment.
type Stats struct {
	// Reserved is all memory the Store can come to use, in octets; it never
	// changes. Used is what entries fill at present: keys, values, headers and
	// padding. Holes is what overwritten and deleted ones left behind.
	Reserved, Used, Holes int64
	Entries               int64
	// Hits and Misses count Get, Puts what Put stored, Evicted what went to
	// make room, Expired what was found past its time.
	Hits, Misses, Puts, Evicted, Expired uint64
}

// Stats reads the counters.
func (s *Store) Stats() Stats {
	st := Stats{Reserved: s.reserved}
	for i := range s.shards {
		sh := &s.shards[i]
		sh.lock(s.generation.Load())
		holes := int64(sh.small.dead + sh.main.dead)
		st.Holes += holes * unit
		st.Used += (int64(sh.small.used()+sh.main.used()) - holes) * unit
		st.Entries += int64(sh.entries)
		st.Hits += sh.hits
		st.Misses += sh.misses
		st.Puts += sh.puts
		st.Evicted += sh.evicted
		st.Expired += sh.expired
		sh.mu.Unlock()
	}
	return st
}
