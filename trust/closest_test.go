package trust_test

import (
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/trust"
)

// TestClosestIsCheap: each verdict asks for its anchor.
func TestClosestIsCheap(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	anchors := trust.New(trust.Root()...)
	name := domain.MustParse("www.example.com.")
	first, ok := anchors.Closest(name, now)
	if !ok {
		t.Fatal("no anchor")
	}
	if n := testing.AllocsPerRun(100, func() { anchors.Closest(name, now) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	want := first.DS.Len() + first.DNSKEY.Len()
	_ = first.DS.Append([]byte("more"))
	if again, _ := anchors.Closest(name, now); again.DS.Len()+again.DNSKEY.Len() != want {
		t.Error("who appends to an anchor changes it for others")
	}
}
