package answer

// Stats is a reading of the counters, of no single moment.
type Stats struct {
	// Size is the ceiling. Reserved is all memory the Cache can come to use,
	// Used what entries fill at present, in octets.
	Size, Reserved, Used int64
	Entries              int64
	// Hits and Misses count Get, Stored what Put kept, Unwanted what came once,
	// Evicted what went to make room, Expired what was found past its time.
	Hits, Misses, Stored, Unwanted, Evicted, Expired uint64
}

// Stats reads the counters.
func (c *Cache) Stats() Stats {
	s := c.store.Stats()
	return Stats{
		Size: c.size, Reserved: s.Reserved + c.door.size(), Used: s.Used, Entries: s.Entries,
		Hits: s.Hits, Misses: s.Misses, Stored: s.Puts, Unwanted: c.refused.Load(),
		Evicted: s.Evicted, Expired: s.Expired,
	}
}
