package scrub

import (
	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// follow walks the aliases of the answer section from the question's name to
// the border of the zone asked, and finds the Set asked for. It returns why
// the response is useless, "" where it is not.
func (r *Response) follow(m *rrset.Message, a Asked) string {
	owner := a.Name.AppendWire(nil)
	for steps := 0; r.Target.Within(a.Zone); steps++ {
		if dname := dnameAbove(m.Answer, r.Target, a); dname != nil {
			// Nothing stands below a DNAME (RFC 6672 §2.4): whatever else the
			// section says of the name, the synthesis counts.
			cname, err := Synthesise(dname, r.Target, owner)
			if err != nil {
				r.Chain = append(r.Chain, *dname)
				r.RCode, r.Kind = wire.YXDomain, Overflow
				return ""
			}
			if other := find(m.Answer, r.Target, wire.TypeCNAME); other != nil && r.Forged == nil && !alike(other, &cname) {
				r.Forged = other
			}
			r.Chain = append(r.Chain, *dname, cname)
		} else if a.Type == wire.TypeANY {
			if len(r.Chain) > 0 {
				return "" // the target is asked for by itself
			}
			return r.all(m, a)
		} else if s := find(m.Answer, r.Target, a.Type); s != nil && !overreaches(s, a.Zone) {
			if s.Len() > a.MaxRecords {
				return "too many records in a set"
			}
			r.Set = s
			return ""
		} else if cname := find(m.Answer, r.Target, wire.TypeCNAME); cname != nil {
			if cname.Len() != 1 {
				return "more than one CNAME at a name" // RFC 2181 §10.1
			}
			r.Chain = append(r.Chain, *cname)
		} else {
			return ""
		}
		if steps == a.Aliases {
			return "alias chain too long"
		}
		last := &r.Chain[len(r.Chain)-1]
		target, ok := last.Target()
		if !ok {
			return "alias without a target"
		}
		if seen(r.Chain, target) {
			r.Target, r.Loop = target, true
			return ""
		}
		r.Target, owner = target, last.RData.First()
	}
	return ""
}

// all takes every Set that the name has in the section. An alias is one of them
// and leads nowhere (RFC 1034 §4.3.2 step 3a).
func (r *Response) all(m *rrset.Message, a Asked) (useless string) {
	for i := range m.Answer {
		s := &m.Answer[i]
		switch {
		case s.Name != r.Target || s.Class != wire.ClassIN:
		case s.Len() > a.MaxRecords:
			return "too many records in a set"
		case r.Set == nil:
			r.Set = s
		default:
			r.Others = append(r.Others, *s)
		}
	}
	return ""
}

// overreaches reports whether an NSEC Set denies names of other zones, which is
// no zone's to do: the next owner name is of the zone too (RFC 4034 §4.1.1).
func overreaches(s *rrset.Set, zone domain.Name) bool {
	if s.Type != wire.TypeNSEC {
		return false
	}
	for rd := range s.RData.All() {
		next, _, err := domain.FromWire(rd)
		if err != nil || !next.Within(zone) {
			return true
		}
	}
	return false
}

// alike reports whether two aliases lead to one name.
func alike(a, b *rrset.Set) bool {
	x, ok := a.Target()
	y, _ := b.Target()
	return ok && a.Len() == 1 && x == y
}

// seen reports whether target owns one of the chain's CNAMEs.
func seen(chain []rrset.Set, target domain.Name) bool {
	for i := range chain {
		if chain[i].Type == wire.TypeCNAME && chain[i].Name == target {
			return true
		}
	}
	return false
}

// dnameAbove is the DNAME of the section that redirects name, nil where there
// is none. A question for the DNAME itself, or for its owner, meets none.
func dnameAbove(sets []rrset.Set, name domain.Name, a Asked) *rrset.Set {
	for i := range sets {
		s := &sets[i]
		if s.Type == wire.TypeDNAME && s.Class == wire.ClassIN && s.Len() == 1 &&
			name.Below(s.Name) && s.Name.Within(a.Zone) {
			return s
		}
	}
	return nil
}

// Synthesise makes the CNAME that a DNAME gives name, which is below it
// (RFC 6672 §2.2, §3.1). owner is name in the case it should be shown in. The
// error means YXDOMAIN: the new name would be too long.
func Synthesise(dname *rrset.Set, name domain.Name, owner []byte) (rrset.Set, error) {
	target, ok := dname.Target()
	if !ok {
		return rrset.Set{}, wire.ErrRData
	}
	to, err := name.Substitute(dname.Name, target)
	if err != nil {
		return rrset.Set{}, err
	}
	cname := rrset.New(name, wire.TypeCNAME, dname.TTL, to.AppendWire(nil))
	if len(owner) == name.Len() {
		cname.Owner = owner
	}
	return cname, nil
}
