package sig

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"math/big"
	"testing"
)

// A key of 512 bits, whose P, Q and G are those of RFC 2536's time: made once
// and written down, since making one takes long.
func TestDSA(t *testing.T) {
	number := func(s string) *big.Int { return bigInt("0x" + s) }
	// FIPS 186, Appendix 5.
	p := number("8df2a494492276aa3d25759bb06869cbeac0d83afb8d0cf7cbb8324f0d7882e5d0762fc5b7210eafc2e9adac32ab7aac49693dfbf83724c2ec0736ee31c80291")
	q := number("c773218c737ec8ee993b4f2ded30f48edace915f")
	g := number("626d027839ea0a13413163a55b4cb500299d5522956cefcb3bff10f399ce2c2e71cb9de5fa24babf58e5b79521925c9cc42e9f6f464b088cc572af53e6d78802")
	x := number("2070b3223dba372fde1c0ffc7b2e3b498b260614")
	y := number("19131871d75b1612a819f29d78d1b0d7346f7aa77bb62a859bfd6c5675da9d212d3a36ef1672ef660b8c7c255cc0ec74858fba33f44c06699630a76b030ee333")
	// "abc", signed with k = 358dad571462710f50e254cf1a376b2bdeaadfbf.
	r, s := number("8bac1ab66410435cb7181f95b16ab97c92b341c0"), number("41e2345f1f56df2458f426d155b4ba2db6dcd8c8")

	if new(big.Int).Exp(g, x, p).Cmp(y) != 0 {
		t.Fatal("the example's key is none")
	}
	field := []byte{0}
	field = append(field, q.FillBytes(make([]byte, 20))...)
	for _, n := range []*big.Int{p, g, y} {
		field = append(field, n.FillBytes(make([]byte, 64))...)
	}
	pub, fault := readPublic(DSA, field, &Policy{Recorded: true})
	if fault != Sound {
		t.Fatal(fault)
	}
	signature := append([]byte{0}, r.FillBytes(make([]byte, 20))...)
	signature = append(signature, s.FillBytes(make([]byte, 20))...)
	if !pub.verify(crypto.SHA1, []byte("abc"), signature) {
		t.Error("the example of FIPS 186 does not hold")
	}
	// The key alone says how long its numbers are.
	if other := append([]byte{8}, signature[1:]...); !pub.verify(crypto.SHA1, []byte("abc"), other) {
		t.Error("T of the signature is looked at")
	}
	if pub.verify(crypto.SHA1, []byte("abd"), signature) || pub.verify(crypto.SHA1, []byte("abc"), signature[1:]) {
		t.Error("holds over other data, or cut")
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	if err != nil {
		t.Fatal(err)
	}
	if !pub.verify(crypto.SHA1, []byte("abc"), der) {
		t.Error("its DER form does not hold")
	}
	if pub.verify(crypto.SHA1, []byte("abd"), der) || pub.verify(crypto.SHA1, []byte("abc"), append(der, 0)) {
		t.Error("its DER form holds over other data, or with more behind it")
	}
	if _, fault := readPublic(DSA, field, new(Policy)); fault != AlgorithmUnsupported {
		t.Errorf("in service: %s", fault)
	}
	zeros := append([]byte{0}, make([]byte, 20+3*64)...)
	for name, f := range map[string][]byte{
		"none": nil, "T alone": {0}, "T of 9": append([]byte{9}, field[1:]...), "short": field[:len(field)-1],
		"long": append(field[:len(field):len(field)], 0), "zeros": zeros,
		"P of 0": append(append([]byte{0}, field[1:1+20]...), make([]byte, 3*64)...),
		"Q of 0": append(make([]byte, 1+20), bytes.Repeat([]byte{0xff}, 3*64)...),
	} {
		if _, fault := readDSA(f); fault != KeyMalformed {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

// What no kind is given reads no key.
func TestUnknownKinds(t *testing.T) {
	for _, a := range []Algorithm{RSAMD5, ECCGOST, 253, 99} {
		if _, fault := readPublic(a, []byte{1, 2, 3}, &Policy{Recorded: true}); fault != AlgorithmUnsupported {
			t.Errorf("%s: %s", a, fault)
		}
	}
}
