package sig

import (
	"bytes"
	"crypto"
	"math/big"
	"testing"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// A modulus that has no room for the digest verifies nothing (RFC 8017 §9.2).
func TestModulusTooShortForTheDigest(t *testing.T) {
	k := rsaKey{n: new(big.Int).SetBit(big.NewInt(1), 511, 1), e: big.NewInt(3)}
	sum := digest(crypto.SHA512, nil)
	if k.verifyBig(crypto.SHA512, sum, make([]byte, 64)) {
		t.Error("verified")
	}
	if _, ok := encode(crypto.SHA512, sum, 19+64+3+8); !ok {
		t.Error("eight octets FF are enough")
	}
	if _, ok := encode(crypto.SHA512, sum, 19+64+3+7); ok {
		t.Error("seven octets FF are not")
	}
	if _, ok := encode(crypto.MD5, nil, 512); ok {
		t.Error("MD5 has a form")
	}
}

// Keys that are passed over do not hide others of the same tag.
func TestTaggedPassesOver(t *testing.T) {
	policy := new(Policy)
	good := Key{Flags: FlagZone, Protocol: 3, Algorithm: Ed25519, Tag: 7, rdata: []byte{1}}
	host, other, revoked := good, good, good
	host.Flags, other.Tag, revoked.Flags = 0, 8, FlagZone|FlagRevoke
	keys := &Keys{keys: []Key{other, host, revoked, good, good, other}, policy: policy}
	if found, fault := keys.tagged(7, Ed25519); len(found) != 2 || found[0] != &keys.keys[3] || found[1] != &keys.keys[4] {
		t.Errorf("found %v, %s", found, fault)
	}
	keys.keys = keys.keys[:3]
	if found, fault := keys.tagged(7, Ed25519); len(found) != 0 || fault != max(NotZoneKey, Revoked) {
		t.Errorf("found %v, %s", found, fault)
	}
}

// The sizes of DSA keys (RFC 2536 §2).
func TestDSASizes(t *testing.T) {
	for _, size := range []byte{0, 1, 8, 9, 255} {
		field := make([]byte, 1+qSize+3*(64+8*int(size)))
		for i := range field {
			field[i] = 1
		}
		field[0] = size
		want := Sound
		if size > 8 {
			want = KeyMalformed
		}
		if _, fault := readDSA(field); fault != want {
			t.Errorf("T of %d: %s, want %s", size, fault, want)
		}
		for _, wrong := range [][]byte{field[:len(field)-1], append(field, 1), nil} {
			if _, fault := readDSA(wrong); fault != KeyMalformed {
				t.Errorf("T of %d, %d octets: %s", size, len(wrong), fault)
			}
		}
	}
}

// RDATA too short for an algorithm has the sum for a tag.
func TestTagOfShortKeys(t *testing.T) {
	for rdata, want := range map[string]uint16{"": 0, "\x01": 0x100, "\x01\x02\x03": 0x402, "\x01\x02\x03\x05": 0x407} {
		if got := Tag([]byte(rdata)); got != want {
			t.Errorf("%x: %#x, want %#x", rdata, got, want)
		}
	}
}

// A limit of one is one, and no default.
func TestLeastLimits(t *testing.T) {
	for n, want := range map[int]int{-1: 7, 0: 7, 1: 1, 2: 2} {
		if got := or(n, 7); got != want {
			t.Errorf("%d: %d", n, got)
		}
	}
}

// Of signatures that came equally far, the first is told of.
func TestFirstOfEqualFaults(t *testing.T) {
	var v verifier
	v.Fault = Missing
	for tag, fault := range []Fault{Missing, Early, Mismatch, Mismatch, Early} {
		v.note(&RRSIG{KeyTag: uint16(tag)}, fault)
	}
	if v.Fault != Mismatch || v.Signature.KeyTag != 2 {
		t.Errorf("%s, of %d", v.Fault, v.Signature.KeyTag)
	}
}

// Algorithms have a digest where they sign one, and a way to be verified where they have a digest.
func TestDigestsOfAlgorithms(t *testing.T) {
	for _, i := range Algorithms() {
		signsDigest := i.kind != unsupported && i.kind != edwards25519 && i.kind != edwards448
		if signsDigest != (i.hash != 0) || signsDigest && !i.hash.Available() {
			t.Errorf("%s: digest %d", i.Name, i.hash)
		}
	}
}

// Leading zeros of exponent and modulus count for nothing, also beyond the sizes that are read.
func TestLeadingZeros(t *testing.T) {
	modulus := make([]byte, greatestRSA/8+9)
	modulus[9], modulus[len(modulus)-1] = 0x80, 1
	field := append([]byte{9, 0, 0, 0, 0, 0, 0, 1, 0, 1}, modulus...)
	if _, fault := readRSA(field, new(Policy)); fault != Sound {
		t.Error(fault)
	}
	if b := trimZeros([]byte{0, 0}); len(b) != 0 {
		t.Errorf("%x", b)
	}
}

// A Sum tells apart where the key ends and the signature, and does not depend on what was looked at before; the octets
// take one allocation of their size.
func TestSumOfACheck(t *testing.T) {
	owner := domain.MustParse("www.example.com.")
	set := rrset.New(owner, wire.TypeA, 300, []byte{192, 0, 2, 1}, []byte{192, 0, 2, 2})
	s := RRSIG{Covered: wire.TypeA, Algorithm: Ed25519, Labels: 3, OriginalTTL: 300, Signer: owner.Parent(), Signature: []byte{5, 6, 7}}
	shifted := s
	shifted.Signature = []byte{3, 4, 5, 6, 7}
	fresh := func() *verifier { return &verifier{set: &set} }
	v := fresh()
	data, sum := v.data(&s, &Key{rdata: []byte{1, 2, 3, 4}})
	if cap(v.buf) != len(v.buf) {
		t.Errorf("room for %d octets, %d needed", cap(v.buf), len(v.buf))
	}
	if string(data) != string(AppendSigned(nil, &s, &set, set.Canonical())) {
		t.Errorf("%x is signed", data)
	}
	if _, other := fresh().data(&shifted, &Key{rdata: []byte{1, 2}}); other == sum {
		t.Error("the end of a key is the beginning of a signature")
	}
	v.data(&shifted, &Key{rdata: []byte{1, 2}})
	again, other := v.data(&s, &Key{rdata: []byte{1, 2, 3, 4}})
	if other != sum || string(again) != string(AppendSigned(nil, &s, &set, set.Canonical())) {
		t.Error("another check before it makes another check of it")
	}
}

// What is too long is refused for that before anything is computed with it, whatever it is.
func TestRSATooLong(t *testing.T) {
	long := bytes.Repeat([]byte{0xfe}, greatestRSA/8+1) // even
	short := bytes.Repeat([]byte{0xff}, 128)
	for what, field := range map[string][]byte{
		"exponent": append(append([]byte{100}, long[:100]...), short...),
		"modulus":  append([]byte{1, 3}, long...),
	} {
		if _, fault := readRSA(field, new(Policy)); fault != KeySize {
			t.Errorf("%s: %s", what, fault)
		}
	}
}

// Of DS records that stand for no key the first is the evidence, where none got further.
func TestNoDSMatchNamesTheFirst(t *testing.T) {
	keys := NewKeys(domain.Root(), nil, new(Policy))
	v := keys.VouchedBy([]DS{{KeyTag: 11, Algorithm: Ed25519, Digest: SHA256}, {KeyTag: 22, Algorithm: ECDSAP256SHA256, Digest: SHA256}})
	if v.Fault != KeyMissing || v.KeyTag != 11 || v.Algorithm != Ed25519 {
		t.Errorf("%s, key %d (%s)", v.Fault, v.KeyTag, v.Algorithm)
	}
}
