package sim

import (
	"slices"
	"strings"

	"github.com/miekg/dns"

	"recursor/dns/domain"
)

// signed reports whether the zone has denials to prove with.
func (z *Zone) signed() bool {
	return len(z.nsec3) > 0 || z.compact() || z.nodes[z.Origin].has(dns.TypeNSEC)
}

// denyName proves that sname does not exist and no wildcard at its closest
// encloser either (RFC 4035 §3.1.3.2, RFC 5155 §7.2.2).
func (z *Zone) denyName(r *response, sname, encloser domain.Name) {
	wildcard, err := encloser.Wildcard()
	switch {
	case z.compact():
		r.rcode = dns.RcodeSuccess
		z.prove(r, sname, nil)
	case len(z.nsec3) > 0:
		// Opt-out may leave the encloser without a record: the wildcard that
		// counts is at the one that can be proven.
		if wildcard, err = z.closestEncloser(r, sname).Wildcard(); err == nil {
			z.covering3(r, wildcard)
		}
	default:
		z.covering(r, sname)
		if err == nil {
			z.covering(r, wildcard)
		}
	}
}

// denyType proves that source, which is sname or the wildcard it matches, has
// no RRset of the type (RFC 4035 §3.1.3.1 and §3.1.3.4, RFC 5155 §7.2.3-7.2.5).
func (z *Zone) denyType(r *response, sname, source domain.Name) {
	switch {
	case z.compact():
		z.prove(r, sname, z.nodes[source])
	case len(z.nsec3) > 0:
		if source != sname {
			z.closestEncloser(r, sname)
			z.matching3(r, source)
			return
		}
		// Without a record of its own the name lies in a span of opt-out
		// (RFC 5155 §7.2.4), or is an empty non-terminal of such names.
		if !z.matching3(r, sname) {
			z.closestEncloser(r, sname)
		}
	default:
		z.covering(r, sname) // which matches it, unless it is an empty non-terminal
		if source != sname {
			z.covering(r, source)
		}
	}
}

// denyExpansion proves that sname itself does not exist, so that the wildcard
// at encloser applied (RFC 4035 §3.1.3.3, RFC 5155 §7.2.6).
func (z *Zone) denyExpansion(r *response, qname string, sname, encloser domain.Name) {
	switch {
	case z.compact():
		z.resign(r, qname)
	case len(z.nsec3) > 0:
		z.covering3(r, sname.NextCloser(encloser))
	default:
		z.covering(r, sname)
	}
}

// covering adds the NSEC record at name or, where it has none, the one before.
func (z *Zone) covering(r *response, name domain.Name) {
	if z.nsec == nil {
		z.collect()
	}
	if len(z.nsec) == 0 {
		return
	}
	i, found := slices.BinarySearchFunc(z.nsec, name, domain.Compare)
	if !found {
		i = (i - 1 + len(z.nsec)) % len(z.nsec)
	}
	n := z.nodes[z.nsec[i]]
	r.prove(n.sets[dns.TypeNSEC], n.sigs[dns.TypeNSEC])
}

// collect lists the owners of NSEC records.
func (z *Zone) collect() {
	z.nsec = make([]domain.Name, 0, len(z.nodes))
	for name, n := range z.nodes {
		if n.has(dns.TypeNSEC) {
			z.nsec = append(z.nsec, name)
		}
	}
	slices.SortFunc(z.nsec, domain.Compare)
}

// closestEncloser adds the proof of the closest provable encloser of sname:
// the record that matches it and the one that covers the next closer name
// (RFC 5155 §7.2.1).
func (z *Zone) closestEncloser(r *response, sname domain.Name) domain.Name {
	if sname == z.Origin {
		return sname // its record is missing: there is nothing to prove with
	}
	encloser := sname.Parent()
	for !z.matching3(r, encloser) {
		if encloser == z.Origin {
			return encloser // a zone without the record of its apex proves nothing
		}
		encloser = encloser.Parent()
	}
	z.covering3(r, sname.NextCloser(encloser))
	return encloser
}

// matching3 adds the NSEC3 record of name and reports whether there is one.
func (z *Zone) matching3(r *response, name domain.Name) bool {
	i, found := z.search3(name)
	if found {
		z.prove3(r, i)
	}
	return found
}

// covering3 adds the NSEC3 record that covers the hash of name.
func (z *Zone) covering3(r *response, name domain.Name) {
	i, found := z.search3(name)
	if !found {
		i = (i - 1 + len(z.nsec3)) % len(z.nsec3)
	}
	z.prove3(r, i)
}

func (z *Zone) prove3(r *response, i int) { r.prove([]dns.RR{z.nsec3[i].rr}, z.nsec3[i].sigs) }

// search3 finds the place of the hash of name in the chain.
func (z *Zone) search3(name domain.Name) (i int, found bool) {
	p := z.nsec3[0].rr
	hash := hashName(name, p.Iterations, p.Salt)
	return slices.BinarySearchFunc(z.nsec3, hash, func(h *hashedOwner, s string) int { return strings.Compare(h.hash, s) })
}

// hashName is the hashed owner name of RFC 5155 §5 in lower-case base32hex.
func hashName(name domain.Name, iterations uint16, salt string) string {
	return strings.ToLower(dns.HashName(name.String(), dns.SHA1, iterations, salt))
}
