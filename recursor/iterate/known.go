package iterate

import (
	"time"

	"recursor/cache"
	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/recursor/scrub"
)

// Known follows k through the cache alone, as it is now. It returns the Steps to
// its end, false where the cache does not reach it.
func (w *Walker) Known(t *Task, k Key, now time.Time) (Result, bool) {
	c := walk{Walker: w, task: t, cd: k.CD, sname: k.Name, stype: k.Type, now: now}
	for {
		step, ok := c.known(c.now)
		if !ok {
			return c.out, false
		}
		if done, err := c.take(&step); done || err != nil {
			return c.out, err == nil
		}
	}
}

// known is the step that the cache gives SNAME.
func (w *walk) known(now time.Time) (Step, bool) {
	s := Step{Name: w.sname, Type: w.stype, Target: w.sname, Cached: true, Zone: w.sname}
	if e, ok := w.cache.Get(w.sname, w.stype, now); ok {
		s.Kind, s.Set, s.Proof = scrub.Answer, &Held{e.Set, e.Status, e.Why}, e.Proof
		s.Left, s.Life = e.Expires.Sub(now), e.Expires.Sub(e.Stored)
		return w.usable(s)
	}
	if w.stype != wire.TypeCNAME && w.stype != wire.TypeANY {
		// A DS is the parent's, an alias may be the child's (RFC 4035 §3.1.4.1).
		if e, ok := w.cache.Get(w.sname, wire.TypeCNAME, now); ok && (w.stype != wire.TypeDS || e.Status == cache.Secure) {
			if s.Target, ok = e.Set.Target(); ok {
				s.Kind, s.Chain, s.Proof = scrub.Alias, []Held{{e.Set, e.Status, e.Why}}, e.Proof
				s.Left, s.Life = e.Expires.Sub(now), e.Expires.Sub(e.Stored)
				return w.usable(s)
			}
		}
	}
	// A referral's proof that there is no DS has no SOA to show a client.
	if d, ok := w.cache.GetDenial(w.sname, w.stype, now); ok && d.SOA.Type == wire.TypeSOA {
		s.Left, s.Life = d.Expires.Sub(now), d.Expires.Sub(d.Stored)
		return w.usable(denied(s, &d))
	}
	if w.judge == nil {
		return Step{}, false
	}
	// Below what others say of names above, a configured zone is all the same.
	held := w.points.Configured(w.sname)
	if d, ok := w.cache.GetAbove(w.sname, now); ok && !held.Within(d.Name) { // RFC 8020 §2
		s.DenialOf = d.Name
		return w.usable(denied(s, &d))
	}
	if s, ok := w.knownDNAME(s, held, now); ok || w.cd {
		return s, ok // who sets CD wants what the servers say
	}
	return w.judge.Synthesise(w.task, s)
}

// knownDNAME looks for a validated DNAME above SNAME: one that is not must not
// redirect names it was not asked for (RFC 6672 §3.4). Names of the zone held are
// not redirected from above it.
func (w *walk) knownDNAME(s Step, held domain.Name, now time.Time) (Step, bool) {
	for n := w.sname; !n.IsRoot() && n != held; {
		n = n.Parent()
		e, ok := w.cache.Get(n, wire.TypeDNAME, now)
		if !ok || e.Status != cache.Secure {
			continue
		}
		s = w.redirected(s, &e.Set)
		for i := range s.Chain {
			s.Chain[i].Status = cache.Secure
		}
		return s, true
	}
	return Step{}, false
}

func denied(s Step, d *cache.Denial) Step {
	s.Kind, s.RCode = scrub.NoData, wire.NoError
	if d.Type == wire.TypeNone {
		s.Kind, s.RCode = scrub.NXDomain, wire.NXDomain
	}
	soa := d.SOA
	s.SOA, s.Proof, s.Denied, s.WhyDenied, s.Zone = &soa, d.Proof, d.Status, d.Why, soa.Name
	return s
}

// usable reports whether a step from the cache may be used: for clients that
// check for themselves anything may; else what has not been judged is judged
// now, and what is bogus is as good as nothing (RFC 4035 §4.7).
func (w *walk) usable(s Step) (Step, bool) {
	if w.judge == nil || w.cd {
		return s, true
	}
	if s.Status() == cache.Unjudged {
		err := w.judge.Judge(w.task, &s)
		w.tick()
		if err != nil {
			return Step{}, false
		}
		w.keep(&s)
	} else if s.Status() == cache.Insecure {
		w.judge.Remark(&s)
	}
	return s, s.Status() > cache.Unjudged
}

// exists reports whether the cache knows that the name exists or may be an
// empty non-terminal.
func (w *walk) exists(name domain.Name, now time.Time) bool {
	return w.cache.Exists(name, wire.TypeA, now)
}
