package shard

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// secret keys the hash. Four words, so that no single guess of one makes the
// others useless.
type secret [4]uint64

// newSecret stretches a seed. Seed 0 draws one that nobody outside knows.
func newSecret(seed uint64) secret {
	if seed == 0 {
		seed = maphash.String(maphash.MakeSeed(), "cache/shard")
	}
	var k secret
	for i := range k {
		// A step of a Weyl sequence and a finaliser: distinct odd words.
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		k[i] = z ^ z>>31 | 1
	}
	return k
}

// sum is the keyed hash of b: folded multiplications of sixteen octets each,
// every operand masked with a secret word.
func (k *secret) sum(b []byte) digest {
	h := k[0] ^ uint64(len(b))
	for len(b) > 16 {
		h = fold(binary.LittleEndian.Uint64(b)^k[1], binary.LittleEndian.Uint64(b[8:])^h)
		b = b[16:]
	}
	var lo, hi uint64
	switch n := len(b); {
	case n >= 8:
		lo, hi = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		lo, hi = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		lo = uint64(b[0])<<16 | uint64(b[n/2])<<8 | uint64(b[n-1])
	}
	h = fold(lo^k[2], hi^h)
	return digest(fold(h^k[3], h^k[1]))
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// digest is a hash. Its bits are spent once: 0–31 choose the bucket of the
// index, 32–41 are the tag, the uppermost choose the shard; fingerprint and
// set of the ghosts come from a product over all of them.
type digest uint64

func (d digest) bucket(n uint32) uint32 { return uint32(uint64(uint32(d)) * uint64(n) >> 32) }

func (d digest) tag() uint32 { return uint32(d>>32) & tagMask }

// ghost is the set out of n and the fingerprint, which is never 0.
func (d digest) ghost(n uint32) (set uint32, mark uint16) {
	m := uint64(d) * 0xd6e8feb86659fd93
	return uint32(m >> 32 * uint64(n) >> 32), uint16(m>>8) | 1
}
