package shard

// Verdict is what a walk is to do with an entry.
type Verdict uint8

// The verdicts.
const (
	Keep Verdict = iota
	Drop
)

const (
	// A walk holds a shard's lock for so many buckets, or until it has copied
	// so much.
	walkBuckets = 32
	walkOctets  = 64 << 10
)

// Walk shows every entry to f: its key and at most head octets of its value,
// both valid during the call only. An entry that is stored, or replaced, while
// the walk goes on may be shown or not; one that stays where it is, is shown,
// and again where many are stored meanwhile. f runs without any lock held. After
// Drop, what stands under the key is deleted, even if it was stored meanwhile.
func (s *Store) Walk(now int64, head int, f func(key, value []byte) Verdict) {
	var b batch
	for i := range s.shards {
		sh := &s.shards[i]
		for from, n := uint32(0), uint32(0); n == 0 || from < n; {
			sh.lock(s.generation.Load())
			if n != sh.index.n {
				from, n = 0, sh.index.n // it has grown: everything lies elsewhere
			}
			from = b.fill(sh, from, head, seconds(now))
			sh.mu.Unlock()
			for _, e := range b.entries {
				key := b.buf[e.start:e.mid:e.mid]
				if f(key, b.buf[e.mid:e.end:e.end]) == Drop {
					s.Delete(key)
				}
			}
		}
	}
}

// batch is a copy of some entries.
type batch struct {
	buf     []byte
	entries []span
}

type span struct{ start, mid, end int }

// fill copies the entries of some buckets and returns the first one it left.
func (b *batch) fill(s *shard, from uint32, head int, now uint32) uint32 {
	b.buf, b.entries = b.buf[:0], b.entries[:0]
	last := min(from+walkBuckets, s.index.n)
	for ; from < last && len(b.buf) < walkOctets; from++ {
		line := s.index.bucket(from)
		for i := range slots {
			loc := slot(line, i) & locMask
			if loc == 0 {
				continue
			}
			h := s.header(loc)
			if h.expiry() <= now {
				continue
			}
			e := span{start: len(b.buf)}
			b.buf = append(b.buf, s.key(loc, h)...)
			e.mid = len(b.buf)
			v := s.value(loc, h)
			b.buf = append(b.buf, v[:min(head, len(v))]...)
			e.end = len(b.buf)
			b.entries = append(b.entries, e)
		}
	}
	return from
}
