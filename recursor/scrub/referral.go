package scrub

import (
	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/recursor/delegation"
)

// referral judges a NOERROR response with neither answer nor SOA: it is a
// referral, an answer of "no such data" without SOA, or lame.
func (r *Response) referral(m *rrset.Message, a Asked) {
	var upward, own bool
	for i := range m.Authority {
		s := &m.Authority[i]
		if s.Type != wire.TypeNS || s.Class != wire.ClassIN {
			continue
		}
		// Strictly below the zone asked and towards the name (RFC 1034 §5.3.3
		// step 4b). A DS is the parent's, so its owner's referral leads astray.
		if s.Name.Below(a.Zone) && a.Name.Within(s.Name) && !(a.Type == wire.TypeDS && s.Name == a.Name) {
			if r.NS == nil || s.Name.Below(r.Child) {
				r.NS, r.Child = s, s.Name
			}
			continue
		}
		if s.Name == a.Zone {
			own = true
		} else {
			upward = true
		}
	}
	switch {
	case a.Kind == delegation.Forward:
		// What a forwarder says of name servers is not for us. One that refers
		// us to others does not recurse, which is no answer (RFC 2308 §2.2 tells
		// a referral from NODATA).
		refers := r.NS != nil || upward || own
		r.Kind, r.NS, r.Child = NoData, nil, domain.Name{}
		if refers && !r.AA {
			r.is(Useless, "a referral: it does not recurse")
		}
	case r.NS != nil:
		r.Kind = Referral
		r.DS = find(m.Authority, r.Child, wire.TypeDS)
		r.Glue = Glue(m, r.NS, a.Zone)
	case upward || own && !r.AA:
		r.is(Lame, "referral upward, sideways or to itself")
	case !r.AA && m.Flags.Has(wire.FlagRA):
		r.is(Lame, "empty answer of a resolver")
	default:
		// Without SOA, perhaps with the zone's own NS set in its place: RFC 2308
		// §2.2, not to be cached. Servers that lost a zone's data say so too,
		// hence one that has data comes first.
		r.Kind, r.LastResort, r.Why = NoData, true, "an empty answer"
	}
}

// Glue is the address Sets of the additional section for the names of ns. They
// must be in bailiwick of the zone asked, which makes sibling glue good and
// out-of-zone glue worthless (RFC 9471 §2, RFC 5452 §6).
func Glue(m *rrset.Message, ns *rrset.Set, zone domain.Name) []rrset.Set {
	var out []rrset.Set
	for i := range m.Additional {
		s := &m.Additional[i]
		if (s.Type != wire.TypeA && s.Type != wire.TypeAAAA) || s.Class != wire.ClassIN || !s.Name.Within(zone) {
			continue
		}
		if lists(ns, s.Name) {
			out = append(out, *s)
		}
	}
	return out
}

// lists reports whether the NS set names name.
func lists(ns *rrset.Set, name domain.Name) bool {
	for rd := range ns.RData.All() {
		if len(rd) != name.Len() {
			continue
		}
		var buf [domain.MaxName]byte
		if string(domain.AppendLower(buf[:0], rd)) == name.Wire() {
			return true
		}
	}
	return false
}
