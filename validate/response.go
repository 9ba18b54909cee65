package validate

import (
	"net/netip"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate/denial"
	"recursor/validate/sig"
)

// Response is one step of an answer: what one zone's servers said to one
// question.
type Response struct {
	// Zone is the zone whose servers answered: signatures are by it or a zone
	// below. It is zero where that is not known, as when a forwarder answered.
	Zone domain.Name
	Name domain.Name
	Type wire.Type
	// NXDomain is the RCODE's claim about Target.
	NXDomain bool
	// Chain holds the CNAMEs and DNAMEs on the way to Target; behind a DNAME,
	// the CNAME that was synthesised of it, without signature.
	Chain []rrset.Set
	// Target is the last name of the chain; Name where there is none.
	Target domain.Name
	// Set is the answer. Without it the response denies, unless it Leads.
	Set *rrset.Set
	// More are further sets of an answer to a question for any type.
	More []rrset.Set
	// Leads tells that the chain ends at Target, of which the response says no
	// more.
	Leads bool
	// SOA and Proof are a denial's; Proof also shows that a wildcard was
	// rightly used. A referral has no SOA.
	SOA    *rrset.Set
	Proof  []rrset.Set
	Server netip.Addr
}

// Parts are the verdicts on a Response.
type Parts struct {
	// Chain has a verdict for each set of the Response's, in its order. That
	// on a synthesised CNAME is its DNAME's.
	Chain []Verdict
	// Final is the verdict on the Set or on the denial; where the response
	// Leads, it is that of the chain's last set.
	Final Verdict
	// More has a verdict for each further set.
	More []Verdict
	// Links are the records of the Response's Proof that were looked at and
	// hold.
	Links []Link
}

// Link is a record of a zone's chain of denial: a key of the zone, which is
// secure, signed the NSEC or NSEC3 RRset, over its owner and not a wildcard.
type Link struct {
	Zone domain.Name
	Set  *rrset.Set
	TTL  uint32 // as in a Verdict
}

// Worst is the verdict that the answer as a whole is worth: the first of the
// least status.
func (p *Parts) Worst() Verdict {
	worst := p.Final
	for _, v := range p.More {
		if v.Status < worst.Status {
			worst = v
		}
	}
	for i := len(p.Chain) - 1; i >= 0; i-- {
		if v := &p.Chain[i]; v.Status <= worst.Status {
			worst = *v
		}
	}
	return worst
}

// Want is a question for keys or DS records.
type Want struct {
	Name domain.Name
	// Type is TypeDNSKEY or TypeDS.
	Type wire.Type
	// Again asks past what is cached, and another server than before if there
	// is one: servers of a zone may differ (RFC 8901 §9), and one may be wrong.
	Again bool
}

// Fetched is what a Fetcher found.
type Fetched struct {
	Response
	// Known tells that an earlier call kept it as secure or insecure; Verdict
	// then says which. Of the Verdict, Status must be right; without its Reason
	// nobody is told of it any more, and the rest may be lost.
	Known   bool
	Verdict Verdict
	// Links are, when it comes back with Keep, the records of its Proof that
	// hold.
	Links []Link
}

// Fetcher brings DNSKEY and DS records. A DS question goes to the servers of
// the zone above the name (RFC 4035 §4.2); a denial comes with its proof. It
// may wait. What it returns is the Judge's own.
type Fetcher interface {
	// Fetch asks. The error is an *ede.Error, perhaps wrapped, and tells that
	// there is no answer.
	Fetch(Want) (*Fetched, error)
	// Kept is what was kept, without asking: equal work of calls side by side is
	// done once.
	Kept(Want) (*Fetched, bool)
	// Keep tells that the response was judged secure or insecure, so that a
	// later Fetch may bring it as Known.
	Keep(*Fetched, Verdict)
}

// Work is the budget of one client query. An error says that it is spent; the
// verdict is BudgetSpent then.
type Work interface {
	sig.Work
	denial.Work
}
