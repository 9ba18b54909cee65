package sig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"

	"github.com/cloudflare/circl/sign/ed448"
)

// public is a public key that can verify.
type public interface {
	// verify reports whether sig was made over data, hashed with h where the
	// algorithm hashes.
	verify(h crypto.Hash, data, sig []byte) bool
}

// readPublic makes a key of the Public Key field.
func readPublic(a Algorithm, field []byte, p *Policy) (public, Fault) {
	if !p.Supports(a) {
		return nil, AlgorithmUnsupported
	}
	switch table[a].kind {
	case rsaPKCS1:
		return readRSA(field, p)
	case ecdsaP256:
		return readECDSA(elliptic.P256(), field)
	case ecdsaP384:
		return readECDSA(elliptic.P384(), field)
	case edwards25519:
		if len(field) != ed25519.PublicKeySize {
			return nil, KeyMalformed
		}
		return edwards25519Key(field), Sound
	case edwards448:
		if len(field) != ed448.PublicKeySize {
			return nil, KeyMalformed
		}
		return edwards448Key(field), Sound
	default: // what Supports lets through and is none of the above
		return readDSA(field)
	}
}

// digest is h over data.
func digest(h crypto.Hash, data []byte) []byte {
	f := h.New()
	f.Write(data)
	return f.Sum(nil)
}

// ecdsaKey is a key of RFC 6605.
type ecdsaKey struct {
	key  *ecdsa.PublicKey
	size int // of a coordinate
}

func readECDSA(curve elliptic.Curve, field []byte) (public, Fault) {
	size := curve.Params().BitSize / 8
	if len(field) != 2*size {
		return nil, KeyMalformed
	}
	// RFC 6605 §4: the point without the octet 4 that says it is uncompressed.
	key, err := ecdsa.ParseUncompressedPublicKey(curve, append([]byte{4}, field...))
	if err != nil {
		return nil, KeyMalformed
	}
	return &ecdsaKey{key, size}, Sound
}

func (k *ecdsaKey) verify(h crypto.Hash, data, sig []byte) bool {
	if len(sig) != 2*k.size { // RFC 6605 §4: r and s, each of its full length
		return false
	}
	var buf [2 + 2*(3+maxCoordinate)]byte
	der := append(buf[:0], 0x30, 0) // SEQUENCE
	der = appendInteger(der, sig[:k.size])
	der = appendInteger(der, sig[k.size:])
	der[1] = byte(len(der) - 2)
	return ecdsa.VerifyASN1(k.key, digest(h, data), der)
}

// maxCoordinate is the octets of a coordinate of P-384; with them the lengths in
// the DER of a signature are below 128 and so one octet each.
const maxCoordinate = 48

// appendInteger appends an unsigned number as the DER of an INTEGER.
func appendInteger(dst, n []byte) []byte {
	for len(n) > 1 && n[0] == 0 {
		n = n[1:]
	}
	if n[0] >= 0x80 { // else it would be negative
		dst = append(dst, 2, byte(len(n)+1), 0)
	} else {
		dst = append(dst, 2, byte(len(n)))
	}
	return append(dst, n...)
}

// edwards25519Key is a key of RFC 8080 §3; what is signed is not hashed before.
type edwards25519Key []byte

func (k edwards25519Key) verify(_ crypto.Hash, data, sig []byte) bool {
	return len(sig) == ed25519.SignatureSize && ed25519.Verify(ed25519.PublicKey(k), data, sig)
}

// edwards448Key is a key of RFC 8080 §3, with an empty context.
type edwards448Key []byte

func (k edwards448Key) verify(_ crypto.Hash, data, sig []byte) bool {
	return len(sig) == ed448.SignatureSize && ed448.Verify(ed448.PublicKey(k), data, sig, "")
}
