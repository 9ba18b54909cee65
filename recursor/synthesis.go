package recursor

import (
	"time"

	"recursor/cache"
	"recursor/cache/aggressive"
	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/recursor/iterate"
	"recursor/recursor/scrub"
	"recursor/validate"
)

// learn keeps what a step that is Secure proves beside its answer: the records
// of its proof, and the RRset of a wildcard under the wildcard's own name
// (RFC 8198 §5). What of the proof did not hold is left out of the step, since
// AD vouches for all of it (RFC 4035 §3.2.3).
func (j *judge) learn(s *iterate.Step, parts *validate.Parts, now time.Time) {
	if len(s.Proof) > len(parts.Links) {
		s.Proof = nil
		for i := range parts.Links {
			s.Proof = append(s.Proof, *parts.Links[i].Set)
		}
	}
	if j.r.Denials == nil || parts.Final.Compact {
		return
	}
	j.addLinks(s.SOA, parts.Final.TTL, parts.Links, now)
	for i := range parts.Chain {
		j.keepWildcard(&s.Chain[i].Set, &parts.Chain[i], now)
	}
	if s.Set != nil {
		j.keepWildcard(&s.Set.Set, &parts.Final, now)
	}
}

// addLinks adds a proof to the index; the SOA may be kept for ttl.
func (j *judge) addLinks(soa *rrset.Set, ttl uint32, links []validate.Link, now time.Time) {
	if j.r.Denials == nil || len(links) == 0 {
		return
	}
	records := make([]aggressive.Record, len(links))
	for i := range links {
		records[i] = aggressive.Record{Zone: links[i].Zone, Set: *links[i].Set, TTL: links[i].TTL}
	}
	if soa != nil {
		own := *soa
		own.TTL = min(own.TTL, ttl)
		soa = &own
	}
	j.r.Denials.Add(soa, records, now)
}

// keepWildcard stores the RRset that a wildcard was expanded from.
func (j *judge) keepWildcard(set *rrset.Set, v *validate.Verdict, now time.Time) {
	if !v.Wildcard || v.Status != validate.Secure || v.Encloser.IsZero() {
		return
	}
	source, err := v.Encloser.Wildcard()
	if err != nil {
		return
	}
	own := *set
	own.Name, own.Owner, own.TTL = source, source.AppendWire(nil), min(own.TTL, v.TTL)
	j.r.Cache.Put(&own, cache.RankAnswerAA, cache.Secure, now)
}

// find looks for records that answer the question. Whose word counts is bounded
// by the anchor that decides over the name, and by a zone that is configured:
// what is above it does not know of it.
func (j *judge) find(q *aggressive.Question, t *iterate.Task, now time.Time) (aggressive.Found, bool) {
	if j.r.Denials == nil {
		return aggressive.Found{}, false
	}
	holder := q.Name
	if q.Type == wire.TypeDS && !holder.IsRoot() {
		holder = holder.Parent()
	}
	zone, _, ok := j.v.Trusted(holder, j.r.Clock.Now().Signature)
	if !ok {
		return aggressive.Found{}, false
	}
	if held := j.r.points.Configured(holder); held.Len() > zone.Len() {
		zone = held
	}
	q.Within = zone
	return j.r.Denials.Find(q, now, j.work(t))
}

// Synthesise implements iterate.Judge.
func (j *judge) Synthesise(t *iterate.Task, s iterate.Step) (iterate.Step, bool) {
	if j.r.Denials == nil {
		return s, false
	}
	now := j.r.Clock.Now().TTL
	x := expander{cache: j.r.Cache, rrtype: s.Type, now: now}
	q := aggressive.Question{Name: s.Name, Type: s.Type, Expand: x.expand}
	f, ok := j.find(&q, t, now)
	if !ok {
		return s, false
	}
	s.Zone, s.Proof, s.Synthesised = f.Zone, f.Proof, true
	switch {
	case f.Source.IsZero():
		soa := f.SOA
		s.Kind, s.Denied, s.SOA = scrub.NoData, cache.Secure, &soa
		if f.NXDomain {
			s.Kind, s.RCode = scrub.NXDomain, wire.NXDomain
		}
		return s, true
	default:
		set := x.from
		set.Name, set.Owner, set.TTL = s.Name, s.Name.AppendWire(nil), min(set.TTL, f.TTL)
		held := iterate.Held{Set: set, Status: cache.Secure}
		if set.Type == s.Type {
			s.Kind, s.Set = scrub.Answer, &held
			return s, true
		}
		s.Kind, s.Chain = scrub.Alias, []iterate.Held{held}
		s.Target, ok = set.Target()
		return s, ok
	}
}

// expander looks for the RRset of a wildcard that stands for what was asked.
type expander struct {
	cache  *cache.Cache
	rrtype wire.Type
	now    time.Time
	from   rrset.Set // what was found
}

func (x *expander) expand(source domain.Name) bool {
	for _, rrtype := range []wire.Type{x.rrtype, wire.TypeCNAME} {
		e, ok := x.cache.Get(source, rrtype, x.now)
		if ok && e.Status == cache.Secure && e.Rank.Answers() {
			x.from = e.Set
			return true
		}
	}
	return false
}

// synthesised is the proof that there is no DS at a name, from the index.
func (f *fetcher) synthesised(w validate.Want, now time.Time) (*validate.Fetched, bool) {
	if w.Type != wire.TypeDS {
		return nil, false
	}
	found, ok := f.find(&aggressive.Question{Name: w.Name, Type: w.Type}, f.t, now)
	if !ok {
		return nil, false
	}
	soa := found.SOA
	got := known(w, cache.Secure, 0)
	got.SOA, got.Proof, got.NXDomain = &soa, found.Proof, found.NXDomain
	return got, true
}
