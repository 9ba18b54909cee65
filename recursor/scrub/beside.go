package scrub

import (
	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// Beside is what stands beside the answer r in m and may be shown to clients
// beside it again: the NS Set of the zone that the answer is from, and the
// addresses of the names that this or the answer leads to (RFC 1035 §3.3). All
// of it is in bailiwick of the zone asked, and none of it is of use but for
// that: neither an answer nor a delegation (RFC 2181 §5.4.1).
func Beside(m *rrset.Message, a Asked, r *Response) []rrset.Set {
	if r.Kind != Answer {
		return nil
	}
	var out []rrset.Set
	for i := range m.Authority {
		s := &m.Authority[i]
		if s.Type == wire.TypeNS && s.Class == wire.ClassIN && s.Name.Within(a.Zone) && r.Target.Within(s.Name) && s.Len() <= a.MaxRecords {
			out = append(out, *s)
			break
		}
	}
	led := append(out[:len(out):len(out)], *r.Set)
	for i := range m.Additional {
		s := &m.Additional[i]
		if (s.Type != wire.TypeA && s.Type != wire.TypeAAAA) || s.Class != wire.ClassIN || !s.Name.Within(a.Zone) || s.Len() > a.MaxRecords {
			continue
		}
		for j := range led {
			if leads(&led[j], s.Name) {
				out = append(out, *s)
				break
			}
		}
	}
	return out
}

// leads reports whether the Set is of a type that has additional section
// processing (RFC 1035 §3.3, RFC 2782) and names name.
func leads(s *rrset.Set, name domain.Name) bool {
	var off int
	switch s.Type {
	case wire.TypeNS:
	case wire.TypeMX:
		off = 2
	case wire.TypeSRV:
		off = 6
	default:
		return false
	}
	for rd := range s.RData.All() {
		if n, err := wire.NameAt(rd, off); err == nil && n == name {
			return true
		}
	}
	return false
}
