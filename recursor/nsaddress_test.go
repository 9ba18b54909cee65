package recursor_test

import (
	"testing"

	"recursor/dns/wire"
)

// TestAKnownAbsenceOfAServerCostsNoTime: what the cache knows of a name server is
// there at once, also where it is that it has no address.
func TestAKnownAbsenceOfAServerCostsNoTime(t *testing.T) {
	w := newWorld(t, "example NS ns.gone.net.", "").start()
	w.wantRCode(w.ask("www.example.com.", wire.TypeA), wire.ServFail)
	w.sent()
	o := w.ask("mail.example.com.", wire.TypeA)
	w.wantRCode(o, wire.ServFail)
	w.wantSent()
	if o.took != 0 {
		t.Errorf("took %v without a question", o.took)
	}
}
