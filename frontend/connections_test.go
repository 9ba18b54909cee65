package frontend

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"recursor/clock"
)

// held counts what is asked of it.
type held struct {
	mu             sync.Mutex
	aborted, ended int
}

func (h *held) Abort() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.aborted++
}

func (h *held) End() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended++
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// RFC: 9210.3
func TestClientNet(t *testing.T) {
	for from, want := range map[string]string{
		"192.0.2.1":              "192.0.2.1",
		"::ffff:192.0.2.1":       "192.0.2.1",
		"2001:db8:1:2ff::1":      "2001:db8:1:200::",
		"2001:db8:1:2aa:1:2:3:4": "2001:db8:1:200::",
		"2001:db8:1:300::1":      "2001:db8:1:300::",
		"fe80::1%eth0":           "fe80::",
		"::1":                    "::",
	} {
		if got := ClientNet(addr(from)); got != addr(want) {
			t.Errorf("%s counts as %s, want %s", from, got, want)
		}
	}
	if got := ClientNet(netip.Addr{}); got.IsValid() {
		t.Errorf("no address counts as %v", got)
	}
}

// RFC: 9210.3
func TestConnectionsGiveWay(t *testing.T) {
	var tally Tally
	a := NewConnections(Limits{Connections: 3, ConnectionsPerClient: 2}, clock.NewReal())
	at := func(ms int) time.Time { return a.base.Add(time.Duration(ms) * time.Millisecond) }
	admit := func(client string, s int) (*Connection, *held) {
		t.Helper()
		h := &held{}
		c, ok := a.Admit(addr(client), at(s), h, &tally)
		if !ok {
			t.Fatalf("%s was refused", client)
		}
		return c, h
	}
	first, firstHeld := admit("192.0.2.1", 1)
	second, secondHeld := admit("2001:db8::1", 2)
	third, thirdHeld := admit("192.0.2.2", 3)
	for range 2 {
		if !first.Busy() {
			t.Error("a connection cannot become or stay busy")
		}
	}
	second.Busy()
	second.Idle(at(4)) // younger than the third now
	if got := second.Since(); !got.Equal(at(4)) {
		t.Errorf("idle since %v, want %v", got, at(4))
	}
	admit("192.0.2.3", 5)
	if thirdHeld.aborted != 1 || firstHeld.aborted+secondHeld.aborted != 0 {
		t.Error("another than the one that was idle longest gave way")
	}
	if third.Busy() {
		t.Error("a connection that gave way became busy")
	}
	third.Leave() // what its goroutine does in the end; it counts once
	if a.Open() != 3 {
		t.Errorf("%d open, want 3", a.Open())
	}
	// The client's own limit, by /56: its own oldest goes, though another's is older.
	_, sameHeld := admit("2001:db8::ffff", 6)
	if secondHeld.aborted != 1 {
		t.Error("the second did not give way to a third client")
	}
	_, _ = admit("2001:db8:0:ff::2", 7)
	admit("2001:db8::3", 8)
	if sameHeld.aborted != 1 {
		t.Error("the client's own limit did not act on its own oldest connection")
	}
	var s Stats
	tally.AddTo(&s)
	if s.Of(Accepted) != 7 || s.Of(Evicted) != 4 || s.Of(Refused) != 0 {
		t.Errorf("counted %v", s)
	}
}

// Listeners that share a limit count their own connections.
func TestTalliesAreApart(t *testing.T) {
	a := NewConnections(Limits{Connections: 2}, clock.NewReal())
	var one, other Tally
	a.Admit(addr("192.0.2.1"), a.base, &held{}, &one)
	c, _ := a.Admit(addr("192.0.2.2"), a.base.Add(1), &held{}, &one)
	c.Busy()
	d, _ := a.Admit(addr("192.0.2.3"), a.base.Add(2), &held{}, &other) // in place of the first
	d.Busy()
	a.Admit(addr("192.0.2.4"), a.base.Add(3), &held{}, &other)
	for i, tt := range []struct {
		tally *Tally
		want  [3]uint64
	}{{&one, [3]uint64{2, 1, 0}}, {&other, [3]uint64{1, 0, 1}}} {
		var s Stats
		tt.tally.AddTo(&s)
		if got := [3]uint64{s.Of(Accepted), s.Of(Evicted), s.Of(Refused)}; got != tt.want {
			t.Errorf("listener %d: accepted, evicted, refused: %v, want %v", i, got, tt.want)
		}
	}
}

func TestConnectionsRefuse(t *testing.T) {
	var tally Tally
	a := NewConnections(Limits{Connections: 2, ConnectionsPerClient: 1}, clock.NewReal())
	one, _ := a.Admit(addr("192.0.2.1"), a.base, &held{}, &tally)
	two, _ := a.Admit(addr("192.0.2.2"), a.base, &held{}, &tally)
	one.Busy()
	if _, ok := a.Admit(addr("192.0.2.1"), a.base, &held{}, &tally); ok {
		t.Error("a client has two connections, its limit is one, and the first is busy")
	}
	two.Busy()
	if _, ok := a.Admit(addr("192.0.2.3"), a.base, &held{}, &tally); ok {
		t.Error("a third connection was admitted, the limit is two, and both are busy")
	}
	if a.Relieve() {
		t.Error("a busy connection was closed for its descriptor")
	}
	one.Idle(a.base)
	if !a.Relieve() || a.Open() != 1 {
		t.Errorf("%d open after an idle one was closed", a.Open())
	}
	two.Leave()
	two.Leave()
	if a.Open() != 0 || len(a.perClient) != 0 || a.first != nil || a.last != nil {
		t.Errorf("%d open, %d clients at the end", a.Open(), len(a.perClient))
	}
	h := &held{}
	last, _ := a.Admit(addr("192.0.2.1"), a.base, h, &tally)
	a.End()
	if h.ended != 1 {
		t.Error("a connection was not told to end")
	}
	if _, ok := a.Admit(addr("192.0.2.9"), a.base, &held{}, &tally); ok {
		t.Error("a connection was admitted after the end had come")
	}
	last.Leave()
}

func TestPatience(t *testing.T) {
	const s = time.Second
	for _, tc := range []struct {
		idle time.Duration
		open int
		want time.Duration
	}{
		{10 * s, 0, 10 * s},
		{10 * s, 50, 10 * s},
		{10 * s, 51, 9800 * time.Millisecond},
		{10 * s, 75, 5 * s},
		{10 * s, 90, 2 * s},
		{10 * s, 99, 300 * time.Millisecond},
		{10 * s, 100, 300 * time.Millisecond},
		{10 * s, 120, 300 * time.Millisecond},
		{100 * time.Millisecond, 99, 100 * time.Millisecond},
		{-1, 99, -1},
	} {
		l := Limits{Connections: 100, Idle: tc.idle}
		if got := l.Patience(tc.open); got != tc.want {
			t.Errorf("%d of 100 open: idle for %v of %v, want %v", tc.open, got, tc.idle, tc.want)
		}
	}
}

// The more connections are open, the less time idle ones have; those that are
// busy have all of it.
//
// RFC: 9210.3
func TestIdleTimesShrinkUnderLoad(t *testing.T) {
	var tally Tally
	a := NewConnections(Limits{Connections: 20, ConnectionsPerClient: 20, Idle: 10 * time.Second}, clock.NewReal())
	all := make([]*held, 15)
	var busy *Connection
	for i := range all {
		all[i] = &held{}
		c, ok := a.Admit(addr("192.0.2.1"), a.base.Add(time.Duration(i)*time.Millisecond), all[i], &tally)
		if !ok {
			t.Fatalf("%d was refused", i)
		}
		if i == 3 {
			busy = c
			busy.Busy()
		}
	}
	// With the next 16 of 20 are open, and 4 s are left; with another 17, and 3 s.
	if _, ok := a.Admit(addr("192.0.2.2"), a.base.Add(3*time.Second), &held{}, &tally); !ok || a.Open() != 16 {
		t.Fatalf("%d are open, want 16", a.Open())
	}
	if _, ok := a.Admit(addr("192.0.2.2"), a.base.Add(3200*time.Millisecond), &held{}, &tally); !ok || a.Open() != 3 {
		t.Errorf("%d are open, want the busy one and the last two", a.Open())
	}
	var s Stats
	tally.AddTo(&s)
	if s.Of(Hurried) != 14 || s.Of(Evicted) != 0 {
		t.Errorf("counted %v", s)
	}
	if all[3].aborted != 0 {
		t.Error("a busy connection was closed")
	}
	busy.Leave()
}

// Under any order of events the counts are right, and what is busy stays.
func TestConnectionsAtRandom(t *testing.T) {
	var tally Tally
	a := NewConnections(Limits{Connections: 20, ConnectionsPerClient: 5}, clock.NewReal())
	var work sync.WaitGroup
	for worker := range 4 {
		work.Go(func() {
			chance := rand.New(rand.NewPCG(1, uint64(worker)))
			for i := range 3000 {
				client := netip.AddrFrom4([4]byte{192, 0, 2, byte(chance.IntN(8))})
				h := &held{}
				c, ok := a.Admit(client, a.base.Add(time.Duration(i)), h, &tally)
				if !ok {
					continue
				}
				if c.Busy() {
					if h.mu.Lock(); h.aborted > 0 {
						t.Error("a busy connection gave way")
					}
					h.mu.Unlock()
					if chance.IntN(2) == 0 {
						c.Idle(a.base.Add(time.Duration(i)))
					}
				}
				if chance.IntN(3) > 0 {
					c.Leave()
				}
				if n := a.Open(); n > 20 {
					t.Errorf("%d open, the limit is 20", n)
				}
				if chance.IntN(4) == 0 {
					a.Relieve()
				}
			}
		})
	}
	work.Wait()
	total := 0
	a.mu.Lock()
	defer a.mu.Unlock()
	for client, n := range a.perClient {
		if n > 5 {
			t.Errorf("%v has %d connections, the limit is 5", client, n)
		}
		total += n
	}
	listed := 0
	for c := a.first; c != nil; c = c.next {
		listed++
	}
	if total != a.open || listed != a.open {
		t.Errorf("%d open, %d by client, %d in the list", a.open, total, listed)
	}
}
