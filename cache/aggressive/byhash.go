package aggressive

import (
	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/validate/denial"
)

// maxDepth is how many labels below its zone a name may be to be looked for by
// hash. Each costs a hash; names that are worth it have few.
const maxDepth = 8

// nsec3 is the NSEC3 record whose owner is the last at or before the hash of
// name, or the last of all where it is before the first: the chain leads round.
func (s *search) nsec3(p *denial.Params, name domain.Name) (e entry, left uint32, h denial.Hash, ok bool) {
	h, err := s.records.HashWith(p, name)
	if err != nil {
		return entry{}, 0, h, false
	}
	var kb, pb keyBuf
	in := s.x.shard(s.zone)
	prefix := pb.zone(s.zone, kindNSEC3)
	value, ok := in.floor(nil, kb.hash(s.zone, h), prefix)
	if !ok {
		if value, ok = in.floor(nil, kb.after(s.zone, kindNSEC3), prefix); !ok {
			return entry{}, 0, h, false
		}
	}
	e, left, ok = s.read(value, wire.TypeNSEC3)
	return e, left, h, ok
}

// matched takes the record that matches name, false where there is none at hand.
func (s *search) matched(p *denial.Params, name domain.Name) (e entry, left uint32, ok bool) {
	e, left, h, ok := s.nsec3(p, name)
	if !ok {
		return entry{}, 0, false
	}
	n, ok := denial.ParseNSEC3(s.zone, &e.set)
	return e, left, ok && n.Owner == h
}

// byHash answers by NSEC3 records (RFC 5155 §8.4-8.8): the one that matches the
// name; or that of the closest encloser, with those which cover the next closer
// name and match or cover the wildcard.
func (s *search) byHash() (Found, bool) {
	var kb keyBuf
	var scratch [64]byte
	value, ok := s.x.shard(s.zone).get(scratch[:0], kb.zone(s.zone, kindParams))
	depth := s.q.Name.Labels() - s.zone.Labels()
	if !ok || depth > maxDepth {
		return Found{}, false
	}
	s.begin()
	p := parseParams(value)
	if e, left, ok := s.matched(&p, s.q.Name); ok {
		s.take(&e, left)
		return s.denied()
	}
	var closest entry
	var closestLeft uint32
	encloser := s.zone
	for k := range depth {
		above := s.q.Name.Ancestor(s.zone.Labels() + k)
		e, left, ok := s.matched(&p, above)
		if !ok {
			break
		}
		encloser, closest, closestLeft = above, e, left
	}
	if closest.set.Name.IsZero() {
		return Found{}, false
	}
	s.take(&closest, closestLeft)
	if !s.either(&p, s.q.Name.NextCloser(encloser)) {
		return Found{}, false
	}
	if f, ok := s.expand(encloser); ok {
		return f, true
	}
	source, err := encloser.Wildcard()
	if err != nil || !s.either(&p, source) {
		return Found{}, false
	}
	return s.denied()
}

// either takes the record that matches name or covers it.
func (s *search) either(p *denial.Params, name domain.Name) bool {
	e, left, _, ok := s.nsec3(p, name)
	if ok {
		s.take(&e, left)
	}
	return ok
}
