package recursor

import (
	"time"

	"recursor/cache"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/recursor/iterate"
)

// addBeside gives an answer what servers had beside it: the NS set of the zone
// and addresses. Each is what the cache has by now, whoever it came from.
func (r *Resolver) addBeside(a *Answer, last *iterate.Step) {
	if !r.o.Walk.Beside || last == nil || last.Set == nil {
		return
	}
	now := r.Clock.Now().TTL
	asked := &last.Set.Set
	if !last.Cached && len(last.Beside) > 0 { // it may be too short-lived for the cache
		for i := range last.Beside {
			h := &last.Beside[i]
			if e, ok := r.Cache.GetAside(h.Set.Name, h.Set.Type, now); ok {
				a.beside(asked, &e.Set, e.Status)
			} else {
				a.beside(asked, &h.Set, h.Status)
			}
		}
		return
	}
	for _, ref := range r.Cache.Beside(asked.Name, asked.Type, now) {
		if e, ok := r.Cache.GetAside(ref.Name, ref.Type, now); ok && r.mayServe(e.Status) {
			a.beside(asked, &e.Set, e.Status)
		}
	}
}

// addStaleBeside is addBeside for what is past its TTL.
func (r *Resolver) addStaleBeside(a *Answer, asked *rrset.Set, now time.Time) {
	if !r.o.Walk.Beside {
		return
	}
	for _, ref := range r.Cache.Beside(asked.Name, asked.Type, now) {
		e, ok := r.Cache.GetStaleAside(ref.Name, ref.Type, now)
		if !ok || !r.mayServe(e.Status) {
			continue
		}
		if e.Stale {
			e.Set.TTL = r.staleTTL()
		}
		a.beside(asked, &e.Set, e.Status)
	}
}

// beside adds a Set beside that which was asked for.
func (a *Answer) beside(asked, set *rrset.Set, status cache.Status) {
	switch {
	case set.Type != wire.TypeNS:
		a.Additional = append(a.Additional, *set)
	case asked.Type == wire.TypeNS && asked.Name == set.Name: // it is the answer
	case a.Secure && status != cache.Secure: // AD speaks of this section too (RFC 4035 §3.2.3)
	default:
		a.Servers = append(a.Servers, *set)
	}
}
