package limit

import (
	"encoding/binary"
	"math/bits"
)

// sipHash is SipHash-2-4 of msg with a key of sixteen octets, whose result is
// read in little-endian order (RFC 9018 §4.4).
func sipHash(key *[16]byte, msg []byte) uint64 {
	k0, k1 := binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])
	s := sipState{
		k0 ^ 0x736f6d6570736575,
		k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261,
		k1 ^ 0x7465646279746573,
	}
	last := uint64(len(msg)) << 56
	for ; len(msg) >= 8; msg = msg[8:] {
		s = s.absorb(binary.LittleEndian.Uint64(msg))
	}
	for i, c := range msg {
		last |= uint64(c) << (8 * i)
	}
	s = s.absorb(last)
	s.c ^= 0xff
	s = s.round().round().round().round()
	return s.a ^ s.b ^ s.c ^ s.d
}

// sipState goes by value, so that it stays in registers.
type sipState struct{ a, b, c, d uint64 }

// absorb takes in one word with two rounds.
func (s sipState) absorb(m uint64) sipState {
	s.d ^= m
	s = s.round().round()
	s.a ^= m
	return s
}

func (s sipState) round() sipState {
	s.a += s.b
	s.b = bits.RotateLeft64(s.b, 13) ^ s.a
	s.a = bits.RotateLeft64(s.a, 32)
	s.c += s.d
	s.d = bits.RotateLeft64(s.d, 16) ^ s.c
	s.a += s.d
	s.d = bits.RotateLeft64(s.d, 21) ^ s.a
	s.c += s.b
	s.b = bits.RotateLeft64(s.b, 17) ^ s.c
	s.c = bits.RotateLeft64(s.c, 32)
	return s
}
