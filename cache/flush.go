package cache

import (
	"encoding/binary"

	"recursor/cache/shard"
	"recursor/dns/domain"
	"recursor/dns/wire"
)

// Flush forgets everything about name: RRsets and denials of every type,
// failures, the delegation point.
func (c *Cache) Flush(name domain.Name) {
	c.flush(0, func(key, _ []byte) bool { return string(nameOf(key)) == name.Wire() })
	for _, d := range c.o.Derived {
		d.Flush(name)
	}
}

// FlushType forgets what is known of name and type, and that the name does not
// exist.
func (c *Cache) FlushType(name domain.Name, t wire.Type) {
	var kb keyBuf
	for _, k := range [...]kind{kindSet, kindAside, kindBeside} {
		c.store.Delete(kb.typed(k, name, t))
	}
	c.store.Delete(kb.typed(kindFailure, name, t))
	c.store.Delete(kb.named(kindName, name))
	for _, d := range c.o.Derived {
		d.Flush(name)
	}
}

// FlushTree forgets everything about name and all names below it.
func (c *Cache) FlushTree(name domain.Name) {
	c.flush(0, func(key, _ []byte) bool { return within(nameOf(key), name) })
	for _, d := range c.o.Derived {
		d.FlushTree(name)
	}
}

// FlushZone forgets everything about a zone: its names down to the zones that
// are delegated from it, as far as their delegation points are known, and its own
// point. What the zone says of those below, their DS, goes too.
func (c *Cache) FlushZone(zone domain.Name) {
	below := map[string]bool{}
	c.flush(0, func(key, _ []byte) bool {
		if n := nameOf(key); kind(key[0]) == kindPoint && len(n) > zone.Len() && within(n, zone) {
			below[string(n)] = true
		}
		return false
	})
	c.flush(0, func(key, _ []byte) bool {
		name := nameOf(key)
		if !within(name, zone) {
			return false
		}
		ofParent := kind(key[0]).hasType() && binary.BigEndian.Uint16(key[len(key)-2:]) == uint16(wire.TypeDS)
		for n := name; len(n) > zone.Len(); n = n[n[0]+1:] {
			if below[string(n)] && !(ofParent && len(n) == len(name)) {
				return false
			}
		}
		return true
	})
	for _, d := range c.o.Derived {
		d.FlushTree(zone)
	}
}

// FlushBogus forgets data that failed judgement, and failures, which may have
// come of it.
func (c *Cache) FlushBogus() {
	c.flush(maxHead, func(key, value []byte) bool {
		if kind(key[0]) == kindFailure {
			return true
		}
		h, _, ok := parseHead(value)
		return ok && holdsHead(key) && h.status == Bogus
	})
	c.flushDerived()
}

// FlushNegative forgets denials and failures.
func (c *Cache) FlushNegative() {
	c.flush(maxHead, func(key, value []byte) bool {
		if kind(key[0]) == kindFailure {
			return true
		}
		h, _, ok := parseHead(value)
		return ok && holdsHead(key) && h.denial
	})
	c.flushDerived()
}

// holdsHead reports whether values of the key's kind begin with a head.
func holdsHead(key []byte) bool {
	k := kind(key[0])
	return k == kindSet || k == kindName || k == kindAside
}

// FlushAll forgets everything, at once.
func (c *Cache) FlushAll() {
	c.store.Flush()
	c.flushDerived()
}

// Derived is what is made of what a Cache holds, and is forgotten with it.
type Derived interface {
	// Flush forgets what may speak of the name, FlushTree also what may speak of
	// names below.
	Flush(domain.Name)
	FlushTree(domain.Name)
	FlushAll()
}

func (c *Cache) flushDerived() {
	for _, d := range c.o.Derived {
		d.FlushAll()
	}
}

// flush deletes the entries for which f says so. Expired ones are shown too
// where the store still has them, since now is the beginning of time.
func (c *Cache) flush(head int, f func(key, value []byte) bool) {
	c.store.Walk(0, head, func(key, value []byte) shard.Verdict {
		if f(key, value) {
			return shard.Drop
		}
		return shard.Keep
	})
}
