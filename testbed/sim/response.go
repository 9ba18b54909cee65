package sim

import (
	"slices"

	"github.com/miekg/dns"

	"recursor/dns/domain"
)

// response is an answer being made: the sections of RFC 1034 §3.7 and what is
// known of the query.
type response struct {
	qtype uint16
	do    bool
	// compactOK is the CO flag of the query (RFC 9824 §5).
	compactOK bool
	faults    *Faults

	rcode             int
	aa                bool
	answer, authority []dns.RR
	additional        []dns.RR
	glue              []dns.RR // additional records without which a referral is of no use (RFC 9471 §3.1)
}

// owned copies records under the owner as it was asked for: with the letters
// of the query, and for a wildcard with its name (RFC 4592 §2.1.2).
func owned(rrs []dns.RR, owner string) []dns.RR {
	out := make([]dns.RR, len(rrs))
	for i, rr := range rrs {
		out[i] = dns.Copy(rr)
		out[i].Header().Name = owner
	}
	return out
}

// put appends the RRset of a node, and its signatures where they were asked
// for (RFC 4035 §3.1.1).
func (r *response) put(section *[]dns.RR, n *node, t uint16, owner string) {
	*section = append(*section, owned(n.sets[t], owner)...)
	if r.do && t != dns.TypeRRSIG {
		*section = append(*section, owned(n.sigs[t], owner)...)
	}
}

// prove appends a record of denial with its signatures, unless it is there.
func (r *response) prove(rrs, sigs []dns.RR) {
	for _, rr := range slices.Concat(rrs, sigs) {
		if !slices.ContainsFunc(r.authority, func(o dns.RR) bool { return dns.IsDuplicate(o, rr) }) {
			r.authority = append(r.authority, dns.Copy(rr))
		}
	}
}

// negative puts the SOA record into the authority section with the TTL of
// negative answers (RFC 2308 §3).
func (r *response) negative(z *Zone) {
	apex := z.nodes[z.Origin]
	soa := z.SOA()
	if soa == nil {
		return
	}
	from := len(r.authority)
	r.put(&r.authority, apex, dns.TypeSOA, soa.Hdr.Name)
	for _, rr := range r.authority[from:] {
		rr.Header().Ttl = min(soa.Hdr.Ttl, soa.Minttl)
	}
}

// addresses appends the addresses of hosts that this zone knows to the
// additional section.
func (r *response) addresses(z *Zone, hosts []string) {
	for _, host := range hosts {
		name, err := domain.Parse(host)
		if err != nil || !name.Within(z.Origin) {
			continue
		}
		n := z.nodes[name]
		_, below := z.cutAbove(name)
		for _, t := range []uint16{dns.TypeA, dns.TypeAAAA} {
			switch {
			case !n.has(t):
			case below: // glue is not signed (RFC 4035 §2.2)
				r.additional = append(r.additional, owned(n.sets[t], host)...)
			default:
				r.put(&r.additional, n, t, host)
			}
		}
	}
}

// hosts are the names that records point to whose addresses are of use.
func hosts(rrs []dns.RR) []string {
	var names []string
	for _, rr := range rrs {
		switch rr := rr.(type) {
		case *dns.NS:
			names = append(names, rr.Ns)
		case *dns.MX:
			names = append(names, rr.Mx)
		case *dns.SRV:
			names = append(names, rr.Target)
		}
	}
	return names
}
