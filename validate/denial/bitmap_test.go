package denial

import (
	"testing"

	"recursor/dns/domain"
	"recursor/dns/wire"
)

// Bit maps whose last block is cut show no type, wherever it is cut.
func TestBitmapThatIsCut(t *testing.T) {
	whole := Bitmap{0, 1, 0x40, 1, 2, 0x00, 0x80} // A, and type 264
	if !whole.Has(wire.TypeA) || !whole.Has(264) || whole.bare() {
		t.Errorf("whole: %x", whole)
	}
	only := Bitmap{0, 6, 0, 0, 0, 0, 0, 0x03} // RRSIG and NSEC
	owner := domain.MustParse("example.")
	if !only.bare() || !only.lacks(owner, wire.TypeANY) || whole.lacks(owner, wire.TypeANY) {
		t.Error("RRSIG and NSEC are not all that there is")
	}
	// A block without bits is none that a server may send, and shows nothing.
	if with := append(append(Bitmap(nil), only...), 1, 1, 0); !with.bare() {
		t.Errorf("%x shows something", with)
	}
	if with := append(append(Bitmap(nil), only...), 1, 1, 1); with.bare() {
		t.Errorf("%x shows nothing", with)
	}
	// TA, with which the block of 128 begins, is a type.
	if with := append(append(Bitmap(nil), only...), 128, 1, 0x80); with.bare() || !with.Has(32768) {
		t.Errorf("%x shows nothing", with)
	}
	for n := range only {
		if cut := only[:n]; !cut.bare() || cut.Has(wire.TypeNSEC) {
			t.Errorf("%x shows something", cut)
		}
	}
	for n := range 3 {
		if cut := whole[:n]; !cut.bare() || cut.Has(wire.TypeA) {
			t.Errorf("%x shows something", cut)
		}
	}
	for n := 3; n < len(whole); n++ {
		if cut := whole[:n]; cut.bare() || !cut.Has(wire.TypeA) || cut.Has(264) {
			t.Errorf("%x", cut)
		}
	}
}
