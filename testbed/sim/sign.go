package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
)

// SignOptions say how to sign a zone.
type SignOptions struct {
	// Keys sign the zone. Where there are none a KSK and a ZSK are made, from
	// Algorithm, Bits and Seed.
	Keys      []*Key
	Algorithm uint8 // 0 is ECDSA P-256
	Bits      int   // of an RSA modulus; 0 is 2048
	Seed      string
	// OneKey makes one key do both.
	OneKey bool

	// NSEC3 denies by hashes, with these parameters (RFC 5155 §4). The salt is
	// hexadecimal.
	NSEC3      bool
	Iterations uint16
	Salt       string
	OptOut     bool
	// Compact denies on the fly (RFC 9824).
	Compact bool

	// Inception and Expiration bound all signatures; the zero times are the
	// beginning of 2025 and of 2035.
	Inception, Expiration time.Time
}

func defaultInception() time.Time  { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }
func defaultExpiration() time.Time { return time.Date(2035, 1, 1, 0, 0, 0, 0, time.UTC) }

// ErrNoSOA says that a zone without SOA record cannot be signed.
var ErrNoSOA = errors.New("sim: zone without SOA record")

// Sign is a signed copy of a zone (RFC 4035 §2). DNSSEC records that zone has
// already, DS records apart, are made anew.
func Sign(zone *Zone, o SignOptions) (*Zone, error) {
	z := zone.bare()
	soa := z.SOA()
	if soa == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoSOA, z.Origin)
	}
	if len(o.Keys) == 0 {
		keys, err := makeKeys(z.Origin, o)
		if err != nil {
			return nil, err
		}
		o.Keys = keys
	}
	z.keys = o.Keys
	for _, k := range o.Keys {
		if k.Use&Hidden == 0 {
			k.Hdr.Ttl = soa.Hdr.Ttl
			z.add(z.Origin, k.DNSKEY)
		}
	}
	negative := min(soa.Hdr.Ttl, soa.Minttl) // RFC 9077 §3
	switch {
	case o.Compact:
		z.live = &o
	case o.NSEC3:
		z.add(z.Origin, &dns.NSEC3PARAM{
			Hdr:  dns.RR_Header{Name: z.Origin.String(), Rrtype: dns.TypeNSEC3PARAM, Class: dns.ClassINET},
			Hash: dns.SHA1, Iterations: o.Iterations, SaltLength: uint8(len(o.Salt) / 2), Salt: o.Salt,
		})
		z.hash(o, negative)
	default:
		z.chain(negative)
	}
	for _, name := range z.Names() {
		n := z.nodes[name]
		for _, t := range n.types() {
			if z.signs(name, t) {
				n.sigs[t] = o.signatures(n.sets[t], z.Origin, o.Keys)
			}
		}
	}
	for _, h := range z.nsec3 {
		h.sigs = o.signatures([]dns.RR{h.rr}, z.Origin, o.Keys)
	}
	return z, nil
}

// bare is a copy without the records that a signer makes.
func (z *Zone) bare() *Zone {
	c := z.Clone()
	c.nsec3, c.keys, c.live = nil, nil, nil
	for name, n := range c.nodes {
		clear(n.sigs)
		for _, t := range []uint16{dns.TypeNSEC, dns.TypeNSEC3PARAM} {
			delete(n.sets, t)
		}
		c.prune(name)
	}
	return c
}

func makeKeys(zone domain.Name, o SignOptions) ([]*Key, error) {
	ko := KeyOptions{Zone: zone, Algorithm: o.Algorithm, Bits: o.Bits, Seed: o.Seed, Use: SignsKeys}
	if o.OneKey {
		ko.Use |= SignsData
	}
	ksk, err := NewKey(ko)
	if err != nil || o.OneKey {
		return []*Key{ksk}, err
	}
	ko.Flags, ko.Use = dns.ZONE, SignsData
	zsk, err := NewKey(ko)
	return []*Key{ksk, zsk}, err
}

// Keys are the keys that the zone was signed with.
func (z *Zone) Keys() []*Key { return z.keys }

// DS are the DS records of the zone's published keys with the SEP flag, with
// SHA-256 digests (RFC 4509).
func (z *Zone) DS() []dns.RR {
	var set []dns.RR
	for _, k := range z.keys {
		if k.Flags&dns.SEP == 0 || k.Use&Hidden != 0 || k.Use&SignsKeys == 0 {
			continue
		}
		ds := k.ToDS(dns.SHA256)
		ds.Hdr.Ttl = 3600
		set = append(set, ds)
	}
	return set
}

// authoritative reports whether the zone has authority over name; at a cut it
// has, over DS and NSEC there.
func (z *Zone) authoritative(name domain.Name) bool {
	cut, found := z.cutAbove(name)
	return !found || cut == name
}

// signs reports whether an RRset is one the zone signs (RFC 4035 §2.2).
func (z *Zone) signs(name domain.Name, t uint16) bool {
	cut, found := z.cutAbove(name)
	switch {
	case !found:
		return true
	case cut == name:
		return t == dns.TypeDS || t == dns.TypeNSEC
	}
	return false
}

// bitmap lists the types that the NSEC or NSEC3 record of name shows
// (RFC 4034 §4.1.2, RFC 5155 §7.1).
func (z *Zone) bitmap(name domain.Name, more ...uint16) []uint16 {
	types := more
	signed := false
	cut, delegated := z.cutAbove(name)
	for _, t := range z.nodes[name].types() {
		if delegated && cut == name && t != dns.TypeNS && t != dns.TypeDS {
			continue // glue at the cut
		}
		types = append(types, t)
		signed = signed || z.signs(name, t)
	}
	if signed && !slices.Contains(types, dns.TypeRRSIG) {
		types = append(types, dns.TypeRRSIG)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// chain makes the NSEC records (RFC 4034 §4).
func (z *Zone) chain(ttl uint32) {
	var owners []domain.Name
	for _, name := range z.Names() {
		if z.authoritative(name) && !z.nodes[name].empty() {
			owners = append(owners, name)
		}
	}
	for i, name := range owners {
		rr := &dns.NSEC{
			Hdr:        dns.RR_Header{Name: name.String(), Rrtype: dns.TypeNSEC, Class: dns.ClassINET, Ttl: ttl},
			NextDomain: owners[(i+1)%len(owners)].String(),
			TypeBitMap: z.bitmap(name, dns.TypeNSEC, dns.TypeRRSIG),
		}
		z.add(name, rr)
	}
}

// hash makes the NSEC3 records (RFC 5155 §7.1).
func (z *Zone) hash(o SignOptions, ttl uint32) {
	flags := uint8(0)
	if o.OptOut {
		flags = 1
	}
	origin := strings.TrimPrefix(z.Origin.String(), ".")
	for _, name := range z.Names() {
		if !z.authoritative(name) || o.OptOut && z.insecureOnly(name) {
			continue
		}
		hash := hashName(name, o.Iterations, o.Salt)
		z.hashed(domain.MustParse(hash + "." + origin)).rr = &dns.NSEC3{
			Hdr:  dns.RR_Header{Name: hash + "." + origin, Rrtype: dns.TypeNSEC3, Class: dns.ClassINET, Ttl: ttl},
			Hash: dns.SHA1, Flags: flags, Iterations: o.Iterations, SaltLength: uint8(len(o.Salt) / 2), Salt: o.Salt,
			HashLength: 20, TypeBitMap: z.bitmap(name),
		}
	}
	for i, h := range z.nsec3 {
		h.rr.NextDomain = strings.ToUpper(z.nsec3[(i+1)%len(z.nsec3)].hash)
	}
}

// insecureOnly reports whether a span of opt-out may hold name: it is a
// delegation without DS, or an empty non-terminal above such ones only.
func (z *Zone) insecureOnly(name domain.Name) bool {
	n := z.nodes[name]
	if name == z.Origin {
		return false
	}
	if !n.empty() {
		return n.has(dns.TypeNS) && !n.has(dns.TypeDS)
	}
	for other, on := range z.nodes {
		if other.Below(name) && !on.empty() && z.authoritative(other) && !z.insecureOnly(other) {
			return false
		}
	}
	return true
}

// signatures signs an RRset with the keys that its type takes.
func (o *SignOptions) signatures(set []dns.RR, zone domain.Name, keys []*Key) []dns.RR {
	inception, expiration := o.Inception, o.Expiration
	if inception.IsZero() {
		inception = defaultInception()
	}
	if expiration.IsZero() {
		expiration = defaultExpiration()
	}
	use := SignsData
	if set[0].Header().Rrtype == dns.TypeDNSKEY {
		use = SignsKeys
	}
	var sigs []dns.RR
	for _, k := range keys {
		if k.Use&use == 0 {
			continue
		}
		sigs = append(sigs, k.sign(set, zone, inception, expiration))
	}
	return sigs
}

// sign makes one signature.
func (k *Key) sign(set []dns.RR, zone domain.Name, inception, expiration time.Time) *dns.RRSIG {
	sig := &dns.RRSIG{
		Hdr:       dns.RR_Header{Ttl: set[0].Header().Ttl},
		Algorithm: k.Algorithm, KeyTag: k.KeyTag(), SignerName: zone.String(),
		// RFC 4034 §3.1.5: seconds modulo 2^32.
		Inception: uint32(inception.Unix()), Expiration: uint32(expiration.Unix()),
	}
	// The library takes every label that begins with an asterisk for a wildcard.
	plain := slices.Clone(set)
	if owner := set[0].Header().Name; strings.HasPrefix(owner, "*") && !strings.HasPrefix(owner, "*.") {
		plain = owned(set, `\042`+owner[1:])
	}
	if err := sig.Sign(k.key, plain); err != nil {
		panic(fmt.Sprintf("sim: signing %s: %v", set[0].Header().Name, err)) // records that were parsed can be packed
	}
	sig.Hdr.Name = set[0].Header().Name
	return sig
}
