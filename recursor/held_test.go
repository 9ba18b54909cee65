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
