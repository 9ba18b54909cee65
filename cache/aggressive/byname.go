package aggressive

import (
	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/validate/denial"
)

// nsec is the NSEC record of the last owner at or before name.
func (s *search) nsec(name domain.Name) (e entry, left uint32, ok bool) {
	var kb, pb keyBuf
	value, ok := s.x.shard(s.zone).floor(nil, kb.name(s.zone, name), pb.zone(s.zone, kindNSEC))
	if !ok {
		return entry{}, 0, false
	}
	return s.read(value, wire.TypeNSEC)
}

// byName answers by NSEC records (RFC 4035 §5.4): the one that matches the name
// or covers it, and the one that does so for the wildcard.
func (s *search) byName() (Found, bool) {
	e, left, ok := s.nsec(s.q.Name)
	if !ok {
		return Found{}, false
	}
	n, _ := denial.ParseNSEC(&e.set)
	if s.q.Name.Below(n.Owner) && n.Types.Has(wire.TypeNS) && !n.Types.Has(wire.TypeSOA) {
		return Found{}, false // another zone's: what most questions come to
	}
	s.begin()
	s.take(&e, left)
	if n.Owner == s.q.Name || n.Next.Below(s.q.Name) {
		return s.denied()
	}
	if !n.Covers(s.zone, s.q.Name) {
		return Found{}, false
	}
	encloser := n.Encloser(s.q.Name)
	if f, ok := s.expand(encloser); ok {
		return f, true
	}
	source, err := encloser.Wildcard()
	if err != nil {
		return Found{}, false
	}
	if e, left, ok = s.nsec(source); !ok {
		return Found{}, false
	}
	s.take(&e, left)
	return s.denied()
}
