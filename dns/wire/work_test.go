package wire

import (
	"strconv"
	"testing"
)

// Names chosen to meet in one slot, each with the longest label and as many
// labels as fit: the work for a message is bounded all the same.
func TestBuilderWorkIsBounded(t *testing.T) {
	slot := func(label []byte) uint8 {
		h := uint32(2166136261)
		for _, c := range label {
			h = (h ^ uint32(c)) * 16777619
		}
		return uint8(h >> 24)
	}
	var b Builder
	b.Reset(nil)
	written := 0
	for i := 0; written < 5000; i++ {
		label := strconv.Itoa(i)
		name := append([]byte{byte(len(label))}, label...)
		if slot(name) != 7 {
			continue
		}
		b.Name(append(name, 0))
		written++
	}
	if b.used > maxTargets || b.probes > maxProbes {
		t.Errorf("%d targets and %d probes, want at most %d and %d", b.used, b.probes, maxTargets, maxProbes)
	}
	if b.probes < maxProbes {
		t.Errorf("%d probes: the names did not meet", b.probes)
	}
	// Then names are written in full.
	at := b.Len()
	b.Name([]byte("\x01a\x00"))
	b.Name([]byte("\x01a\x00"))
	if got := string(b.Bytes()[at:]); got != "\x01a\x00\x01a\x00" {
		t.Errorf("written as %q", got)
	}
}

// A name that is being written has no end yet: no comparison goes beyond it.
func TestSameStopsAtTheEnd(t *testing.T) {
	var b Builder
	b.Reset(nil)
	b.Raw([]byte("\x01a"))
	for _, name := range []string{"\x01a\x00", "\x01a\x01a\x00", "\x02aa\x00"} {
		if b.same([]byte(name), HeaderLen) {
			t.Errorf("%q is the same as a name without end", name)
		}
	}
	b.Raw([]byte{0})
	if !b.same([]byte("\x01a\x00"), HeaderLen) {
		t.Error("the name is not the same when it has its end")
	}
}
