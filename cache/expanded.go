package cache

import (
	"time"

	"recursor/dns/rrset"
)

// PutExpanded is Put for a Set that a wildcard was expanded to, with the NSEC or
// NSEC3 RRsets that show that nothing closer matches: whoever is given one needs
// the other (RFC 4035 §3.1.3.3, RFC 5155 §7.2.6). They are one entry, which
// lasts as long as the first of them to end (RFC 4035 §4.5).
func (c *Cache) PutExpanded(set *rrset.Set, proof []rrset.Set, rank Rank, status Status, now time.Time) bool {
	if !whole(set, proof) {
		c.stripe(set.Name).refused.Add(1)
		return false
	}
	return c.put(set, proof, rank, status, now)
}

// whole reports whether a Set and its proof can be held together.
func whole(set *rrset.Set, proof []rrset.Set) bool {
	if len(proof) > maxProof {
		return false
	}
	size := set.Size()
	for i := range proof {
		if !storable(&proof[i]) {
			return false
		}
		size += proof[i].Size()
	}
	return size <= MaxOctets
}

// ExpandedTTL is the TTL that PutExpanded gives a Set and its proof, for those
// who pass them on without reading them from the cache.
func (c *Cache) ExpandedTTL(set *rrset.Set, proof []rrset.Set) uint32 {
	ttl := set.TTL
	for i := range proof {
		ttl = min(ttl, proof[i].TTL)
	}
	return c.TTL(ttl)
}

// appendProof appends the proof of an expanded Set to its value, of which the
// flags stand at the given offset.
func appendProof(value []byte, flags int, set *rrset.Set, proof []rrset.Set) []byte {
	if len(proof) == 0 {
		return value
	}
	value[flags] |= flagProof
	return appendDenial(value, &Denial{Name: set.Name, Proof: proof})
}

// parseProof reads what appendProof wrote.
func (e *Entry) parseProof(b []byte) bool {
	d := Denial{Name: e.Set.Name}
	ok := d.parse(b, e.Set.TTL)
	e.Proof = d.Proof
	return ok
}
