package answer

import (
	"encoding/binary"

	"recursor/dns/domain"
	"recursor/dns/wire"
)

// Variant is what the octets of an answer depend on beside the question.
type Variant uint8

// Bits of Variant.
const (
	// DO: signatures and proofs are in it.
	DO Variant = 1 << iota
	// CD: it was not held to be valid by anybody here.
	CD
)

// A key is, in this order: generation (4 octets), view (2), type (2), variant
// (1), and the name in lower case.
const (
	viewAt    = 4
	typeAt    = 6
	variantAt = 8
	nameAt    = 9
)

// Key is a question as entries are found by it, and the one buffer that its
// name is lowered into.
type Key struct {
	b [nameAt + domain.MaxName]byte
	n uint16 // octets in use, nameAt less than that without a name
}

// SetName sets the name: raw is a whole, valid, uncompressed name.
func (k *Key) SetName(raw []byte) {
	k.n = uint16(nameAt + len(raw))
	domain.AppendLower(k.b[nameAt:nameAt], raw)
}

// Name is the name in lower case, empty before SetName.
func (k *Key) Name() []byte { return k.b[nameAt:max(nameAt, k.n)] }

// Set sets the rest of the question. View numbers what clients of different
// kinds may get different answers of; 0 where there is but one.
func (k *Key) Set(t wire.Type, v Variant, view uint16) {
	binary.LittleEndian.PutUint16(k.b[viewAt:], view)
	binary.LittleEndian.PutUint16(k.b[typeAt:], uint16(t))
	k.b[variantAt] = byte(v)
}

// Hash tells questions apart for those who remember a few of them. It has no
// secret.
func (k *Key) Hash() uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for _, c := range k.lasting() {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

func (k *Key) stamped(generation uint32) []byte {
	binary.LittleEndian.PutUint32(k.b[:], generation)
	return k.bytes()
}

func (k *Key) bytes() []byte { return k.b[:k.n] }

// lasting is the key without its generation: a question stays wanted.
func (k *Key) lasting() []byte { return k.b[viewAt:k.n] }
