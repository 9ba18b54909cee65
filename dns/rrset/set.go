package rrset

import (
	"bytes"
	"iter"
	"slices"

	"recursor/dns/domain"
	"recursor/dns/wire"
)

// Set is an RRset with the signatures over it.
type Set struct {
	Name domain.Name
	// Owner is the owner in uncompressed wire form, in the case it was
	// received (RFC 4343 §4).
	Owner []byte
	Type  wire.Type
	Class wire.Class
	// TTL is the lowest of the records and their signatures, in seconds
	// (RFC 2181 §5.2).
	TTL uint32
	// Mismatch tells that TTLs of the records differed, which data from a
	// source that is no authority must not (RFC 2181 §5.2).
	Mismatch bool
	sigTTL   uint32 // of the signatures, while the Set is being made
	RData    List
	// Sigs holds the RDATA of the RRSIGs that cover the Set.
	Sigs List
}

// New is a Set of the given RDATA, owner in lower case.
func New(name domain.Name, t wire.Type, ttl uint32, rdata ...[]byte) Set {
	s := Set{Name: name, Owner: name.AppendWire(nil), Type: t, Class: wire.ClassIN, TTL: ttl}
	for _, rd := range rdata {
		s.RData = s.RData.Append(rd)
	}
	return s
}

// Len counts the records, signatures not included.
func (s *Set) Len() int { return s.RData.Len() }

// Records yields the records in order and then the signatures, all with the
// Set's one TTL (RFC 2181 §5.2). What they point to is the Set's.
func (s *Set) Records() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		r := Record{Owner: s.Owner, Type: s.Type, Class: s.Class, TTL: s.TTL}
		for r.RData = range s.RData.All() {
			if !yield(r) {
				return
			}
		}
		r.Type = wire.TypeRRSIG
		for r.RData = range s.Sigs.All() {
			if !yield(r) {
				return
			}
		}
	}
}

// Size is the octets of owner, RDATA and signatures that the Set holds.
func (s *Set) Size() int { return len(s.Owner) + len(s.RData) + len(s.Sigs) }

// Clone copies the Set away from the message it was parsed of, in one buffer.
func (s *Set) Clone() Set {
	c := *s
	buf := make([]byte, 0, s.Size())
	cut := func(p []byte) []byte {
		start := len(buf)
		buf = append(buf, p...)
		return buf[start:len(buf):len(buf)]
	}
	c.Owner = cut(s.Owner)
	c.RData = List(cut(s.RData))
	c.Sigs = List(cut(s.Sigs))
	return c
}

// Target is the name at the start of the first RDATA, the target of CNAME,
// DNAME, NS and PTR; false where there is none.
func (s *Set) Target() (domain.Name, bool) {
	rd := s.RData.First()
	if rd == nil {
		return domain.Name{}, false
	}
	n, err := wire.NameAt(rd, 0)
	return n, err == nil
}

// Same reports whether both hold the same records, in whatever order and case
// of names (RFC 2181 §5; canonical form decides). TTLs and signatures are not
// compared.
func (s *Set) Same(o *Set) bool {
	if s.Name != o.Name || s.Type != o.Type || s.Class != o.Class {
		return false
	}
	return slices.EqualFunc(s.Canonical(), o.Canonical(), bytes.Equal)
}

// Canonical is the RDATA in canonical form and order, without duplicates
// (RFC 4034 §6.2-6.3).
func (s *Set) Canonical() [][]byte {
	out := make([][]byte, 0, s.Len())
	buf := make([]byte, 0, len(s.RData))
	for rd := range s.RData.All() {
		start := len(buf)
		buf = wire.AppendCanonical(buf, s.Type, rd)
		out = append(out, buf[start:len(buf):len(buf)])
	}
	slices.SortFunc(out, bytes.Compare)
	return slices.CompactFunc(out, bytes.Equal)
}
