package stream

import (
	"testing"
	"testing/synctest"

	"recursor/frontend"
)

// Ten thousand connections that are dropped in each stage leave nothing: no
// goroutine (the bubble would not end), no place, no miss.
func TestDroppedInEveryStage(t *testing.T) {
	const total = 10_000
	whole := frames(query(1, wantHit))
	for name, octets := range map[string][]byte{
		"connected":     nil,
		"half a length": whole[:1],
		"half a query":  whole[:8],
		"asked":         whole,
		"asked much":    queries(1, 20, wantHit),
		"missing":       frames(query(1, wantMiss)),
		"over the edge": queries(1, 6, wantMiss),
		"garbage":       make([]byte, 64),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(forgetful{}, frontend.Limits{Outstanding: 4}, nil)
				for i := range total {
					near, far := newMemory()
					s.Take(far, client(), client())
					if len(octets) > 0 {
						_, _ = near.Write(octets) // the server may have refused it
					}
					if i%3 == 0 {
						synctest.Wait() // else it is dropped before the server has looked
					}
					if i%2 == 0 {
						near.reset()
					} else {
						_ = near.Close() // never fails
					}
				}
				synctest.Wait()
				if got := s.o.Connections.Open(); got != 0 {
					t.Errorf("%d connections at the end", got)
				}
				if got := s.o.Misses.In(); got != 0 {
					t.Errorf("%d misses at the end", got)
				}
				stats := s.Stats()
				if got := stats.Of(frontend.Accepted) + stats.Of(frontend.Refused); got != total {
					t.Errorf("%d connections were accepted or refused, want %d", got, total)
				}
				s.End()
			})
		})
	}
}

// forgetful answers with the query, QR set, and remembers nothing.
type forgetful struct{}

func (forgetful) Hit(q *frontend.Query, dst []byte) (int, bool) {
	if q.Message[12] == wantMiss {
		return 0, false
	}
	n := copy(dst, q.Message)
	dst[2] |= 0x80
	return n, true
}

func (forgetful) Miss(q *frontend.Query, reply func([]byte)) { reply(response(q.Message)) }

// A connection that gives way in the middle of anything is gone for good.
func TestManyGiveWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(forgetful{}, frontend.Limits{Connections: 10}, nil)
		var open []*memory
		for i := range uint16(1000) {
			near, far := newMemory()
			s.Take(far, client(), client())
			_, _ = near.Write(frames(query(i, wantMiss)))
			open = append(open, near)
			if i%7 == 0 {
				synctest.Wait()
			}
			if n := s.o.Connections.Open(); n > 10 {
				t.Fatalf("%d connections are open, the limit is 10", n)
			}
		}
		synctest.Wait()
		for _, m := range open {
			_ = m.Close() // never fails
		}
		s.End()
		stats := s.Stats()
		if stats.Of(frontend.Evicted) == 0 {
			t.Errorf("none gave way: %v", stats)
		}
	})
}
