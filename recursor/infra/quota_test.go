package infra

import (
	"net/netip"
	"testing"
	"time"

	"recursor/dns/domain"
)

func TestQuotasShrinkWithFailures(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	l := new(load)
	if got := l.limit(200); got != 200 {
		t.Errorf("at first %d", got)
	}
	before := 200
	for i := range 400 {
		l.n++
		l.ended(Failed, now)
		got := l.limit(200)
		if got > before {
			t.Fatalf("failure %d: %d after %d", i, got, before)
		}
		before = got
	}
	if before != 20 || l.failed != allFailed {
		t.Errorf("when all fail %d (%d), want a tenth", before, l.failed)
	}
	for i := range 400 {
		l.n++
		l.ended(Good, now)
		got := l.limit(200)
		if got < before {
			t.Fatalf("success %d: %d after %d", i, got, before)
		}
		before = got
	}
	if before != 200 || l.failed != 0 || l.n != 0 {
		t.Errorf("when all goes well again %d, %+v", before, l)
	}
	// One in five lost is nothing unusual.
	for i := range 1000 {
		l.n++
		if i%5 == 0 {
			l.ended(Failed, now)
			continue
		}
		l.ended(Good, now)
	}
	if got := l.limit(200); got < 190 {
		t.Errorf("at a fifth of failures %d", got)
	}
	l.n++
	l.ended(Moot, now)
	if got := l.limit(10); l.n != 0 || got < 9 {
		t.Errorf("%+v", l)
	}
	l = &load{failed: allFailed, at: now}
	l.fade(now.Add(14 * time.Second))
	if l.failed != allFailed {
		t.Errorf("too early: %d", l.failed)
	}
	l.fade(now.Add(30 * time.Second))
	l.fade(now.Add(31 * time.Second))
	if l.failed != allFailed/4 {
		t.Errorf("half a minute later: %d", l.failed)
	}
	l.fade(now.Add(time.Hour))
	if l.failed != 0 {
		t.Errorf("an hour later: %d", l.failed)
	}
	if got := (&load{failed: allFailed}).limit(5); got != 1 {
		t.Errorf("something must get through, to find out: %d", got)
	}
}

func TestTraffic(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	a, b := domain.MustParse("a.example."), domain.MustParse("b.example.")
	tr := NewTraffic(Quotas{})
	var last Admission
	enter := func(zone domain.Name, top Top) (passes []Pass) {
		for {
			p, admission := tr.Question(zone, top, now)
			if admission != Free {
				last = admission
				return passes
			}
			passes = append(passes, p)
		}
	}
	// The first few of a busy time are not counted.
	inA := enter(a, false)
	if n := len(inA); n < 200 || n > 210 || last != Busy {
		t.Fatalf("%d questions to one zone, then %d", n, last)
	}
	if n := len(enter(b, false)); n != 200 {
		t.Errorf("beside it, %d questions to another", n)
	}
	if n := len(enter(domain.MustParse("com."), true)); n != 5000 {
		t.Errorf("%d questions to a top-level domain", n)
	}
	for _, p := range inA {
		p.Done(Failed, now)
	}
	if n := len(enter(a, false)); n < 20 || n > 30 || last != Failing {
		t.Errorf("%d questions to a zone that fails, then %d", n, last)
	}

	addr := netip.MustParseAddrPort("192.0.2.1:53")
	send := func(top Top) (n int) {
		for {
			if _, admission := tr.Send(addr, top, now); admission != Free {
				return n
			}
			n++
		}
	}
	if n := send(false); n < 100 || n > 110 {
		t.Errorf("%d sends to a server", n)
	}
	if n := send(true); n != 2500 {
		t.Errorf("%d sends to it as a server of the root", n)
	}
	(Pass{}).Done(Failed, now)
}

func TestTrafficEnds(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	tr := NewTraffic(Quotas{Zone: 20, Server: 20, TopZone: 20, TopServer: 20})
	zone := domain.MustParse("a.example.")
	for range 1000 {
		var passes []Pass
		for range 20 {
			p, admission := tr.Question(zone, false, now)
			if admission != Free {
				t.Fatal("what has ended is counted")
			}
			passes = append(passes, p)
		}
		for _, p := range passes {
			p.Done(Good, now)
		}
	}
	if n := tr.questions.Load(); n != 0 {
		t.Errorf("%d under way", n)
	}
}
