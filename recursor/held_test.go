package recursor

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"recursor/validate/sig"
)

func sum(i uint64) *sig.Sum {
	s := sig.Sum(sha256.Sum256(binary.BigEndian.AppendUint64(nil, i)))
	return &s
}

// What comes often is remembered, however much comes once beside it; the memory is of one size.
func TestHeldKeepsWhatComesOften(t *testing.T) {
	var h held
	const often = 100
	if h.has(sum(0)) || h.has(new(sig.Sum)) {
		t.Error("something is held from the start")
	}
	for i := range uint64(often) {
		h.add(sum(i))
		if !h.has(sum(i)) {
			t.Fatalf("%d is forgotten at once", i)
		}
		h.add(sum(i)) // by another, who was at it at the same time
	}
	for i := range uint64(10 * heldSlots) {
		h.add(sum(1000 + i))
	}
	lost := 0
	for i := range uint64(often) {
		if !h.has(sum(i)) {
			lost++
		}
	}
	// Of two that came often and share a slot, the one that was asked for last is safe.
	if lost > 3 {
		t.Errorf("%d of %d are forgotten", lost, often)
	}
	if h.has(sum(often)) || h.has(sum(1<<40)) {
		t.Error("what never came is held")
	}
	last := uint64(1000 + 10*heldSlots - 1)
	if !h.has(sum(last)) {
		t.Error("the latest is forgotten")
	}
	if len(h.slots) != heldSlots {
		t.Errorf("%d slots", len(h.slots))
	}
}

// All of a Sum counts, in either place: another one, if only by a bit, would make a signature good that nobody checked.
func TestHeldComparesTheWhole(t *testing.T) {
	for _, first := range []bool{false, true} {
		for i := range sha256.Size {
			var h held
			h.add(sum(1))
			if first {
				h.has(sum(1))
			}
			other := *sum(1)
			other[i] ^= 0x80
			if h.has(&other) {
				t.Errorf("first %t: octet %d does not count", first, i)
			}
			if !h.has(sum(1)) {
				t.Errorf("first %t: forgotten", first)
			}
		}
	}
}

// What is told twice takes one place.
func TestHeldTakesOnePlace(t *testing.T) {
	var h held
	one, two := sum(1), *sum(1)
	two[len(two)-1] ^= 1 // in the same slot
	h.add(one)
	h.has(one)
	h.add(&two)
	h.add(one) // by another, who was at it at the same time
	if !h.has(one) || !h.has(&two) {
		t.Error("one is forgotten")
	}
}
