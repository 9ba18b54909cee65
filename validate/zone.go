package validate

import (
	"errors"
	"fmt"
	"time"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate/sig"
)

// zone is what is known of a name as a zone.
type zone struct {
	name domain.Name
	// verdict is on the zone's data: Secure is what keys verify.
	verdict Verdict
	keys    *sig.Keys
	from    *rrset.Set // that the keys are of
	// within is the zone that shows that name is none itself.
	within  domain.Name
	voucher voucher
	// refreshed tells that the keys were asked for again.
	refreshed bool
}

// voucher picks the keys of a zone that its anchor or its DS records stand for.
type voucher func(*sig.Keys) sig.Vouched

// zone finds out what name is as a zone: by the anchor there, or by the chain
// of DS records from the anchor above (RFC 4035 §5).
func (c *court) zone(name domain.Name) *zone {
	if z, ok := c.zones[name]; ok {
		return z
	}
	z := &zone{name: name, verdict: Verdict{Reason: DNSKEYMissing, Zone: name}} // while it is being found out
	c.zones[name] = z
	switch st := c.stands(name); {
	case !st.trusted:
		z.verdict = st.verdict
	case st.anchor.Zone == name:
		c.anchored(z, st.anchor)
	default:
		c.delegated(z)
	}
	return z
}

// enclosing is the closest zone at or above name.
func (c *court) enclosing(name domain.Name) *zone {
	z := c.zone(name)
	if !z.within.IsZero() {
		z = c.zone(z.within)
	}
	return z
}

// anchored judges a zone by its anchor. Where that fails, DS records from
// above may still lead there: of nested anchors any success is accepted
// (RFC 6840 §5.10, Appendix C.2).
func (c *court) anchored(z *zone, a Anchor) {
	ds, fault := c.Policy.Usable(a.DS)
	supported := len(ds) > 0
	for rd := range a.DNSKEY.All() {
		k, err := sig.ParseKey(rd)
		supported = supported || err == nil && c.Policy.Supports(k.Algorithm)
	}
	if len(a.DS) == 0 {
		fault = sig.AlgorithmUnsupported
	}
	switch {
	case len(a.DS) == 0 && len(a.DNSKEY) == 0:
		z.verdict = Verdict{Reason: NoDSMatch, Zone: z.name}
	case !supported:
		z.verdict = Verdict{Status: Insecure, Reason: reasonOf(fault), Zone: z.name}
	default:
		c.vouched(z, func(keys *sig.Keys) sig.Vouched {
			v := keys.VouchedBy(ds)
			if held := keys.Holding(a.DNSKEY); held.Len() > 0 {
				v.Keys, v.Fault = v.Keys.And(held), sig.Sound
			}
			v.Unusable = v.Unusable && len(ds) > 0 && len(a.DNSKEY) == 0
			return v
		})
	}
	if z.verdict.Status != Bogus || z.name.IsRoot() || !c.stands(z.name.Parent()).trusted {
		return
	}
	if other := (&zone{name: z.name}); c.delegated(other) == Secure {
		*z = *other
	}
}

// delegated judges a zone by the DS records in the zone above.
func (c *court) delegated(z *zone) Status {
	switch d := c.cut(z.name); d.kind {
	case signedCut:
		ds, fault := c.Policy.Usable(d.ds)
		if len(ds) == 0 {
			z.verdict = Verdict{Status: Insecure, Reason: reasonOf(fault), Zone: z.name}
			break
		}
		z.verdict.until(d.verdict.Expires)
		c.vouched(z, func(keys *sig.Keys) sig.Vouched { return keys.VouchedBy(ds) })
	case noCut:
		z.within = d.within
		z.verdict = Verdict{Reason: SignerWrong, Zone: z.name}
	default:
		z.verdict = d.verdict
	}
	return z.verdict.Status
}

// vouched fetches the zone's keys and judges them; where they are bogus, other
// servers may have better ones.
func (c *court) vouched(z *zone, by voucher) {
	z.voucher = by
	limit := z.verdict.Expires // of what leads to the zone
	var last *Fetched
	for want := (Want{Name: z.name, Type: wire.TypeDNSKEY}); ; want.Again = true {
		f, ok := c.want(want)
		if !ok {
			if !want.Again {
				z.verdict = Verdict{Reason: FetchFailed, Zone: z.name}
			}
			return
		}
		if want.Again && same(f, last) {
			return
		}
		before := z.verdict
		z.verdict = c.keys(z, f)
		z.verdict.until(limit)
		if want.Again && z.verdict.Reason == BudgetSpent {
			z.verdict = before // that others have better ones is not shown
			return
		}
		if z.verdict.Status != Bogus || z.verdict.Reason == BudgetSpent || !c.mayAsk() {
			return
		}
		last = f
	}
}

// refresh asks for the keys once more and reports whether the zone has others
// now.
func (c *court) refresh(z *zone) bool {
	if z.refreshed || z.voucher == nil || !c.mayAsk() {
		return false
	}
	z.refreshed = true
	f, ok := c.want(Want{Name: z.name, Type: wire.TypeDNSKEY, Again: true})
	if !ok || f.Set != nil && z.from != nil && string(f.Set.RData) == string(z.from.RData) {
		return false
	}
	fresh := &zone{name: z.name, voucher: z.voucher}
	if fresh.verdict = c.keys(fresh, f); fresh.verdict.Status != Secure {
		return false
	}
	fresh.verdict.until(z.verdict.Expires)
	z.keys, z.from, z.verdict = fresh.keys, fresh.from, fresh.verdict
	return true
}

// keys judges a DNSKEY RRset: one of the keys that are vouched for must have
// signed it (RFC 4035 §5.2).
func (c *court) keys(z *zone, f *Fetched) Verdict {
	set := f.Set
	if set == nil || set.Name != z.name || set.Type != wire.TypeDNSKEY {
		return blame(Verdict{Reason: DNSKEYMissing, Zone: z.name}, f.Server)
	}
	all := sig.NewKeys(z.name, set.RData, &c.Policy)
	if f.Known && f.Verdict.Status == Secure {
		z.keys, z.from = all, set
		return Verdict{Status: Secure, Zone: z.name, Expires: f.Verdict.Expires, TTL: set.TTL}
	}
	vouched := z.voucher(all)
	if vouched.Keys.Len() == 0 {
		v := Verdict{
			Reason: unvouched(vouched.Fault), Zone: z.name, KeyTag: vouched.KeyTag, Algorithm: vouched.Algorithm,
		}
		if vouched.Unusable {
			v.Status = Insecure
		}
		return blame(v, f.Server)
	}
	result := sig.Verify(set, vouched.Keys, c.window(), c.work)
	v := blame(z.verdictOf(&result, c), f.Server)
	if result.Fault == sig.Sound {
		z.keys, z.from = all, set
		c.fetch.Keep(f, v)
	}
	if result.Fault == sig.KeyMissing {
		v.Reason = SignatureMissing // there are others, but none by those keys
	}
	return v
}

// unvouched is the reason why DS records stand for no key.
func unvouched(f sig.Fault) Reason {
	switch f {
	case sig.KeyMissing, sig.Mismatch:
		return NoDSMatch
	default:
		return reasonOf(f)
	}
}

// want fetches. A response to the very question is what is being judged.
func (c *court) want(w Want) (*Fetched, bool) {
	if g := c.given; g != nil && !w.Again && g.Name == w.Name && g.Type == w.Type && g.Set != nil && len(g.Chain) == 0 {
		return &Fetched{Response: *g}, true
	}
	f, err := c.fetch.Fetch(w)
	if err == nil {
		return f, true
	}
	if !w.Again { // else what was found before stands
		c.err = unfetched(w, err)
	}
	return nil, false
}

// ErrFetch is part of the errors that tell that keys or DS records could not be
// had. They say nothing of the data itself, which who checks for himself may
// still have.
var ErrFetch = errors.New("needed to validate")

// unfetched is the error of a question that failed.
func unfetched(w Want, err error) error {
	out := &ede.Error{Code: ede.DNSSECIndeterminate, Err: fmt.Errorf("fetching %s for %s, %w: %w", w.Type, w.Name, ErrFetch, err)}
	var cause *ede.Error
	if !errors.As(err, &cause) {
		return out
	}
	out.Code, out.Upstream = cause.Code, cause.Upstream
	switch {
	case !cause.Upstream: // our own limit
	case w.Type == wire.TypeDNSKEY:
		out.Code = ede.DNSKEYMissing
	default:
		out.Code = ede.NetworkError
	}
	return out
}

// mayAsk takes one of the questions that may be asked again.
func (c *court) mayAsk() bool {
	if c.again == 0 {
		return false
	}
	c.again--
	return true
}

// same reports whether a server said what another one had: then the zone's
// servers agree, and there is no use in asking on.
func same(a, b *Fetched) bool {
	if (a.Set == nil) != (b.Set == nil) || len(a.Proof) != len(b.Proof) || a.NXDomain != b.NXDomain {
		return false
	}
	equal := func(x, y *rrset.Set) bool {
		return x.Name == y.Name && string(x.RData) == string(y.RData) && string(x.Sigs) == string(y.Sigs)
	}
	for i := range a.Proof {
		if !equal(&a.Proof[i], &b.Proof[i]) {
			return false
		}
	}
	return a.Set == nil || equal(a.Set, b.Set)
}

// end is when a signature that holds ends.
func (c *court) end(s *sig.RRSIG) time.Time {
	return time.Unix(c.now.Unix()+int64(c.window().Left(s)), 0)
}
