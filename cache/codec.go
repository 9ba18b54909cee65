package cache

import (
	"encoding/binary"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// The flags octet of a stored Set.
const (
	flagOwner    = 1 << iota // the owner is not the name: two octets and the prefix follow
	flagCase                 // bits of the suffix's case follow
	flagMismatch             // rrset.Set.Mismatch
	flagSigs                 // signatures follow
	flagProof                // behind the Set follows the proof that a wildcard was rightly expanded to it
)

// appendSet appends s as seen from the name its entry is about: flags, owner,
// length and octets of RDATA, and signatures. Class is IN; type and TTL stand
// elsewhere. s.Owner must be s.Name but for case.
func appendSet(dst []byte, s *rrset.Set, name domain.Name) []byte {
	at := len(dst)
	dst = append(dst, 0)
	suffix := s.Owner
	if s.Name != name {
		inOwner, inName := shared(s.Name, name)
		dst[at] |= flagOwner
		dst = append(dst, byte(inOwner), byte(inName))
		dst = append(dst, s.Owner[:inOwner]...)
		suffix = s.Owner[inOwner:]
	}
	if hasUpper(suffix) {
		dst[at] |= flagCase
		dst = appendCase(dst, suffix)
	}
	if s.Mismatch {
		dst[at] |= flagMismatch
	}
	dst = binary.AppendUvarint(dst, uint64(len(s.RData)))
	dst = append(dst, s.RData...)
	if len(s.Sigs) > 0 {
		dst[at] |= flagSigs
		dst = binary.AppendUvarint(dst, uint64(len(s.Sigs)))
		dst = append(dst, s.Sigs...)
	}
	return dst
}

// stored is a Set as it lies in a value: parts of it.
type stored struct {
	flags        byte
	prefix, bits []byte
	suffix       int // offset in the name
	rdata, sigs  []byte
}

// size is the octets of owner, RDATA and signatures.
func (s *stored) size(name domain.Name) int {
	return len(s.prefix) + name.Len() - s.suffix + len(s.rdata) + len(s.sigs)
}

// parseSet reads what appendSet wrote and returns what follows it. It trusts
// nothing.
func parseSet(b []byte, name domain.Name) (s stored, rest []byte, ok bool) {
	r := reader{b: b}
	s.flags = r.octet()
	if s.flags&flagOwner != 0 {
		prefix := int(r.octet())
		s.suffix = int(r.octet())
		s.prefix = r.take(prefix)
		if !suffixBegins(name, s.suffix) || !wholeLabels(s.prefix) ||
			len(s.prefix)+name.Len()-s.suffix > domain.MaxName {
			return stored{}, nil, false
		}
	}
	if s.flags&flagCase != 0 {
		s.bits = r.take((name.Len() - s.suffix + 7) / 8)
	}
	s.rdata = r.take(r.length())
	if s.flags&flagSigs != 0 {
		s.sigs = r.take(r.length())
	}
	if r.bad || !rrset.List(s.rdata).Valid() || !rrset.List(s.sigs).Valid() {
		return stored{}, nil, false
	}
	return s, r.b, true
}

// suffixBegins reports whether a label of name begins at off.
func suffixBegins(name domain.Name, off int) bool {
	w := name.Wire()
	at := 0
	for at < off && at < len(w) && w[at] != 0 {
		at += int(w[at]) + 1
	}
	return at == off
}

// wholeLabels reports whether b is labels without their end.
func wholeLabels(b []byte) bool {
	off := 0
	for off < len(b) {
		if b[off] == 0 || b[off] > domain.MaxLabel {
			return false
		}
		off += int(b[off]) + 1
	}
	return off == len(b)
}

// build copies the Set into buf, which has room for its size, and returns it
// with what is left of buf.
func (s *stored) build(name domain.Name, t wire.Type, buf []byte) (rrset.Set, []byte) {
	cut := func(n int) []byte {
		part := buf[:n:n]
		buf = buf[n:]
		return part
	}
	set := rrset.Set{Name: name, Type: t, Class: wire.ClassIN, Mismatch: s.flags&flagMismatch != 0}
	set.Owner = cut(len(s.prefix) + name.Len() - s.suffix)
	n := copy(set.Owner, s.prefix)
	copy(set.Owner[n:], name.Wire()[s.suffix:])
	if s.bits != nil {
		applyCase(set.Owner[n:], s.bits)
	}
	switch {
	case len(s.prefix) > 0:
		set.Name = domain.FromValid(set.Owner)
	case s.suffix > 0:
		for set.Name.Len() > len(set.Owner) {
			set.Name = set.Name.Parent()
		}
	}
	set.RData = rrset.List(cut(len(s.rdata)))
	copy(set.RData, s.rdata)
	if len(s.sigs) > 0 {
		set.Sigs = rrset.List(cut(len(s.sigs)))
		copy(set.Sigs, s.sigs)
	}
	return set, buf
}

// reader takes parts off a value; bad tells that it ended early.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad = true
		return nil
	}
	part := r.b[:n:n]
	r.b = r.b[n:]
	return part
}

func (r *reader) octet() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// length reads a varint that is the length of what follows.
func (r *reader) length() int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > uint64(len(r.b)) {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}
