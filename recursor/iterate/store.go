package iterate

import (
	"time"

	"recursor/cache"
	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/observe"
	"recursor/recursor/delegation"
	"recursor/recursor/scrub"
)

// bound gives data that came from a server the TTLs that the cache gives it: who
// asked first is told no other than who asks next.
func (w *walk) bound(s *Step) {
	for i := range s.Chain {
		set := &s.Chain[i].Set
		set.TTL = w.cache.ExpandedTTL(set, s.proofOf(set))
	}
	if s.Set != nil {
		set := &s.Set.Set
		set.TTL = w.cache.ExpandedTTL(set, s.proofOf(set))
	}
	if s.SOA != nil {
		soa := *s.SOA
		soa.TTL = w.cache.NegativeTTL(&cache.Denial{SOA: soa, Proof: s.Proof, Status: s.Denied})
		s.SOA = &soa
	}
}

// keep ranks the parts of a step and stores them (RFC 2181 §5.4.1). Only the
// alias itself is authoritative in an AA answer that goes through one; what
// follows it is kept with the rank of an answer that is not.
func (w *walk) keep(s *Step) {
	now := w.now
	rank := cache.RankAnswerNonAA
	if s.AA {
		rank = cache.RankAnswerAA
	}
	for i := range s.Chain {
		h := &s.Chain[i]
		if s.made(i) {
			continue // made here; it is made again when needed (RFC 6672 §3.4)
		}
		w.putOf(s, h, rank, now)
		rank = cache.RankAnswerNonAA
	}
	switch {
	case s.Set != nil:
		w.putOf(s, s.Set, rank, now)
		for i := range s.Others {
			w.putOf(s, &s.Others[i], rank, now)
		}
	case s.SOA != nil && (s.Kind == scrub.NoData || s.Kind == scrub.NXDomain):
		d := cache.Denial{
			Name: s.Target, Type: s.Type, SOA: *s.SOA, Proof: s.Proof,
			Status: s.Denied, Why: s.WhyDenied, Compact: s.Compact,
		}
		if s.Kind == scrub.NXDomain {
			d.Type = wire.TypeNone
		}
		if !s.DenialOf.IsZero() {
			d.Name = s.DenialOf
		}
		w.deny(&d, now)
	}
}

// putOf stores a Set of the step, with its proof where a wildcard was expanded
// to it.
func (w *walk) putOf(s *Step, h *Held, rank cache.Rank, now time.Time) {
	w.put(&cache.Entry{Set: h.Set, Proof: s.proofOf(&h.Set), Rank: rank, Status: h.Status, Why: h.Why}, now)
}

func (w *walk) put(e *cache.Entry, now time.Time) {
	if w.cache.PutEntry(e, now) && w.task.Watch != nil {
		w.stored(e.Set.Name, e.Set.Type, "rrset", e.Rank.String(), e.Status, e.Set.TTL, now)
	}
}

func (w *walk) deny(d *cache.Denial, now time.Time) {
	if w.cache.PutDenial(d, now) && w.task.Watch != nil {
		what := "nodata"
		if d.Type == wire.TypeNone {
			what = "nxdomain"
		}
		w.stored(d.Name, d.Type, what, "", d.Status, d.SOA.TTL, now)
	}
}

//nolint:revive // its arguments are the columns of one event
func (w *walk) stored(name domain.Name, t wire.Type, what, rank string, status cache.Status, ttl uint32, now time.Time) {
	w.task.watch(observe.Stored{
		At: now, Query: w.task.ID, Name: name, Type: uint16(t), What: what,
		Rank: rank, Status: status.String(), TTL: ttl,
	})
}

// keepReferral stores the DS that came with a referral, or the proof that there
// is none. Glue and the NS Set are kept in the Point alone.
func (w *walk) keepReferral(r *reply, now time.Time) {
	switch {
	case w.cut.Kind == delegation.Forward:
	case r.DS != nil:
		w.put(&cache.Entry{Set: *r.DS, Rank: cache.RankAuthorityAA}, now)
	case len(r.Proof) > 0 && w.judge != nil:
		w.deny(&cache.Denial{Name: r.Child, Type: wire.TypeDS, Proof: r.Proof, Status: cache.Unjudged}, now)
	}
}

// keepAside stores what a minimised question brought: the next walk through
// this name need not ask again (RFC 9156 §3 step 5).
func (w *walk) keepAside(r *reply) {
	now := w.now
	switch {
	case r.Kind == scrub.NoData && r.SOA != nil && len(r.Chain) == 0:
		w.deny(&cache.Denial{
			Name: r.asked.Name, Type: r.asked.Type, SOA: *r.SOA, Proof: r.Proof, Status: cache.Unjudged,
		}, now)
	case r.Kind == scrub.Answer && len(r.Chain) == 0 && r.AA:
		w.put(&cache.Entry{Set: *r.Set, Rank: cache.RankAnswerAA}, now)
	}
}
