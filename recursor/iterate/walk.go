package iterate

import (
	"net/netip"
	"slices"
	"time"

	"recursor/cache"
	"recursor/clock"
	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/recursor/delegation"
	"recursor/recursor/scrub"
)

// walk is one resolution.
type walk struct {
	*Walker
	task   *Task
	cd     bool
	signal clock.Signal

	// sname and stype are what is chased (RFC 1034 §5.3.3); owner is sname in
	// the case an alias gave it.
	sname domain.Name
	stype wire.Type

	unknown   bool              // the cache has nothing for SNAME
	cut       *delegation.Point // nil: to be looked up
	failed    []domain.Name     // configured zones with First whose servers have
	avoid     domain.Name       // zone whose servers are being looked for
	shown     minimised
	sends     int
	referrals int
	seen      []domain.Name // snames of earlier steps
	slist     *list         // memory for the list of each question
	now       time.Time     // since the walk last waited
	// distrusted servers gave a bogus answer to the question; bogus is the
	// last of these answers.
	distrusted []netip.AddrPort
	bogus      *Step
	// unjudged is why the answer of a distrusted server could not be judged.
	unjudged error
	out      Result
}

// Walk resolves k, which Known knows as far as begun leads, for t, beginning
// now. The Result holds the Steps that were reached, also where there is an
// error, which is an *ede.Error.
func (w *Walker) Walk(t *Task, k Key, begun Result, now time.Time) (Result, error) {
	c := walk{
		Walker: w, task: t, cd: k.CD, signal: w.clock.NewSignal(),
		sname: k.Name, stype: k.Type, avoid: k.Avoid, unknown: true, now: now,
	}
	for i := range begun.Steps {
		if done, err := c.take(&begun.Steps[i]); done || err != nil {
			return c.out, err
		}
		c.unknown = true // Known looked there
	}
	err := c.run()
	c.giveBack() // not after a panic: who knows who has it then
	return c.out, err
}

// run is RFC 1034 §5.3.3.
func (w *walk) run() error {
	for {
		now := w.now
		if w.task.left(now) <= 0 {
			return spent(ErrDeadline)
		}
		if !w.unknown {
			known, done, err := w.recall(now) // 1. what is known already
			if done || err != nil {
				return err
			}
			if known {
				continue
			}
			w.unknown = true
		}
		if w.cut == nil { // 2. the nearest zone cut above SNAME
			w.cut = w.closest(now)
			w.shown.enter(w.cut)
			w.prime(now)
		}
		r, err := w.ask() // 3. its servers, in order of SLIST
		if err != nil {
			if w.bogus != nil { // nobody says otherwise
				if done, err := w.conclude(w.bogus); done || err != nil {
					return err
				}
				continue
			}
			if w.unjudged != nil { // nobody says it in another way
				return w.unjudged
			}
			if w.anotherWay(err) {
				continue
			}
			return err // SLIST is empty: the last reason
		}
		done, err := w.use(r)
		if done || err != nil {
			return err
		}
	}
}

// recall takes what is known already.
func (w *walk) recall(now time.Time) (known, done bool, err error) {
	step, ok := w.known(now)
	if !ok {
		return false, false, nil
	}
	done, err = w.take(&step)
	return true, done, err
}

// tick reads the clock, which a walk does after it waited.
func (w *walk) tick() time.Time {
	w.now = w.task.Now(w.clock)
	return w.now
}

// steady is a moment of the walk as those see it who know servers: nobody sets
// their time.
func (w *walk) steady(now time.Time) time.Time { return now.Add(-w.task.Ahead) }

// use does what the response asks for and reports whether the walk is over.
func (w *walk) use(r *reply) (done bool, err error) {
	switch r.Kind {
	case scrub.Referral:
		return false, w.descend(r) // 4b. closer to the name
	case scrub.NXDomain:
		if w.shown.partial {
			proven, believed := w.believes(r)
			switch {
			case !believed:
				w.shown.whole() // RFC 9156 §2.3: the server may be wrong about it
				return false, nil
			case proven != nil && !w.cd:
				return w.conclude(proven)
			}
		}
	case scrub.NoData, scrub.Answer, scrub.Alias, scrub.Overflow:
		if w.shown.partial && !w.redirects(r) {
			w.keepAside(r)
			w.shown.reveal(r.asked.Name)
			return false, nil
		}
	case scrub.Lame, scrub.Useless:
		panic("iterate: ask returned a useless response")
	}
	step := w.step(r)
	if err := w.judged(&step); err != nil {
		if w.bogus != nil && !upstream(err) {
			return w.conclude(w.bogus) // that another server says otherwise is not shown
		}
		if !upstream(err) || len(w.distrusted) >= w.o.Limits.BogusServers {
			return false, err
		}
		// Servers that strip signatures make us look for the proof that there
		// need be none. Others may have what makes it unnecessary.
		w.distrusted, w.unjudged = append(w.distrusted, r.server), err
		return false, nil
	}
	if step.Status() == cache.Bogus && !w.cd && len(w.distrusted) < w.o.Limits.BogusServers {
		// One server's word is not the truth: ask others (RFC 4035 §5.5).
		w.distrusted, w.bogus = append(w.distrusted, r.server), &step
		return false, nil
	}
	if w.o.Beside {
		w.keepBeside(&step, r.beside)
	}
	return w.conclude(&step) // 4a, 4c
}

// conclude takes a step that stands.
func (w *walk) conclude(s *Step) (done bool, err error) {
	w.distrusted, w.bogus, w.unjudged = nil, nil, nil
	if s.Status() == cache.Bogus && !w.cd {
		s.cutAtTarget()
	}
	w.bound(s)
	w.keep(s)
	if s.Status() == cache.Bogus && !w.cd {
		w.out.Steps = append(w.out.Steps, *s)
		return true, nil // where a bogus alias leads is nobody's business
	}
	return w.take(s)
}

// closest is the Point to begin at.
func (w *walk) closest(now time.Time) *delegation.Point {
	if len(w.failed) > 0 {
		return w.points.Beside(w.failed, w.sname, w.stype, now)
	}
	if !w.avoid.IsZero() && w.sname.Within(w.avoid) {
		return w.points.Closest(w.avoid.Parent(), wire.TypeA, now)
	}
	return w.points.Closest(w.sname, w.stype, now)
}

// take adds a step to the result; an alias changes SNAME and starts again.
func (w *walk) take(s *Step) (done bool, err error) {
	w.out.Steps = append(w.out.Steps, *s)
	if s.Kind != scrub.Alias || w.stype == wire.TypeCNAME {
		return true, nil
	}
	w.seen = append(w.seen, w.sname)
	if s.Loop || slices.Contains(w.seen, s.Target) {
		w.out.Loop = true
		return false, &ede.Error{Code: ede.Other, Zone: s.Zone, Upstream: true, Err: ErrAliasLoop}
	}
	aliases := 0
	for i := range w.out.Steps {
		aliases += len(w.out.Steps[i].Chain)
	}
	if aliases > w.o.Limits.Aliases {
		return false, &ede.Error{Code: ede.Other, Zone: s.Zone, Upstream: true, Err: ErrAliases}
	}
	w.sname, w.cut, w.unknown = s.Target, nil, false
	return false, nil
}

// descend goes down to the child of a referral.
func (w *walk) descend(r *reply) error {
	if w.referrals++; w.referrals > w.o.Limits.Referrals {
		return spent(ErrReferrals)
	}
	now := w.now
	p := delegation.FromReferral(r.NS, r.Glue, w.o.Limits.Servers, now)
	if len(p.Servers) == 0 {
		return &ede.Error{Code: ede.InvalidData, Zone: r.Child, Server: r.server.Addr(), Upstream: true, Err: ErrNoServers}
	}
	w.points.Put(p, now)
	w.keepReferral(r, now)
	if w.judge != nil && !w.cd { // who checks for himself needs no keys of ours
		w.judge.Descend(w.task, r.Child, r.DS != nil)
	}
	w.cut = p
	w.shown.enter(p)
	return nil
}

// anotherWay reports whether there is a way around a cut whose servers have all
// failed: the whole name where a minimised one was asked, iteration where a
// configured zone has First.
func (w *walk) anotherWay(err error) bool {
	if !upstream(err) {
		return false
	}
	if w.shown.partial && w.o.Minimise == Relaxed {
		w.shown.whole()
		return true
	}
	if w.cut.Kind != delegation.Authoritative && w.cut.First {
		w.failed, w.cut = append(w.failed, w.cut.Zone), nil
		return true
	}
	return false
}

// believes reports whether a denial of an ancestor settles SNAME too
// (RFC 8020 §2): when it is proven, when the operator says so, or from the root,
// whose servers know what exists. The step is the one that is proven.
func (w *walk) believes(r *reply) (proven *Step, ok bool) {
	if w.o.Minimise == Strict || w.cut.Zone.IsRoot() {
		return nil, true
	}
	if w.judge == nil {
		return nil, false
	}
	defer w.tick()
	probe := w.step(r)
	return &probe, w.judge.Judge(w.task, &probe) == nil && probe.Denied == cache.Secure
}

// redirects reports whether the answer to a minimised question holds a DNAME
// that SNAME is below (RFC 9156 §3 step 6b).
func (w *walk) redirects(r *reply) bool {
	return len(r.Chain) > 0 && r.Chain[0].Type == wire.TypeDNAME && w.sname.Below(r.Chain[0].Name)
}

// step makes the Step of a response.
func (w *walk) step(r *reply) Step {
	s := Step{
		Name: w.sname, Type: w.stype, Kind: r.Kind, RCode: r.RCode, Target: r.Target,
		SOA: r.SOA, Proof: r.Proof, Denied: cache.Unjudged,
		Zone: r.zone, Source: r.source, AA: r.AA, Server: r.server,
	}
	if w.shown.partial {
		s.Target = w.sname
		if r.Kind == scrub.NXDomain {
			s.DenialOf = r.asked.Name
			return s
		}
		return w.redirected(s, &r.Chain[0])
	}
	if w.stype == wire.TypeCNAME && len(r.Chain) > 0 {
		// The CNAME that the DNAME makes is what was asked for, wherever it
		// leads (RFC 6672 §3.1, §3.4.1 step 4C).
		s.SOA, s.Proof = nil, nil
		return w.redirected(s, &r.Chain[0])
	}
	s.Forged, s.Loop = r.Forged, r.Loop
	for i := range r.Chain {
		s.Chain = append(s.Chain, Held{Set: r.Chain[i]})
	}
	if r.Set != nil {
		s.Set = &Held{Set: *r.Set}
		for i := range r.Others {
			s.Others = append(s.Others, Held{Set: r.Others[i]})
		}
	}
	return s
}

// redirected makes s the step that the DNAME gives SNAME.
func (w *walk) redirected(s Step, dname *rrset.Set) Step {
	s.Chain = []Held{{Set: *dname}}
	cname, err := scrub.Synthesise(dname, w.sname, nil)
	if err != nil {
		s.Kind, s.RCode = scrub.Overflow, wire.YXDomain
		return s
	}
	s.Kind, s.RCode = scrub.Alias, wire.NoError
	s.Chain = append(s.Chain, Held{Set: cname})
	s.Target, _ = cname.Target()
	return s
}

// judged has the step judged where validation is on and the client has not
// asked to check for itself.
func (w *walk) judged(s *Step) error {
	if w.judge == nil || w.cd {
		return nil
	}
	defer w.tick() // fetching keys takes time
	if s.Type == wire.TypeANY && s.Set != nil {
		return w.judgedAny(s)
	}
	return w.judge.Judge(w.task, s)
}

// judgedAny judges each Set of an answer to type ANY, for which there is none
// that may be missing.
func (w *walk) judgedAny(s *Step) error {
	one := *s
	for i := range 1 + len(s.Others) {
		if i > 0 {
			one.Set = &s.Others[i-1]
		}
		one.Type, one.Others = one.Set.Set.Type, nil
		if err := w.judge.Judge(w.task, &one); err != nil {
			return err
		}
		if one.Set.Status < cache.Insecure {
			break
		}
	}
	s.Notes = one.Notes
	return nil
}
