package validate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate"
	"recursor/validate/sig"
)

// small is a tree of the root, com. and p's zone, example.com. if it says none.
func small(tb testing.TB, p place) *world {
	tb.Helper()
	if p.origin == "" {
		p.origin = "example.com."
	}
	if p.lines == "" {
		p.lines = rich
	}
	return tree(tb, place{origin: "."}, place{origin: "com."}, p)
}

func key(tb testing.TB, zone string, o sim.KeyOptions) *sim.Key {
	tb.Helper()
	o.Zone = name(zone)
	k, err := sim.NewKey(o)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// resigned replaces the signatures of an RRset by what change makes of them.
func resigned(z *sim.Zone, owner string, t uint16, change func(*dns.RRSIG)) {
	n := name(owner)
	var sigs []dns.RR
	for _, rr := range z.All() {
		if s, ok := rr.(*dns.RRSIG); ok && s.TypeCovered == t && name(s.Hdr.Name) == n {
			c := dns.Copy(s).(*dns.RRSIG)
			change(c)
			sigs = append(sigs, c)
		}
	}
	if len(sigs) == 0 {
		panic("no signature of " + owner)
	}
	z.RemoveSignatures(n, t)
	if err := z.Add(sigs...); err != nil {
		panic(err)
	}
}

func flip(s *dns.RRSIG) { s.Signature = "AAAA" + s.Signature[4:] }

const (
	a, mx, txt = wire.TypeA, wire.TypeMX, wire.TypeTXT
	unsigned   = "insecure delegation not signed"
)

// What is wrong with one zone, and what is said of it.
//
// RFC: 4033.1, 4034.1, 4035.3, 4035.4, 4035.5, 4035.6, 6840.2, 6840.3, 4509.1, 9276.1, 9276.2
func TestBrokenZones(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0") // or the library would not sign with 512 bits
	month := 30 * 24 * time.Hour
	now := instant("2026-01-01")
	ds := func(change func(*dns.DS)) func(*sim.Zone) []dns.RR {
		return func(z *sim.Zone) []dns.RR {
			rrs := z.DS()
			for _, rr := range rrs {
				change(rr.(*dns.DS))
			}
			return rrs
		}
	}
	digest := func(types ...uint8) func(*sim.Zone) []dns.RR {
		return func(z *sim.Zone) (rrs []dns.RR) {
			for _, k := range z.Keys() {
				if k.Flags&dns.SEP == 0 {
					continue
				}
				for _, d := range types {
					r := k.ToDS(d & 0x7f)
					if d&0x80 != 0 { // a wrong one
						r.Digest = another(r.Digest)
					}
					r.Hdr.Ttl = 3600
					rrs = append(rrs, r)
				}
			}
			return rrs
		}
	}
	small512 := func(use sim.Use) *sim.Key {
		return key(t, "example.com.", sim.KeyOptions{Algorithm: dns.RSASHA256, Bits: 512, Seed: fmt.Sprint(use), Use: use})
	}
	rsaKSK := key(t, "example.com.", sim.KeyOptions{Algorithm: dns.RSASHA256, Bits: 1024, Use: sim.SignsKeys})

	for what, tt := range map[string]struct {
		place
		policy sig.Policy
		skew   time.Duration
		name   string
		t      wire.Type
		want   string
		zone   string // in the verdict
	}{
		"nothing": {name: "www.example.com.", t: a, want: "secure", zone: "example.com."},

		// Times.
		"expired":         {place: place{sign: sim.SignOptions{Inception: now.Add(-2 * month), Expiration: now.Add(-month)}}, name: "www.example.com.", t: a, want: "bogus signature expired", zone: "example.com."},
		"not yet valid":   {place: place{sign: sim.SignOptions{Inception: now.Add(month), Expiration: now.Add(2 * month)}}, name: "www.example.com.", t: a, want: "bogus signature not yet valid", zone: "example.com."},
		"within the skew": {place: place{sign: sim.SignOptions{Inception: now.Add(4 * time.Minute), Expiration: now.Add(2 * month)}}, skew: 5 * time.Minute, name: "www.example.com.", t: a, want: "secure", zone: "example.com."},
		"inverted":        {place: place{sign: sim.SignOptions{Inception: now.Add(month), Expiration: now.Add(-month)}}, name: "www.example.com.", t: a, want: "bogus signature expires before its inception", zone: "example.com."},
		"one RRset expired": {place: place{broken: func(z *sim.Zone) {
			resigned(z, "www.example.com.", dns.TypeA, func(s *dns.RRSIG) { s.Expiration = uint32(now.Unix()) - 1 })
		}}, name: "www.example.com.", t: a, want: "bogus signature expired", zone: "example.com."},
		"another RRset is": {place: place{broken: func(z *sim.Zone) {
			resigned(z, "www.example.com.", dns.TypeA, func(s *dns.RRSIG) { s.Expiration = uint32(now.Unix()) - 1 })
		}}, name: "www.example.com.", t: wire.TypeAAAA, want: "secure", zone: "example.com."},
		"its denial expired": {place: place{broken: func(z *sim.Zone) {
			resigned(z, "www.example.com.", dns.TypeNSEC, func(s *dns.RRSIG) { s.Expiration = uint32(now.Unix()) - 1 })
		}}, name: "www.example.com.", t: mx, want: "bogus signature expired", zone: "example.com."},
		"the SOA expired": {place: place{broken: func(z *sim.Zone) {
			resigned(z, "example.com.", dns.TypeSOA, func(s *dns.RRSIG) { s.Expiration = uint32(now.Unix()) - 1 })
		}}, name: "www.example.com.", t: mx, want: "bogus signature expired", zone: "example.com."},

		// Signatures.
		"stripped": {place: place{broken: func(z *sim.Zone) { z.RemoveSignatures(name("www.example.com."), dns.TypeA) }}, name: "www.example.com.", t: a, want: "bogus signature missing", zone: "example.com."},
		"wrong":    {place: place{broken: func(z *sim.Zone) { resigned(z, "www.example.com.", dns.TypeA, flip) }}, name: "www.example.com.", t: a, want: "bogus signature does not verify", zone: "example.com."},
		"signer above": {place: place{broken: func(z *sim.Zone) {
			resigned(z, "www.example.com.", dns.TypeA, func(s *dns.RRSIG) { s.SignerName = "com." })
		}}, name: "www.example.com.", t: a, want: "bogus signer is not the zone", zone: "example.com."},
		"signer no zone": {place: place{broken: func(z *sim.Zone) {
			resigned(z, "www.example.com.", dns.TypeA, func(s *dns.RRSIG) { s.SignerName = "www.example.com." })
		}}, name: "www.example.com.", t: a, want: "bogus signer is not the zone", zone: "www.example.com."},
		"signer elsewhere": {place: place{broken: func(z *sim.Zone) {
			resigned(z, "www.example.com.", dns.TypeA, func(s *dns.RRSIG) { s.SignerName = "ample.com." })
		}}, name: "www.example.com.", t: a, want: "bogus signer is not the zone", zone: "example.com."},
		"labels too many": {place: place{broken: func(z *sim.Zone) { resigned(z, "www.example.com.", dns.TypeA, func(s *dns.RRSIG) { s.Labels++ }) }}, name: "www.example.com.", t: a, want: "bogus label count of the signature out of range", zone: "example.com."},
		"labels too few":  {place: place{broken: func(z *sim.Zone) { resigned(z, "www.example.com.", dns.TypeA, func(s *dns.RRSIG) { s.Labels = 1 }) }}, name: "www.example.com.", t: a, want: "bogus label count of the signature out of range", zone: "example.com."},
		"other tag":       {place: place{broken: func(z *sim.Zone) { resigned(z, "www.example.com.", dns.TypeA, func(s *dns.RRSIG) { s.KeyTag++ }) }}, name: "www.example.com.", t: a, want: "bogus DNSKEY missing", zone: "example.com."},
		"unknown algorithm": {place: place{broken: func(z *sim.Zone) {
			resigned(z, "www.example.com.", dns.TypeA, func(s *dns.RRSIG) { s.Algorithm = 200 })
		}}, name: "www.example.com.", t: a, want: "bogus algorithm unsupported", zone: "example.com."},
		"original TTL changed": {place: place{broken: func(z *sim.Zone) { resigned(z, "www.example.com.", dns.TypeA, func(s *dns.RRSIG) { s.OrigTtl++ }) }}, name: "www.example.com.", t: a, want: "bogus signature does not verify", zone: "example.com."},
		"not its wildcard's":   {place: place{broken: func(z *sim.Zone) { resigned(z, "www.example.com.", dns.TypeA, func(s *dns.RRSIG) { s.Labels = 2 }) }}, name: "www.example.com.", t: a, want: "bogus signature does not verify", zone: "example.com."},

		// Keys.
		"no keys":               {place: place{broken: func(z *sim.Zone) { z.Remove(name("example.com."), dns.TypeDNSKEY) }}, name: "www.example.com.", t: a, want: "bogus DNSKEY missing", zone: "example.com."},
		"keys not signed":       {place: place{broken: func(z *sim.Zone) { z.RemoveSignatures(name("example.com."), dns.TypeDNSKEY) }}, name: "www.example.com.", t: a, want: "bogus signature missing", zone: "example.com."},
		"keys signed by others": {place: place{broken: func(z *sim.Zone) { resigned(z, "example.com.", dns.TypeDNSKEY, func(s *dns.RRSIG) { s.KeyTag++ }) }}, name: "www.example.com.", t: a, want: "bogus signature missing", zone: "example.com."},
		"keys' signature wrong": {place: place{broken: func(z *sim.Zone) { resigned(z, "example.com.", dns.TypeDNSKEY, flip) }}, name: "www.example.com.", t: a, want: "bogus signature does not verify", zone: "example.com."},
		"keys' signature early": {place: place{broken: func(z *sim.Zone) {
			resigned(z, "example.com.", dns.TypeDNSKEY, func(s *dns.RRSIG) { s.Inception = uint32(now.Unix()) + 1 })
		}}, name: "www.example.com.", t: a, want: "bogus signature not yet valid", zone: "example.com."},
		"key revoked":            {place: place{sign: sim.SignOptions{Keys: []*sim.Key{key(t, "example.com.", sim.KeyOptions{Flags: 0x181, Use: sim.SignsKeys | sim.SignsData})}}, ds: digest(2)}, name: "www.example.com.", t: a, want: "bogus key revoked", zone: "example.com."},
		"no zone key":            {place: place{sign: sim.SignOptions{Keys: []*sim.Key{key(t, "example.com.", sim.KeyOptions{Flags: 0x001, Use: sim.SignsKeys | sim.SignsData})}}, ds: digest(2)}, name: "www.example.com.", t: a, want: "bogus key is no zone key", zone: "example.com."},
		"data by a hidden key":   {place: place{sign: sim.SignOptions{Keys: []*sim.Key{key(t, "example.com.", sim.KeyOptions{Use: sim.SignsKeys}), key(t, "example.com.", sim.KeyOptions{Seed: "h", Flags: 256, Use: sim.SignsData | sim.Hidden})}}}, name: "www.example.com.", t: a, want: "bogus DNSKEY missing", zone: "example.com."},
		"the KSK of 512 bits":    {place: place{sign: sim.SignOptions{Keys: []*sim.Key{small512(sim.SignsKeys | sim.SignsData)}}}, name: "www.example.com.", t: a, want: "insecure algorithm unsupported", zone: "example.com."},
		"the ZSK of 512 bits":    {place: place{sign: sim.SignOptions{Keys: []*sim.Key{rsaKSK, small512(sim.SignsData)}}}, name: "www.example.com.", t: a, want: "bogus algorithm unsupported", zone: "example.com."},
		"512 bits, recorded":     {place: place{sign: sim.SignOptions{Keys: []*sim.Key{small512(sim.SignsKeys | sim.SignsData)}}}, policy: sig.Policy{Recorded: true}, name: "www.example.com.", t: a, want: "secure", zone: "example.com."},
		"RSASHA1":                {place: place{sign: sim.SignOptions{Algorithm: dns.RSASHA1, Bits: 1024}}, name: "www.example.com.", t: a, want: "secure", zone: "example.com."},
		"RSASHA1 refused":        {place: place{sign: sim.SignOptions{Algorithm: dns.RSASHA1, Bits: 1024}}, policy: sig.Policy{RefuseSHA1: true}, name: "www.example.com.", t: a, want: "insecure algorithm unsupported", zone: "example.com."},
		"refused, bogus or not":  {place: place{sign: sim.SignOptions{Algorithm: dns.RSASHA1, Bits: 1024}, broken: func(z *sim.Zone) { z.RemoveSignatures(name("www.example.com."), dns.TypeA) }}, policy: sig.Policy{RefuseSHA1: true}, name: "www.example.com.", t: a, want: "insecure algorithm unsupported", zone: "example.com."},
		"refused, the key small": {place: place{sign: sim.SignOptions{Keys: []*sim.Key{small512(sim.SignsKeys | sim.SignsData)}, Seed: "x"}}, policy: sig.Policy{MinRSA: 512}, name: "www.example.com.", t: a, want: "secure", zone: "example.com."},

		// DS.
		"DS of another key":       {place: place{ds: ds(func(d *dns.DS) { d.KeyTag++ })}, name: "www.example.com.", t: a, want: "bogus no key matches the DS records", zone: "example.com."},
		"DS wrong":                {place: place{ds: digest(0x82)}, name: "www.example.com.", t: a, want: "bogus no key matches the DS records", zone: "example.com."},
		"DS SHA-1":                {place: place{ds: digest(1)}, name: "www.example.com.", t: a, want: "secure", zone: "example.com."},
		"DS SHA-384":              {place: place{ds: digest(4)}, name: "www.example.com.", t: a, want: "secure", zone: "example.com."},
		"DS SHA-1 beside a wrong": {place: place{ds: digest(1, 0x82)}, name: "www.example.com.", t: a, want: "bogus no key matches the DS records", zone: "example.com."},
		"DS wrong SHA-1 beside":   {place: place{ds: digest(0x81, 2)}, name: "www.example.com.", t: a, want: "secure", zone: "example.com."},
		"DS two, one right":       {place: place{ds: digest(0x84, 2)}, name: "www.example.com.", t: a, want: "secure", zone: "example.com."},
		"DS of unknown digest":    {place: place{ds: ds(func(d *dns.DS) { d.DigestType = 200 })}, name: "www.example.com.", t: a, want: "insecure DS digest unsupported", zone: "example.com."},
		"DS of unknown algorithm": {place: place{ds: ds(func(d *dns.DS) { d.Algorithm = 200 })}, name: "www.example.com.", t: a, want: "insecure algorithm unsupported", zone: "example.com."},
		"DS GOST":                 {place: place{ds: ds(func(d *dns.DS) { d.Algorithm = 12; d.DigestType = 3 })}, name: "www.example.com.", t: a, want: "insecure algorithm unsupported", zone: "example.com."},
		"DS unknown beside wrong": {place: place{ds: func(z *sim.Zone) []dns.RR {
			u := dns.Copy(z.DS()[0]).(*dns.DS)
			u.Algorithm = 200
			return append(digest(0x82)(z), u)
		}}, name: "www.example.com.", t: a, want: "bogus no key matches the DS records", zone: "example.com."},
		"DS unknown beside right": {place: place{ds: func(z *sim.Zone) []dns.RR {
			u := dns.Copy(z.DS()[0]).(*dns.DS)
			u.Algorithm = 200
			return append(z.DS(), u)
		}}, name: "www.example.com.", t: a, want: "secure", zone: "example.com."},
		"DS unknown, zone in ruin": {place: place{ds: ds(func(d *dns.DS) { d.DigestType = 200 }), broken: func(z *sim.Zone) { z.Remove(name("example.com."), dns.TypeDNSKEY) }}, name: "nobody.example.com.", t: a, want: "insecure DS digest unsupported", zone: "example.com."},

		// Denials.
		"no NSEC of the name":     {place: place{broken: func(z *sim.Zone) { z.Remove(name("www.example.com."), dns.TypeNSEC) }}, name: "www.example.com.", t: mx, want: "bogus proof of denial incomplete", zone: "example.com."},
		"NSEC not signed":         {place: place{broken: func(z *sim.Zone) { z.RemoveSignatures(name("www.example.com."), dns.TypeNSEC) }}, name: "www.example.com.", t: mx, want: "bogus signature missing", zone: "example.com."},
		"NSEC's signature wrong":  {place: place{broken: func(z *sim.Zone) { resigned(z, "www.example.com.", dns.TypeNSEC, flip) }}, name: "www.example.com.", t: mx, want: "bogus signature does not verify", zone: "example.com."},
		"wildcard not denied":     {place: place{broken: func(z *sim.Zone) { z.Remove(name("example.com."), dns.TypeNSEC) }}, name: "nobody.example.com.", t: a, want: "bogus proof of denial incomplete", zone: "example.com."},
		"nobody denied":           {place: place{broken: func(z *sim.Zone) { z.Remove(name("example.com."), dns.TypeNSEC) }}, name: "alf.example.com.", t: a, want: "bogus proof of denial incomplete", zone: "example.com."},
		"expansion unproven":      {place: place{broken: func(z *sim.Zone) { z.Remove(name("*.wild.example.com."), dns.TypeNSEC) }}, name: "a.wild.example.com.", t: txt, want: "bogus wildcard expansion unproven", zone: "example.com."},
		"expansion, wrong proof":  {place: place{broken: func(z *sim.Zone) { resigned(z, "*.wild.example.com.", dns.TypeNSEC, flip) }}, name: "a.wild.example.com.", t: txt, want: "bogus signature does not verify", zone: "example.com."},
		"SOA not signed":          {place: place{broken: func(z *sim.Zone) { z.RemoveSignatures(name("example.com."), dns.TypeSOA) }}, name: "nobody.example.com.", t: a, want: "bogus signature missing", zone: "example.com."},
		"50 iterations":           {place: place{sign: sim.SignOptions{NSEC3: true, Iterations: 50}}, name: "nobody.example.com.", t: a, want: "secure", zone: "example.com."},
		"51 iterations":           {place: place{sign: sim.SignOptions{NSEC3: true, Iterations: 51}}, name: "nobody.example.com.", t: a, want: "insecure too many NSEC3 iterations", zone: "example.com."},
		"51, but an answer":       {place: place{sign: sim.SignOptions{NSEC3: true, Iterations: 51}}, name: "www.example.com.", t: a, want: "secure", zone: "example.com."},
		"51, a wildcard's answer": {place: place{sign: sim.SignOptions{NSEC3: true, Iterations: 51}}, name: "a.wild.example.com.", t: txt, want: "insecure too many NSEC3 iterations", zone: "example.com."},
		"500 iterations":          {place: place{sign: sim.SignOptions{NSEC3: true, Iterations: 500}}, name: "www.example.com.", t: mx, want: "insecure too many NSEC3 iterations", zone: "example.com."},
		"501 iterations":          {place: place{sign: sim.SignOptions{NSEC3: true, Iterations: 501}}, name: "www.example.com.", t: mx, want: "bogus too many NSEC3 iterations", zone: "example.com."},
		"51, not even signed": {
			place: place{sign: sim.SignOptions{NSEC3: true, Iterations: 51, Inception: now.Add(-2 * month), Expiration: now.Add(-month)}},
			name:  "nobody.example.com.", t: a, want: "bogus signature expired", zone: "example.com.",
		},
	} {
		t.Run(what, func(t *testing.T) {
			w := small(t, tt.place)
			w.options.Policy, w.options.Skew = tt.policy, tt.skew
			v := w.want(tt.name, tt.t, tt.want)
			if v.Zone != name(tt.zone) {
				t.Errorf("zone %s, want %s", v.Zone, tt.zone)
			}
			note, tell := v.Note()
			code, known := v.Reason.Code()
			if tell != known || tell && (note.Code != code || !strings.Contains(note.Text, tt.zone) || strings.Contains(note.Text, "\n")) {
				t.Errorf("note %+v, %t", note, tell)
			}
			if v.Status == validate.Bogus && !tell {
				t.Error("bogus, and nobody is told why")
			}
		})
	}
}

// RFC: 4035.6
func TestNoteNamesTheCause(t *testing.T) {
	w := small(t, place{broken: func(z *sim.Zone) { resigned(z, "www.example.com.", dns.TypeA, flip) }})
	v := w.verdict("www.example.com.", a)
	note, ok := v.Note()
	want := fmt.Sprintf("signature does not verify, zone example.com., key %d (ECDSAP256SHA256), from 192.0.2.1", v.KeyTag)
	if !ok || note.Code != ede.DNSSECBogus || note.Text != want || v.KeyTag == 0 {
		t.Errorf("%+v, want %s", note, want)
	}
	secure := w.verdict("example.com.", mx)
	if note, ok := secure.Note(); ok {
		t.Errorf("a note on what is secure: %+v", note)
	}
	if s := secure.String(); !strings.HasPrefix(s, "secure, zone example.com., key ") {
		t.Error(s)
	}
}

// Delegations that are not proven to be unsigned are not.
//
// RFC: 4035.3, 5155.4, 6840.1, X.9
func TestUnprovenDelegations(t *testing.T) {
	proofOnly := func(r *validate.Response) bool {
		return r.Type == wire.TypeDS && r.Name == name("plain.com.")
	}
	for what, tt := range map[string]struct {
		com    sim.SignOptions
		change func(w *world, r *validate.Response)
		name   string
		want   string
	}{
		"proven": {want: unsigned},
		"no proof": {change: func(_ *world, r *validate.Response) {
			if proofOnly(r) {
				r.Proof = nil
			}
		}, want: "bogus proof of denial missing"},
		"no proof, no SOA": {change: func(_ *world, r *validate.Response) {
			if proofOnly(r) {
				r.Proof, r.SOA = nil, nil
			}
		}, want: "bogus proof of denial missing"},
		"no signatures": {change: func(_ *world, r *validate.Response) {
			if proofOnly(r) {
				for i := range r.Proof {
					r.Proof[i].Sigs = nil
				}
				r.SOA = nil
			}
		}, want: "bogus signature missing"},
		"another name's proof": {change: func(w *world, r *validate.Response) {
			if proofOnly(r) {
				other, _ := w.ask(name("example.com."), wire.TypeTXT)
				r.Proof = other.Proof
			}
		}, want: "bogus proof of denial incomplete"},
		"a sibling's proof": {change: func(w *world, r *validate.Response) {
			if proofOnly(r) {
				other, _ := w.ask(name("bare.com."), wire.TypeDS)
				r.Proof = other.Proof
			}
		}, want: "bogus proof of denial incomplete"},
		"NXDOMAIN is claimed": {change: func(_ *world, r *validate.Response) {
			if proofOnly(r) {
				r.NXDomain = true
			}
		}, want: "bogus proof of denial incomplete"},
		"by opt-out":           {com: sim.SignOptions{NSEC3: true, OptOut: true}, want: "insecure perhaps in an opt-out span"},
		"by NSEC3":             {com: sim.SignOptions{NSEC3: true}, want: unsigned},
		"by NSEC3, 51 rounds":  {com: sim.SignOptions{NSEC3: true, Iterations: 51}, want: "insecure too many NSEC3 iterations"},
		"by NSEC3, 501 rounds": {com: sim.SignOptions{NSEC3: true, Iterations: 501}, want: "bogus too many NSEC3 iterations"},
		"by compact denial":    {com: sim.SignOptions{Compact: true}, want: unsigned},

		// An attacker's unsigned zone inside a signed one.
		"no cut there": {change: func(_ *world, r *validate.Response) {
			if r.Name == name("www.example.com.") && r.Type == a {
				r.Zone = name("www.example.com.")
				r.Set.Sigs = nil
			}
		}, name: "www.example.com.", want: "bogus signature missing"},
		"no such name there": {change: func(_ *world, r *validate.Response) {
			if r.Name == name("x.evil.example.com.") && r.Type == a {
				set := rrset.New(r.Name, a, 300, []byte{192, 0, 2, 66})
				*r = validate.Response{Zone: name("evil.example.com."), Name: r.Name, Type: a, Target: r.Name, Set: &set}
			}
		}, name: "x.evil.example.com.", want: "bogus signature missing"},
		"nor by a forwarder": {change: func(_ *world, r *validate.Response) {
			if r.Name == name("x.evil.example.com.") && r.Type == a {
				set := rrset.New(r.Name, a, 300, []byte{192, 0, 2, 66})
				*r = validate.Response{Name: r.Name, Type: a, Target: r.Name, Set: &set}
			}
		}, name: "x.evil.example.com.", want: "bogus signature missing"},
		"its DS are denied by itself": {change: func(w *world, r *validate.Response) {
			if r.Name == name("example.com.") && r.Type == wire.TypeDS {
				other, _ := w.ask(name("example.com."), wire.TypeTXT)
				*r = validate.Response{Zone: name("example.com."), Name: r.Name, Type: r.Type, Target: r.Name, SOA: other.SOA, Proof: other.Proof}
			}
		}, name: "www.example.com.", want: "bogus signer is not the zone"},
		"the DS stripped": {change: func(_ *world, r *validate.Response) {
			if r.Name == name("example.com.") && r.Type == wire.TypeDS {
				*r = validate.Response{Zone: r.Zone, Name: r.Name, Type: r.Type, Target: r.Name}
			}
		}, name: "www.example.com.", want: "bogus proof of denial missing"},
		"the DS without signature": {change: func(_ *world, r *validate.Response) {
			if r.Name == name("example.com.") && r.Type == wire.TypeDS {
				r.Set.Sigs = nil
			}
		}, name: "www.example.com.", want: "bogus signature missing"},
		"the DS replaced": {change: func(_ *world, r *validate.Response) {
			if r.Name == name("example.com.") && r.Type == wire.TypeDS {
				r.Set.RData[5]++
			}
		}, name: "www.example.com.", want: "bogus signature does not verify"},
		"the DS of another name": {change: func(w *world, r *validate.Response) {
			if r.Name == name("example.com.") && r.Type == wire.TypeDS {
				other, _ := w.ask(name("n3.com."), wire.TypeDS)
				r.Set = other.Set
			}
		}, name: "www.example.com.", want: "bogus proof of denial missing"},
		"keys of another zone": {change: func(w *world, r *validate.Response) {
			if r.Name == name("example.com.") && r.Type == wire.TypeDNSKEY {
				other, _ := w.ask(name("n3.com."), wire.TypeDNSKEY)
				r.Set = other.Set
			}
		}, name: "www.example.com.", want: "bogus DNSKEY missing"},
	} {
		t.Run(what, func(t *testing.T) {
			w := tree(t, place{origin: "."}, place{origin: "com.", sign: tt.com}, place{origin: "example.com.", lines: rich},
				place{origin: "n3.com.", lines: rich}, place{origin: "plain.com.", lines: rich, unsigned: true},
				place{origin: "bare.com.", lines: rich, unsigned: true})
			changing := false
			if tt.change != nil {
				w.change = func(r *validate.Response) {
					if !changing { // what change asks for itself is left as it is
						changing = true
						tt.change(w, r)
						changing = false
					}
				}
			}
			if tt.name == "" {
				tt.name = "www.plain.com."
			}
			w.want(tt.name, a, tt.want)
		})
	}
}

// Where a name's zone is not the one asked, signatures from above it do not
// count; where that is not known, they are tried.
//
// RFC: X.9, 4035.4
func TestSignerAboveTheZoneAsked(t *testing.T) {
	w := internet(t)
	r, err := w.ask(name("www.example.com."), a)
	if err != nil {
		t.Fatal(err)
	}
	for zone, want := range map[string]string{
		"example.com.": "secure", "com.": "secure", "": "secure",
		"www.example.com.": "bogus signer is not the zone",
	} {
		r.Zone = domain.Name{}
		if zone != "" {
			r.Zone = name(zone)
		}
		p, err := w.judge().Judge(&r, w.now, w, w)
		if got := said(p.Final); got != want || err != nil {
			t.Errorf("asked as %q: %s, want %s (%v)", zone, got, want, err)
		}
	}
}

// Parts of an answer are judged one by one, and the worst decides.
func TestPartsOfAnAnswer(t *testing.T) {
	w := small(t, place{broken: func(z *sim.Zone) { resigned(z, "alias.example.com.", dns.TypeCNAME, flip) }})
	steps := w.resolve("alias.example.com.", a)
	if p := steps[0].parts; len(p.Chain) != 1 || said(p.Chain[0]) != "bogus signature does not verify" || said(p.Final) != "secure" ||
		p.Worst().Status != validate.Bogus {
		t.Errorf("a broken alias: %+v", p)
	}
	// ANY: each set.
	r, err := w.ask(name("www.example.com."), wire.TypeAAAA)
	if err != nil {
		t.Fatal(err)
	}
	other, err := w.ask(name("www.example.com."), a)
	if err != nil {
		t.Fatal(err)
	}
	bad := other.Set.Clone()
	bad.RData[2] ^= 1
	r.More = []rrset.Set{*other.Set, bad}
	p, err := w.judge().Judge(&r, w.now, w, w)
	if err != nil || said(p.Final) != "secure" || said(p.More[0]) != "secure" || said(p.More[1]) != "bogus signature does not verify" ||
		p.Worst().Status != validate.Bogus {
		t.Errorf("%+v, %v", p, err)
	}
}

// RFC 6672 §5.3.1: the CNAME that comes with a DNAME has no signature, and must
// be what the DNAME makes.
func TestSynthesis(t *testing.T) {
	cname := func(owner, target string) rrset.Set {
		return rrset.New(name(owner), wire.TypeCNAME, 300, name(target).AppendWire(nil))
	}
	for what, tt := range map[string]struct {
		cname rrset.Set
		want  string
	}{
		"right":        {cname("x.d.example.com.", "x.other.example.com."), "secure"},
		"other target": {cname("x.d.example.com.", "y.other.example.com."), "bogus CNAME is not what its DNAME makes"},
		"other owner":  {cname("x.e.example.com.", "x.other.example.com."), "bogus CNAME is not what its DNAME makes"},
		"its owner":    {cname("d.example.com.", "other.example.com."), "bogus CNAME is not what its DNAME makes"},
		"two": {
			rrset.New(name("x.d.example.com."), wire.TypeCNAME, 300, name("x.other.example.com.").AppendWire(nil), name("evil.").AppendWire(nil)),
			"bogus CNAME is not what its DNAME makes",
		},
		"none": {rrset.New(name("x.d.example.com."), wire.TypeCNAME, 300), "bogus CNAME is not what its DNAME makes"},
	} {
		w := small(t, place{})
		w.change = func(r *validate.Response) {
			if len(r.Chain) > 1 && r.Chain[0].Type == wire.TypeDNAME {
				r.Chain[1] = tt.cname
			}
		}
		steps := w.resolve("x.d.example.com.", a)
		if got := said(steps[0].parts.Chain[1]); got != tt.want {
			t.Errorf("%s: %s, want %s", what, got, tt.want)
		}
	}
	// A DNAME that is bogus makes nothing secure; one without target nothing.
	w := small(t, place{broken: func(z *sim.Zone) { resigned(z, "d.example.com.", dns.TypeDNAME, flip) }})
	steps := w.resolve("x.d.example.com.", a)
	if c := steps[0].parts.Chain; said(c[0]) != said(c[1]) || c[0].Status != validate.Bogus {
		t.Errorf("bogus DNAME: %s, %s", said(c[0]), said(c[1]))
	}
	w = small(t, place{})
	w.change = func(r *validate.Response) {
		if len(r.Chain) > 1 {
			r.Chain[0].RData = nil
		}
	}
	if c := w.resolve("x.d.example.com.", a)[0].parts.Chain; said(c[1]) != "bogus CNAME is not what its DNAME makes" {
		t.Errorf("empty DNAME: %s", said(c[1]))
	}
}

// RFC: 9824.1, 9824.4
func TestCompactDenialIsMarked(t *testing.T) {
	w := internet(t)
	for n, compact := range map[string]bool{
		"nobody.live.com.": true, "a.b.c.live.com.": true, "www.live.com.": false, "empty.live.com.": false, "nobody.example.com.": false,
	} {
		if v := w.want(n, mx, "secure"); v.Compact != compact {
			t.Errorf("%s: compact %t", n, v.Compact)
		}
	}
	// With the RCODE restored the name is denied all the same.
	w.change = func(r *validate.Response) {
		if r.Name == name("nobody.live.com.") || r.Name == name("www.live.com.") {
			r.NXDomain = true
		}
	}
	if v := w.want("nobody.live.com.", mx, "secure"); !v.Compact {
		t.Error("NXDOMAIN: not compact")
	}
	w.want("www.live.com.", mx, "bogus proof of denial incomplete")
	// A compact denial of DS makes no cut.
	w.change = nil
	w.want("nobody.live.com.", wire.TypeDS, "secure")
}

// another is a digest that differs in its first octet.
func another(digest string) string {
	if strings.HasPrefix(digest, "00") {
		return "01" + digest[2:]
	}
	return "00" + digest[2:]
}
