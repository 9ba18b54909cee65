package integration_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// damage is one thing wrong with a zone, or with its delegation; each step may be nil.
type damage struct {
	name string
	// The kinds of denial it is tried with; where empty one of them, in turn.
	kinds []denialKind
	alg   uint8 // 0 is ECDSAP256SHA256
	// slow tells that named gives no answer to anything in the zone before we give up, so that we ask it less.
	slow bool
	// start is before the content is completed, content before the chain of denials, denials before anything is
	// signed, served at the end.
	start, content, denials, served func(*draft)
}

func (b damage) do(step func(*draft), d *draft) {
	if step != nil {
		step(d)
	}
}

var (
	allKinds   = []denialKind{byNSEC, byNSEC3, byOptOut}
	hashedOnly = []denialKind{byNSEC3, byOptOut}
)

// damages are all there are, the sound zone first.
func damages() []damage {
	all := []damage{
		{name: "sound", kinds: allKinds},
		{name: "unsigned", kinds: allKinds, start: func(d *draft) { d.bare, d.ds = true, nil }},
		{name: "island", kinds: allKinds, start: func(d *draft) { d.ds = nil }},
		{name: "stripped of signatures", served: func(d *draft) { d.dropSignatures(func(*dns.RRSIG) bool { return true }) }},
		{name: "unsigned below DS", kinds: allKinds, start: func(d *draft) { d.bare = true }},
	}
	return slices.Concat(all, damagedTimes(), damagedSignatures(), damagedKeys(), damagedDS(), damagedChains(), damagedHashes(), algorithms())
}

// damagedTimes are signatures that do not hold now.
func damagedTimes() []damage {
	const day = 24 * time.Hour
	return []damage{
		{name: "expired", start: func(d *draft) { d.span = validitySpan{d.now.Add(-60 * day), d.now.Add(-30 * day)} }},
		{name: "not yet valid", start: func(d *draft) { d.span = validitySpan{d.now.Add(30 * day), d.now.Add(60 * day)} }},
		{name: "ends before it begins", start: func(d *draft) { d.span = validitySpan{d.now.Add(day), d.now.Add(-day)} }},
		{name: "address expired", start: func(d *draft) {
			d.editing("www", dns.TypeA, func(s *dns.RRSIG) { s.Inception, s.Expiration = s.Inception-864000, s.Inception-3600 })
		}},
		{name: "keys expired", start: func(d *draft) {
			d.editing("@", dns.TypeDNSKEY, func(s *dns.RRSIG) { s.Inception, s.Expiration = s.Inception-864000, s.Inception-3600 })
		}},
		{name: "SOA not yet valid", start: func(d *draft) {
			d.editing("@", dns.TypeSOA, func(s *dns.RRSIG) { s.Inception, s.Expiration = s.Expiration, s.Expiration+864000 })
		}},
	}
}

// damagedSignatures are signatures with wrong fields, most of which verify with them.
func damagedSignatures() []damage {
	var all []damage
	for _, where := range []struct {
		name string
		t    uint16
	}{{"www", dns.TypeA}, {"near", dns.TypeCNAME}, {"dn", dns.TypeDNAME}, {"*.wild", dns.TypeA}, {"mail", dns.TypeMX}, {"@", dns.TypeSOA}, {"@", dns.TypeDNSKEY}} {
		what := where.name + " " + dns.TypeToString[where.t]
		on := func(edit func(d *draft, s *dns.RRSIG)) func(*draft) {
			return func(d *draft) { d.editing(where.name, where.t, func(s *dns.RRSIG) { edit(d, s) }) }
		}
		after := func(edit func(s *dns.RRSIG)) func(*draft) {
			return func(d *draft) {
				d.eachSignature(where.name, where.t, edit)
			}
		}
		all = append(
			all,
			damage{name: what + " without signature", served: func(d *draft) { d.dropSignatures(d.covers(where.name, where.t)) }},
			damage{name: what + " with a wrong signature", served: after(func(s *dns.RRSIG) { s.Signature = flipped(s.Signature) })},
			damage{name: what + " signed by the parent's name", start: on(func(d *draft, s *dns.RRSIG) { s.SignerName = parentOf(d.origin) })},
			damage{name: what + " signed by the child's name", start: on(func(d *draft, s *dns.RRSIG) { s.SignerName = atOrigin("sub", d.origin) })},
			damage{name: what + " signed by a name that ends alike", start: on(func(d *draft, s *dns.RRSIG) { s.SignerName = d.origin[1:] })},
			damage{name: what + " with a label too many", start: on(func(_ *draft, s *dns.RRSIG) { s.Labels++ })},
			damage{name: what + " with a label too few", start: on(func(_ *draft, s *dns.RRSIG) { s.Labels-- })},
			damage{name: what + " of another key tag", served: after(func(s *dns.RRSIG) { s.KeyTag++ })},
			damage{name: what + " of another algorithm", start: on(func(_ *draft, s *dns.RRSIG) { s.Algorithm = dns.ECDSAP384SHA384 })},
			damage{name: what + " with a greater original TTL", start: on(func(_ *draft, s *dns.RRSIG) { s.OrigTtl += 300 })},
			damage{name: what + " with a lesser original TTL", start: on(func(_ *draft, s *dns.RRSIG) { s.OrigTtl /= 2 })},
			damage{name: what + " with a wrong signature beside the good", served: func(d *draft) {
				for _, s := range d.signaturesOf(where.name, where.t) {
					wrong := *s
					wrong.Signature = flipped(s.Signature)
					d.served = append([]dns.RR{&wrong}, d.served...)
				}
			}},
			damage{name: what + " with a cut signature", served: after(func(s *dns.RRSIG) { s.Signature = s.Signature[:40] })},
		)
	}
	return all
}

// damagedKeys are DNSKEY sets that the DS or the signatures do not fit.
func damagedKeys() []damage {
	flags := func(f uint16) func(*draft) {
		return func(d *draft) {
			d.keys[0].Flags = f
			d.ds = []dns.RR{d.keys[0].ToDS(dns.SHA256)}
		}
	}
	return []damage{
		{name: "key that is revoked", start: flags(dns.ZONE | dns.SEP | dns.REVOKE)},
		{name: "key without the zone bit", start: flags(dns.SEP)},
		{name: "key without the SEP bit", start: flags(dns.ZONE)},
		{name: "key of another protocol", start: func(d *draft) {
			d.keys[0].Protocol = 4
			d.ds = []dns.RR{d.keys[0].ToDS(dns.SHA256)}
		}},
		{name: "data key without the zone bit", slow: true, start: func(d *draft) { d.keys[1].Flags = 0 }},
		{name: "data key revoked", slow: true, start: func(d *draft) { d.keys[1].Flags |= dns.REVOKE }},
		{name: "key revoked after the DS was made", start: func(d *draft) { d.keys[0].Flags |= dns.REVOKE }},
		{name: "data key not published", slow: true, content: func(d *draft) { d.dropContent(d.keys[1].DNSKEY) }},
		{name: "one key", start: func(d *draft) { d.keys = d.keys[:1] }},
		{name: "a third key, unused", start: func(d *draft) {
			d.keys = slices.Insert(d.keys, 1, d.key(dns.ED25519, 3, dns.ZONE))
		}},
		{name: "keys signed by the data key only", start: func(d *draft) {
			d.editing("@", dns.TypeDNSKEY, nil)
		}, served: func(d *draft) {
			d.dropSignatures(d.covers("@", dns.TypeDNSKEY))
			d.served = append(d.served, d.keys[1].sign(d.t, d.keySet(), d.span, nil))
		}},
		{name: "no keys", slow: true, served: func(d *draft) {
			d.served = slices.DeleteFunc(d.served, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeDNSKEY })
		}},
	}
}

// damagedDS are DS sets that fit no key, or that nobody understands.
func damagedDS() []damage {
	with := func(make func(d *draft, good *dns.DS) []dns.RR) func(*draft) {
		return func(d *draft) { d.ds = make(d, d.keys[0].ToDS(dns.SHA256)) }
	}
	changed := func(good *dns.DS, change func(*dns.DS)) dns.RR {
		c := *good
		change(&c)
		return &c
	}
	return []damage{
		{name: "DS of another digest", start: with(func(_ *draft, g *dns.DS) []dns.RR {
			return []dns.RR{changed(g, func(c *dns.DS) { c.Digest = strings.Repeat("0", 64) })}
		})},
		{name: "DS of another key tag", start: with(func(_ *draft, g *dns.DS) []dns.RR {
			return []dns.RR{changed(g, func(c *dns.DS) { c.KeyTag++ })}
		})},
		{name: "DS of another algorithm", start: with(func(_ *draft, g *dns.DS) []dns.RR {
			return []dns.RR{changed(g, func(c *dns.DS) { c.Algorithm = dns.ECDSAP384SHA384 })}
		})},
		{name: "DS of an unknown digest type", start: with(func(_ *draft, g *dns.DS) []dns.RR {
			return []dns.RR{changed(g, func(c *dns.DS) { c.DigestType = 200 })}
		})},
		{name: "DS of an unknown algorithm", start: with(func(_ *draft, g *dns.DS) []dns.RR {
			return []dns.RR{changed(g, func(c *dns.DS) { c.Algorithm = 200 })}
		})},
		{name: "DS of an unknown digest type beside the good", start: with(func(_ *draft, g *dns.DS) []dns.RR {
			return []dns.RR{g, changed(g, func(c *dns.DS) { c.DigestType = 200 })}
		})},
		{name: "DS of an unknown algorithm beside a wrong one", start: with(func(_ *draft, g *dns.DS) []dns.RR {
			return []dns.RR{changed(g, func(c *dns.DS) { c.Algorithm = 200 }), changed(g, func(c *dns.DS) { c.Digest = strings.Repeat("0", 64) })}
		})},
		{name: "DS of SHA-1", start: func(d *draft) { d.ds = []dns.RR{d.keys[0].ToDS(dns.SHA1)} }},
		{name: "DS of SHA-384", start: func(d *draft) { d.ds = []dns.RR{d.keys[0].ToDS(dns.SHA384)} }},
		{name: "DS of SHA-1 wrong, of SHA-256 good", start: with(func(d *draft, g *dns.DS) []dns.RR {
			return []dns.RR{g, changed(d.keys[0].ToDS(dns.SHA1), func(c *dns.DS) { c.Digest = strings.Repeat("0", 40) })}
		})},
		{name: "DS of SHA-1 good, of SHA-256 wrong", start: with(func(d *draft, g *dns.DS) []dns.RR {
			return []dns.RR{d.keys[0].ToDS(dns.SHA1), changed(g, func(c *dns.DS) { c.Digest = strings.Repeat("0", 64) })}
		})},
		{name: "DS of the data key", start: func(d *draft) { d.ds = []dns.RR{d.keys[1].ToDS(dns.SHA256)} }},
		{name: "DS of a key to come beside the good", start: func(d *draft) {
			d.ds = append(d.ds, d.key(dns.ECDSAP256SHA256, 3, dns.ZONE|dns.SEP).ToDS(dns.SHA256))
		}},
		{name: "DS of a digest cut short", start: with(func(_ *draft, g *dns.DS) []dns.RR {
			return []dns.RR{changed(g, func(c *dns.DS) { c.Digest = c.Digest[:40] })}
		})},
	}
}

// damagedChains are denials that do not prove what they should.
func damagedChains() []damage {
	var all []damage
	for _, name := range []string{"@", "www", "mail", "dn", "*.wild", "deep.ent", "sub"} {
		all = append(
			all,
			damage{name: "denial of " + name + " removed", kinds: allKinds, served: func(d *draft) { d.dropDenial(name) }},
			damage{name: "denial of " + name + " without signature", kinds: allKinds, served: func(d *draft) {
				owner := d.denialOwner(name)
				d.dropSignatures(func(s *dns.RRSIG) bool {
					return s.Hdr.Name == owner && (s.TypeCovered == dns.TypeNSEC || s.TypeCovered == dns.TypeNSEC3)
				})
			}},
			damage{name: "denial of " + name + " with all types", kinds: allKinds, denials: func(d *draft) {
				d.eachDenial(name, func(bits []uint16) []uint16 {
					bits = append(slices.Clone(bits), dns.TypeA, dns.TypeTXT, dns.TypeCNAME)
					slices.Sort(bits)
					return slices.Compact(bits)
				})
			}},
			damage{name: "denial of " + name + " as at a delegation", kinds: allKinds, denials: func(d *draft) {
				d.eachDenial(name, func([]uint16) []uint16 { return []uint16{dns.TypeNS, dns.TypeRRSIG, dns.TypeNSEC} })
			}},
			damage{name: "denial of " + name + " with few types", kinds: allKinds, denials: func(d *draft) {
				d.eachDenial(name, func([]uint16) []uint16 { return []uint16{dns.TypeRRSIG} })
			}},
		)
	}
	return append(
		all,
		damage{name: "no denials", kinds: allKinds, served: func(d *draft) {
			d.served = slices.DeleteFunc(d.served, isDenial)
			d.dropSignatures(func(s *dns.RRSIG) bool { return s.TypeCovered == dns.TypeNSEC || s.TypeCovered == dns.TypeNSEC3 })
		}},
		damage{name: "denials of the next span", kinds: []denialKind{byNSEC}, denials: func(d *draft) {
			for i, rr := range d.denials { // each covers what the one after it should
				rr.(*dns.NSEC).NextDomain = d.denials[(i+2)%len(d.denials)].Header().Name
			}
		}},
		damage{name: "denials of one name only", kinds: []denialKind{byNSEC}, denials: func(d *draft) {
			for _, rr := range d.denials {
				n := rr.(*dns.NSEC)
				n.NextDomain = "\\000." + n.Hdr.Name
			}
		}},
		damage{name: "denial that ends outside of the zone", kinds: []denialKind{byNSEC}, denials: func(d *draft) {
			d.denials[len(d.denials)-1].(*dns.NSEC).NextDomain = "zz.com."
		}},
	)
}

// damagedHashes are NSEC3 parameters of all sorts.
func damagedHashes() []damage {
	var all []damage
	for _, n := range []uint16{1, 50, 51, 100, 150, 151, 500, 2500} {
		all = append(all, damage{name: "iterations " + itoa(int(n)), kinds: hashedOnly, start: func(d *draft) { d.iterations = n }})
	}
	each := func(change func(i int, n *dns.NSEC3)) func(*draft) {
		return func(d *draft) {
			for i, rr := range d.denials {
				change(i, rr.(*dns.NSEC3))
			}
		}
	}
	return append(
		all,
		damage{name: "a salt", kinds: hashedOnly, start: func(d *draft) { d.salt = "ABCD" }},
		damage{name: "salts mixed", kinds: hashedOnly, denials: each(func(i int, n *dns.NSEC3) {
			if i%2 == 1 {
				n.Salt, n.SaltLength = "AB", 1
			}
		})},
		damage{name: "iterations mixed", kinds: hashedOnly, denials: each(func(i int, n *dns.NSEC3) {
			if i%2 == 1 {
				n.Iterations = 3
			}
		})},
		damage{name: "unknown hash", kinds: hashedOnly, denials: each(func(_ int, n *dns.NSEC3) { n.Hash = 7 })},
		damage{name: "unknown flags", kinds: hashedOnly, denials: each(func(_ int, n *dns.NSEC3) { n.Flags |= 2 })},
		damage{name: "opt-out where all is said to be", kinds: []denialKind{byOptOut}, denials: func(d *draft) {
			for _, rr := range d.denials { // one span over everything
				n := rr.(*dns.NSEC3)
				n.NextDomain = strings.ToUpper(strings.SplitN(n.Hdr.Name, ".", 2)[0])
			}
		}},
		damage{name: "opt-out that covers signed names", kinds: []denialKind{byOptOut}, served: func(d *draft) {
			d.served = slices.DeleteFunc(d.served, func(rr dns.RR) bool {
				return rr.Header().Name == atOrigin("www", d.origin)
			})
		}},
	)
}

// algorithms are sound zones of each, RSA in all sizes.
func algorithms() []damage {
	all := []damage{
		{name: "RSASHA1", alg: dns.RSASHA1, kinds: []denialKind{byNSEC}},
		{name: "RSASHA1-NSEC3-SHA1", alg: dns.RSASHA1NSEC3SHA1},
		{name: "RSASHA256", alg: dns.RSASHA256},
		{name: "RSASHA512", alg: dns.RSASHA512},
		{name: "ECDSAP384SHA384", alg: dns.ECDSAP384SHA384},
		{name: "ED25519", alg: dns.ED25519},
	}
	for _, bits := range []int{512, 768, 1024, 1536, 3072, 4096} {
		all = append(all, damage{name: "RSA of " + itoa(bits) + " bits", start: func(d *draft) {
			for i := range d.keys {
				d.keys[i] = d.ring.key(d.t, d.origin, dns.RSASHA256, bits, i, d.keys[i].Flags)
			}
			d.ds = []dns.RR{d.keys[0].ToDS(dns.SHA256)}
		}})
	}
	return append(
		all,
		damage{name: "algorithm nobody knows", denials: func(d *draft) {
			for _, rr := range d.content {
				if k, ok := rr.(*dns.DNSKEY); ok {
					k.Algorithm = 200
				}
			}
			d.edit = func(s *dns.RRSIG) { s.Algorithm = 200 }
		}, start: func(d *draft) {
			k := *d.keys[0].DNSKEY
			k.Algorithm = 200
			d.ds = []dns.RR{k.ToDS(dns.SHA256)}
		}},
		damage{name: "two algorithms in the DS, one in the zone", start: func(d *draft) {
			d.ds = append(d.ds, d.key(dns.ED25519, 3, dns.ZONE|dns.SEP).ToDS(dns.SHA256))
		}},
	)
}

// flipped is a signature with one bit changed.
func flipped(signature string) string {
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || len(raw) == 0 {
		return signature
	}
	raw[len(raw)/2] ^= 4
	return base64.StdEncoding.EncodeToString(raw)
}
