package sig

import (
	"crypto"
	"crypto/dsa" //nolint:staticcheck // recorded scenarios have signatures of it; Policy.Recorded alone admits them
	"encoding/asn1"
	"math/big"
)

// dsaKey is a key of RFC 2536.
type dsaKey struct{ key dsa.PublicKey }

// qSize is the length of Q, R and S (RFC 2536 §2-3).
const qSize = 20

// readDSA reads T, Q, P, G and Y (RFC 2536 §2).
func readDSA(field []byte) (public, Fault) {
	if len(field) == 0 || field[0] > 8 {
		return nil, KeyMalformed
	}
	size := 64 + 8*int(field[0])
	if len(field) != 1+qSize+3*size {
		return nil, KeyMalformed
	}
	field = field[1:]
	number := func(n int) *big.Int {
		v := new(big.Int).SetBytes(field[:n])
		field = field[n:]
		return v
	}
	k := new(dsaKey)
	k.key.Q = number(qSize)
	k.key.P = number(size)
	k.key.G = number(size)
	k.key.Y = number(size)
	if k.key.P.Sign() == 0 || k.key.Q.Sign() == 0 {
		return nil, KeyMalformed
	}
	return k, Sound
}

// verify takes T, R and S (RFC 2536 §3), and also the DER form that the signer
// of many recorded scenarios wrote instead.
func (k *dsaKey) verify(h crypto.Hash, data, sig []byte) bool {
	var pair struct{ R, S *big.Int }
	if len(sig) == 1+2*qSize {
		pair.R, pair.S = new(big.Int).SetBytes(sig[1:1+qSize]), new(big.Int).SetBytes(sig[1+qSize:])
	} else if rest, err := asn1.Unmarshal(sig, &pair); err != nil || len(rest) > 0 {
		return false
	}
	return dsa.Verify(&k.key, digest(h, data), pair.R, pair.S)
}
