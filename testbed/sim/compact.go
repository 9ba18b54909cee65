package sim

import (
	"slices"

	"github.com/miekg/dns"

	"recursor/dns/domain"
)

// compact reports whether denials are made on the fly (RFC 9824).
func (z *Zone) compact() bool { return z.live != nil }

// prove adds the one NSEC record of compact denial: it claims that name exists
// and has the types of n and no others, or, for a name that does not exist,
// the pseudo-type NXNAME alone (RFC 9824 §3).
func (z *Zone) prove(r *response, name domain.Name, n *node) {
	types := []uint16{dns.TypeRRSIG, dns.TypeNSEC}
	if n == nil {
		types = append(types, dns.TypeNXNAME)
		if r.compactOK {
			r.rcode = dns.RcodeNameError // RFC 9824 §5
		}
	} else {
		types = append(types, n.types()...)
	}
	slices.Sort(types)
	soa := z.SOA()
	next, err := name.Prepend("\x00")
	if err != nil {
		next = z.Origin // no room for another label
	}
	rr := &dns.NSEC{
		Hdr:        dns.RR_Header{Name: name.String(), Rrtype: dns.TypeNSEC, Class: dns.ClassINET, Ttl: min(soa.Hdr.Ttl, soa.Minttl)},
		NextDomain: next.String(),
		TypeBitMap: slices.Compact(types),
	}
	r.prove([]dns.RR{rr}, z.live.signatures([]dns.RR{rr}, z.Origin, z.keys))
}

// resign replaces the signatures of what a wildcard gave by such as cover the
// name itself, since compact denial makes every name exist.
func (z *Zone) resign(r *response, owner string) {
	var set []dns.RR
	rest := r.answer[:0:0]
	for _, rr := range r.answer {
		_, sig := rr.(*dns.RRSIG)
		switch {
		case rr.Header().Name != owner:
			rest = append(rest, rr)
		case !sig:
			set = append(set, rr)
		}
	}
	for len(set) > 0 {
		t := set[0].Header().Rrtype
		same := slices.DeleteFunc(slices.Clone(set), func(rr dns.RR) bool { return rr.Header().Rrtype != t })
		set = slices.DeleteFunc(set, func(rr dns.RR) bool { return rr.Header().Rrtype == t })
		rest = append(rest, same...)
		rest = append(rest, z.live.signatures(same, z.Origin, z.keys)...)
	}
	r.answer = rest
}
