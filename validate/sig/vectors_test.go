package sig_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/cloudflare/circl/sign/ed448"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate/sig"
)

// RFC 4034 §2.3.
const keyOf23 = `example.com. 86400 IN DNSKEY 256 3 5 ( AQPSKmynfzW4kyBv015MUG2DeIQ3 Cbl+BBZH4b/0PY1kxkmvHjcZc8no
	kfzj31GajIQKY+5CptLr3buXA10h WqTkF7H6RfoRqXQeogmMHfpftf6z Mv1LyBUgia7za6ZEzOJBOztyvhjL 742iU/TpPSEDhm2SNKLijfUppn1U
	aNvv4w==  )`

// RFC 4034 §3.3.
const sigOf33 = `host.example.com. 86400 IN RRSIG A 5 3 86400 20030322173103 ( 20030220173103 2642 example.com.
	oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTr PYGv07h108dUKGMeDPKijVCHX3DDKdfb+v6o B9wfuh3DTJXUAfI/M0zmO/zz8bW0Rznl8O3t
	GNazPwQKkRN20XPXV6nwwfoXmJQbsLNrLfkG J5D6fwFm8nN+6pBzeDQfsS3Ap3o= )`

// RFC 4034 §5.4 and RFC 4509 §2.3.
const (
	keyOf54 = `dskey.example.com. 86400 IN DNSKEY 256 3 5 ( AQOeiiR0GOMYkDshWoSKz9Xz fwJr1AYtsmx3TGkJaNXVbfi/
	2pHm822aJ5iI9BMzNXxeYCmZ DRD99WYwYqUSdjMmmAphXdvx egXd/M5+X7OrzKBaMbCVdFLU Uh6DhweJBjEVv5f2wwjM9Xzc
	nOf+EPbtG9DMBmADjFDc2w/r ljwvFw== )`
	dsOf54 = `dskey.example.com. 86400 IN DS 60485 5 1 ( 2BB183AF5F22588179A53B0A 98631FAD1A292118 )`
	dsOf23 = `dskey.example.com. 86400 IN DS 60485 5 2 ( D4B7D520E7BB5F0F67674A0C CEB1E3E0614B93C4F9E99B83
	83F6A1E4469DA50A )`
)

// RFC: 4034.1
func TestRFC4034Key(t *testing.T) {
	set := one(t, keyOf23)
	key, err := sig.ParseKey(set.RData.First())
	if err != nil {
		t.Fatal(err)
	}
	public, _ := base64.StdEncoding.DecodeString("AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8nokfzj31GajIQKY+5CptLr3buXA10h" +
		"WqTkF7H6RfoRqXQeogmMHfpftf6zMv1LyBUgia7za6ZEzOJBOztyvhjL742iU/TpPSEDhm2SNKLijfUppn1UaNvv4w==")
	if key.Flags != 256 || key.Protocol != 3 || key.Algorithm != sig.RSASHA1 || !bytes.Equal(key.PublicKey, public) {
		t.Errorf("parsed %d %d %s %x", key.Flags, key.Protocol, key.Algorithm, key.PublicKey)
	}
	// The key that made the signature of §3.3, as its key tag says.
	if key.Tag != 2642 || key.SEP() || key.Revoked() {
		t.Errorf("tag %d, SEP %t, revoked %t", key.Tag, key.SEP(), key.Revoked())
	}
}

// RFC: 4034.2
func TestRFC4034Signature(t *testing.T) {
	s, err := sig.ParseRRSIG(one(t, sigOf33).RData.First())
	if err != nil {
		t.Fatal(err)
	}
	if s.Covered != wire.TypeA || s.Algorithm != sig.RSASHA1 || s.Labels != 3 || s.OriginalTTL != 86400 ||
		s.Expiration != 1048354263 || s.Inception != 1045762263 || s.KeyTag != 2642 ||
		s.Signer != domain.MustParse("example.com.") || len(s.Signature) != 128 || s.Signature[0] != 0xa0 || s.Signature[127] != 0x7a {
		t.Errorf("parsed %+v", s)
	}
	if encloser, expanded := s.Expanded(domain.MustParse("a.host.example.com.")); !expanded || encloser != domain.MustParse("host.example.com.") {
		t.Errorf("one label more: encloser %s, %t", encloser, expanded)
	}
	for _, name := range []string{"host.example.com.", "*.host.example.com."} {
		if encloser, expanded := s.Expanded(domain.MustParse(name)); expanded {
			t.Errorf("%s made of a wildcard at %s", name, encloser)
		}
	}
}

// RFC: 4034.4, 4509.1
func TestRFC4034Digest(t *testing.T) {
	set := one(t, keyOf54)
	key, err := sig.ParseKey(set.RData.First())
	if err != nil {
		t.Fatal(err)
	}
	if key.Tag != 60485 {
		t.Errorf("tag %d, want 60485", key.Tag)
	}
	for _, line := range []string{dsOf54, dsOf23} {
		ds, err := sig.ParseDS(one(t, line).RData.First())
		if err != nil {
			t.Fatal(err)
		}
		if ds.KeyTag != 60485 || ds.Algorithm != sig.RSASHA1 || !ds.Vouches(set.Name, &key) {
			t.Errorf("%s: does not vouch for its key: %x", line, sig.DigestOf(ds.Digest, set.Name, set.RData.First()))
		}
		// The same key elsewhere is another's.
		if ds.Vouches(domain.MustParse("example.com."), &key) {
			t.Errorf("%s: vouches for a key of another zone", line)
		}
		// The digest is over the canonical owner: case does not matter.
		upper := one(t, "DSKEY.Example.COM. DNSKEY 256 3 5 "+base64.StdEncoding.EncodeToString(key.PublicKey))
		if !ds.Vouches(upper.Name, &key) {
			t.Errorf("%s: the case of the owner counts", line)
		}
	}
}

// RFC 4034 Appendix B.1: of algorithm 1 the tag is the most significant 16 of
// the least significant 24 bits of the modulus.
func TestRFC4034TagOfAlgorithm1(t *testing.T) {
	rdata := []byte{1, 0, 3, 1, 3, 1, 0, 1, 0xaa, 0xbb, 0xcc, 0x12, 0x34, 0x56}
	if tag := sig.Tag(rdata); tag != 0x1234 {
		t.Errorf("tag %#x, want 0x1234", tag)
	}
	if tag := sig.Tag(rdata[:6]); tag != 0 {
		t.Errorf("of a record without modulus: %#x", tag)
	}
	if tag := sig.Tag(rdata[:4]); tag != 0 {
		t.Errorf("of a record without a key: %#x", tag)
	}
	if tag := sig.Tag([]byte{1, 0, 3, 1, 0x12, 0x34, 0x56}); tag != 0x1234 {
		t.Errorf("of a modulus of three octets: %#x", tag)
	}
	rdata[3] = 5
	var sum uint32
	for i := 0; i < len(rdata); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(rdata[i:]))
	}
	if tag := sig.Tag(rdata); tag != uint16(sum+sum>>16) {
		t.Errorf("of algorithm 5: %#x", tag)
	}
}

// A zone of an RFC, signed; all of its signatures hold, at its time.
type example struct {
	path, time string
	policy     sig.Policy
	signed     int // RRsets
}

func examples() map[string]example {
	return map[string]example{
		"RFC 4035": {"../testdata/rfc4035/", "20040420000000", sig.Policy{}, 26},
		// Its keys have 512 bits.
		"RFC 5155": {"../testdata/rfc5155/", "20100101000000", sig.Policy{Recorded: true}, 30},
	}
}

// RFC: 4034.5, 4035.4
func TestExampleZones(t *testing.T) {
	for name, e := range examples() {
		t.Run(name, func(t *testing.T) {
			zone := sets(t, file(t, e.path+"example.zone"))
			apex := find(t, zone, "example.", wire.TypeDNSKEY)
			keys := sig.NewKeys(apex.Name, apex.RData, &e.policy)
			if keys.Len() != 2 {
				t.Fatalf("%d keys", keys.Len())
			}
			signed := 0
			for i := range zone {
				if len(zone[i].Sigs) > 0 {
					signed++
					verify(t, &zone[i], keys, at(t, e.time))
				}
			}
			if signed != e.signed {
				t.Errorf("%d signed RRsets, want %d", signed, e.signed)
			}
		})
	}
}

// verify wants the set's signature to hold, and not to with one bit changed.
func verify(t *testing.T, set *rrset.Set, keys *sig.Keys, when sig.Window) {
	t.Helper()
	r := sig.Verify(set, keys, when, new(work))
	if r.Fault != sig.Sound || r.Checks == 0 || r.TTL > set.TTL {
		t.Errorf("%s %s: %s (%+v)", set.Name, set.Type, r.Fault, r)
	}
	bad := set.Clone()
	bad.Sigs[len(bad.Sigs)-1] ^= 1
	if set.Sigs.Len() == 1 {
		if r := sig.Verify(&bad, keys, when, new(work)); r.Fault != sig.Mismatch {
			t.Errorf("%s %s with a bit of its signature changed: %s", set.Name, set.Type, r.Fault)
		}
	}
	bad = set.Clone()
	bad.RData[len(bad.RData)-1] ^= 1
	if r := sig.Verify(&bad, keys, when, new(work)); r.Fault != sig.Mismatch {
		t.Errorf("%s %s with a bit of its data changed: %s", set.Name, set.Type, r.Fault)
	}
}

// The messages of the appendices hold what the zones do; the wildcard answers
// are RRsets of their own.
func TestExampleMessages(t *testing.T) {
	for name, tt := range map[string]struct {
		example, file, owner string
		encloser             string
	}{
		"RFC 4035 B.6": {"RFC 4035", "B.6.txt", "a.z.w.example.", "w.example."},
		"RFC 5155 B.4": {"RFC 5155", "B.4.txt", "a.z.w.example.", "w.example."},
	} {
		t.Run(name, func(t *testing.T) {
			e := examples()[tt.example]
			apex := find(t, sets(t, file(t, e.path+"example.zone")), "example.", wire.TypeDNSKEY)
			keys := sig.NewKeys(apex.Name, apex.RData, &e.policy)
			message := sets(t, file(t, e.path+tt.file))
			for i := range message {
				if len(message[i].Sigs) > 0 {
					verify(t, &message[i], keys, at(t, e.time))
				}
			}
			answer := find(t, message, tt.owner, wire.TypeMX)
			if r := sig.Verify(answer, keys, at(t, e.time), new(work)); r.Encloser != domain.MustParse(tt.encloser) {
				t.Errorf("encloser %s, want %s", r.Encloser, tt.encloser)
			}
		})
	}
}

// The examples of the RFCs of the algorithms: a key, its DS, an RRset and its
// signature.
//
// RFC: 5702.1, 6605.1, 8080.1
func TestAlgorithmVectors(t *testing.T) {
	for name, tt := range map[string]struct {
		key, ds, set string
		tag          uint16
		policy       sig.Policy
		time         string
	}{
		"RFC 5702 §6.1": {
			key: `example.net. 3600 IN DNSKEY (256 3 8 AwEAAcFcGsaxxdgiuuGmCkVI my4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8P
				kxUdp6p/DlUmObdk= )`,
			set: `www.example.net. 3600 IN A 192.0.2.91
www.example.net. 3600 IN RRSIG (A 8 3 3600 20300101000000 20000101000000 9033 example.net. kRCOH6u7l0QGy9qpC9
				l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEa cFYK/lPtPiVYP4bwg==)`,
			tag: 9033, policy: sig.Policy{Recorded: true}, time: "20200101000000",
		},
		"RFC 5702 §6.2": {
			key: `example.net. 3600 IN DNSKEY (256 3 10 AwEAAdHoNTOW+et86KuJOWRD p1pndvwb6Y83nSVXXyLA3DLroROUkN6X0O6pnWnjJQujX/AyhqFD
				xj13tOnD9u/1kTg7cV6rklMrZDtJCQ5PCl/D7QNPsgVsMu1J2Q8g pMpztNFLpPBz1bWXjDtaR7ZQBlZ3PFY12ZTSncorffcGmhOL )`,
			set: `www.example.net. 3600 IN A 192.0.2.91
www.example.net. 3600 IN RRSIG (A 10 3 3600 20300101000000 20000101000000 3740 example.net. tsb4wnjRUDnB1BUi+t
				6TMTXThjVnG+eCkWqjvvjhzQL1d0YRoOe0CbxrVDYd0xDtsuJRa eUw1ep94PzEWzr0iGYgZBWm/zpq+9fOuagYJRfDqfReKBzMweOL
				DiNa8iP5g9vMhpuv6OPlvpXwm9Sa9ZXIbNl1MBGk0fthPgxdDLw =)`,
			tag: 3740, time: "20200101000000",
		},
		"RFC 6605 §6.1": {
			key: `example.net. 3600 IN DNSKEY 257 3 13 ( GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edb
				krSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA== )`,
			ds: `example.net. 3600 IN DS 55648 13 2 ( b4c8c1fe2e7477127b27115656ad6256f424625bf5c1 e2770ce6d6e37df61d17 )`,
			set: `www.example.net. 3600 IN A 192.0.2.1
www.example.net. 3600 IN RRSIG A 13 3 3600 ( 20100909100439 20100812100439 55648 example.net.
				qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXA yGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw== )`,
			tag: 55648, time: "20100901000000",
		},
		"RFC 6605 §6.2": {
			key: `example.net. 3600 IN DNSKEY 257 3 14 ( xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1
				w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8 /uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40 )`,
			ds: `example.net. 3600 IN DS 10771 14 4 ( 72d7b62976ce06438e9c0bf319013cf801f09ecc84b8
				d7e9495f27e305c6a9b0563a9b5f4d288405c3008a94 6df983d6 )`,
			set: `www.example.net. 3600 IN A 192.0.2.1
www.example.net. 3600 IN RRSIG A 14 3 3600 ( 20100909102025 20100812102025 10771 example.net.
				/L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP 95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJNuydCuz
				WTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm )`,
			tag: 10771, time: "20100901000000",
		},
	} {
		t.Run(name, func(t *testing.T) {
			key := one(t, tt.key)
			keys := sig.NewKeys(key.Name, key.RData, &tt.policy)
			if tag := keys.All()[0].Tag; tag != tt.tag {
				t.Errorf("tag %d, want %d", tag, tt.tag)
			}
			vouch(t, tt.ds, keys)
			verify(t, one(t, tt.set), keys, at(t, tt.time))
			if tt.policy.Recorded {
				// RFC 5702 §2 allows 512 bits; we call them unsupported.
				strict := sig.NewKeys(key.Name, key.RData, new(sig.Policy))
				if r := sig.Verify(one(t, tt.set), strict, at(t, tt.time), new(work)); r.Fault != sig.KeySize || r.Checks > 0 {
					t.Errorf("512 bits in service: %s after %d checks", r.Fault, r.Checks)
				}
			}
		})
	}
}

func vouch(t *testing.T, line string, keys *sig.Keys) {
	t.Helper()
	if line == "" {
		return
	}
	usable, fault := new(sig.Policy).Usable(one(t, line).RData)
	if fault != sig.Sound {
		t.Fatalf("%s: %s", line, fault)
	}
	if v := keys.VouchedBy(usable); v.Keys.Len() != 1 || v.Fault != sig.Sound || v.Unusable {
		t.Errorf("%s: vouches for %d keys: %s", line, v.Keys.Len(), v.Fault)
	}
}

// The signatures that RFC 8080 §6 prints are over a label count of 3, which an
// owner of two labels cannot have (its errata say so): they hold over those
// octets, and are refused. Made anew over a count of 2 with the private keys
// printed there, they hold.
func TestRFC8080(t *testing.T) {
	for name, tt := range map[string]struct {
		algorithm               sig.Algorithm
		private, public, ds, by string
		tag                     uint16
	}{
		"Ed25519, first": {
			sig.Ed25519, "ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=", "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
			"3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b",
			"Edk+IB9KNNWg0HAjm7FazXyrd5m3Rk8zNZbvNpAcM+eysqcUOMIjWoevFkjH5GaMWeG96GUVZu6ECKOQmemHDg==", 3613,
		},
		"Ed25519, second": {
			sig.Ed25519, "DSSF3o0s0f+ElWzj9E/Osxw8hLpk55chkmx0LYN5WiY=", "zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=",
			"401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c",
			"5LL2obmzdqjWI+Xto5eP5adXt/T5tMhasWvwcyW4L3SzfcRawOle9bodhC+oip9ayUGjY9T/rL4rN3bOuESGDA==", 35217,
		},
		"Ed448, first": {
			sig.Ed448, "xZ+5Cgm463xugtkY5B0Jx6erFTXp13rYegst0qRtNsOYnaVpMx0Z/c5EiA9x8wWbDDct/U3FhYWA",
			"3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA",
			"6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7",
			"Nmc0rgGKpr3GKYXcB1JmqqS4NYwhmechvJTqVzt3jR+Qy/lSLFoIk1L+9e39GPL+5tVzDPN3f9kAwiu8KCuPPjtl227ayaCZtRKZuJax7n9NuYlZJIusX0" +
				"SOIOKBGzG+yWYtz1/jjbzl5GGkWvREUCUA", 9713,
		},
		"Ed448, second": {
			sig.Ed448, "WEykD3ht3MHkU8iH4uVOLz8JLwtRBSqiBoM6fF72+Mrp/u5gjxuB1DV6NnPO2BlZdz4hdSTkOdOA",
			"kkreGWoccSDmUBGAe7+zsbG6ZAFQp+syPmYUurBRQc3tDjeMCJcVMRDmgcNLp5HlHAMy12VoISsA",
			"645ff078b3568f5852b70cb60e8e696cc77b75bfaaffc118cf79cbda1ba28af4",
			"+JjANio/LIzp7osmMYE5XD3H/YES8kXs5Vb9H8MjPS8OAGZMD37+LsCIcjg5ivt0d4Om/UaqETEAsJjaYe56CEQP5lhRWuD2ivBqE0zfwJTyp4WqvpULbp" +
				"vaukswvv/WNEFxzEYQEIm9+xDlXj4pMAMA", 38353,
		},
	} {
		t.Run(name, func(t *testing.T) {
			decode := func(s string) []byte {
				b, err := base64.StdEncoding.DecodeString(s)
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			zone := domain.MustParse("example.com.")
			rdata := append([]byte{1, 1, 3, byte(tt.algorithm)}, decode(tt.public)...)
			keys := sig.NewKeys(zone, rrset.List(nil).Append(rdata), new(sig.Policy))
			if tag := keys.All()[0].Tag; tag != tt.tag {
				t.Errorf("tag %d, want %d", tag, tt.tag)
			}
			digest, _ := hex.DecodeString(tt.ds)
			if got := sig.DigestOf(sig.SHA256, zone, rdata); !bytes.Equal(got, digest) {
				t.Errorf("digest %x, want %x", got, digest)
			}
			set := one(t, "example.com. 3600 IN MX 10 mail.example.com.")
			s := sig.RRSIG{
				Covered: wire.TypeMX, Algorithm: tt.algorithm, Labels: 3, OriginalTTL: 3600,
				Expiration: 1440021600, Inception: 1438207200, KeyTag: tt.tag, Signer: zone, Signature: decode(tt.by),
			}
			sign := func(data []byte) []byte {
				if tt.algorithm == sig.Ed25519 {
					return ed25519.Sign(ed25519.NewKeyFromSeed(decode(tt.private)), data)
				}
				return ed448.Sign(ed448.NewKeyFromSeed(decode(tt.private)), data, "")
			}
			data := sig.AppendSigned(nil, &s, set, set.Canonical())
			if got := sign(data); !bytes.Equal(got, s.Signature) {
				t.Errorf("printed signature\n%x, made over its octets\n%x", s.Signature, got)
			}
			when := at(t, "20150810000000")
			set.Sigs = rrset.List(nil).Append(append(data[:18+zone.Len()], s.Signature...))
			if r := sig.Verify(set, keys, when, new(work)); r.Fault != sig.Labels {
				t.Errorf("three labels for two: %s", r.Fault)
			}
			s.Labels = 2
			data = sig.AppendSigned(nil, &s, set, set.Canonical())
			set.Sigs = rrset.List(nil).Append(append(data[:18+zone.Len():18+zone.Len()], sign(data)...))
			verify(t, set, keys, when)
		})
	}
}
