package stream

import (
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"recursor/clock"
	"recursor/frontend"
)

// drip sends octets one at a time, one each interval, until the server closes.
// It returns when the server did. The interval should not meet the limit.
func (p *pair) drip(octets []byte, interval time.Duration) {
	p.t.Helper()
	for i := range octets {
		if p.far.isClosed() {
			return
		}
		p.send(octets[i : i+1])
		pass(interval)
	}
	p.t.Error("the server was patient to the end")
}

// now is the bubble's time.
func now() time.Time { return clock.NewReal().Now().TTL }

// A connection brings a whole query within three seconds, or is closed; octets
// that trickle in do not prolong it.
func TestFirstQuery(t *testing.T) {
	t.Run("nothing", func(t *testing.T) {
		inBubble(t, &scripted{}, frontend.Limits{}, func(p *pair) {
			p.wantClosedAfter(3*time.Second, 3*time.Second)
			p.wantCounts(map[frontend.Counter]uint64{frontend.TimedOut: 1})
		})
	})
	t.Run("an octet at a time", func(t *testing.T) {
		inBubble(t, &scripted{}, frontend.Limits{}, func(p *pair) {
			began := now()
			p.drip(queries(1, 5, wantHit), 700*time.Millisecond)
			if took := p.far.closed.Sub(began); took != 3*time.Second {
				t.Errorf("closed after %v, want 3 s", took)
			}
			p.wantCounts(map[frontend.Counter]uint64{frontend.TimedOut: 1})
		})
	})
	t.Run("at the last moment", func(t *testing.T) {
		inBubble(t, &scripted{}, frontend.Limits{}, func(p *pair) {
			pass(3*time.Second - 1)
			p.send(queries(1, 1, wantHit))
			p.want(1)
			p.wantClosedAfter(10*time.Second, 10*time.Second)
			p.wantCounts(map[frontend.Counter]uint64{frontend.Queries: 1, frontend.Hits: 1})
		})
	})
}

// The idle time counts from the last whole message, not from its parts.
//
// RFC: 7766.3, 9210.3
func TestIdle(t *testing.T) {
	t.Run("counts from the last query", func(t *testing.T) {
		inBubble(t, &scripted{}, frontend.Limits{}, func(p *pair) {
			for i := range uint16(5) {
				p.send(queries(i, 1, wantHit))
				p.want(i)
				pass(9 * time.Second)
			}
			p.wantClosedAfter(time.Second, time.Second)
			p.wantCounts(map[frontend.Counter]uint64{frontend.Queries: 5, frontend.Hits: 5})
		})
	})
	t.Run("is configurable", func(t *testing.T) {
		inBubble(t, &scripted{}, frontend.Limits{Idle: 700 * time.Millisecond}, func(p *pair) {
			p.send(queries(1, 1, wantHit))
			p.want(1)
			p.wantClosedAfter(700*time.Millisecond, 700*time.Millisecond)
		})
	})
	t.Run("is not prolonged by parts", func(t *testing.T) {
		inBubble(t, &scripted{}, frontend.Limits{}, func(p *pair) {
			p.send(queries(1, 1, wantHit))
			p.want(1)
			began := now()
			p.drip(queries(2, 5, wantHit), 1100*time.Millisecond)
			if took := p.far.closed.Sub(began); took != 10*time.Second {
				t.Errorf("closed after %v, want 10 s", took)
			}
			p.wantCounts(map[frontend.Counter]uint64{frontend.Queries: 1, frontend.Hits: 1, frontend.TimedOut: 1})
		})
	})
	t.Run("begins when nothing waits", func(t *testing.T) {
		h := &scripted{gated: true}
		inBubble(t, h, frontend.Limits{}, func(p *pair) {
			p.send(queries(1, 1, wantMiss))
			pass(25 * time.Second)
			h.release <- struct{}{}
			p.want(1)
			p.wantClosedAfter(10*time.Second, 10*time.Second)
		})
	})
	t.Run("none", func(t *testing.T) {
		h := &scripted{gated: true}
		inBubble(t, h, frontend.Limits{Idle: -1}, func(p *pair) {
			p.send(frames(query(1, wantHit), query(2, wantMiss), query(3, wantHit)))
			p.want(1, 3)
			pass(time.Second)
			h.release <- struct{}{}
			p.want(2)
			p.wantClosedAfter(0, 0)
		})
	})
}

// A client that does not read loses its connection two seconds later, half a
// second more at most; its other queries are not served meanwhile.
func TestNeverReads(t *testing.T) {
	for _, want := range []byte{wantFull, wantLong} {
		t.Run(string(want), func(t *testing.T) {
			h := &scripted{}
			inBubble(t, h, frontend.Limits{}, func(p *pair) {
				const total = 300 // the answers are some 19 MB, the buffer between is 1 MB
				began := now()
				for i := range uint16(total) {
					if p.far.isClosed() {
						break
					}
					if _, err := p.Write(queries(i, 1, want)); err != nil {
						break
					}
				}
				synctest.Wait()
				if n := h.count(); n > 100 {
					t.Errorf("the handler saw %d queries of a client that does not read", n)
				}
				for !p.far.isClosed() {
					if now().Sub(began) > 3*time.Second {
						t.Fatal("the connection is open after 3 s")
					}
					pass(10 * time.Millisecond)
				}
				took := p.far.closed.Sub(began)
				if want == wantFull && (took < 2*time.Second || took > 2500*time.Millisecond) {
					t.Errorf("closed after %v, want 2 to 2.5 s", took)
				}
				if p.server.Stats().Of(frontend.Unsent) == 0 {
					t.Error("answers that were not sent are not counted")
				}
			})
		})
	}
}

// Writes that succeed do not set a deadline each, and none is closer than the
// time that a client has.
func TestWriteDeadlineIsSetSeldom(t *testing.T) {
	inBubble(t, &scripted{}, frontend.Limits{}, func(p *pair) {
		for i := range uint16(100) {
			p.send(queries(i, 1, wantHit))
			p.want(i)
			pass(10 * time.Millisecond)
		}
		if n := p.far.writeDeadline.sets; n < 2 || n > 4 {
			t.Errorf("the write deadline was set %d times in a second", n)
		}
		if n := p.far.readDeadline.sets; n > 3 {
			t.Errorf("the read deadline was set %d times in a second", n)
		}
	})
}

// Answers that pile up behind a write that does not end are bounded.
func TestBacklog(t *testing.T) {
	h := &scripted{gated: true}
	inBubble(t, h, frontend.Limits{}, func(p *pair) {
		p.send(queries(1, 64, wantLong)) // 3.8 MB of answers
		for range 64 {
			h.release <- struct{}{}
		}
		synctest.Wait()
		if !p.far.isClosed() {
			t.Error("megabytes wait for a client that does not read")
		}
	})
}

// One slow client does not slow another.
func TestSlowClientIsAlone(t *testing.T) {
	inBubble(t, &scripted{}, frontend.Limits{}, func(p *pair) {
		p.send(queries(1, 40, wantFull))
		other := connect(t, p.server, client())
		began := now()
		other.send(queries(1, 1, wantHit))
		other.want(1)
		if took := now().Sub(began); took != 0 {
			t.Errorf("waited %v for somebody else", took)
		}
		_ = other.Close() // never fails
	})
}

// End answers what waits and reads no more.
func TestEnd(t *testing.T) {
	h := &scripted{gated: true}
	inBubble(t, h, frontend.Limits{}, func(p *pair) {
		idle := connect(t, p.server, client())
		p.send(frames(query(1, wantMiss)))
		ended := make(chan struct{})
		go func() {
			p.server.End()
			close(ended)
		}()
		synctest.Wait()
		idle.wantClosedAfter(0, 0)
		p.send(frames(query(2, wantHit))) // too late
		select {
		case <-ended:
			t.Error("End returned while a query waited")
		default:
		}
		h.release <- struct{}{}
		p.want(1)
		p.wantClosedAfter(0, 0)
		began := now()
		<-ended // it lingers for a client that does not close
		if took := now().Sub(began); took > linger {
			t.Errorf("End took %v more", took)
		}
		late := connect(t, p.server, client())
		late.wantClosedAfter(0, 0)
		if n := h.count(); n != 1 {
			t.Errorf("%d queries were served, want 1", n)
		}
	})
}

// While the end comes, a reader that sleeps for want of room wakes.
func TestEndWhileFull(t *testing.T) {
	h := &scripted{gated: true}
	inBubble(t, h, frontend.Limits{Outstanding: 2}, func(p *pair) {
		p.send(queries(1, 5, wantMiss))
		go p.server.End()
		synctest.Wait()
		close(h.release)
		h.release = make(chan struct{})
		ids := []int{int(p.receive()[1]), int(p.receive()[1])}
		slices.Sort(ids)
		if !slices.Equal(ids, []int{1, 2}) {
			t.Errorf("answered %v", ids)
		}
		p.wantClosedAfter(0, 0)
	})
}

// Too many misses in progress: the connection ends after what it has.
func TestOverload(t *testing.T) {
	h := &scripted{gated: true}
	inBubble(t, h, frontend.Limits{Misses: 2}, func(p *pair) {
		p.send(frames(query(1, wantMiss), query(2, wantMiss), query(3, wantHit), query(4, wantMiss), query(5, wantHit)))
		p.want(3)
		h.release <- struct{}{}
		h.release <- struct{}{}
		p.receive()
		p.receive()
		p.wantClosedAfter(0, 0)
		p.wantCounts(map[frontend.Counter]uint64{
			frontend.Queries: 4, frontend.Hits: 1, frontend.Misses: 2, frontend.Replies: 2, frontend.Overload: 1,
		})
	})
}

// The connection that was idle longest gives way, never one that waits for an
// answer.
//
// RFC: 9210.3
func TestGivesWay(t *testing.T) {
	h := &scripted{gated: true}
	inBubble(t, h, frontend.Limits{Connections: 4, ConnectionsPerClient: 2}, func(p *pair) {
		from := func(s string) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr(s), 1) }
		_ = p.Close() // the bubble's own takes no part
		synctest.Wait()

		waits := connect(t, p.server, from("192.0.2.7"))
		waits.send(queries(1, 1, wantMiss))
		pass(50 * time.Millisecond)
		older := connect(t, p.server, from("192.0.2.8"))
		older.send(queries(1, 1, wantHit))
		older.want(1)
		pass(50 * time.Millisecond)
		younger := connect(t, p.server, from("192.0.2.9"))
		pass(50 * time.Millisecond)
		older.send(queries(2, 1, wantHit)) // now it is the younger one
		older.want(2)
		fourth := connect(t, p.server, from("192.0.2.10"))
		if n := p.server.o.Connections.Open(); n != 4 {
			t.Fatalf("%d connections are open, want 4", n)
		}

		fifth := connect(t, p.server, from("192.0.2.11")) // one too many
		younger.wantClosedAfter(0, 0)
		for i, still := range []*pair{older, fourth, fifth} {
			still.send(queries(5, 1, wantHit))
			if still.far.isClosed() {
				t.Errorf("connection %d of those that stay has given way", i)
				continue
			}
			still.want(5)
		}
		h.release <- struct{}{}
		waits.want(1)

		// Of one client two, whoever else is idle.
		a := connect(t, p.server, from("192.0.2.12"))
		pass(time.Millisecond)
		b := connect(t, p.server, from("192.0.2.12"))
		pass(time.Millisecond)
		c := connect(t, p.server, from("192.0.2.12"))
		a.wantClosedAfter(0, 0)
		synctest.Wait()
		if b.far.isClosed() || c.far.isClosed() {
			t.Error("more than one connection of the client has given way")
		}
		if got := p.server.Stats().Of(frontend.Evicted); got != 4 {
			t.Errorf("%d have given way, want 4", got)
		}
		for _, open := range []*pair{waits, older, fourth, fifth, b, c} {
			_ = open.Close() // never fails
		}
	})
}

// Where no connection is idle a new one is refused.
func TestRefused(t *testing.T) {
	h := &scripted{gated: true}
	inBubble(t, h, frontend.Limits{Connections: 2, ConnectionsPerClient: 1}, func(p *pair) {
		p.send(queries(1, 1, wantMiss))
		same := connect(t, p.server, client())
		same.wantClosedAfter(0, 0)
		other := connect(t, p.server, netip.MustParseAddrPort("[2001:db8::1]:1"))
		other.send(queries(1, 1, wantMiss))
		third := connect(t, p.server, netip.MustParseAddrPort("[2001:db8:1::1]:1"))
		third.wantClosedAfter(0, 0)
		if got := p.server.Stats().Of(frontend.Refused); got != 2 {
			t.Errorf("%d were refused, want 2", got)
		}
		h.release <- struct{}{}
		h.release <- struct{}{}
		p.want(1)
		other.want(1)
		_ = other.Close() // never fails
	})
}

// A client that reads only when it has sent all is served while what is in
// between fits the kernel.
func TestReadsLate(t *testing.T) {
	inBubble(t, &scripted{}, frontend.Limits{}, func(p *pair) {
		const total = 10_000
		p.send(queries(0, total, wantHit))
		for i := range uint16(total) {
			p.want(i)
		}
	})
}
