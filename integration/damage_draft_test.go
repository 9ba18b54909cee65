package integration_test

import (
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

func itoa(n int) string { return strconv.Itoa(n) }

// editing has the fields of the signatures of one set changed before they are made.
func (d *draft) editing(name string, t uint16, edit func(*dns.RRSIG)) {
	owner := atOrigin(name, d.origin)
	d.edit = func(s *dns.RRSIG) {
		if edit != nil && s.Hdr.Name == owner && s.TypeCovered == t {
			edit(s)
		}
	}
}

// covers tells the signatures of one set.
func (d *draft) covers(name string, t uint16) func(*dns.RRSIG) bool {
	owner := atOrigin(name, d.origin)
	return func(s *dns.RRSIG) bool { return s.Hdr.Name == owner && s.TypeCovered == t }
}

func (d *draft) signaturesOf(name string, t uint16) (all []*dns.RRSIG) {
	covers := d.covers(name, t)
	for _, rr := range d.served {
		if s, ok := rr.(*dns.RRSIG); ok && covers(s) {
			all = append(all, s)
		}
	}
	return all
}

func (d *draft) eachSignature(name string, t uint16, edit func(*dns.RRSIG)) {
	for _, s := range d.signaturesOf(name, t) {
		edit(s)
	}
}

func (d *draft) dropSignatures(which func(*dns.RRSIG) bool) {
	d.served = slices.DeleteFunc(d.served, func(rr dns.RR) bool {
		s, ok := rr.(*dns.RRSIG)
		return ok && which(s)
	})
}

func (d *draft) dropContent(gone dns.RR) {
	d.content = slices.DeleteFunc(d.content, func(rr dns.RR) bool { return dns.IsDuplicate(rr, gone) })
}

func (d *draft) keySet() (set []dns.RR) {
	for _, rr := range d.content {
		if rr.Header().Rrtype == dns.TypeDNSKEY {
			set = append(set, rr)
		}
	}
	return set
}

func isDenial(rr dns.RR) bool {
	return rr.Header().Rrtype == dns.TypeNSEC || rr.Header().Rrtype == dns.TypeNSEC3
}

// denialOwner is the owner of the NSEC or NSEC3 record of a name.
func (d *draft) denialOwner(name string) string {
	owner := atOrigin(name, d.origin)
	if d.kind == byNSEC {
		return owner
	}
	return strings.ToLower(dns.HashName(owner, dns.SHA1, d.iterations, d.salt)) + "." + d.origin
}

// dropDenial takes the record of a name out, with its signatures.
func (d *draft) dropDenial(name string) {
	owner := d.denialOwner(name)
	d.served = slices.DeleteFunc(d.served, func(rr dns.RR) bool { return isDenial(rr) && rr.Header().Name == owner })
	d.dropSignatures(func(s *dns.RRSIG) bool {
		return s.Hdr.Name == owner && (s.TypeCovered == dns.TypeNSEC || s.TypeCovered == dns.TypeNSEC3)
	})
}

// eachDenial changes the types that the record of a name has.
func (d *draft) eachDenial(name string, change func(bits []uint16) []uint16) {
	owner := d.denialOwner(name)
	for _, rr := range d.denials {
		if rr.Header().Name != owner {
			continue
		}
		switch n := rr.(type) {
		case *dns.NSEC:
			n.TypeBitMap = change(n.TypeBitMap)
		case *dns.NSEC3:
			n.TypeBitMap = change(n.TypeBitMap)
		}
	}
}
