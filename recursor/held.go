package recursor

import (
	"encoding/binary"
	"sync"

	"recursor/validate/sig"
)

// held remembers signature checks that held: the SOA record of a zone, the NSEC3
// record at its apex and whatever else comes with one denial after the other is
// verified once, and so is what is fetched again before it was signed again.
//
// It has two places for each slot. What is new comes into the second, and into the
// first when it is asked for: what comes once leaves alone what comes often.
type held struct {
	mu    sync.Mutex
	slots [][2]sig.Sum
}

// heldSlots makes half a mebibyte, used as it fills.
const heldSlots = 8192

func (h *held) slot(s *sig.Sum) *[2]sig.Sum {
	return &h.slots[binary.LittleEndian.Uint32(s[:])%heldSlots]
}

// has reports whether s is remembered.
func (h *held) has(s *sig.Sum) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.slots == nil {
		return false
	}
	at := h.slot(s)
	switch *s {
	case at[0]:
		return true
	case at[1]:
		at[0], at[1] = at[1], at[0]
		return true
	default:
		return false
	}
}

// add remembers s.
func (h *held) add(s *sig.Sum) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.slots == nil {
		h.slots = make([][2]sig.Sum, heldSlots)
	}
	if at := h.slot(s); at[0] != *s {
		at[1] = *s
	}
}
