package answer

// This file is hot: Get is on the way of every cached answer.

import (
	"sync/atomic"
	"time"

	"recursor/cache/shard"
	"recursor/dns/wire"
)

// Options configure a Cache.
type Options struct {
	// Size is the ceiling of its memory in octets; least shard.MinSize, default
	// 64 MiB.
	Size int64
	// Seed makes a run repeatable; 0 draws one that nobody can guess.
	Seed uint64
}

// Cache keeps finished answers. Make it with New.
type Cache struct {
	store      *shard.Store
	door       doorkeeper
	epoch      atomic.Pointer[time.Time]
	generation atomic.Uint32
	refused    atomic.Uint64
	size       int64
}

// New is an empty Cache.
func New(o Options) *Cache {
	if o.Size <= 0 {
		o.Size = 64 << 20
	}
	c := &Cache{size: o.Size}
	c.door.mem = shard.Outside(doorLen(o.Size), c)
	c.store = shard.New(shard.Options{Size: o.Size - c.door.size(), Seed: o.Seed})
	return c
}

// Found is what Get wrote.
type Found struct {
	// End is where the body ends in dst.
	End int
	// The header's share of it. Secure: all of it was validated.
	RCode                         wire.RCode
	Answer, Authority, Additional uint16
	Secure                        bool
	// Due: it has come into its Window.
	Due bool
}

// Get writes the body kept for k to dst at off, TTLs counted down to now. off is
// the length of header and question and so at least MinOffset; what dst holds
// before it may be overwritten, and so may what lies behind the body. False:
// there is none, or dst has no room for all that is kept.
func (c *Cache) Get(k *Key, dst []byte, off int, now time.Time) (f Found, ok bool) {
	t := c.tick(now)
	room := dst[off-headLen : off-headLen : len(dst)]
	value, ok := c.store.Get(k.stamped(c.generation.Load()), room, t.seconds())
	if !ok || len(value) > cap(room) {
		return Found{}, false
	}
	h := readHead(value)
	end := len(value) - 2*h.records()
	left := countDown(value[headLen:end], value[end:], h.age(t))
	if left == 0 {
		return Found{}, false
	}
	f.End = off + end - headLen
	f.Due = left <= uint32(h.window)
	f.RCode, f.Secure = h.rcode, h.secure
	f.Answer, f.Authority, f.Additional = h.counts[0], h.counts[1], h.counts[2]
	return f, true
}

// Wanted reports whether the question of k came before, and remembers it.
func (c *Cache) Wanted(k *Key) bool {
	if c.door.seen(c.store.Hash(k.lasting())) {
		return true
	}
	c.refused.Add(1)
	return false
}

// Stamp marks k with the present generation. Whoever finishes an answer stamps
// its key before reading any of the data, so that no Flush in between is missed.
func (c *Cache) Stamp(k *Key) { k.stamped(c.generation.Load()) }

// Answer is what is to be kept.
type Answer struct {
	// Message is a whole response of one question, without OPT, whose header has
	// the RCODE. Its TTLs are those of At or later.
	Message []byte
	At      time.Time
	// Secure: all of it was validated.
	Secure bool
	// Window is for how long before its end it is Due, 18 hours at most; 0: for a
	// tenth of the least TTL.
	Window time.Duration
}

// Put keeps a under k, which Stamp marked. False: it is none that may be kept.
// That is for truncated messages, for those longer than MaxBody, and for what
// has a TTL below two seconds, which would be over at once.
func (c *Cache) Put(k *Key, a *Answer) bool {
	var buf [typicalValue]byte
	t := c.tick(a.At)
	value, least, ok := encode(buf[:0], a, t)
	if !ok {
		return false
	}
	now := t.seconds()
	// Rounded up, since what is over is told by the TTLs.
	return c.store.Put(k.bytes(), value, now+1+int64(least), now)
}
