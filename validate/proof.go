package validate

import (
	"slices"
	"time"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/validate/denial"
	"recursor/validate/sig"
)

// MaxProof is how many NSEC and NSEC3 RRsets of a response are looked at. No
// proof needs more than three, and a response has at most a chain's wildcards
// beside.
const MaxProof = 8

// proof is what one zone's NSEC and NSEC3 records are good for.
type proof struct {
	records *denial.Records
	// flaw is that of a record that does not hold, where there is one.
	flaw    Verdict
	expires time.Time
	ttl     uint32
}

// records are for a proof by the zone.
func (c *court) records(zone domain.Name) *denial.Records {
	r := denial.NewRecords(zone, c.work)
	r.Limit = c.ProofHashes
	return r
}

// proof verifies the records that the zone signed.
func (b *bench) proof(z *zone) *proof {
	if p, ok := b.proofs[z.name]; ok {
		return p
	}
	p := &proof{records: b.records(z.name), ttl: ^uint32(0)}
	if b.proofs == nil {
		b.proofs = make(map[domain.Name]*proof)
	}
	b.proofs[z.name] = p
	for i := range b.r.Proof[:min(len(b.r.Proof), MaxProof)] {
		set := &b.r.Proof[i]
		if set.Type != wire.TypeNSEC && set.Type != wire.TypeNSEC3 || !set.Name.Within(z.name) {
			continue
		}
		result := b.verify(set, z)
		switch {
		case result.Fault == sig.Spent:
			p.flaw = z.verdictOf(&result, b.court)
			return p
		case result.Fault != sig.Sound:
			if p.flaw.Reason == None && result.Fault != sig.Foreign {
				p.flaw = z.verdictOf(&result, b.court)
			}
		case result.Encloser.IsZero() && p.records.Add(set):
			// One that was made of a wildcard has no place in the chain.
			p.ttl = min(p.ttl, result.TTL)
			b.links = append(b.links, Link{Zone: z.name, Set: set, TTL: result.TTL})
			if end := b.end(&result.Signature); p.expires.IsZero() || end.Before(p.expires) {
				p.expires = end
			}
		}
	}
	return p
}

// found is the verdict on a claim for which the records make a finding. missing
// is the reason where they do not prove it.
func (b *bench) found(p *proof, missing Reason, claim func() (denial.Finding, error)) (Verdict, denial.Finding) {
	v := Verdict{Reason: missing, Zone: p.records.Zone}
	if p.flaw.Reason == BudgetSpent {
		return p.flaw, denial.Finding{}
	}
	if params, ok := p.records.Params(); ok && int(params.Iterations) > max(b.InsecureIterations, 0) {
		// The records are signed: it is the zone that chose so
		// (RFC 9276 §3.2).
		v.Reason = IterationsHigh
		if int(params.Iterations) <= b.BogusIterations {
			v.Status = Insecure
		}
		return v, denial.Finding{}
	}
	f, err := claim()
	switch {
	case err != nil:
		v.Reason, b.spent = BudgetSpent, err
	case !f.Proven && p.flaw.Reason != None:
		return p.flaw, f
	case !f.Proven:
	case f.OptOut:
		v.Status, v.Reason, v.OptOut = Insecure, OptOut, true // RFC 5155 §9.2
	default:
		v.Status, v.Reason, v.Compact = Secure, None, f.NXName
		v.Expires, v.TTL = p.expires, p.ttl
	}
	return v, f
}

// expansion judges whether a wildcard at encloser was rightly used for name.
func (b *bench) expansion(name, encloser domain.Name, p *proof) Verdict {
	v, _ := b.found(p, WildcardUnproven, func() (denial.Finding, error) { return p.records.Expansion(name, encloser) })
	return v
}

// claim holds what a response denies against records.
func claim(records *denial.Records, r *Response) (denial.Finding, error) {
	if r.NXDomain {
		return records.NameError(r.Target)
	}
	return records.NoData(r.Target, r.Type)
}

// denial judges that the response's last name does not exist, or has nothing of
// the type. It also tells what was found, and by whose records.
func (b *bench) denial() (Verdict, denial.Finding, domain.Name) {
	v, f, zone := b.denied()
	if v.Status != Secure && b.r.SOA != nil {
		v.TTL = b.r.SOA.TTL
	}
	return blame(v, b.r.Server), f, zone
}

func (b *bench) denied() (Verdict, denial.Finding, domain.Name) {
	r := b.r
	st := b.stands(holder(r.Target, r.Type))
	if !st.trusted {
		return st.verdict, denial.Finding{}, domain.Name{}
	}
	failed, f, zone, claimed := b.deniedBelow(st.anchor.Zone)
	if !zone.IsZero() {
		return failed, f, zone
	}
	if failed.Reason == None {
		failed = b.unsigned(r.Target, r.Type, r.Zone)
		if failed.Reason == SignatureMissing {
			switch {
			case claimed:
				failed.Reason = SignerWrong
			case len(r.Proof) == 0:
				failed.Reason = DenialMissing
			}
		}
	}
	if above, ok := b.above(failed, st); ok {
		if v, f, zone, _ := b.deniedBelow(above); v.Status == Secure {
			return v, f, zone
		}
	}
	return failed, denial.Finding{}, domain.Name{}
}

// deniedBelow judges the denial by the records of zones below an anchor. The
// zone is the one that decided; where none did, the verdict is zero or why not.
func (b *bench) deniedBelow(anchor domain.Name) (failed Verdict, f denial.Finding, zone domain.Name, claimed bool) {
	zones, claimed := b.deniers(anchor)
	for _, name := range zones {
		z := b.zone(name)
		v, f := z.verdict, denial.Finding{}
		if v.Status == Secure {
			v, f = b.deniedBy(z)
		}
		if v.Status > Bogus || v.Reason == BudgetSpent {
			return v, f, name, claimed
		}
		if failed.Reason == None || failed.Reason == SignerWrong {
			failed = v
		}
	}
	return failed, denial.Finding{}, domain.Name{}, claimed
}

// deniers lists the zones that may deny: that of the SOA record first, then the
// signers of the proof.
func (b *bench) deniers(anchor domain.Name) (zones []domain.Name, claimed bool) {
	r := b.r
	add := func(some []domain.Name, any bool) {
		claimed = claimed || any
		for _, z := range some {
			if !contains(zones, z) {
				zones = append(zones, z)
			}
		}
	}
	t := r.Type
	if t == wire.TypeDNSKEY {
		t = wire.TypeNone // a name without keys is not the zone that says so
	}
	for i := range r.Proof[:min(len(r.Proof), MaxProof)] {
		add(b.signers(r.Proof[i].Sigs, r.Target, t, anchor))
	}
	if r.SOA != nil {
		some, any := b.signers(r.SOA.Sigs, r.Target, t, anchor)
		if some = slices.DeleteFunc(some, func(z domain.Name) bool { return z != r.SOA.Name }); len(some) > 0 {
			zones = slices.Concat(some, slices.DeleteFunc(zones, func(z domain.Name) bool { return z == some[0] }))
		}
		claimed = claimed || any
	}
	return zones[:min(len(zones), maxSigners)], claimed
}

// deniedBy judges the denial by the records of one secure zone.
func (b *bench) deniedBy(z *zone) (Verdict, denial.Finding) {
	r := b.r
	p := b.proof(z)
	missing := DenialIncomplete
	if len(r.Proof) == 0 {
		missing = DenialMissing
	}
	v, f := b.found(p, missing, func() (denial.Finding, error) { return claim(p.records, r) })
	v.until(z.verdict.Expires)
	if r.SOA == nil || v.Status != Secure && (!v.OptOut || r.SOA.Name != z.name) {
		return v, f
	}
	if r.SOA.Name != z.name {
		return Verdict{Reason: SignerWrong, Zone: z.name}, denial.Finding{}
	}
	// AD vouches for every record of the authority section that matters
	// (RFC 4035 §3.2.3), and the SOA's MINIMUM says how long to keep this.
	result := b.verify(r.SOA, z)
	soa := z.verdictOf(&result, b.court)
	if soa.Status != Secure {
		return soa, denial.Finding{}
	}
	if v.OptOut {
		return v, f
	}
	v.KeyTag, v.Algorithm = soa.KeyTag, soa.Algorithm
	v.TTL = min(v.TTL, soa.TTL)
	v.until(soa.Expires)
	return v, f
}
