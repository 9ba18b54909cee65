package infra

import (
	"net/netip"
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/random"
	"recursor/transport"
)

// A server that cannot be reached is not asked the question again; one whose connections break is, as often as may be.
func TestUnreachableAndBroken(t *testing.T) {
	b := newBench(t)
	b.outcome(b.try(), Unreachable, time.Millisecond)
	if try, ok := b.s.Plan(&b.h, b.n, b.now, DefaultTiming()); ok {
		t.Errorf("asked again: %+v", try)
	}
	if b.h.Sends() != 1 || b.h.Timeouts() != 0 {
		t.Errorf("%d sends, %d timed out", b.h.Sends(), b.h.Timeouts())
	}
	b.fresh()
	b.outcome(b.try(), Truncated, time.Millisecond)
	for n := 1; n <= maxTCP; n++ {
		try := b.try()
		if rung(try) != "tcp" {
			t.Fatalf("send %d goes by %s", n, rung(try))
		}
		b.outcome(try, Broken, time.Millisecond)
	}
	if try, ok := b.s.Plan(&b.h, b.n, b.now, DefaultTiming()); ok {
		t.Errorf("asked after %d connections that broke: %+v", maxTCP, try)
	}
	if b.h.Timeouts() != maxTCP || b.h.Sends() != maxTCP+1 {
		t.Errorf("%d of %d sends brought nothing", b.h.Timeouts(), b.h.Sends())
	}
}

// A broken connection is a sign of life of somebody: the server's silence is its own, and counts.
func TestBrokenConnectionsCount(t *testing.T) {
	timing := DefaultTiming()
	table := NewTable(timing, 0)
	at := netip.MustParseAddrPort("192.0.2.1:53")
	now := time.Unix(1_800_000_000, 0)
	for range timing.DownAfter {
		now = now.Add(time.Second)
		table.Observe(at, new(History), Observation{Try: Try{Proto: transport.TCP}, Result: Broken}, now.Add(-time.Millisecond), now)
	}
	if st := table.Standing(at, new(History), domain.Root(), now); !st.Down {
		t.Errorf("not down after %d connections that broke: %+v", timing.DownAfter, st)
	}
}

// A server that gave cookies and shows none over TCP, where nobody forges, has stopped giving them.
func TestCookieIsForgottenByTCP(t *testing.T) {
	table := NewTable(DefaultTiming(), 0)
	stream := (&random.Replay{Seed: 1}).Stream()
	at := netip.MustParseAddrPort("192.0.2.1:53")
	now := time.Unix(1_800_000_000, 0)
	_, option, ok := table.Plan(at, new(History), Need{Payload: 1232, Cookies: true}, stream, nil, now)
	if !ok || len(option) != 8 {
		t.Fatalf("%x, %t", option, ok)
	}
	if !table.CookieReply(at, append(option, "12345678"...), false, now) {
		t.Fatal("its own cookie is refused")
	}
	if table.CookieReply(at, nil, false, now) {
		t.Error("a reply without cookie is believed over UDP")
	}
	if !table.CookieReply(at, nil, true, now) {
		t.Error("a reply without cookie is not believed over TCP")
	}
	if !table.CookieReply(at, nil, false, now) {
		t.Error("nor over UDP afterwards")
	}
}

// Sends by TCP that are under way count.
func TestNoMoreByTCPThanMayBe(t *testing.T) {
	b := newBench(t)
	b.n.TCPOnly = true
	for range maxTCP {
		if got := rung(b.try()); got != "tcp" {
			t.Fatal(got)
		}
	}
	if try, ok := b.s.Plan(&b.h, b.n, b.now, DefaultTiming()); ok {
		t.Errorf("one more: %+v", try)
	}
}
