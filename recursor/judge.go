package recursor

import (
	"net/netip"
	"slices"
	"time"

	"recursor/cache"
	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/observe"
	"recursor/recursor/iterate"
	"recursor/recursor/scrub"
	"recursor/validate"
)

// judge lets a validate.Judge judge the Steps of walks: iterate.Judge.
type judge struct {
	r *Resolver
	v *validate.Judge
}

// Judge implements iterate.Judge.
func (j *judge) Judge(t *iterate.Task, s *iterate.Step) error {
	now := j.r.Clock.Now()
	resp := response(s)
	f := &fetcher{judge: j, t: t}
	f.heard(s)
	parts, err := j.v.Judge(&resp, now.Signature, f, j.work(t))
	if t.Watch != nil {
		tell(t, s, parts.Worst(), now.TTL)
	}
	if err != nil {
		return err
	}
	j.settle(s, &parts, now.TTL)
	return nil
}

func tell(t *iterate.Task, s *iterate.Step, v validate.Verdict, now time.Time) {
	t.Watch.Observe(observe.Judged{
		At: now, Query: t.ID, Name: s.Name, Type: uint16(s.Type), Zone: v.Zone,
		Status: v.Status.String(), Reason: v.Reason.String(),
	})
}

// settle gives a Step the verdicts on its parts.
func (j *judge) settle(s *iterate.Step, parts *validate.Parts, now time.Time) {
	for i := range parts.Chain {
		settle(&s.Chain[i], &parts.Chain[i])
	}
	final := &parts.Final
	switch {
	case s.Set != nil:
		settle(s.Set, final)
	case !leads(s):
		s.Denied, s.WhyDenied, s.Compact = status(final.Status), why(final), final.Compact
		if s.SOA != nil && final.Status == validate.Secure {
			soa := *s.SOA // which other walks may have of the same response
			soa.TTL = min(soa.TTL, final.TTL)
			s.SOA = &soa
		}
	}
	worst := parts.Worst()
	if worst.Status == validate.Secure {
		j.learn(s, parts, now)
	}
	if note, ok := worst.Note(); ok {
		s.Notes = []ede.Note{note}
	}
}

func (j *judge) work(t *iterate.Task) *work { return &work{t.Budget, j.r.verifying, t} }

// leads reports whether the aliases of a Step are all that there is in it.
func leads(s *iterate.Step) bool { return s.Kind == scrub.Alias || s.Kind == scrub.Overflow }

// response is a Step as the validator sees it.
func response(s *iterate.Step) validate.Response {
	r := validate.Response{
		Name: s.Name, Type: s.Type, NXDomain: s.Kind == scrub.NXDomain, Target: s.Target,
		Leads: leads(s), SOA: s.SOA, Proof: s.Proof, Server: s.Server.Addr(),
	}
	if !s.DenialOf.IsZero() { // what is denied is a name above (RFC 8020 §2)
		r.Name, r.Target = s.DenialOf, s.DenialOf
	}
	for i := range s.Chain {
		set := s.Chain[i].Set
		if f := s.Forged; f != nil && set.Type == wire.TypeCNAME && set.Name == f.Name {
			set = *f // one step that is wrong makes all wrong (RFC 6672 §5.3.3)
		}
		r.Chain = append(r.Chain, set)
	}
	if s.Set != nil {
		r.Set = &s.Set.Set
	}
	return r
}

// settle gives a Set the verdict on it.
func settle(h *iterate.Held, v *validate.Verdict) {
	h.Status, h.Why = status(v.Status), why(v)
	if v.Status == validate.Secure {
		h.Set.TTL = min(h.Set.TTL, v.TTL)
	}
}

// status is a verdict's status as the cache orders it. What no anchor speaks of
// is served like what is proven to be unsigned, without AD.
func status(s validate.Status) cache.Status {
	switch s {
	case validate.Secure:
		return cache.Secure
	case validate.Insecure, validate.Indeterminate:
		return cache.Insecure
	default:
		return cache.Bogus
	}
}

// why is what the cache keeps of a reason, so that clients are told of it whenever
// the data is served: that we cannot judge what others might. What the anchors
// say may change meanwhile; of those Remark asks.
func why(v *validate.Verdict) cache.Why {
	r := v.Reason
	ours := r == validate.AlgorithmUnsupported || r == validate.DigestUnsupported || r == validate.IterationsHigh
	if v.Status != validate.Insecure || !ours {
		return 0
	}
	return cache.Why(r)
}

// Remark implements iterate.Judge.
func (j *judge) Remark(s *iterate.Step) {
	_, v, trusted := j.v.Trusted(s.Name, j.r.Clock.Now().Signature)
	if trusted {
		v = validate.Verdict{Status: validate.Insecure, Reason: validate.Reason(s.Why())}
	}
	if note, ok := v.Note(); ok {
		s.Notes = append(s.Notes, note)
	}
}

// Insecure implements iterate.Judge.
func (j *judge) Insecure(t *iterate.Task, zone domain.Name) bool {
	_, v, err := j.v.Zone(zone, j.r.Clock.Now().Signature, &fetcher{judge: j, t: t}, j.work(t))
	return err == nil && v.Status == validate.Insecure
}

// Descend implements iterate.Judge: the keys of a signed zone are fetched while
// the walk asks its servers, so that a verdict waits for nothing that could
// have come meanwhile.
func (j *judge) Descend(t *iterate.Task, zone domain.Name, signed bool) {
	k := iterate.Key{Name: zone, Type: wire.TypeDNSKEY, CD: true}
	if !signed || t.Resolves(k) {
		return
	}
	sub, err := t.Below()
	if err != nil {
		return
	}
	j.r.Begin(sub.Alone(), k, j.r.Clock.NewSignal()).Leave()
}

// fetcher brings keys and DS records for one task: validate.Fetcher.
type fetcher struct {
	*judge
	t *iterate.Task
	// servers that what is judged came from, and its keys: where it is bogus
	// they may all be one that lies. Those asked because of them are not among
	// them.
	servers []netip.AddrPort
	brought []validate.Want // by flights, whose servers are known
}

func (f *fetcher) now() time.Time { return f.t.Now(f.r.Clock) }

// heard notes the server of a step.
func (f *fetcher) heard(s *iterate.Step) {
	if s.Server.IsValid() && !slices.Contains(f.servers, s.Server) {
		f.servers = append(f.servers, s.Server)
	}
}

// Fetch implements validate.Fetcher: from the cache, else by a flight.
func (f *fetcher) Fetch(w validate.Want) (*validate.Fetched, error) {
	if w.Again {
		return f.again(w)
	}
	if got, ok := f.cached(w, f.now()); ok {
		return got, nil
	}
	first, follows, err := f.fly(w, nil)
	if follows {
		if got, ok := f.Kept(w); ok {
			return got, nil
		}
	}
	if err != nil {
		return nil, err
	}
	f.heard(first)
	f.brought = append(f.brought, w)
	return &validate.Fetched{Response: response(first)}, nil
}

// again asks others than those heard (RFC 8901 §9), as long as the client's budget
// lasts; what was found before stands then. Where what is in doubt is
// from the cache, nobody knows who said so: whoever says it once more may be the
// same one, and another is asked.
func (f *fetcher) again(w validate.Want) (*validate.Fetched, error) {
	if err := f.t.Budget.Again(); err != nil {
		return nil, err
	}
	others := slices.Clip(f.servers)
	doubted, cached := f.cached(w, f.now())
	first, _, err := f.fly(w, others)
	if err != nil {
		return nil, err
	}
	got := &validate.Fetched{Response: response(first)}
	w.Again = false
	if cached && !slices.Contains(f.brought, w) && same(got.Set, doubted.Set) && f.t.Budget.Again() == nil {
		w.Again = true
		if next, _, err := f.fly(w, append(others, first.Server)); err == nil {
			got.Response = response(next)
		}
	}
	return got, nil
}

// same reports whether two RRsets are there and say the same.
func same(a, b *rrset.Set) bool {
	return a != nil && b != nil && string(a.RData) == string(b.RData) && string(a.Sigs) == string(b.Sigs)
}

// fly asks for w, of other servers than these as far as there are some, and
// returns what the first zone said. An alias at the name means that there is no
// such RRset. It reports whether somebody else had asked before.
func (f *fetcher) fly(w validate.Want, shunned []netip.AddrPort) (first *iterate.Step, follows bool, err error) {
	t, err := f.t.Below()
	if err != nil {
		return nil, false, err
	}
	if len(shunned) > 0 {
		t = t.Shunning(shunned)
	}
	k := iterate.Key{Name: w.Name, Type: w.Type, CD: true, Again: w.Again}
	if f.t.Resolves(k) {
		return nil, false, &ede.Error{Code: ede.DNSSECIndeterminate, Zone: w.Name, Err: iterate.ErrCycle}
	}
	signal := f.r.Clock.NewSignal()
	p := f.r.Begin(t, k, signal)
	defer p.Leave()
	for {
		result, err, ok := p.Done()
		if ok {
			q, joined := p.(*pending)
			follows = joined && !q.leads
			if err != nil {
				return nil, follows, err
			}
			return &result.Steps[0], follows, nil
		}
		left := t.Left(f.now())
		if left <= 0 {
			return nil, false, &ede.Error{Code: ede.Other, Zone: w.Name, Err: iterate.ErrDeadline}
		}
		signal.Wait(left)
	}
}

// Kept implements validate.Fetcher.
func (f *fetcher) Kept(w validate.Want) (*validate.Fetched, bool) {
	got, ok := f.cached(w, f.now())
	return got, ok && got.Known
}

// cached is what the cache has.
func (f *fetcher) cached(w validate.Want, now time.Time) (*validate.Fetched, bool) {
	if e, ok := f.r.Cache.Get(w.Name, w.Type, now); ok {
		set := e.Set
		got := known(w, e.Status, e.Why)
		got.Set, got.Verdict.TTL = &set, set.TTL
		return got, e.Status != cache.Bogus
	}
	d, ok := f.r.Cache.GetDenial(w.Name, w.Type, now)
	if !ok {
		return f.synthesised(w, now)
	}
	if d.Status == cache.Bogus {
		return nil, false
	}
	got := known(w, d.Status, d.Why)
	if d.SOA.Type == wire.TypeSOA {
		soa := d.SOA
		got.SOA = &soa
	}
	got.Proof, got.NXDomain, got.Verdict.Compact = d.Proof, d.Type == wire.TypeNone, d.Compact
	return got, true
}

// known is what is fetched from the cache, with the verdict that its status there
// stands for.
func known(w validate.Want, s cache.Status, why cache.Why) *validate.Fetched {
	got := &validate.Fetched{Response: validate.Response{Name: w.Name, Type: w.Type, Target: w.Name}}
	switch s {
	case cache.Secure:
		got.Known, got.Verdict.Status = true, validate.Secure
	case cache.Insecure:
		got.Known, got.Verdict.Status, got.Verdict.Reason = true, validate.Insecure, validate.Reason(why)
	case cache.Unjudged, cache.Bogus: // of which nothing is known
	}
	return got
}

// Keep implements validate.Fetcher.
func (f *fetcher) Keep(got *validate.Fetched, v validate.Verdict) {
	now := f.now()
	if got.Set != nil {
		set := *got.Set
		if v.Status == validate.Secure {
			set.TTL = min(set.TTL, v.TTL)
		}
		f.r.Cache.PutEntry(&cache.Entry{Set: set, Rank: cache.RankAnswerAA, Status: status(v.Status), Why: why(&v)}, now)
		return
	}
	if v.Status == validate.Secure && !v.Compact {
		f.addLinks(got.SOA, v.TTL, got.Links, now)
	}
	d := cache.Denial{
		Name: got.Name, Type: got.Type, Proof: got.Proof, Status: status(v.Status), Why: why(&v), Compact: v.Compact,
	}
	if got.NXDomain {
		d.Type = wire.TypeNone
	}
	if got.SOA != nil {
		d.SOA = *got.SOA
	}
	f.r.Cache.PutDenial(&d, now)
}
