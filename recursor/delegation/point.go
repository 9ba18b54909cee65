package delegation

import (
	"net/netip"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// Kind is where a Point comes from and how its servers are asked.
type Kind uint8

// Kinds.
const (
	// Authoritative: learnt from a referral or the hints.
	Authoritative Kind = iota
	// Stub: configured servers that are authoritative for the zone.
	Stub
	// Forward: configured resolvers, asked with RD, that answer without AA.
	Forward
)

// String is the kind's name.
func (k Kind) String() string {
	switch k {
	case Stub:
		return "stub"
	case Forward:
		return "forward"
	default:
		return "authoritative"
	}
}

// Server is a name server of a Point.
type Server struct {
	Name domain.Name
	// Addrs is the glue, perhaps none.
	Addrs []netip.Addr
}

// Point is a delegation point.
type Point struct {
	Zone    domain.Name
	Kind    Kind
	Servers []Server
	// Addrs are the configured addresses of a stub or forward zone.
	Addrs []netip.AddrPort
	// First tells that iteration takes over where the configured servers fail.
	First bool
	// TCP tells that they are asked over TCP alone.
	TCP bool
	// Hints tells that the servers are the root hints, not yet primed.
	Hints bool
	// Expires is when the parent's word ends; zero for configured Points.
	Expires time.Time
}

// DefaultMaxServers is how many NS of a delegation are kept: the rest would
// only multiply an attacker's referral (NXNSAttack).
const DefaultMaxServers = 13

// FromReferral makes the Point of a referral: the names of the NS set, at most
// limit of them, and for each the glue of its name. Whoever calls has checked
// the bailiwick (RFC 1034 §5.3.3 step 4b, package scrub).
func FromReferral(ns *rrset.Set, glue []rrset.Set, limit int, now time.Time) *Point {
	p := &Point{Zone: ns.Name, Expires: now.Add(time.Duration(ns.TTL) * time.Second)}
	for rd := range ns.RData.All() {
		if len(p.Servers) == limit {
			break
		}
		name, err := wire.NameAt(rd, 0)
		if err != nil {
			continue
		}
		p.Servers = append(p.Servers, Server{Name: name, Addrs: addresses(name, glue)})
	}
	return p
}

// addresses collects what the glue says of name.
func addresses(name domain.Name, glue []rrset.Set) []netip.Addr {
	var out []netip.Addr
	for i := range glue {
		if glue[i].Name == name {
			out = AppendAddrs(out, &glue[i])
		}
	}
	return out
}

// maxAddrs bounds the addresses taken for one name.
const maxAddrs = 8

// AppendAddrs appends the addresses of an A or AAAA set, until there are eight.
func AppendAddrs(dst []netip.Addr, s *rrset.Set) []netip.Addr {
	if s.Type != wire.TypeA && s.Type != wire.TypeAAAA {
		return dst
	}
	for rd := range s.RData.All() {
		if a, ok := netip.AddrFromSlice(rd); ok && len(dst) < maxAddrs {
			dst = append(dst, a.Unmap())
		}
	}
	return dst
}
