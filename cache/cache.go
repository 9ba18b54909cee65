package cache

import (
	"sync"
	"sync/atomic"
	"time"

	"recursor/cache/shard"
	"recursor/dns/domain"
)

// Options configure a Cache. A field that is zero has its default.
type Options struct {
	// Size is the ceiling of the cache's memory in octets; least
	// shard.MinSize, default 256 MiB.
	Size int64
	// MaxTTL is the longest time data is fresh: default a day, most 7 days
	// (RFC 8767 §4).
	MaxTTL time.Duration
	// MaxNegativeTTL is that of a denial: default an hour, most a day and
	// MaxTTL, negative for not at all (RFC 2308 §5).
	MaxNegativeTTL time.Duration
	// MinTTL and MinNegativeTTL raise lower TTLs, but not 0, which is for the
	// transaction in progress only (RFC 8767 §4). Default 0, most an hour.
	MinTTL, MinNegativeTTL time.Duration
	// MaxBogusTTL is the longest time that Bogus data is kept: default and
	// most a minute.
	MaxBogusTTL time.Duration
	// MaxStale is for how long past its TTL data can be had by the Stale
	// calls: default a day, most 7 days, negative for not at all (RFC 8767).
	MaxStale time.Duration
	// FailureFirst is how long a failure lasts that follows upon none,
	// FailureCeiling where its doubling ends: default a second and five
	// minutes, which are also least and most (RFC 9520 §3.2).
	FailureFirst, FailureCeiling time.Duration
	// Derived are flushed with the cache.
	Derived []Derived
	// Types is how many types of one name are kept, those included that it does
	// not have: default 100, least 32. Two dozen in everyday use always are.
	Types int
	// Seed makes a run repeatable; 0 draws one that nobody can guess.
	Seed uint64
}

// bounded is v, def where v is zero, within least and most.
func bounded(v, least, def, most time.Duration) time.Duration {
	if v == 0 {
		v = def
	}
	return min(max(v, least), most)
}

func (o Options) withDefaults() Options {
	const day = 24 * time.Hour
	if o.Size == 0 {
		o.Size = 256 << 20
	}
	o.MaxTTL = bounded(o.MaxTTL, time.Second, day, 7*day)
	o.MaxNegativeTTL = bounded(o.MaxNegativeTTL, 0, time.Hour, min(day, o.MaxTTL))
	o.MinTTL = bounded(o.MinTTL, 0, 0, min(time.Hour, o.MaxTTL))
	o.MinNegativeTTL = bounded(o.MinNegativeTTL, 0, 0, min(time.Hour, o.MaxNegativeTTL))
	o.MaxBogusTTL = bounded(o.MaxBogusTTL, 0, time.Minute, time.Minute)
	o.MaxStale = bounded(o.MaxStale, 0, day, 7*day)
	if o.Types == 0 {
		o.Types = 100
	}
	o.Types = max(o.Types, 32)
	o.FailureCeiling = bounded(o.FailureCeiling, time.Second, 5*time.Minute, 5*time.Minute)
	o.FailureFirst = bounded(o.FailureFirst, time.Second, time.Second, o.FailureCeiling)
	return o
}

// Cache is the memory of a resolver.
type Cache struct {
	o       Options
	store   *shard.Store
	epoch   atomic.Pointer[time.Time]
	stripes [64]stripe
}

// stripe is what the names of one hash share: a lock for those who write, and
// counters, so that no two processors write one cache line for every look-up.
type stripe struct {
	mu sync.Mutex
	counters
	_ [64]byte
}

// New is an empty Cache.
func New(o Options) *Cache {
	o = o.withDefaults()
	return &Cache{o: o, store: shard.New(shard.Options{Size: o.Size, Seed: o.Seed})}
}

func (c *Cache) stripe(name domain.Name) *stripe {
	var buf [domain.MaxName]byte
	n := copy(buf[:], name.Wire())
	return &c.stripes[c.store.Hash(buf[:n])%uint64(len(c.stripes))]
}

// kind is the first octet of a key and tells what lies under it.
type kind byte

const (
	kindSet     kind = 1 + iota // name and type: an RRset or NODATA
	kindName                    // name: NXDOMAIN
	kindFailure                 // name and type
	kindPoint                   // name of a zone
	kindAside                   // name and type: an RRset that may answer no question
	kindBeside                  // name and type: what stood beside the RRset
	kindTypes                   // name: its types that are not in everyday use
)

// hasType reports whether keys of the kind end in a type.
func (k kind) hasType() bool { return k != kindName && k != kindPoint && k != kindTypes }
