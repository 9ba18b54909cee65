package validate

import (
	"fmt"
	"time"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/validate/sig"
)

// Anchor is the keys of a zone that are trusted as they are, in the form of DS
// or DNSKEY RDATA. Without any, nothing vouches for the zone.
type Anchor struct {
	Zone       domain.Name
	DS, DNSKEY rrset.List
}

// Options are what a Judge judges by.
type Options struct {
	// Anchors is the anchor of name, or of the nearest name above that has one.
	Anchors func(name domain.Name, now time.Time) (Anchor, bool)
	// NegativeAnchors is the zone of the negative anchor at or nearest above
	// name. Nil: there are none.
	NegativeAnchors func(name domain.Name, now time.Time) (domain.Name, bool)
	Policy          sig.Policy
	// Skew is how far the clock may be behind a signature's inception.
	Skew time.Duration
	// InsecureIterations and BogusIterations are the NSEC3 iterations above
	// which a denial is insecure, and above which it is bogus (RFC 9276 §3.2
	// wants the one low and lets the other be); 0 is 50 and 500.
	// A negative number is none.
	InsecureIterations, BogusIterations int
	// ProofHashes is how many NSEC3 hashes are computed for one proof; 0 is
	// denial.MaxHashes.
	ProofHashes int
}

// Judge judges.
type Judge struct{ Options }

// New makes a Judge.
func New(o Options) *Judge {
	if o.InsecureIterations == 0 {
		o.InsecureIterations = 50
	}
	if o.BogusIterations == 0 {
		o.BogusIterations = 500
	}
	if o.NegativeAnchors == nil {
		o.NegativeAnchors = func(domain.Name, time.Time) (domain.Name, bool) { return domain.Name{}, false }
	}
	return &Judge{o}
}

// Judge judges the parts of r at the moment now, which is the one that
// signatures are held against. The error, an *ede.Error with its cause, says
// why keys could not be had where a verdict is FetchFailed, and which work is
// spent where it is BudgetSpent: that says nothing of the data.
func (j *Judge) Judge(r *Response, now time.Time, f Fetcher, w Work) (Parts, error) {
	c := j.open(now, f, w)
	c.given = r
	var p Parts
	c.response(r, &p)
	return p, c.failure(p.Worst())
}

// Zone is the closest zone at or above name with its verdict: Insecure is what
// allows a walk to ask its servers without DNSSEC. The zone is as close as
// proof goes; below an unsigned delegation nothing is proven.
func (j *Judge) Zone(name domain.Name, now time.Time, f Fetcher, w Work) (domain.Name, Verdict, error) {
	c := j.open(now, f, w)
	z := c.enclosing(name)
	return z.name, z.verdict, c.failure(z.verdict)
}

// Trusted is the zone of the anchor that decides over name; false where none
// does, or a negative one: then the verdict on its data says so.
func (j *Judge) Trusted(name domain.Name, now time.Time) (domain.Name, Verdict, bool) {
	st := (&court{Judge: j, now: now}).stands(name)
	return st.anchor.Zone, st.verdict, st.trusted
}

// court is one call's work.
type court struct {
	*Judge
	now   time.Time
	fetch Fetcher
	work  Work
	// given is the response being judged: the keys in it need no fetching.
	given *Response
	// zones and cuts are what was found out in this call.
	zones map[domain.Name]*zone
	cuts  map[domain.Name]*cut
	// again is how many more servers may be asked.
	again int
	err   error // of the Fetcher
	spent error // of the Work
}

// maxAgain is how many servers are asked once more in one call, after keys or
// DS records that were bogus.
const maxAgain = 5

func (j *Judge) open(now time.Time, f Fetcher, w Work) *court {
	return &court{
		Judge: j, now: now, fetch: f, work: w, again: maxAgain,
		zones: make(map[domain.Name]*zone), cuts: make(map[domain.Name]*cut),
	}
}

func (c *court) window() sig.Window { return sig.Window{Now: c.now, Skew: c.Skew} }

// failure is the error of the Fetcher or of the Work where that is what decided.
func (c *court) failure(v Verdict) error {
	switch v.Reason {
	case FetchFailed:
		return c.err
	case BudgetSpent:
		return &ede.Error{Code: ede.Other, Err: fmt.Errorf("%s: %w", v.String(), c.spent)}
	default:
		return nil
	}
}

// standing is who decides over a name: an anchor, a negative one, or nobody.
type standing struct {
	verdict Verdict // where it is not an anchor
	anchor  Anchor
	trusted bool
}

// above is the anchor above the one that stands, where that led to a bogus
// verdict: of nested anchors any success is accepted, as where the zone of the
// closer one is proven not to exist (RFC 6840 §5.10, Appendix C.3).
func (c *court) above(v Verdict, st standing) (domain.Name, bool) {
	if v.Status != Bogus || v.Reason == BudgetSpent || st.anchor.Zone.IsRoot() {
		return domain.Name{}, false
	}
	o := c.stands(st.anchor.Zone.Parent())
	return o.anchor.Zone, o.trusted
}

// stands finds out who decides. The nearest counts; where a negative anchor is
// at the same name it beats the other (RFC 7646 §3).
func (c *court) stands(name domain.Name) standing {
	anchor, ok := c.Anchors(name, c.now)
	negative, disabled := c.NegativeAnchors(name, c.now)
	switch {
	case disabled && (!ok || negative.Len() >= anchor.Zone.Len()):
		return standing{verdict: Verdict{Status: Insecure, Reason: NegativeAnchor, Zone: negative}}
	case !ok:
		return standing{verdict: Verdict{Status: Indeterminate, Reason: NoAnchor}}
	}
	return standing{anchor: anchor, trusted: true}
}
