package delegation

import (
	"net/netip"
	"slices"
	"time"

	"recursor/cache"
	"recursor/dns/domain"
	"recursor/dns/wire"
)

// Store finds the closest Point for a name.
type Store struct {
	cache  *cache.Cache
	hints  *Point
	config map[domain.Name]*Point // stub and forward zones; read only
	maxTTL time.Duration
}

// Options for NewStore.
type Options struct {
	// Hints is the root's Point, RootHints where nil.
	Hints *Point
	// Configured are stub and forward zones.
	Configured []*Point
	// MaxTTL caps the life of a learnt Point; default one day.
	MaxTTL time.Duration
}

// NewStore is a Store that keeps what it learns in c.
func NewStore(c *cache.Cache, o Options) *Store {
	s := &Store{cache: c, hints: o.Hints, maxTTL: o.MaxTTL, config: make(map[domain.Name]*Point)}
	if s.hints == nil {
		s.hints = RootHints()
	}
	if s.maxTTL == 0 {
		s.maxTTL = 24 * time.Hour
	}
	for _, p := range o.Configured {
		s.config[p.Zone] = p
	}
	return s
}

// Put keeps a learnt Point until the parent's word ends. One that is stored
// already and alive is replaced, since only parents' words come here; its end
// may so move later, but never by anything the child says.
func (s *Store) Put(p *Point, now time.Time) {
	expires := p.Expires
	if limit := now.Add(s.maxTTL); expires.After(limit) {
		expires = limit
	}
	if expires.After(now) {
		s.cache.PutPoint(p.Zone, p.append(nil), expires, now)
	}
}

// Closest is the Point nearest above sname whose servers know about stype: a
// DS is the parent's (RFC 4035 §3.1.4.1), so for DS the search begins one
// label up. It is never nil.
func (s *Store) Closest(sname domain.Name, stype wire.Type, now time.Time) *Point {
	return s.Beside(nil, sname, stype, now)
}

// Beside is Closest as if the failed zones were not configured: where the servers
// of a forward or stub zone with First fail, the walk goes on from here.
func (s *Store) Beside(failed []domain.Name, sname domain.Name, stype wire.Type, now time.Time) *Point {
	n := sname
	if stype == wire.TypeDS && !n.IsRoot() {
		n = n.Parent()
	}
	forward := s.forward(n, failed)
	for {
		if p, ok := s.config[n]; ok && !slices.Contains(failed, n) {
			return p
		}
		// Below a forward zone nothing is learnt, and what was learnt before it
		// was configured must not get past it.
		if forward == nil {
			if b, expires, ok := s.cache.GetPoint(n, now); ok {
				if p, ok := decode(n, b, expires); ok {
					return p
				}
			}
		}
		if n.IsRoot() {
			return s.hints
		}
		n = n.Parent()
	}
}

// Configured is the deepest configured zone at or above n, the zero Name where
// there is none.
func (s *Store) Configured(n domain.Name) domain.Name {
	for len(s.config) > 0 {
		if _, ok := s.config[n]; ok {
			return n
		}
		if n.IsRoot() {
			break
		}
		n = n.Parent()
	}
	return domain.Name{}
}

// forward is the deepest configured zone at or above n, those that failed left
// out, if that is a forward zone; else nil.
func (s *Store) forward(n domain.Name, failed []domain.Name) *Point {
	if len(s.config) == 0 {
		return nil
	}
	for {
		if p, ok := s.config[n]; ok && !slices.Contains(failed, n) {
			if p.Kind == Forward {
				return p
			}
			return nil
		}
		if n.IsRoot() {
			return nil
		}
		n = n.Parent()
	}
}

// Glue is the addresses that delegations at or above a name server's name came
// with for it. They are a hint where to ask, never data.
func (s *Store) Glue(name domain.Name, now time.Time) []netip.Addr {
	for n := name; ; n = n.Parent() {
		if b, expires, ok := s.cache.GetPoint(n, now); ok {
			if p, ok := decode(n, b, expires); ok {
				for i := range p.Servers {
					if p.Servers[i].Name == name && len(p.Servers[i].Addrs) > 0 {
						return p.Servers[i].Addrs
					}
				}
			}
		}
		if n.IsRoot() {
			return nil
		}
	}
}
