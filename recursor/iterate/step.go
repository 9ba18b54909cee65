package iterate

import (
	"net/netip"
	"time"

	"recursor/cache"
	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/recursor/delegation"
	"recursor/recursor/scrub"
)

// Held is a Set with what validation says of it.
type Held struct {
	Set    rrset.Set
	Status cache.Status
	Why    cache.Why
}

// Step is what one zone said on the way to an answer: the aliases it led
// through, and the answer, the denial or the next name to ask for.
type Step struct {
	// Name and Type are the question of the step; a chain of Steps has one for
	// each zone that an alias led into.
	Name domain.Name
	Type wire.Type
	// Kind is Answer, NoData, NXDomain, Alias or Overflow.
	Kind  scrub.Kind
	RCode wire.RCode
	Chain []Held
	// Loop tells that the last alias of the chain leads back into it.
	Loop bool
	// Forged is what a server said in the place of a CNAME of the chain that a
	// DNAME makes.
	Forged *rrset.Set
	Target domain.Name
	Set    *Held // of an Answer
	// Others are further Sets of an Answer to type ANY.
	Others []Held
	// SOA, Proof, Denied and WhyDenied are a denial's, and Proof also what shows
	// that a wildcard was rightly expanded.
	SOA       *rrset.Set
	Proof     []rrset.Set
	Denied    cache.Status
	WhyDenied cache.Why
	// Beside is what stood beside an Answer, where Options.Beside.
	Beside []Held
	// Compact tells that the denial is of RFC 9824: nothing below follows of it.
	Compact bool
	// DenialOf is the name that the denial speaks of, where that is not Target:
	// an ancestor that does not exist (RFC 8020).
	DenialOf domain.Name

	Zone   domain.Name // asked
	Source delegation.Kind
	AA     bool
	Server netip.AddrPort
	Cached bool
	// Synthesised tells that nobody said so, but it follows from what was
	// validated for other questions (RFC 8198).
	Synthesised bool
	// Left is how long it will be in the cache, and Life how long it was to be
	// from the beginning, where it is from there.
	Left, Life time.Duration

	Stale bool
	Notes []ede.Note
}

// Due reports whether the step is from the cache and in the last tenth of its
// time there.
func (s *Step) Due() bool { return s.Cached && s.Life > 0 && s.Left*10 <= s.Life }

// Status is the least of the step's parts.
func (s *Step) Status() cache.Status {
	least := cache.Secure
	for i := range s.Chain {
		// A synthesised CNAME has no signature; its DNAME speaks for it
		// (RFC 6672 §5.3.1).
		if s.made(i) && s.Chain[i].Status != cache.Bogus {
			continue
		}
		least = min(least, s.Chain[i].Status)
	}
	switch {
	case s.Set != nil:
		least = min(least, s.Set.Status)
		for i := range s.Others {
			least = min(least, s.Others[i].Status)
		}
	case s.Kind == scrub.NoData || s.Kind == scrub.NXDomain:
		least = min(least, s.Denied)
	}
	return least
}

// Why is the reason of the first part that has one.
func (s *Step) Why() cache.Why {
	for i := range s.Chain {
		if s.Chain[i].Why != 0 {
			return s.Chain[i].Why
		}
	}
	if s.Set != nil {
		return s.Set.Why
	}
	return s.WhyDenied
}

// proofOf is what shows that a wildcard was rightly expanded to a Set of the
// step; nothing where none was.
func (s *Step) proofOf(set *rrset.Set) []rrset.Set {
	if len(s.Proof) == 0 || !expanded(set) {
		return nil
	}
	return s.Proof
}

// expanded reports whether a signature has fewer labels than its owner, which is
// so where a wildcard was expanded (RFC 4034 §3.1.3).
func expanded(set *rrset.Set) bool {
	const labels = 3 // offset in the RDATA
	n := set.Name.Labels()
	if set.Name.IsWildcard() {
		n-- // it is not counted
	}
	for rd := range set.Sigs.All() {
		if len(rd) > labels && int(rd[labels]) < n {
			return true
		}
	}
	return false
}

// made reports whether part i of the chain is a CNAME made of the DNAME before it.
func (s *Step) made(i int) bool {
	return i > 0 && s.Chain[i-1].Set.Type == wire.TypeDNAME && s.Chain[i].Set.Type == wire.TypeCNAME
}

// cutAtTarget leaves of a bogus step its aliases, where nothing is wrong with
// them, so that their target is asked for by itself.
func (s *Step) cutAtTarget() {
	led := Step{
		Name: s.Name, Type: s.Type, Kind: scrub.Alias, Chain: s.Chain, Target: s.Target,
		Zone: s.Zone, Source: s.Source, AA: s.AA, Server: s.Server,
	}
	if len(led.Chain) > 0 && s.Kind != scrub.Overflow && s.DenialOf.IsZero() && led.Status() > cache.Unjudged {
		*s = led
	}
}

// Result is the outcome of a resolution.
type Result struct {
	// Steps lead from the question to its end. Where there is an error they
	// lead as far as was reached.
	Steps []Step
	// Loop tells that they lead to where they came from.
	Loop bool
}

// Bogus is the first step that is Bogus, nil where there is none. What a bogus
// alias leads to is no better than the alias.
func (r *Result) Bogus() *Step {
	for i := range r.Steps {
		if r.Steps[i].Status() == cache.Bogus {
			return &r.Steps[i]
		}
	}
	return nil
}

// Last is the final step, nil where there is none.
func (r *Result) Last() *Step {
	if len(r.Steps) == 0 {
		return nil
	}
	return &r.Steps[len(r.Steps)-1]
}
