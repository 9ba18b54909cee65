package stream

import (
	"bytes"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"recursor/frontend"
)

// All whole queries of a read are answered in one write, each with its length.
//
// RFC: 7766.2, 7766.6
func TestOneWritePerRead(t *testing.T) {
	h := &scripted{}
	inBubble(t, h, frontend.Limits{}, func(p *pair) {
		octets := queries(1, 20, wantHit)
		p.send(append(octets, frames(query(21, wantHit))[:9]...)) // the last is not all there
		p.want(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)
		p.send(frames(query(21, wantHit))[9:])
		p.want(21)
		writes := p.far.idsWritten(t)
		if len(writes) != 2 || len(writes[0]) != 20 || len(writes[1]) != 1 {
			t.Errorf("answered in writes of %v", writes)
		}
		q := h.seen[0]
		if q.Client != client() || q.Local != netip.MustParseAddrPort("192.0.2.53:53") || q.Transport != frontend.TCP {
			t.Errorf("the handler was told %v to %v over %v", q.Client, q.Local, q.Transport)
		}
		if !bytes.Equal(q.Message, query(1, wantHit)) {
			t.Errorf("the handler saw %x", q.Message)
		}
		p.wantCounts(map[frontend.Counter]uint64{frontend.Queries: 21, frontend.Hits: 21})
	})
}

// Octet by octet, and in pieces of every other size, the queries are the same.
//
// RFC: 7766.6, 1034.6
func TestSplitReads(t *testing.T) {
	octets := queries(1, 4, wantHit)
	for size := 1; size <= len(octets); size++ {
		inBubble(t, &scripted{}, frontend.Limits{}, func(p *pair) {
			for piece := range slices.Chunk(octets, size) {
				p.send(piece)
			}
			p.want(1, 2, 3, 4)
		})
	}
}

// RFC: 7766.2, 7766.5
func TestAnswersOutOfOrder(t *testing.T) {
	h := &scripted{gated: true}
	inBubble(t, h, frontend.Limits{}, func(p *pair) {
		p.send(frames(query(1, wantMiss), query(2, wantHit), query(3, wantMiss), query(4, wantHit)))
		p.want(2, 4) // the hits do not wait for the misses
		if n := len(h.entered); n != 2 {
			t.Errorf("%d misses at work at once, want 2", n)
		}
		h.release <- struct{}{}
		p.receive()
		p.send(frames(query(5, wantHit)))
		p.want(5)
		h.release <- struct{}{}
		p.receive()
		p.wantCounts(map[frontend.Counter]uint64{
			frontend.Queries: 5, frontend.Hits: 3, frontend.Misses: 2, frontend.Replies: 2,
		})
	})
}

// While 64 queries wait no more are read; when one is answered, they are.
//
// RFC: 9210.3
func TestOutstanding(t *testing.T) {
	const limit, total = 64, 2000
	h := &scripted{gated: true}
	inBubble(t, h, frontend.Limits{}, func(p *pair) {
		p.send(queries(1, total, wantMiss))
		for done := range total {
			if n := len(h.entered); n != min(limit+done, total) {
				t.Fatalf("with %d answered %d misses have begun", done, n)
			}
			if h.count() > limit+done {
				t.Fatalf("with %d answered the handler saw %d queries", done, h.count())
			}
			p.in.mu.Lock()
			unread := len(p.far.in.octets)
			p.in.mu.Unlock()
			if least := (total-limit-done)*(prefixLen+13) - 2*readSize; unread < least {
				t.Fatalf("with %d answered %d octets are unread, want at least %d", done, unread, least)
			}
			h.release <- struct{}{}
			p.receive()
			synctest.Wait()
		}
		p.send(frames(query(9999, wantHit)))
		p.want(9999)
	})
}

func TestQueriesThatGetNoAnswer(t *testing.T) {
	for _, want := range []byte{wantSilence, wantNoReply, wantMissPanic, wantLate, wantTooLong} {
		t.Run(string(want), func(t *testing.T) {
			h := &scripted{}
			inBubble(t, h, frontend.Limits{Outstanding: 1}, func(p *pair) {
				// They do not count as waiting when they are done.
				p.send(append(queries(1, 5, want), frames(query(9, wantHit))...))
				p.want(9)
				if want == wantMissPanic {
					for range 5 {
						<-h.panics
					}
				}
				if h.late != nil {
					h.late(response(query(4, wantLate)))
				}
				p.send(frames(query(10, wantHit)))
				p.want(10)
			})
		})
	}
}

func TestRepliesOnce(t *testing.T) {
	inBubble(t, &scripted{}, frontend.Limits{}, func(p *pair) {
		p.send(frames(query(1, wantTwice)))
		p.want(1)
		p.send(frames(query(2, wantHit)))
		p.want(2)
	})
}

// A panic of Hit costs the connection, of Miss the query; nobody else notices.
func TestPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := make(chan any, 10)
		s := newServer(&scripted{}, frontend.Limits{}, panics)
		other, p := connect(t, s, client()), connect(t, s, client())
		p.send(frames(query(1, wantMissPanic), query(2, wantHit)))
		p.want(2)
		p.send(frames(query(3, wantHitPanic)))
		p.wantClosedAfter(0, 0)
		other.send(frames(query(4, wantHit)))
		other.want(4)
		if len(panics) != 2 {
			t.Errorf("%d panics were told, want 2", len(panics))
		}
		if n := s.o.Connections.Open(); n != 1 {
			t.Errorf("%d connections are open, want 1", n)
		}
		_ = other.Close() // never fails
		s.End()
	})
}

// What cannot be a query ends the connection, after what it asked before.
func TestGarbage(t *testing.T) {
	resp := response(query(9, wantHit))
	for name, tc := range map[string]struct {
		octets []byte
		count  frontend.Counter
	}{
		"length 0":      {[]byte{0, 0}, frontend.Short},
		"length 11":     {append([]byte{0, 11}, make([]byte, 11)...), frontend.Short},
		"a response":    {frames(resp), frontend.Responses},
		"zeros":         {make([]byte, 100), frontend.Short},
		"HTTP, nothing": {append([]byte("\x00\x05GET /"), "index.html HTTP/1.1\r\n"...), frontend.Short},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, &scripted{}, frontend.Limits{}, func(p *pair) {
				p.send(slices.Concat(queries(1, 2, wantHit), frames(query(3, wantMiss)), tc.octets, queries(4, 1, wantHit)))
				ids := []uint16{0: 0}
				for range 3 {
					msg := p.receive()
					ids = append(ids, uint16(msg[0])<<8|uint16(msg[1]))
				}
				slices.Sort(ids)
				if !reflect.DeepEqual(ids, []uint16{0, 1, 2, 3}) {
					t.Errorf("answered %v", ids)
				}
				p.wantClosedAfter(0, 0)
				p.wantCounts(map[frontend.Counter]uint64{
					frontend.Queries: 3, frontend.Hits: 2, frontend.Misses: 1, frontend.Replies: 1, tc.count: 1,
				})
			})
		})
	}
}

// A length that is never filled reserves no memory and ends in time.
func TestLength65535(t *testing.T) {
	inBubble(t, &scripted{}, frontend.Limits{}, func(p *pair) {
		p.send([]byte{0xff, 0xff, 1, 2, 3})
		p.wantClosedAfter(3*time.Second, 3*time.Second)
		p.wantCounts(map[frontend.Counter]uint64{frontend.TimedOut: 1})
	})
}

// A long query has its memory while it is there, and as it arrives.
func TestMemoryFollowsTheOctets(t *testing.T) {
	inBubble(t, &scripted{}, frontend.Limits{}, func(p *pair) {
		long := frames(append(query(1, wantHit), make([]byte, 60_000)...))
		room := func() int {
			synctest.Wait()
			p.far.mu.Lock()
			defer p.far.mu.Unlock()
			return p.far.asked
		}
		if got := room(); got != readSize {
			t.Errorf("a new connection has room for %d octets, want %d", got, readSize)
		}
		for at := 0; at < len(long); at += 1000 {
			p.send(long[at:min(at+1000, len(long))])
			if got := at + 1000 + room(); got > 2*(at+1000)+readSize && at+1000 < len(long) {
				t.Errorf("%d octets came, and there is room for %d", at+1000, got)
			}
		}
		p.want(1)
		if got := room(); got != readSize {
			t.Errorf("after a long query there is room for %d octets, want %d", got, readSize)
		}
	})
}

// The longest message there is comes and goes whole.
//
// RFC: 1034.6
func TestLongestMessage(t *testing.T) {
	h := &scripted{}
	inBubble(t, h, frontend.Limits{}, func(p *pair) {
		long := append(query(1, wantHit), bytes.Repeat([]byte{7}, frontend.MaxMessage-13)...)
		p.send(frames(long, query(2, wantHit), long))
		for _, want := range [][]byte{long, query(2, wantHit), long} {
			if got := p.receive(); !bytes.Equal(got, response(want)) {
				t.Errorf("%d octets came back as %d", len(want), len(got))
			}
		}
		p.send(frames(query(3, wantFull)))
		if got := p.receive(); len(got) != frontend.MaxMessage {
			t.Errorf("an answer of %d octets, want %d", len(got), frontend.MaxMessage)
		}
		p.send(frames(query(4, wantHit)))
		p.want(4)
	})
}

// Hits are gathered up to what a TLS record carries.
func TestWritesFitARecord(t *testing.T) {
	h := &scripted{}
	inBubble(t, h, frontend.Limits{}, func(p *pair) {
		long := append(query(1, wantHit), make([]byte, 1000)...)
		p.send(slices.Concat(frames(long, long, long), queries(2, 2, wantHit)))
		p.want(1, 1, 1, 2, 3)
		var octets []byte
		for range 40 {
			octets = Append(octets, long)
		}
		p.send(octets)
		for range 40 {
			p.want(1)
		}
		for _, w := range p.far.writes {
			if len(w) > writeSize {
				t.Errorf("a write of %d octets, want at most %d", len(w), writeSize)
			}
		}
	})
}

// A client that has gone is sent nothing (RFC 7766 §6.2.4); its place is held
// until its misses are done, so that coming again does not multiply them.
//
// RFC: 7766.4
func TestNothingIsWrittenAfterAReset(t *testing.T) {
	h := &scripted{gated: true}
	inBubble(t, h, frontend.Limits{}, func(p *pair) {
		p.send(queries(1, 3, wantMiss))
		p.reset()
		synctest.Wait()
		if n := p.server.o.Connections.Open(); n != 1 || !p.far.isClosed() {
			t.Errorf("%d places are held, want 1; closed %t", n, p.far.isClosed())
		}
		for range 3 {
			h.release <- struct{}{}
		}
		synctest.Wait()
		if n := p.server.o.Connections.Open(); n != 0 {
			t.Errorf("%d places are held at the end", n)
		}
		if n := len(p.far.writes); n != 0 {
			t.Errorf("%d writes after a reset", n)
		}
		p.wantCounts(map[frontend.Counter]uint64{
			frontend.Queries: 3, frontend.Misses: 3, frontend.Replies: 3, frontend.Unsent: 3,
		})
	})
}

// A client that ends its half alone gets what it asked for.
func TestHalfClosed(t *testing.T) {
	h := &scripted{gated: true}
	inBubble(t, h, frontend.Limits{}, func(p *pair) {
		p.send(frames(query(1, wantHit), query(2, wantMiss)))
		_ = p.CloseWrite() // never fails
		p.want(1)
		h.release <- struct{}{}
		p.want(2)
		p.wantClosedAfter(0, 0)
	})
}
