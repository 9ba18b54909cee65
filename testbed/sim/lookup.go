package sim

import (
	"slices"

	"github.com/miekg/dns"

	"recursor/dns/domain"
)

// maxChain bounds the aliases one answer follows within a zone.
const maxChain = 16

// lookup is RFC 1034 §4.3.2 from step 3 on, in one zone. qname is the name as
// it was asked, sname the same as a Name.
func (z *Zone) lookup(r *response, qname string, sname domain.Name) {
	for seen := []domain.Name{sname}; ; seen = append(seen, sname) {
		target, alias := z.match(r, qname, sname)
		if !alias || len(seen) > maxChain {
			return
		}
		next, err := domain.Parse(target)
		if err != nil || !next.Within(z.Origin) || slices.Contains(seen, next) {
			return // the rest of the chain is for the resolver to ask
		}
		qname, sname = target, next
	}
}

// match goes down the tree label by label (step 3). It returns the target
// where it ended at an alias.
func (z *Zone) match(r *response, qname string, sname domain.Name) (target string, alias bool) {
	encloser := z.Origin
	for k := z.Origin.Labels(); k <= sname.Labels(); k++ {
		name := sname.Ancestor(k)
		n := z.nodes[name]
		if n == nil {
			break
		}
		encloser = name
		// 3b. A cut: what lies below is not ours, but DS at it is (RFC 4035 §3.1.4.1).
		if name != z.Origin && n.has(dns.TypeNS) && (name != sname || r.qtype != dns.TypeDS) {
			z.refer(r, name)
			return "", false
		}
		if name != sname && n.has(dns.TypeDNAME) {
			return z.redirect(r, qname, sname, name)
		}
	}
	r.own()
	if encloser == sname {
		return z.exact(r, qname, sname, sname) // 3a
	}
	// 3c. The label does not exist: the wildcard at the closest encloser is
	// the source of synthesis (RFC 4592 §3.3.1), or the name does not exist.
	wildcard, err := encloser.Wildcard()
	if err == nil && z.nodes[wildcard] != nil {
		return z.exact(r, qname, sname, wildcard)
	}
	r.rcode = dns.RcodeNameError // RFC 6604 §3: of the last name in a chain
	r.negative(z)
	if r.do {
		z.denyName(r, sname, encloser)
	}
	return "", false
}

// own sets AA, which concerns the first owner name of the answer only
// (RFC 1034 §6.2.7, RFC 6604 §2.1).
func (r *response) own() { r.aa = true }

// exact answers from a node: that of the name, or the wildcard source that
// stands in for it.
func (z *Zone) exact(r *response, qname string, sname, source domain.Name) (target string, alias bool) {
	n := z.nodes[source]
	if r.faults.NXDomainForENT && n.empty() {
		r.rcode = dns.RcodeNameError
		r.negative(z)
		return "", false
	}
	found := len(r.answer)
	switch {
	case r.qtype == dns.TypeANY:
		for _, t := range n.types() {
			r.put(&r.answer, n, t, qname)
			if r.faults.MinimalANY {
				break
			}
		}
	case r.qtype == dns.TypeRRSIG:
		for _, t := range n.types() {
			r.answer = append(r.answer, owned(n.sigs[t], qname)...)
		}
	case n.has(r.qtype):
		r.put(&r.answer, n, r.qtype, qname)
	case n.has(dns.TypeCNAME) && r.qtype != dns.TypeNSEC: // NSEC stands beside CNAME (RFC 4034 §4): it is there or it is not
		r.put(&r.answer, n, dns.TypeCNAME, qname)
		target, alias = n.sets[dns.TypeCNAME][0].(*dns.CNAME).Target, true
	}
	if len(r.answer) > found {
		if r.do && source != sname {
			z.denyExpansion(r, qname, sname, source.Parent())
		}
		if !alias {
			r.addresses(z, hosts(r.answer[found:]))
		}
		return target, alias
	}
	r.negative(z)
	if r.do {
		z.denyType(r, sname, source)
	}
	return "", false
}

// redirect answers with a DNAME record and the CNAME record made of it
// (RFC 6672 §3.1, §3.2).
func (z *Zone) redirect(r *response, qname string, sname, owner domain.Name) (target string, alias bool) {
	r.own()
	n := z.nodes[owner]
	rr := n.sets[dns.TypeDNAME][0].(*dns.DNAME)
	r.put(&r.answer, n, dns.TypeDNAME, rr.Hdr.Name)
	to, err := domain.Parse(rr.Target)
	if err != nil {
		return "", false
	}
	next, err := sname.Substitute(owner, to)
	if err != nil {
		r.rcode = dns.RcodeYXDomain
		return "", false
	}
	r.answer = append(r.answer, &dns.CNAME{
		Hdr:    dns.RR_Header{Name: qname, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: rr.Hdr.Ttl},
		Target: next.String(),
	})
	if r.qtype == dns.TypeCNAME {
		return "", false
	}
	return next.String(), true
}

// refer answers with the delegation at a cut: its NS set, DS or the proof that
// there is none (RFC 4035 §3.1.4), and glue.
func (z *Zone) refer(r *response, cut domain.Name) {
	n := z.nodes[cut]
	servers := n.sets[dns.TypeNS]
	r.authority = append(r.authority, owned(servers, servers[0].Header().Name)...)
	if r.do && z.signed() {
		if n.has(dns.TypeDS) {
			r.put(&r.authority, n, dns.TypeDS, servers[0].Header().Name)
		} else {
			z.denyType(r, cut, cut)
		}
	}
	if r.faults.NoGlue {
		return
	}
	from := len(r.additional)
	r.addresses(z, hosts(servers))
	for _, rr := range r.additional[from:] {
		if owner, err := domain.Parse(rr.Header().Name); err == nil && owner.Within(cut) {
			r.glue = append(r.glue, rr)
		}
	}
}
