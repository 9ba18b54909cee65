package iterate

import (
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/recursor/delegation"
	"recursor/recursor/scrub"
)

// prime asks for the root's name servers when a walk has to begin at the hints
// (RFC 9609 §3): beside the walk, which goes on with the hints. One question is
// under way at most, since equal ones share a flight; a failed one is tried
// again when the failure cache lets it.
func (w *walk) prime(now time.Time) {
	if !w.cut.Hints || !w.o.Priming || w.stype == wire.TypeNS && w.sname.IsRoot() {
		return
	}
	k := Key{Name: domain.Root(), Type: wire.TypeNS, CD: true}
	if _, failed := w.cache.GetFailure(k.Name, k.Type, now); failed {
		return
	}
	if t, err := w.task.Below(); err == nil {
		t.flight = nil // nobody waits for it
		w.asker.Begin(t, k, w.clock.NewSignal()).Leave()
	}
}

// primed makes the root's Point of a priming response: its NS Set and the
// addresses beside it, ordinary data both (RFC 9609 §4.1).
func (l *list) primed(m *rrset.Message, r *reply, now time.Time) {
	glue := scrub.Glue(m, r.Set, l.q.Zone)
	if len(glue) == 0 {
		return // the hints have addresses, this has none
	}
	l.points.Put(delegation.FromReferral(r.Set, glue, l.o.Limits.Servers, now), now)
}
