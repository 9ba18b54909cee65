package sig

import (
	"crypto"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/binary"
	"math"
	"math/big"
)

// rsaKey is a key of RFC 3110.
type rsaKey struct {
	n, e *big.Int
	// std is the key for the standard library, nil where it refuses: a modulus
	// below 1024 bits, an exponent above 31.
	std *rsa.PublicKey
}

// readRSA reads the Public Key field: the length of the exponent in one octet,
// or in two after an octet 0, the exponent, the modulus (RFC 3110 §2). Leading
// zeros, which that section prohibits, do no harm.
func readRSA(field []byte, p *Policy) (public, Fault) {
	if len(field) == 0 {
		return nil, KeyMalformed
	}
	length, at := int(field[0]), 1
	if length == 0 {
		if len(field) < 3 {
			return nil, KeyMalformed
		}
		length, at = int(binary.BigEndian.Uint16(field[1:])), 3
	}
	if length == 0 || len(field)-at <= length {
		return nil, KeyMalformed
	}
	exponent, modulus := trimZeros(field[at:at+length]), trimZeros(field[at+length:])
	if len(exponent) > (p.exponent()+7)/8 || len(modulus) > greatestRSA/8 {
		return nil, KeySize // before anything is computed with it
	}
	k := &rsaKey{n: new(big.Int).SetBytes(modulus), e: new(big.Int).SetBytes(exponent)}
	least, greatest := p.rsaBits()
	switch bits := k.n.BitLen(); {
	case k.n.Bit(0) == 0 || k.e.Bit(0) == 0 || k.e.BitLen() < 2:
		// No product of two primes; no exponent that has an inverse, or 1, with
		// which everybody can sign.
		return nil, KeyMalformed
	case bits < least || bits > greatest || k.e.BitLen() > p.exponent():
		return nil, KeySize
	case bits >= defaultRSA && k.e.IsInt64() && k.e.Int64() <= math.MaxInt32:
		k.std = &rsa.PublicKey{N: k.n, E: int(k.e.Int64())}
	}
	return k, Sound
}

func trimZeros(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

func (k *rsaKey) verify(h crypto.Hash, data, sig []byte) bool {
	sum := digest(h, data)
	if k.std != nil {
		return rsa.VerifyPKCS1v15(k.std, h, sum, sig) == nil
	}
	return k.verifyBig(h, sum, sig)
}

// verifyBig is RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2) with numbers of any size.
// What it costs is bounded by readRSA.
func (k *rsaKey) verifyBig(h crypto.Hash, sum, sig []byte) bool {
	size := (k.n.BitLen() + 7) / 8
	if len(sig) != size {
		return false
	}
	s := new(big.Int).SetBytes(sig)
	if s.Cmp(k.n) >= 0 {
		return false
	}
	want, ok := encode(h, sum, size)
	if !ok {
		return false
	}
	got := s.Exp(s, k.e, k.n).FillBytes(make([]byte, size))
	return subtle.ConstantTimeCompare(got, want) == 1
}

// encode is EMSA-PKCS1-v1_5 (RFC 8017 §9.2): 00 01, octets FF, 00, and the DER
// form of the digest. It fails where the modulus is too short for eight FF.
func encode(h crypto.Hash, sum []byte, size int) ([]byte, bool) {
	prefix := derPrefix(h)
	padding := size - 3 - len(prefix) - len(sum)
	if prefix == nil || padding < 8 {
		return nil, false
	}
	em := append(make([]byte, 0, size), 0, 1)
	for range padding {
		em = append(em, 0xff)
	}
	em = append(em, 0)
	em = append(em, prefix...)
	return append(em, sum...), true
}

// derPrefix is what stands before the digest in its DER form (RFC 8017 §9.2,
// note 1).
func derPrefix(h crypto.Hash) []byte {
	switch h {
	case crypto.SHA1:
		return []byte{0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14}
	case crypto.SHA256:
		return []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}
	case crypto.SHA512:
		return []byte{0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40}
	default:
		return nil
	}
}
