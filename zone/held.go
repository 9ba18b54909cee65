package zone

import (
	"encoding/binary"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// ttl is that of all data held here, negative answers included, which is what
// RFC 6303 §3 recommends.
const ttl = 10800

// kind is how a zone answers for names that it has no data of.
type kind uint8

const (
	// empty: the apex exists, nothing below it does (RFC 6303 §3).
	empty kind = iota
	// absent: no name exists, the apex neither; RFC 6761 §6.4, RFC 6762 §22.1
	// and RFC 7686 §2 want NXDOMAIN for all queries.
	absent
	// bare: every name exists and has no data (RFC 9462 §6.4).
	bare
	// loopback: every name exists and has the loopback addresses
	// (RFC 6761 §6.3).
	loopback
)

// held is one zone.
type held struct {
	apex domain.Name
	kind kind
	// delegated tells that the public DNS has a delegation of the apex, whose
	// DS, or proof of there being none, is asked of the parent.
	delegated bool
	soa, ns   []rrset.Set // one each
	data      []rrset.Set // beside them
	discovery *Discovery  // beside these; nil: none
}

// newHeld is a zone with the SOA and NS that RFC 6303 §3 recommends: no copy of
// what public servers say, so that a leak shows where it came from.
func newHeld(apex domain.Name, k kind, data ...rrset.Set) *held {
	rname := domain.MustParse("nobody.invalid.")
	soa := rname.AppendWire(apex.AppendWire(nil))
	for _, v := range []uint32{1, 3600, 1200, 604800, ttl} {
		soa = binary.BigEndian.AppendUint32(soa, v)
	}
	return &held{
		apex: apex,
		kind: k,
		soa:  []rrset.Set{rrset.New(apex, wire.TypeSOA, ttl, soa)},
		ns:   []rrset.Set{rrset.New(apex, wire.TypeNS, ttl, apex.AppendWire(nil))},
		data: data,
	}
}

// answer is RFC 1034 §4.3.2 for a zone without delegations and wildcards. name
// is within the apex. Type ANY gets one of the RRsets (RFC 8482 §4.1).
func (z *held) answer(name []byte, qtype wire.Type, atApex bool) Answer {
	if z.kind == absent {
		return z.negative(wire.NXDomain)
	}
	if atApex {
		switch qtype {
		case wire.TypeSOA, wire.TypeANY:
			return Answer{Answer: z.soa}
		case wire.TypeNS:
			return Answer{Answer: z.ns}
		}
	}
	if z.kind == loopback {
		if set, ok := loopbackAddress(name, qtype); ok {
			return Answer{Answer: []rrset.Set{set}}
		}
		return z.negative(wire.NoError)
	}
	if z.discovery != nil {
		if ans, ok := z.discovery.answer(name, qtype, atApex); ok {
			return ans
		}
	}
	exists := atApex || z.kind == bare
	for i := range z.data {
		owner := z.data[i].Name.Wire()
		if !within(owner, name) {
			continue
		}
		exists = true // as the owner or as an empty non-terminal above it
		if len(owner) == len(name) && (qtype == z.data[i].Type || qtype == wire.TypeANY) {
			return Answer{Answer: z.data[i : i+1 : i+1]}
		}
	}
	if exists {
		return z.negative(wire.NoError)
	}
	return z.negative(wire.NXDomain)
}

// negative is NODATA or NXDOMAIN with the SOA that says for how long
// (RFC 2308 §3).
func (z *held) negative(rc wire.RCode) Answer { return Answer{RCode: rc, Authority: z.soa} }

// loopbackAddress is the address RRset of a name that means this host.
func loopbackAddress(name []byte, qtype wire.Type) (rrset.Set, bool) {
	switch qtype {
	case wire.TypeA, wire.TypeANY:
		return rrset.New(domain.FromLowered(name), wire.TypeA, ttl, []byte{127, 0, 0, 1}), true
	case wire.TypeAAAA:
		return rrset.New(domain.FromLowered(name), wire.TypeAAAA, ttl, []byte{15: 1}), true
	default:
		return rrset.Set{}, false
	}
}

// within reports whether owner is ancestor or below it; both are lower-cased
// wire forms.
func within(owner string, ancestor []byte) bool {
	off := 0
	for len(owner)-off > len(ancestor) {
		off += 1 + int(owner[off])
	}
	return owner[off:] == string(ancestor)
}
