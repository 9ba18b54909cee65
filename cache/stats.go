package cache

import "sync/atomic"

// counters are those of one stripe.
type counters struct {
	hits, misses, stale, denials, failures, stored, refused atomic.Uint64
}

func (n *counters) count(stored bool) {
	if stored {
		n.stored.Add(1)
	} else {
		n.refused.Add(1)
	}
}

// Stats is a reading of the counters, of no single moment.
type Stats struct {
	// Size is the ceiling. Reserved is all memory the cache can come to use,
	// Used what entries fill at present, in octets.
	Size, Reserved, Used int64
	// Entries are RRsets, denials, failures, points and lists of types together.
	Entries int64
	// Hits and Misses count reads of RRsets, Denials and Failures those that
	// were found, Stale data returned past its end.
	Hits, Misses, Denials, Failures, Stale uint64
	// Stored and Refused count RRsets and denials put, Evicted what went to
	// make room, Expired what was found past its time.
	Stored, Refused, Evicted, Expired uint64
}

// Stats reads the counters.
func (c *Cache) Stats() Stats {
	st := c.store.Stats()
	s := Stats{
		Size: c.o.Size, Reserved: st.Reserved, Used: st.Used, Entries: st.Entries,
		Evicted: st.Evicted, Expired: st.Expired,
	}
	for i := range c.stripes {
		n := &c.stripes[i].counters
		s.Hits += n.hits.Load()
		s.Misses += n.misses.Load()
		s.Stale += n.stale.Load()
		s.Denials += n.denials.Load()
		s.Failures += n.failures.Load()
		s.Stored += n.stored.Load()
		s.Refused += n.refused.Load()
	}
	return s
}
