package validate

import (
	"net/netip"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate/sig"
)

// response judges each part.
func (c *court) response(r *Response, p *Parts) {
	b := &bench{court: c, r: r}
	for i := range r.Chain {
		set := &r.Chain[i]
		if i > 0 && r.Chain[i-1].Type == wire.TypeDNAME && set.Type == wire.TypeCNAME && len(set.Sigs) == 0 {
			p.Chain = append(p.Chain, synthesised(&r.Chain[i-1], set, p.Chain[i-1]))
			continue
		}
		p.Chain = append(p.Chain, b.set(set))
	}
	for i := range r.More {
		p.More = append(p.More, b.set(&r.More[i]))
	}
	switch {
	case r.Set != nil:
		p.Final = b.set(r.Set)
	case r.Leads && len(p.Chain) > 0:
		p.Final = p.Chain[len(p.Chain)-1]
	default:
		p.Final, _, _ = b.denial()
	}
	p.Links = b.links
}

// synthesised is the verdict on a CNAME that came with a DNAME: the DNAME's,
// if it is what the DNAME makes of its name (RFC 6672 §5.3.1).
func synthesised(dname, cname *rrset.Set, v Verdict) Verdict {
	to, ok := dname.Target()
	made, err := cname.Name.Substitute(dname.Name, to)
	target, has := cname.Target()
	if !ok || err != nil || !has || made != target || cname.Len() != 1 {
		return Verdict{Reason: SynthesisWrong, Zone: v.Zone, Server: v.Server}
	}
	return v
}

// bench judges the parts of one response.
type bench struct {
	*court
	r *Response
	// proofs are the records that may prove something, by the zone that signed
	// them.
	proofs map[domain.Name]*proof
	links  []Link
}

// maxSigners is how many zones are looked into as the signer of one RRset. A
// zone's own data has one.
const maxSigners = 2

// signers lists who may be the zone of data at name, of those whose signatures
// there are: zones between the anchor, or the zone asked, and the name. claimed
// tells that there are signatures at all.
func (b *bench) signers(list rrset.List, name domain.Name, t wire.Type, anchor domain.Name) (zones []domain.Name, claimed bool) {
	for rd := range list.All() {
		claimed = true
		s, err := sig.ParseRRSIG(rd)
		if err != nil || !name.Within(s.Signer) || !s.Signer.Within(anchor) {
			continue
		}
		if !b.r.Zone.IsZero() && !s.Signer.Within(b.r.Zone) {
			continue
		}
		if atParent(name, t) && s.Signer == name || t == wire.TypeDNSKEY && s.Signer != name {
			continue
		}
		if !contains(zones, s.Signer) {
			if zones = append(zones, s.Signer); len(zones) == maxSigners {
				break
			}
		}
	}
	return zones, claimed
}

func contains(zones []domain.Name, z domain.Name) bool {
	for _, have := range zones {
		if have == z {
			return true
		}
	}
	return false
}

// atParent reports whether the zone above a cut at name has the records of type
// t (RFC 4035 §2.4). The root has no zone above.
func atParent(name domain.Name, t wire.Type) bool { return t == wire.TypeDS && !name.IsRoot() }

// holder is the nearest name that may be the zone of the data.
func holder(name domain.Name, t wire.Type) domain.Name {
	if atParent(name, t) {
		return name.Parent()
	}
	return name
}

// set judges an RRset.
func (b *bench) set(set *rrset.Set) Verdict { return b.setAs(set, set.Type) }

// setAs judges an RRset that lies where one of type t would: a CNAME that came
// for DS is the business of the zone above.
func (b *bench) setAs(set *rrset.Set, t wire.Type) Verdict {
	v := b.judgeSet(set, t)
	if !v.Server.IsValid() {
		v.Server = b.r.Server
	}
	if v.Status != Secure {
		v.TTL = set.TTL
	}
	return v
}

func (b *bench) judgeSet(set *rrset.Set, t wire.Type) Verdict {
	st := b.stands(holder(set.Name, t))
	if !st.trusted {
		return st.verdict
	}
	if set.Type == wire.TypeRRSIG {
		return Verdict{Status: Insecure, Reason: NotSignable}
	}
	v, claimed := b.signed(set, t, st.anchor.Zone)
	if v.Reason == None && v.Status == Bogus {
		v = b.unsigned(set.Name, t, b.r.Zone)
		if v.Reason == SignatureMissing && claimed {
			v.Reason = SignerWrong
		}
	}
	if above, ok := b.above(v, st); ok {
		if o, _ := b.signed(set, t, above); o.Status == Secure {
			return o
		}
	}
	return v
}

// signed judges a set by its signatures, by zones below an anchor. The verdict
// is zero where there are none, claimed where there are others.
func (b *bench) signed(set *rrset.Set, t wire.Type, anchor domain.Name) (failed Verdict, claimed bool) {
	zones, claimed := b.signers(set.Sigs, set.Name, t, anchor)
	for _, name := range zones {
		v := b.signedBy(set, b.zone(name))
		if v.Status > Bogus || v.Reason == BudgetSpent {
			return v, claimed
		}
		if failed.Reason == None || failed.Reason == SignerWrong {
			failed = v
		}
	}
	return failed, claimed
}

// signedBy judges a set by the signatures of one zone.
func (b *bench) signedBy(set *rrset.Set, z *zone) Verdict {
	if z.verdict.Status != Secure || z.from == set {
		return z.verdict
	}
	result := b.verify(set, z)
	v := z.verdictOf(&result, b.court)
	if set.Type == wire.TypeDNAME && !result.Encloser.IsZero() && set.Name != b.r.Name {
		// What a wildcard makes has the name asked for; there, a DNAME says
		// nothing of that name (RFC 4592 §3.3.1, §4.4).
		return Verdict{Reason: SynthesisWrong, Zone: z.name, KeyTag: v.KeyTag, Algorithm: v.Algorithm}
	}
	if result.Fault != sig.Sound || result.Encloser.IsZero() {
		return v
	}
	proven := b.expansion(set.Name, result.Encloser, b.proof(z))
	proven.until(v.Expires)
	if proven.Status == Secure {
		proven.KeyTag, proven.Algorithm, proven.Zone = v.KeyTag, v.Algorithm, v.Zone
		proven.TTL = v.TTL
	}
	proven.Wildcard, proven.Encloser = true, result.Encloser
	return proven
}

// verify checks a set with the zone's keys. Where a signature is of a key that
// is not among them the zone is asked for its keys once more (RFC 8901 §9).
func (b *bench) verify(set *rrset.Set, z *zone) sig.Result {
	result := sig.Verify(set, z.keys, b.window(), b.work)
	if result.Fault != sig.Sound && result.Fault != sig.Spent && result.Absent && b.refresh(z) {
		result = sig.Verify(set, z.keys, b.window(), b.work)
	}
	return result
}

// verdictOf makes a verdict of what became of a set's signatures.
func (z *zone) verdictOf(r *sig.Result, c *court) Verdict {
	v := Verdict{
		Reason: reasonOf(r.Fault), Zone: z.name,
		KeyTag: r.Signature.KeyTag, Algorithm: r.Signature.Algorithm,
	}
	if r.Fault == sig.Spent {
		c.spent = r.Err
	}
	if r.Fault == sig.Sound {
		v.Status, v.TTL = Secure, r.TTL
		v.until(c.end(&r.Signature))
		v.until(z.verdict.Expires)
	}
	return v
}

// blame adds the server to a verdict.
func blame(v Verdict, server netip.Addr) Verdict {
	if !v.Server.IsValid() {
		v.Server = server
	}
	return v
}
