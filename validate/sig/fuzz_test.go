package sig_test

import (
	"bytes"
	"encoding/base64"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate/sig"
)

// Whatever is read of an RRSIG makes the same octets again, signer lower-cased.
func FuzzRRSIG(f *testing.F) {
	f.Add(one(f, sigOf33).RData.First())
	f.Add([]byte("\x00\x01\x0d\x02\x00\x00\x01\x2c\x6b\x49\xd2\x00\x65\x53\xf1\x00\x12\x34\x00\x00"))
	f.Fuzz(func(t *testing.T, rdata []byte) {
		s, err := sig.ParseRRSIG(rdata)
		if wire.CheckRData(wire.TypeRRSIG, rdata) == nil && err != nil {
			t.Fatalf("RDATA that fits is refused: %v", err)
		}
		if err != nil {
			return
		}
		set := rrset.New(domain.MustParse("a.b."), s.Covered, 1)
		got := append(sig.AppendSigned(nil, &s, &set, nil), s.Signature...)
		want := append(domain.AppendLower(append([]byte(nil), rdata[:18]...), rdata[18:len(rdata)-len(s.Signature)]), s.Signature...)
		if !bytes.Equal(got, want) {
			t.Errorf("read\n%x, made\n%x", rdata, got)
		}
		if encloser, expanded := s.Expanded(set.Name); expanded && !set.Name.Within(encloser) {
			t.Errorf("%s is not above %s", encloser, set.Name)
		}
	})
}

// No key makes anything panic or hang, and tags are the library's.
func FuzzKey(f *testing.F) {
	f.Add(one(f, keyOf23).RData.First(), []byte("signature"))
	f.Add(one(f, keyOf54).RData.First(), make([]byte, 128))
	for _, algorithm := range []uint8{dns.ECDSAP256SHA256, dns.ED25519} {
		key := generate(f, "example.", algorithm, 256)
		f.Add(one(f, key.String()).RData.First(), make([]byte, 64))
	}
	f.Add(append([]byte{1, 0, 3, 16}, make([]byte, 57)...), make([]byte, 114))
	f.Add([]byte{1, 0, 3, 3, 0}, make([]byte, 41))
	f.Fuzz(func(t *testing.T, rdata, signature []byte) {
		key, err := sig.ParseKey(rdata)
		if err != nil || len(signature) == 0 {
			return
		}
		theirs := &dns.DNSKEY{
			Flags: key.Flags, Protocol: key.Protocol, Algorithm: uint8(key.Algorithm),
			PublicKey: base64.StdEncoding.EncodeToString(key.PublicKey),
		}
		if tag := theirs.KeyTag(); key.Algorithm != sig.RSAMD5 && tag != key.Tag {
			t.Errorf("tag %d, the library's %d", key.Tag, tag)
		}
		zone := domain.MustParse("example.")
		set := rrset.New(zone, wire.TypeA, 300, []byte{192, 0, 2, 1})
		s := append([]byte{0, 1, byte(key.Algorithm), 1, 0, 0, 1, 44, 0x70, 0, 0, 0, 0x60, 0, 0, 0, byte(key.Tag >> 8), byte(key.Tag)}, zone.AppendWire(nil)...)
		set.Sigs = set.Sigs.Append(append(s, signature...))
		keys := sig.NewKeys(zone, rrset.List(nil).Append(rdata), &sig.Policy{Recorded: true})
		r := sig.Verify(&set, keys, sig.Window{Now: time.Unix(0x68000000, 0)}, new(work))
		// An Ed25519 or Ed448 key of small order holds for anything, and so
		// does its owner; nobody else's data is concerned.
		if r.Fault == sig.Sound && key.Algorithm != sig.Ed25519 && key.Algorithm != sig.Ed448 {
			t.Errorf("%x signs %x", rdata, signature)
		}
	})
}

// Whatever becomes of a signed RRset, it holds only where it is still the data
// that was signed.
func FuzzVerify(f *testing.F) {
	apex := find(f, sets(f, file(f, "../testdata/rfc4035/example.zone")), "example.", wire.TypeDNSKEY)
	keys := sig.NewKeys(apex.Name, apex.RData, new(sig.Policy))
	good := find(f, sets(f, file(f, "../testdata/rfc4035/example.zone")), "*.w.example.", wire.TypeMX)
	signed := good.Canonical()
	f.Add(good.Name.AppendWire(nil), good.RData.First(), good.Sigs.First())
	f.Add(domain.MustParse("a.z.w.example.").AppendWire(nil), good.RData.First(), good.Sigs.First())
	f.Fuzz(func(t *testing.T, owner, rdata, signature []byte) {
		name, _, err := domain.FromWire(owner)
		if err != nil || wire.CheckRData(wire.TypeMX, rdata) != nil || wire.CheckRData(wire.TypeRRSIG, signature) != nil {
			return
		}
		set := rrset.New(name, wire.TypeMX, 3600, rdata)
		set.Sigs = set.Sigs.Append(signature)
		r := sig.Verify(&set, keys, at(t, "20040420000000"), new(work))
		if r.Fault != sig.Sound {
			return
		}
		if got := set.Canonical(); len(got) != 1 || !bytes.Equal(got[0], signed[0]) {
			t.Errorf("holds over %x", rdata)
		}
		encloser := domain.MustParse("w.example.")
		if name != domain.MustParse("*.w.example.") && (r.Encloser != encloser || !name.Below(encloser)) {
			t.Errorf("holds for %s, encloser %s", name, r.Encloser)
		}
	})
}
