package aggressive

import (
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate/denial"
)

// Question is what is asked of an Index.
type Question struct {
	Name domain.Name
	Type wire.Type
	// Within bounds the zones whose word counts: none above it. The zero Name
	// is the root.
	Within domain.Name
	// Expand reports whether the RRset that a wildcard would give the name is
	// at hand: its owner is the wildcard. Nil: none is.
	Expand func(source domain.Name) bool
}

// Found is what the records prove.
type Found struct {
	// Zone is whose records they are.
	Zone domain.Name
	// NXDomain: the name does not exist. Source, where it is not zero: it is to
	// be answered by the RRset of that wildcard, for which Expand spoke.
	// Otherwise it has nothing of the type.
	NXDomain bool
	Source   domain.Name
	// SOA is the zone's, of denials, and its TTL the one that the answer may have;
	// Proof are the records that prove it (RFC 4035 §3.1.3), as old as they are.
	// They are copies.
	SOA   rrset.Set
	Proof []rrset.Set
	TTL   uint32
}

// Find looks for records that answer the question. An error of the Work is no
// more than doubt.
func (x *Index) Find(q *Question, now time.Time, work denial.Work) (Found, bool) {
	if q.Type.IsMeta() || q.Type == wire.TypeRRSIG {
		return Found{}, false
	}
	zone := q.Name
	if q.Type == wire.TypeDS && !zone.IsRoot() {
		zone = zone.Parent() // whose word on a cut counts (RFC 4035 §2.4)
	}
	at := x.tick(now)
	for !q.Within.IsZero() && zone.Within(q.Within) || q.Within.IsZero() {
		var kb keyBuf
		if value, ok := x.shard(zone).get(nil, kb.zone(zone, kindZone)); ok {
			s := search{x: x, q: q, at: at, zone: zone, work: work}
			s.soa = parseEntry(value, wire.TypeSOA)
			return s.answer()
		}
		if zone.IsRoot() {
			break
		}
		zone = zone.Parent()
	}
	return Found{}, false
}

// search is one question to one zone.
type search struct {
	x       *Index
	q       *Question
	at      int64
	zone    domain.Name
	soa     entry // without a set where the SOA is not known
	work    denial.Work
	records *denial.Records
	proof   []rrset.Set
	ttl     uint32
}

// take adds a record to the proof.
func (s *search) take(e *entry, left uint32) {
	for i := range s.proof {
		if s.proof[i].Name == e.set.Name {
			return
		}
	}
	if s.records.Add(&e.set) {
		e.set.TTL = e.left(s.at, s.x.maxTTL)
		s.proof = append(s.proof, e.set)
		s.ttl = min(s.ttl, left)
	}
}

// read makes a record of a value, false where its time is over.
func (s *search) read(value []byte, t wire.Type) (entry, uint32, bool) {
	e := parseEntry(value, t)
	left := e.left(s.at, s.soa.ttl)
	return e, left, left > 0
}

// answer tries the zone's two kinds of chain.
func (s *search) answer() (Found, bool) {
	if f, ok := s.byName(); ok {
		return f, true
	}
	return s.byHash()
}

// begin begins a proof.
func (s *search) begin() {
	s.records, s.proof, s.ttl = denial.NewRecords(s.zone, s.work), nil, ^uint32(0)
}

// expand is the answer by a wildcard, false where it is not at hand or nothing
// proves that it is the name's.
func (s *search) expand(encloser domain.Name) (Found, bool) {
	source, err := encloser.Wildcard()
	if err != nil || s.q.Type == wire.TypeDS || s.q.Expand == nil || s.q.Name == source || !s.q.Expand(source) {
		return Found{}, false
	}
	if f, err := s.records.Expansion(s.q.Name, encloser); err != nil || !f.Proven || f.OptOut {
		return Found{}, false
	}
	s.x.wildcard.Add(1)
	return s.found(Found{Source: source}), true
}

// denied is what the records deny.
func (s *search) denied() (Found, bool) {
	left := s.soa.left(s.at, s.x.maxTTL)
	if s.soa.set.Name.IsZero() || left == 0 {
		return Found{}, false
	}
	s.ttl = min(s.ttl, left)
	f, err := s.records.NameError(s.q.Name)
	out, n := Found{NXDomain: true}, &s.x.nxdomain
	if err == nil && !f.Proven {
		f, err = s.records.NoData(s.q.Name, s.q.Type)
		out, n = Found{}, &s.x.nodata
	}
	if err != nil || !f.Proven || f.OptOut || f.NXName {
		return Found{}, false
	}
	n.Add(1)
	out.SOA = s.soa.set
	out.SOA.TTL = s.ttl
	return s.found(out), true
}

func (s *search) found(f Found) Found {
	f.Zone, f.Proof, f.TTL = s.zone, s.proof, s.ttl
	return f
}
