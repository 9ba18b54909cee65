package recursor

import (
	"math"
	"slices"
	"time"

	"recursor/cache"
	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/recursor/iterate"
	"recursor/recursor/scrub"
)

// answer puts the Steps of a resolution together: the chain of aliases and the
// Set in the answer section, the last step's denial in the authority section.
// The RCODE is the last step's (RFC 6604 §3).
func (r *Resolver) answer(result iterate.Result, t *iterate.Task, from string) Answer {
	a := Answer{From: from, Sends: t.Budget.Sends(), Secure: r.o.Judge != nil}
	a.Due, a.Window = soonOver(&result)
	for i := range result.Steps {
		s := &result.Steps[i]
		for j := range s.Chain {
			a.add(&s.Chain[j].Set)
		}
		if s.Set != nil {
			a.Answer = append(a.Answer, s.Set.Set)
			for j := range s.Others {
				a.Answer = append(a.Answer, s.Others[j].Set)
			}
		}
		a.RCode = s.RCode
		if s.Synthesised && from == "cache" {
			a.From = "synthesised"
		}
		a.Secure = a.Secure && s.Status() == cache.Secure
		a.Stale = a.Stale || s.Stale
		a.Notes = append(a.Notes, s.Notes...)
		a.Authority = appendOnce(a.Authority, authority(s))
	}
	r.addBeside(&a, result.Last())
	return a
}

// soonOver reports whether a step is in the last tenth of its time in the cache, and
// how long that tenth is for the one that comes into it first.
func soonOver(result *iterate.Result) (due bool, window time.Duration) {
	first := time.Duration(math.MaxInt64)
	for i := range result.Steps {
		if s := &result.Steps[i]; s.Life > 0 && s.Left-s.Life/10 < first {
			first, window = s.Left-s.Life/10, s.Life/10
			due = due || s.Due()
		}
	}
	return due, window
}

// add appends a Set of an alias chain, which may lead through one DNAME twice
// (RFC 2181 §5: a section holds an RRset once).
func (a *Answer) add(s *rrset.Set) {
	for i := range a.Answer {
		if a.Answer[i].Name == s.Name && a.Answer[i].Type == s.Type {
			return
		}
	}
	a.Answer = append(a.Answer, *s)
}

// appendOnce appends the Sets that are not there yet: the steps of a chain may
// share a proof.
func appendOnce(section, more []rrset.Set) []rrset.Set {
	before := len(section)
	for i := range more {
		if !slices.ContainsFunc(section[:before], func(s rrset.Set) bool { return s.Name == more[i].Name && s.Type == more[i].Type }) {
			section = append(section, more[i])
		}
	}
	return section
}

// authority is what a step adds to the authority section: SOA and proof of a
// denial, the proof of an expanded wildcard.
func authority(s *iterate.Step) []rrset.Set {
	var out []rrset.Set
	if s.SOA != nil && (s.Kind == scrub.NoData || s.Kind == scrub.NXDomain) {
		out = append(out, *s.SOA)
	}
	return append(out, s.Proof...)
}

// loop is the Answer of aliases that lead nowhere: the failure that it is, with
// the aliases for people to see.
func (r *Resolver) loop(result iterate.Result, t *iterate.Task) Answer {
	a := servFail(t, "upstream")
	a.Answer = r.answer(result, t, "upstream").Answer
	return a
}

// servFail is the Answer of a failure. The part of an alias chain that was
// reached is no use to a client and is left out.
func servFail(t *iterate.Task, from string) Answer {
	return Answer{RCode: wire.ServFail, From: from, Sends: t.Budget.Sends()}
}

// bogusError is the error of data that validation refused (RFC 4035 §5.5).
func bogusError(s *iterate.Step) error {
	e := &ede.Error{Code: ede.DNSSECBogus, Zone: s.Zone, Err: bogus(ede.DNSSECBogus.String()), Upstream: true}
	if len(s.Notes) > 0 {
		e.Code, e.Zone, e.Err = s.Notes[0].Code, domain.Name{}, bogus(s.Notes[0].Text)
	}
	return e
}

// bogus is what validation says of data that it refused.
type bogus string

func (b bogus) Error() string { return string(b) }
