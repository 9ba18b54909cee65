package recursor

import (
	"recursor/cache"
	"recursor/dns/ede"
	"recursor/dns/wire"
	"recursor/recursor/iterate"
)

// stale answers from data past its TTL (RFC 8767), false where there is none.
// It is a read of the cache and starts nothing.
func (r *Resolver) stale(q Query, t *iterate.Task) (Answer, bool) {
	now := r.Clock.Now().TTL
	a := Answer{Stale: true, From: "stale", Secure: false}
	if t != nil {
		a.Sends = t.Budget.Sends()
	}
	ttl := uint32(r.o.StaleTTL.Seconds())
	name := q.Name
	for range r.walker.Limits().Aliases {
		if e, ok := r.Cache.GetStale(name, q.Type, now); ok && r.mayServe(e.Status) {
			e.Set.TTL = max(e.Set.TTL, ttl)
			a.Answer = append(a.Answer, e.Set)
			a.Notes = []ede.Note{{Code: ede.StaleAnswer, Text: "the servers of the name could not be reached in time"}}
			return a, true
		}
		// A referral's proof that there is no DS has no SOA to show a client.
		if d, ok := r.Cache.GetStaleDenial(name, q.Type, now); ok && r.mayServe(d.Status) && d.SOA.Type == wire.TypeSOA {
			d.SOA.TTL = max(d.SOA.TTL, ttl)
			a.Authority = append(a.Authority, d.SOA)
			a.Notes = []ede.Note{{Code: ede.StaleAnswer, Text: "the servers of the name could not be reached in time"}}
			if d.Type == wire.TypeNone {
				a.RCode, a.Notes[0].Code = wire.NXDomain, ede.StaleNXDomain
			}
			return a, true
		}
		e, ok := r.Cache.GetStale(name, wire.TypeCNAME, now)
		if !ok || !r.mayServe(e.Status) {
			return Answer{}, false
		}
		e.Set.TTL = max(e.Set.TTL, ttl)
		a.Answer = append(a.Answer, e.Set)
		if name, ok = e.Set.Target(); !ok {
			return Answer{}, false
		}
	}
	return Answer{}, false
}

// mayServe reports whether data of the status may go to clients.
func (r *Resolver) mayServe(s cache.Status) bool {
	return r.o.Judge == nil || s >= cache.Insecure
}
