package validate

import (
	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate/denial"
	"recursor/validate/sig"
)

// cutKind is what DS records, or their absence, say of a name.
type cutKind uint8

const (
	// unknownCut: nothing is proven; the verdict is why.
	unknownCut cutKind = iota
	// signedCut: a zone begins there, and its DS records are secure.
	signedCut
	// unsignedCut: a zone that is not signed begins there, or the name lies in
	// one.
	unsignedCut
	// noCut: no zone begins there.
	noCut
)

// cut is what is known of a name as the top of a delegation.
type cut struct {
	kind    cutKind
	ds      rrset.List
	verdict Verdict
	within  domain.Name // the zone that shows that there is no cut
	absent  bool        // the name does not exist, and nothing below it
}

// cut finds out what begins at name, which is below an anchor.
func (c *court) cut(name domain.Name) *cut {
	if d, ok := c.cuts[name]; ok {
		return d
	}
	d := &cut{verdict: Verdict{Reason: SignatureMissing, Zone: name}} // while it is being found out
	c.cuts[name] = d
	var last *Fetched
	for want := (Want{Name: name, Type: wire.TypeDS}); ; want.Again = true {
		f, ok := c.want(want)
		switch {
		case !ok && !want.Again:
			*d = cut{verdict: Verdict{Reason: FetchFailed, Zone: name}}
			return d
		case !ok, want.Again && same(f, last):
			return d
		}
		if !f.Known && !want.Again && c.enter(name, f) {
			if o, ok := c.fetch.Kept(want); ok {
				f = o // by another call, meanwhile
			}
		}
		before := *d
		*d = c.judgeCut(name, f)
		if want.Again && d.verdict.Reason == BudgetSpent {
			*d = before
			return d
		}
		if d.kind != unknownCut || d.verdict.Reason == BudgetSpent || d.verdict.Reason == FetchFailed || !c.mayAsk() {
			return d
		}
		last = f
	}
}

// enter finds out about the zones that signed what came of a question for DS, and
// reports whether that took fetching.
func (c *court) enter(name domain.Name, f *Fetched) (fetched bool) {
	if f.Set == nil {
		return false
	}
	b := &bench{court: c, r: &f.Response}
	zones, _ := b.signers(f.Set.Sigs, name, wire.TypeDS, c.stands(name.Parent()).anchor.Zone)
	for _, z := range zones {
		if _, known := c.zones[z]; !known {
			c.zone(z)
			fetched = true
		}
	}
	return fetched
}

// judgeCut judges what came of a question for DS (RFC 4035 §5.2).
func (c *court) judgeCut(name domain.Name, f *Fetched) cut {
	if f.Zone == name && !name.IsRoot() {
		f.Zone = domain.Name{} // the child does not know; whose word it is will show
	}
	b := &bench{court: c, r: &f.Response}
	if f.Known {
		if d, ok := b.knownCut(name, f); ok {
			return d
		}
	}
	var d cut
	var finding denial.Finding
	switch {
	case len(f.Chain) > 0:
		// An alias is no delegation, nor is what lies below a DNAME.
		t := f.Chain[0].Type
		if f.Chain[0].Name == name {
			t = wire.TypeDS
		}
		d.verdict = b.setAs(&f.Chain[0], t)
		d.within = d.verdict.Zone
	case f.Set != nil && f.Set.Type == wire.TypeDS && f.Set.Name == name:
		d.verdict = b.set(f.Set)
		d.ds = f.Set.RData
		d.within = d.verdict.Zone
	default:
		d.verdict, finding, d.within = b.denial()
	}
	switch {
	case d.verdict.Status == Insecure:
		d.kind = unsignedCut
	case d.verdict.Status != Secure:
		return d
	case finding.Cut:
		d.kind = unsignedCut
		d.verdict.Status, d.verdict.Reason, d.verdict.Zone = Insecure, Unsigned, name
	case d.ds != nil && !d.verdict.Wildcard: // a wildcard delegates nothing (RFC 4592 §4.6)
		d.kind = signedCut
	default:
		d.kind = noCut
		d.absent = f.NXDomain && !finding.NXName && len(f.Chain) == 0
	}
	f.Links = b.links
	c.keep(f, d)
	return d
}

// keep tells the Fetcher of a verdict. That on a denial is about the denial,
// which may be secure where what it makes of the delegation is not.
func (c *court) keep(f *Fetched, d cut) {
	v := d.verdict
	if v.Reason == Unsigned && v.Zone == f.Name {
		v.Status, v.Reason = Secure, None
	}
	c.fetch.Keep(f, v)
}

// knownCut is judgeCut for what was judged before; false where it must be
// judged anew.
func (b *bench) knownCut(name domain.Name, f *Fetched) (cut, bool) {
	v := f.Verdict
	if v.Status == Insecure {
		if v.Reason == None {
			v.Reason = Unsigned
		}
		if v.Zone.IsZero() {
			v.Zone = name
		}
		return cut{kind: unsignedCut, verdict: v}, true
	}
	switch {
	case v.Status != Secure:
		return cut{}, false
	case len(f.Chain) == 0 && f.Set != nil:
		return cut{kind: signedCut, ds: f.Set.RData, verdict: v}, !expanded(f.Set)
	}
	st := b.stands(name.Parent())
	signed := f.Proof
	if len(f.Chain) > 0 {
		signed = f.Chain[:1] // what follows is of other names
	}
	for i := range signed {
		zones, _ := b.signers(signed[i].Sigs, name, wire.TypeDS, st.anchor.Zone)
		if len(zones) == 0 {
			continue
		}
		if len(f.Chain) > 0 {
			return cut{kind: noCut, verdict: v, within: zones[0]}, true
		}
		records := b.records(zones[0])
		for i := range f.Proof[:min(len(f.Proof), MaxProof)] {
			records.Add(&f.Proof[i])
		}
		finding, err := claim(records, &f.Response)
		switch {
		case err != nil || !finding.Proven:
			continue
		case finding.Cut:
			return cut{kind: unsignedCut, verdict: Verdict{Status: Insecure, Reason: Unsigned, Zone: name, Expires: v.Expires}}, true
		}
		return cut{kind: noCut, verdict: v, within: zones[0], absent: f.NXDomain && !finding.NXName}, true
	}
	return cut{}, false
}

// expanded reports whether a signature says that the set was made of a wildcard.
func expanded(set *rrset.Set) bool {
	for rd := range set.Sigs.All() {
		if s, err := sig.ParseRRSIG(rd); err == nil {
			if _, yes := s.Expanded(set.Name); yes {
				return true
			}
		}
	}
	return false
}

// unsigned judges data at name that has no signature by a zone that could be
// its own: where an unsigned delegation lies between the nearest zone that is
// known and the name, it need have none (RFC 4035 §4.3, §5.2). from is the
// zone that was asked, zero where that is not known.
func (c *court) unsigned(name domain.Name, t wire.Type, from domain.Name) Verdict {
	bottom := holder(name, t)
	anchor := c.stands(bottom).anchor
	if from.IsZero() || !bottom.Within(from) || !from.Within(anchor.Zone) {
		from = anchor.Zone
	}
	from, d := c.kept(bottom, from)
	if d != nil {
		return d.verdict
	}
	z := c.enclosing(from)
	for k := z.name.Labels() + 1; z.verdict.Status == Secure && k <= bottom.Labels(); k++ {
		m := bottom.Ancestor(k)
		switch d := c.cut(m); {
		case d.kind == signedCut:
			z = c.zone(m)
		case d.kind != noCut:
			return d.verdict
		case d.absent:
			k = bottom.Labels() // and nothing below
		}
	}
	if z.verdict.Status == Secure {
		return Verdict{Reason: SignatureMissing, Zone: z.name}
	}
	return z.verdict
}

// kept goes down from zone to name by what was found out before, which spares
// fetching the keys of the zones on the way. from is the last zone that it comes
// to; where it comes to an unsigned delegation, that is all there is to know.
func (c *court) kept(name, zone domain.Name) (from domain.Name, unsigned *cut) {
	for k := zone.Labels() + 1; k <= name.Labels(); k++ {
		m := name.Ancestor(k)
		f, ok := c.fetch.Kept(Want{Name: m, Type: wire.TypeDS})
		if !ok {
			break
		}
		b := &bench{court: c, r: &f.Response}
		d, ok := b.knownCut(m, f)
		switch {
		case !ok || d.absent:
			return zone, nil
		case d.kind == unsignedCut:
			return zone, &d
		case d.kind == signedCut:
			zone = m
		}
	}
	return zone, nil
}
