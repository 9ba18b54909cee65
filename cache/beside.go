package cache

import (
	"encoding/binary"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// What stands beside an answer, in the authority and the additional section, may
// be shown to clients beside it again, but answers no question (RFC 2181 §5.4.1).
// So it lies apart from what does, and no Get finds it.

// Ref names an RRset that stood beside another.
type Ref struct {
	Name domain.Name
	Type wire.Type
}

// maxRefs is how many are kept: 13 name servers with two addresses each, and more.
const maxRefs = 40

// PutAside stores a copy of an RRset that stood beside an answer by the rules of
// Put among its like. What is there already and says the same is left, so that
// nobody can make it last for ever.
func (c *Cache) PutAside(set *rrset.Set, rank Rank, status Status, now time.Time) bool {
	n := c.stripe(set.Name)
	if !storable(set) {
		n.refused.Add(1)
		return false
	}
	h := head{
		standing: standing{rank, status}, stored: c.tick(now),
		ttl: c.positiveTTL(set.TTL, status),
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	old, ok := c.read(kindAside, set.Name, set.Type, h.stored, freshOnly)
	if ok && string(old.Set.RData) == string(set.RData) && old.Status >= status {
		return false
	}
	ok = c.putSet(kindAside, set, nil, &h)
	n.count(ok)
	return ok
}

// GetAside returns the RRset of name and type for the authority or additional
// section: what answers questions where there is that, else what PutAside stored.
func (c *Cache) GetAside(name domain.Name, t wire.Type, now time.Time) (Entry, bool) {
	return c.aside(name, t, now, freshOnly)
}

// GetStaleAside is GetAside, and where the TTL has run out at most
// Options.MaxStale ago, the RRset as it was (RFC 8767).
func (c *Cache) GetStaleAside(name domain.Name, t wire.Type, now time.Time) (Entry, bool) {
	return c.aside(name, t, now, staleToo)
}

func (c *Cache) aside(name domain.Name, t wire.Type, now time.Time, r reach) (Entry, bool) {
	at := c.tick(now)
	if e, ok := c.read(kindSet, name, t, at, r); ok {
		return e, true
	}
	return c.read(kindAside, name, t, at, r)
}

// PutBeside notes which RRsets stood beside that of name and type, in the place
// of what was noted before, until that expires, and for as long as it can be
// stale. It keeps forty.
func (c *Cache) PutBeside(name domain.Name, t wire.Type, refs []Ref, expires, now time.Time) bool {
	var kb keyBuf
	var scratch [typicalValue]byte
	at, until := c.tick(now), c.tick(expires)+ticks(c.o.MaxStale)
	key := kb.typed(kindBeside, name, t)
	if at >= until || len(refs) == 0 {
		c.store.Delete(key)
		return false
	}
	value := appendTick(scratch[:0], until)
	for _, r := range refs[:min(len(refs), maxRefs)] {
		value = append(binary.BigEndian.AppendUint16(value, uint16(r.Type)), r.Name.Wire()...)
	}
	return c.store.Put(key, value, until.expiry(), at.seconds())
}

// Beside returns what PutBeside noted, in its order.
func (c *Cache) Beside(name domain.Name, t wire.Type, now time.Time) []Ref {
	var kb keyBuf
	var scratch [typicalValue]byte
	at := c.tick(now)
	b, ok := c.store.Get(kb.typed(kindBeside, name, t), scratch[:0], at.seconds())
	if !ok || len(b) < 6 || at >= parseTick(b) {
		return nil
	}
	var refs []Ref
	for b = b[6:]; len(b) > 2; {
		owner, n, err := domain.FromWire(b[2:])
		if err != nil {
			return nil
		}
		refs = append(refs, Ref{owner, wire.Type(binary.BigEndian.Uint16(b))})
		b = b[2+n:]
	}
	return refs
}
