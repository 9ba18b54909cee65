package infra

import (
	"net/netip"
	"testing"
	"time"

	"recursor/dns/domain"
)

func TestRingForgetsTheOldest(t *testing.T) {
	r := newRing[int, string](3)
	for i := range 5 {
		r.put(i, "x")
		r.put(i, "y")
	}
	for i := range 5 {
		v, ok := r.get(i)
		if ok != (i >= 2) || ok && v != "y" {
			t.Errorf("%d: %q %v", i, v, ok)
		}
	}
	if len(r.m) != 3 {
		t.Errorf("%d entries", len(r.m))
	}
}

// RFC: 4697.2
func TestLameFor30Minutes(t *testing.T) {
	table := NewTable(DefaultTiming(), 0)
	now := time.Unix(1_800_000_000, 0)
	addr := netip.MustParseAddrPort("192.0.2.1:53")
	zone, other := domain.MustParse("example."), domain.MustParse("other.")
	table.MarkLame(addr, zone, now)
	if !table.Standing(addr, new(History), zone, now.Add(LameFor-1)).Lame {
		t.Error("forgotten too early")
	}
	if table.Standing(addr, new(History), zone, now.Add(LameFor)).Lame || table.Standing(addr, new(History), other, now).Lame {
		t.Error("held too long, or for another zone")
	}
}

func TestADeadFamilyCostsOneDelay(t *testing.T) {
	table := NewTable(DefaultTiming(), 0)
	now := time.Unix(1_800_000_000, 0)
	zone := domain.MustParse("example.")
	v6, v4 := netip.MustParseAddrPort("[2001:db8::1]:53"), netip.MustParseAddrPort("192.0.2.1:53")
	other6 := netip.MustParseAddrPort("[2001:db8::2]:53")
	sent := now
	var h6, h4 History
	now = now.Add(150 * time.Millisecond)
	table.Observe(v4, &h4, Observation{Result: Answered, Took: time.Millisecond}, now.Add(-time.Millisecond), now)
	table.Observe(v6, &h6, Observation{Result: Overtaken, Took: now.Sub(sent)}, sent, now)
	if !table.Standing(other6, new(History), zone, now).DeadFamily {
		t.Fatal("a family that never worked must be left alone after one silence")
	}
	if table.Standing(v4, new(History), zone, now).DeadFamily {
		t.Fatal("the other family must not suffer")
	}
	now = now.Add(familyFirst)
	if table.Standing(other6, new(History), zone, now).DeadFamily {
		t.Error("it must be probed again after five seconds")
	}
	table.Observe(other6, &h6, Observation{Result: Answered, Took: time.Millisecond}, now, now.Add(time.Millisecond))
	if table.families[1].silent != 0 || !table.families[1].replied {
		t.Error("a reply brings the family back")
	}
}

func TestSilenceOfBothFamiliesIsTheNetworks(t *testing.T) {
	table := NewTable(DefaultTiming(), 0)
	now := time.Unix(1_800_000_000, 0)
	v6 := netip.MustParseAddrPort("[2001:db8::1]:53")
	var h History
	table.Observe(v6, &h, Observation{Result: TimedOut, Took: time.Second}, now, now.Add(time.Second))
	if table.Standing(v6, new(History), domain.Root(), now.Add(time.Second)).DeadFamily {
		t.Error("a family is dead only if the other one answers")
	}
	if table.AliveSince(now) {
		t.Error("nobody answered")
	}
}

func TestUnmeasuredServersAreExpectedToBeTypical(t *testing.T) {
	table := NewTable(DefaultTiming(), 0)
	now := time.Unix(1_800_000_000, 0)
	unknown := netip.MustParseAddrPort("192.0.2.250:53")
	before := table.Standing(unknown, new(History), domain.Root(), now).Expect
	for i := range 200 {
		var h History
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 53)
		table.Observe(addr, &h, Observation{Result: Answered, Took: 200 * time.Millisecond}, now, now)
	}
	after := table.Standing(unknown, new(History), domain.Root(), now).Expect
	if before != 30*time.Millisecond || after < 149*time.Millisecond || after > 150*time.Millisecond {
		t.Errorf("expected %v before and %v after servers of 200 ms", before, after)
	}
	var h History
	if try, _, _ := table.Plan(unknown, &h, Need{Payload: 1232}, nil, nil, now); try.Patience != 400*time.Millisecond {
		t.Errorf("patience %v, want the first time-out", try.Patience)
	}
}
