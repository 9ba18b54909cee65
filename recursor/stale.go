package recursor

import (
	"encoding/binary"
	"time"

	"recursor/cache"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/recursor/iterate"
)

// stale answers from data past its TTL (RFC 8767), false where there is none.
// It is a read of the cache and starts nothing.
func (r *Resolver) stale(q Query, t *iterate.Task) (Answer, bool) {
	now := r.Clock.Now()
	a := Answer{Stale: true, From: "stale", Secure: r.o.Judge != nil}
	if t != nil {
		a.Sends = t.Budget.Sends()
	}
	name := q.Name
	for range r.walker.Limits().Aliases {
		if e, ok := r.Cache.GetStale(name, q.Type, now.TTL); ok && r.mayServe(e.Status) {
			r.addStale(&a, &e, now.Signature)
			a.Notes = staleNote(ede.StaleAnswer)
			r.addStaleBeside(&a, &e.Set, now.TTL)
			return a, true
		}
		// A referral's proof that there is no DS has no SOA to show a client.
		if d, ok := r.Cache.GetStaleDenial(name, q.Type, now.TTL); ok && r.mayServe(d.Status) && d.SOA.Type == wire.TypeSOA {
			r.addStaleDenial(&a, &d, now.Signature)
			return a, true
		}
		e, ok := r.Cache.GetStale(name, wire.TypeCNAME, now.TTL)
		if !ok || !r.mayServe(e.Status) {
			return Answer{}, false
		}
		r.addStale(&a, &e, now.Signature)
		if name, ok = e.Set.Target(); !ok {
			return Answer{}, false
		}
	}
	return Answer{}, false
}

// addStale adds an RRset, which may be one that is not stale at all.
func (r *Resolver) addStale(a *Answer, e *cache.Entry, now time.Time) {
	if e.Stale {
		e.Set.TTL = r.staleTTL()
	}
	a.Secure = a.Secure && e.Status == cache.Secure && signed(&e.Set, now)
	a.Answer = append(a.Answer, e.Set)
	for i := range e.Proof { // without which an expanded wildcard is of no use to those who validate
		if e.Stale {
			e.Proof[i].TTL = r.staleTTL()
		}
		a.Secure = a.Secure && signed(&e.Proof[i], now)
	}
	a.Authority = appendOnce(a.Authority, e.Proof)
}

// addStaleDenial ends the answer with a denial and its proof.
func (r *Resolver) addStaleDenial(a *Answer, d *cache.Denial, now time.Time) {
	code := ede.StaleAnswer
	if d.Type == wire.TypeNone {
		a.RCode, code = wire.NXDomain, ede.StaleNXDomain
	}
	a.Notes = staleNote(code)
	a.Secure = a.Secure && d.Status == cache.Secure
	for _, set := range append([]rrset.Set{d.SOA}, d.Proof...) {
		if d.Stale {
			set.TTL = r.staleTTL()
		}
		a.Secure = a.Secure && signed(&set, now)
		a.Authority = append(a.Authority, set)
	}
}

// staleTTL is the TTL of stale data, more than zero (RFC 8767 §4).
func (r *Resolver) staleTTL() uint32 { return max(uint32(r.o.StaleTTL/time.Second), 1) }

func staleNote(code ede.Code) []ede.Note {
	return []ede.Note{{Code: code, Text: "the servers of the name gave no good answer in time"}}
}

// signed reports whether none of the signatures has ended: with one that has,
// what was validated once would not be any more.
func signed(s *rrset.Set, now time.Time) bool {
	const expiration = 8 // offset in the RDATA (RFC 4034 §3.1)
	for sig := range s.Sigs.All() {
		if len(sig) < expiration+4 {
			return false
		}
		// Serial number arithmetic (RFC 4034 §3.1.5).
		if int32(binary.BigEndian.Uint32(sig[expiration:])-uint32(now.Unix())) < 0 {
			return false
		}
	}
	return len(s.Sigs) > 0
}

// hasStale reports whether clients are given stale data while the question of k
// fails. Those that the walks have themselves are none of clients.
func (r *Resolver) hasStale(k iterate.Key) bool {
	if r.o.NoStale || k.CD {
		return false
	}
	_, ok := r.stale(Query{Name: k.Name, Type: k.Type}, nil)
	return ok
}

// mayServe reports whether data of the status may go to clients.
func (r *Resolver) mayServe(s cache.Status) bool {
	return r.o.Judge == nil || s >= cache.Insecure
}
