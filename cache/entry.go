package cache

import (
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

const (
	// MaxRecords is the most records that an RRset may have.
	MaxRecords = 500
	// MaxOctets limits owner, RDATA and signatures of an RRset, of all those
	// of a denial together, and a delegation point.
	MaxOctets = 64 << 10
	// StaleTTL is the TTL of data past its end (RFC 8767 §4).
	StaleTTL = 30

	// typicalValue is a value that is read without an allocation of its own: the
	// largest that are read often are DNSKEY RRsets and denials.
	typicalValue = 1152
)

// Entry is an RRset from the cache.
type Entry struct {
	// Set is a copy of the caller's own, its TTL counted down; StaleTTL where
	// the data is stale.
	Set rrset.Set
	// Proof shows that a wildcard was rightly expanded to Set, with the TTL of
	// that.
	Proof  []rrset.Set
	Rank   Rank
	Status Status
	Why    Why

	// Set by the cache.
	Stored, Expires time.Time
	Stale           bool
}

// reach is how far past its end an entry may be.
type reach uint8

const (
	freshOnly reach = iota
	staleToo
)

// ttlAt is the TTL with which data is returned; 0 where it is out of reach.
func (c *Cache) ttlAt(h *head, now tick, r reach) (ttl uint32, stale bool) {
	if ttl := h.left(now); ttl > 0 {
		return ttl, false
	}
	if r == staleToo && now < c.forgotten(h) {
		return StaleTTL, true
	}
	return 0, false
}

// Get returns the RRset of name and type that is fresh: its TTL has not run
// out and the name was not denied since, with standing to do so.
func (c *Cache) Get(name domain.Name, t wire.Type, now time.Time) (Entry, bool) {
	return c.get(name, t, now, freshOnly)
}

// GetStale is Get, and where the TTL has run out at most Options.MaxStale ago,
// the RRset as it was (RFC 8767). Bogus data is never stale.
func (c *Cache) GetStale(name domain.Name, t wire.Type, now time.Time) (Entry, bool) {
	return c.get(name, t, now, staleToo)
}

// Exists reports whether something fresh says that the name is there: an RRset
// of the type, or its absence from a name that exists. It costs one look and
// counts as no use.
func (c *Cache) Exists(name domain.Name, t wire.Type, now time.Time) bool {
	var kb keyBuf
	at := c.tick(now)
	h, ok := c.peek(kb.typed(kindSet, name, t), at)
	return ok && h.left(at) > 0
}

func (c *Cache) get(name domain.Name, t wire.Type, now time.Time, r reach) (Entry, bool) {
	at := c.tick(now)
	e, ok := c.read(kindSet, name, t, at, r)
	n := &c.stripe(name).counters
	switch {
	case !ok:
		n.misses.Add(1)
	case e.Stale:
		n.stale.Add(1)
	default:
		n.hits.Add(1)
	}
	return e, ok
}

func (c *Cache) read(k kind, name domain.Name, t wire.Type, now tick, r reach) (Entry, bool) {
	var kb keyBuf
	var scratch [typicalValue]byte
	value, ok := c.store.Get(kb.typed(k, name, t), scratch[:0], now.seconds())
	if !ok {
		return Entry{}, false
	}
	h, body, ok := parseHead(value)
	if !ok || h.denial {
		return Entry{}, false
	}
	ttl, stale := c.ttlAt(&h, now, r)
	if ttl == 0 {
		return Entry{}, false
	}
	// An NXDOMAIN that stands beside data came after it: RFC 8020 §2.
	if nx, ok := c.peek(kb.named(kindName, name), now); ok && h.yieldsTo(denialStanding(nx.status)) {
		return Entry{}, false
	}
	s, rest, ok := parseSet(body, name)
	if !ok || s.flags&flagOwner != 0 {
		return Entry{}, false
	}
	e := Entry{Rank: h.rank, Status: h.status, Why: h.why, Stored: c.time(h.stored), Expires: c.time(h.ends()), Stale: stale}
	e.Set, _ = s.build(name, t, make([]byte, s.size(name)))
	e.Set.TTL = ttl
	if s.flags&flagProof != 0 && !e.parseProof(rest) {
		return Entry{}, false
	}
	return e, true
}

// storable reports whether a Set is one the cache can hold whole; it holds no
// part of one (RFC 1035 §7.4).
func storable(s *rrset.Set) bool {
	return !s.Name.IsZero() && s.Class == wire.ClassIN && !s.Type.IsMeta() &&
		len(s.Owner) == s.Name.Len() && len(s.RData) > 0 &&
		s.Size() <= MaxOctets && s.Len() <= MaxRecords
}

// TTL is what becomes of the TTL of data here. Who passes data on that was not
// read from the cache gives it this TTL, so that all clients are told the same.
func (c *Cache) TTL(ttl uint32) uint32 { return c.positiveTTL(ttl, Unjudged) }

// positiveTTL is the TTL that data is kept for. One with the top bit set is
// long, not zero (RFC 8767 §4).
func (c *Cache) positiveTTL(ttl uint32, status Status) uint32 {
	return c.bogusTTL(clampTTL(ttl, c.o.MinTTL, c.o.MaxTTL), status)
}

func clampTTL(ttl uint32, least, most time.Duration) uint32 {
	if ttl == 0 {
		return 0
	}
	return min(max(ttl, uint32(least/time.Second)), uint32(most/time.Second))
}

func (c *Cache) bogusTTL(ttl uint32, status Status) uint32 {
	if status == Bogus {
		return min(ttl, uint32(c.o.MaxBogusTTL/time.Second))
	}
	return ttl
}

// Put stores a copy of set in the place of what stood under its name and type,
// never merging the two (RFC 2181 §5.4). False: it was not stored, because a
// fresh entry of higher standing is there (RFC 2181 §5.4.1), the Set is beyond
// a limit, or its TTL is 0. Data whose TTL is 0 still ends an entry that would
// have made way for it.
func (c *Cache) Put(set *rrset.Set, rank Rank, status Status, now time.Time) bool {
	return c.PutEntry(&Entry{Set: *set, Rank: rank, Status: status}, now)
}

// PutEntry is Put for an Entry, of which it reads what the cache does not set.
// A Set with a Proof was made of a wildcard: whoever is given one needs the other
// (RFC 4035 §3.1.3.3, RFC 5155 §7.2.6). They are one entry, which lasts as long
// as the first of them to end (RFC 4035 §4.5).
func (c *Cache) PutEntry(e *Entry, now time.Time) bool {
	n := c.stripe(e.Set.Name)
	if !storable(&e.Set) || !e.whole() {
		n.refused.Add(1)
		return false
	}
	h := head{
		standing: standing{e.Rank, e.Status}, why: e.Why, stored: c.tick(now),
		ttl: c.bogusTTL(c.ExpandedTTL(&e.Set, e.Proof), e.Status),
	}
	n.mu.Lock()
	ok := c.putSet(kindSet, &e.Set, e.Proof, &h)
	n.mu.Unlock()
	n.count(ok)
	if ok && e.Status == Secure && e.Rank.Answers() {
		c.refuteAbove(e.Set.Name)
	}
	return ok
}

// putSet is Put with the name's stripe locked.
func (c *Cache) putSet(k kind, set *rrset.Set, proof []rrset.Set, h *head) bool {
	var kb keyBuf
	var scratch [typicalValue]byte
	key := kb.typed(k, set.Name, set.Type)
	now := h.stored
	if old, ok := c.peek(key, now); ok && !old.yields(h.standing, now) && !c.judged(key, set, h) {
		return false
	}
	if !c.exists(set.Name, h.standing, now) {
		return false
	}
	if h.ttl == 0 {
		c.store.Delete(key)
		return false
	}
	if k == kindSet && !c.admits(set.Name, set.Type, now) {
		return false
	}
	value := h.append(scratch[:0])
	flags := len(value)
	value = appendProof(appendSet(value, set, set.Name), flags, set, proof)
	return c.store.Put(key, value, c.forgotten(h).expiry(), now.seconds())
}

// exists ends a denial of the name that data of standing n refutes. It reports
// false where the denial stands.
func (c *Cache) exists(name domain.Name, n standing, now tick) bool {
	var kb keyBuf
	key := kb.named(kindName, name)
	nx, ok := c.peek(key, now)
	switch {
	case !ok:
		return true
	case !nx.yields(n, now):
		return false
	}
	c.store.Delete(key)
	return true
}

// judged reports whether set is what stands under key unjudged and now failed
// judgement: then the verdict counts, though failed data replaces no other.
func (c *Cache) judged(key []byte, set *rrset.Set, h *head) bool {
	if h.status != Bogus {
		return false
	}
	value, ok := c.store.Get(key, nil, h.stored.seconds())
	if !ok {
		return false
	}
	old, body, ok := parseHead(value)
	if !ok || old.denial || old.status != Unjudged {
		return false
	}
	s, _, ok := parseSet(body, set.Name)
	return ok && string(s.rdata) == string(set.RData) && string(s.sigs) == string(set.Sigs)
}

// refuteAbove ends denials of the names above one that is proven to exist.
func (c *Cache) refuteAbove(name domain.Name) {
	var kb keyBuf
	for p := name.Parent(); !p.IsRoot(); p = p.Parent() {
		c.store.Delete(kb.named(kindName, p))
	}
}
