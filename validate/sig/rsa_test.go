package sig

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"math/big"
	"math/rand/v2"
	"testing"
)

// primes are two of 512 bits each and more: the smallest above 2^(n-1) + 2^(n-2)
// + seed.
func prime(bits int, seed int64) *big.Int {
	p := new(big.Int).Lsh(big.NewInt(3), uint(bits-2))
	p.Add(p, big.NewInt(seed|1))
	for !p.ProbablyPrime(20) {
		p.Add(p, big.NewInt(2))
	}
	return p
}

// testKey is an RSA key with any exponent.
type testKey struct{ n, e, d *big.Int }

func newTestKey(bits int, e *big.Int) (testKey, error) {
	one := big.NewInt(1)
	for seed := int64(1); seed < 1000; seed += 100 {
		p, q := prime(bits/2, seed), prime(bits-bits/2, seed+5001)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		if d := new(big.Int).ModInverse(e, phi); d != nil {
			return testKey{n: new(big.Int).Mul(p, q), e: e, d: d}, nil
		}
	}
	return testKey{}, errors.New("no key")
}

func (k testKey) sign(t *testing.T, h crypto.Hash, data []byte) []byte {
	t.Helper()
	size := (k.n.BitLen() + 7) / 8
	em, ok := encode(h, digest(h, data), size)
	if !ok {
		t.Fatalf("%d octets are too few for %s", size, h)
	}
	m := new(big.Int).SetBytes(em)
	return m.Exp(m, k.d, k.n).FillBytes(make([]byte, size))
}

// field is the Public Key field.
func (k testKey) field() []byte {
	e := k.e.Bytes()
	return append(append([]byte{byte(len(e))}, e...), k.n.Bytes()...)
}

func bigInt(s string) *big.Int { n, _ := new(big.Int).SetString(s, 0); return n }

// Exponents and moduli: which are read, and which the standard library does.
func TestRSASizes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for name, tt := range map[string]struct {
		bits   int
		e      string
		policy Policy
		fault  Fault
		std    bool
	}{
		"3":                      {1024, "3", Policy{}, Sound, true},
		"65537":                  {2048, "65537", Policy{}, Sound, true},
		"31 bits":                {1024, "0x7fffffff", Policy{}, Sound, true},
		"32 bits":                {1024, "0x80000001", Policy{}, Sound, false},
		"2^32+1":                 {1024, "0x100000001", Policy{}, Sound, false},
		"33 bits, all":           {1024, "0x1ffffffff", Policy{}, Sound, false},
		"34 bits":                {1024, "0x200000001", Policy{}, KeySize, false},
		"17 bits where 17 are":   {1024, "65537", Policy{MaxExponent: 17}, Sound, true},
		"18 bits where 17 are":   {1024, "0x20001", Policy{MaxExponent: 17}, KeySize, false},
		"64 bits where 64 are":   {1024, "0x8000000000000001", Policy{MaxExponent: 64}, Sound, false},
		"65 bits where 64 are":   {1024, "0x10000000000000001", Policy{MaxExponent: 64}, KeySize, false},
		"40 bits":                {1024, "0x8000000001", Policy{}, KeySize, false},
		"long":                   {1024, "0x80000000000000000000000000000001", Policy{}, KeySize, false},
		"1":                      {1024, "1", Policy{}, KeyMalformed, false},
		"4096":                   {4096, "65537", Policy{}, Sound, true},
		"4098":                   {4098, "65537", Policy{}, KeySize, false},
		"1023":                   {1023, "65537", Policy{}, KeySize, false},
		"512":                    {512, "65537", Policy{}, KeySize, false},
		"512 recorded":           {512, "65537", Policy{Recorded: true}, Sound, false},
		"511 recorded":           {511, "65537", Policy{Recorded: true}, KeySize, false},
		"1024 where 2048 is due": {1024, "65537", Policy{MinRSA: 2048}, KeySize, false},
		"4096 where 3072 is max": {4096, "65537", Policy{MaxRSA: 3072}, KeySize, false},
		"no maximum above 4096":  {4098, "65537", Policy{MaxRSA: 1 << 20}, KeySize, false},
		"no minimum below 512":   {511, "65537", Policy{MinRSA: 8}, KeySize, false},
		"odd length":             {1025, "65537", Policy{}, Sound, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := bigInt(tt.e)
			k := testKey{n: bigInt("1"), e: e}
			var err error
			if tt.fault == Sound {
				if k, err = newTestKey(tt.bits, e); err != nil {
					t.Fatal(err)
				}
			} else {
				k.n.Lsh(k.n, uint(tt.bits-1)).SetBit(k.n, 0, 1)
			}
			pub, fault := readRSA(k.field(), &tt.policy)
			if fault != tt.fault {
				t.Fatalf("%s, want %s", fault, tt.fault)
			}
			if fault != Sound {
				return
			}
			key := pub.(*rsaKey)
			if (key.std != nil) != tt.std {
				t.Errorf("standard library: %t, want %t", key.std != nil, tt.std)
			}
			data := []byte("data")
			for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA512} {
				if h == crypto.SHA512 && tt.bits < 752 { // too short for it (RFC 5702 §2.2)
					if key.verify(h, data, make([]byte, tt.bits/8)) {
						t.Error("SHA-512 in 512 bits")
					}
					continue
				}
				signature := k.sign(t, h, data)
				if !key.verify(h, data, signature) || !key.verifyBig(h, digest(h, data), signature) {
					t.Errorf("%s: signature does not hold", h)
				}
				for i := 0; i < len(signature); i += 13 {
					signature[i] ^= 4
					if key.verify(h, data, signature) || key.verifyBig(h, digest(h, data), signature) {
						t.Errorf("%s: holds with octet %d changed", h, i)
					}
					signature[i] ^= 4
				}
			}
		})
	}
}

func TestRSAFields(t *testing.T) {
	k, err := newTestKey(1024, big.NewInt(65537))
	if err != nil {
		t.Fatal(err)
	}
	n := k.n.Bytes()
	even := append([]byte(nil), n...)
	even[len(even)-1] &^= 1
	join := func(parts ...[]byte) (b []byte) {
		for _, p := range parts {
			b = append(b, p...)
		}
		return b
	}
	for name, tt := range map[string]struct {
		field []byte
		fault Fault
	}{
		"one octet of length":   {join([]byte{3, 1, 0, 1}, n), Sound},
		"three octets":          {join([]byte{0, 0, 3, 1, 0, 1}, n), Sound},
		"zeros before":          {join([]byte{5, 0, 0, 1, 0, 1, 0, 0}, n), Sound},
		"empty":                 {nil, KeyMalformed},
		"no exponent":           {join([]byte{0}), KeyMalformed},
		"length cut":            {[]byte{0, 0}, KeyMalformed},
		"exponent of no length": {join([]byte{0, 0, 0}, n), KeyMalformed},
		"exponent cut":          {[]byte{3, 1, 0}, KeyMalformed},
		"no modulus":            {[]byte{3, 1, 0, 1}, KeyMalformed},
		"modulus 0":             {[]byte{3, 1, 0, 1, 0}, KeyMalformed},
		"exponent 0":            {join([]byte{1, 0}, n), KeyMalformed},
		"even exponent":         {join([]byte{1, 2}, n), KeyMalformed},
		"even modulus":          {join([]byte{3, 1, 0, 1}, even), KeyMalformed},
		"long modulus":          {join([]byte{3, 1, 0, 1}, n, n, n, n, n), KeySize},
		"length beyond the end": {join([]byte{0, 0xff, 0xff, 1}, n), KeyMalformed},
	} {
		if _, fault := readRSA(tt.field, new(Policy)); fault != tt.fault {
			t.Errorf("%s: %s, want %s", name, fault, tt.fault)
		}
	}
}

// verifyBig agrees with the standard library on whatever it is given.
func TestRSAAgreesWithStandardLibrary(t *testing.T) {
	k, err := newTestKey(1024, big.NewInt(3))
	if err != nil {
		t.Fatal(err)
	}
	std := &rsa.PublicKey{N: k.n, E: 3}
	ours := &rsaKey{n: k.n, e: k.e}
	rng := rand.New(rand.NewPCG(1, 2))
	sum := sha256.Sum256([]byte("data"))
	good := k.sign(t, crypto.SHA256, []byte("data"))
	check := func(what string, s []byte, want bool) {
		t.Helper()
		a, b := rsa.VerifyPKCS1v15(std, crypto.SHA256, sum[:], s) == nil, ours.verifyBig(crypto.SHA256, sum[:], s)
		if a != want || b != want {
			t.Errorf("%s: standard library %t, ours %t, want %t", what, a, b, want)
		}
	}
	check("good", good, true)
	check("short", good[1:], false)
	check("long", append([]byte{0}, good...), false)
	check("empty", nil, false)
	check("modulus", k.n.Bytes(), false)
	plus := new(big.Int).Add(new(big.Int).SetBytes(good), k.n)
	check("plus modulus", plus.Bytes(), false)
	// An exponent of 3 invites signatures whose padding is cut short
	// (CVE-2006-4339): the cube root of what looks right at its start.
	em, _ := encode(crypto.SHA256, sum[:], 128)
	forged := append([]byte{0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, em[128-32-19:]...)
	forged = append(forged, make([]byte, 128-len(forged))...)
	root := new(big.Int).SetBytes(forged)
	check("cube root", cubeRoot(root).FillBytes(make([]byte, 128)), false)
	for range 50 {
		s := append([]byte(nil), good...)
		s[rng.IntN(len(s))] ^= byte(1 + rng.IntN(255))
		check("changed", s, false)
	}
}

func cubeRoot(n *big.Int) *big.Int {
	low, high := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(n.BitLen()/3+1))
	for low.Cmp(high) < 0 {
		mid := new(big.Int).Add(low, high)
		mid.Rsh(mid, 1)
		if new(big.Int).Exp(mid, big.NewInt(3), nil).Cmp(n) < 0 {
			low = mid.Add(mid, big.NewInt(1))
		} else {
			high = mid
		}
	}
	return low
}

// RFC 8017 §9.2: at least eight octets of padding.
func TestEncodeNeedsRoom(t *testing.T) {
	for h, need := range map[crypto.Hash]int{crypto.SHA1: 11 + 15 + 20, crypto.SHA256: 11 + 19 + 32, crypto.SHA512: 11 + 19 + 64} {
		sum := digest(h, nil)
		if _, ok := encode(h, sum, need-1); ok {
			t.Errorf("%s into %d octets", h, need-1)
		}
		if em, ok := encode(h, sum, need); !ok || len(em) != need {
			t.Errorf("%s into %d octets: %t, %d", h, need, ok, len(em))
		}
	}
	if _, ok := encode(crypto.MD5, make([]byte, 16), 128); ok {
		t.Error("a digest without its DER form")
	}
}

// CVE-2025-8677: a key is read once, however many signatures name it.
func TestKeyIsReadOnce(t *testing.T) {
	k, err := newTestKey(1024, big.NewInt(3))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range [][]byte{k.field(), {1, 3}} {
		key, err := ParseKey(append([]byte{1, 0, 3, byte(RSASHA256)}, field...))
		if err != nil {
			t.Fatal(err)
		}
		first, fault := key.material(new(Policy))
		again, faultAgain := key.material(&Policy{Refused: []Algorithm{RSASHA256}})
		if first != again || fault != faultAgain {
			t.Errorf("%s, then %s", fault, faultAgain)
		}
	}
}
