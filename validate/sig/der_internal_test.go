package sig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"testing"
)

// Numbers of every length and uppermost bit are written as crypto/ecdsa reads
// them: what it signed verifies, and nothing next to it.
func TestSignatureAsDER(t *testing.T) {
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		private, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		size := curve.Params().BitSize / 8
		k := &ecdsaKey{&private.PublicKey, size}
		for i := range 600 { // one in 256 has a leading octet of zero
			data := []byte{byte(i), byte(i >> 8)}
			sum := sha256.Sum256(data)
			r, s, err := ecdsa.Sign(rand.Reader, private, sum[:])
			if err != nil {
				t.Fatal(err)
			}
			signature := make([]byte, 2*size)
			r.FillBytes(signature[:size])
			s.FillBytes(signature[size:])
			if i >= 2*len(signature) && signature[0] > 0 && signature[size] > 0 {
				continue // no other length of the integers than there was before
			}
			if !k.verify(crypto.SHA256, data, signature) {
				t.Fatalf("%x does not verify", signature)
			}
			signature[i%len(signature)] ^= 1 << (i % 8)
			if k.verify(crypto.SHA256, data, signature) {
				t.Fatalf("%x verifies", signature)
			}
		}
		for _, n := range []int64{0, 1, 0x7f, 0x80, 0xff, 0x100} { // no signatures, but no panics
			signature := make([]byte, 2*size)
			big.NewInt(n).FillBytes(signature[:size])
			big.NewInt(n).FillBytes(signature[size:])
			if k.verify(crypto.SHA256, nil, signature) {
				t.Errorf("%d, %d verifies", n, n)
			}
		}
	}
}

// An INTEGER is written without leading octets of zero, but for one before an octet that would make it negative.
func TestAppendInteger(t *testing.T) {
	for n, want := range map[string]string{
		"\x00": "\x02\x01\x00", "\x00\x00": "\x02\x01\x00", "\x00\x05": "\x02\x01\x05", "\x00\x80": "\x02\x02\x00\x80",
		"\x00\x00\x01\x02": "\x02\x02\x01\x02", "\x7f\x00": "\x02\x02\x7f\x00",
	} {
		if got := appendInteger([]byte("x"), []byte(n)); string(got) != "x"+want {
			t.Errorf("%x is %x", n, got)
		}
	}
}

func BenchmarkECDSA(b *testing.B) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 200)
	sum := sha256.Sum256(data)
	r, s, err := ecdsa.Sign(rand.Reader, private, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	k := &ecdsaKey{&private.PublicKey, 32}
	b.ReportAllocs()
	for b.Loop() {
		k.verify(crypto.SHA256, data, signature)
	}
}
