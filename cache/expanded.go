package cache

import "recursor/dns/rrset"

// whole reports whether a Set and its proof can be held together.
func (e *Entry) whole() bool {
	if len(e.Proof) > maxProof {
		return false
	}
	size := e.Set.Size()
	for i := range e.Proof {
		if !storable(&e.Proof[i]) {
			return false
		}
		size += e.Proof[i].Size()
	}
	return size <= MaxOctets
}

// ExpandedTTL is the TTL that PutEntry gives a Set and its proof, for those who
// pass them on without reading them from the cache.
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
