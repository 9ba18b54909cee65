package frontend

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"recursor/clock"
)

// Outcome is what came of a query.
type Outcome uint8

// Outcomes.
const (
	// Answered: there is a message for the client.
	Answered Outcome = iota
	// Malformed: it was no query; the Handler has not seen it.
	Malformed
	// Unanswered: the Handler says to send nothing.
	Unanswered
	// Overloaded: too many misses are in progress.
	Overloaded
	// Failed: the Handler had no answer.
	Failed
)

// Single serves queries one by one, each in the goroutine of its caller: what
// the transports do that have a stream for each query.
type Single struct {
	handler  Handler
	clock    clock.Clock
	misses   *Gate
	counters []*Counters
	next     atomic.Uint32
	benches  sync.Pool // of *[MaxMessage]byte, borrowed while a hit is made
}

// NewSingle is a Single that lets misses through the gate.
func NewSingle(h Handler, c clock.Clock, misses *Gate) *Single {
	s := &Single{handler: h, clock: c, misses: misses, counters: make([]*Counters, runtime.GOMAXPROCS(0))}
	for i := range s.counters {
		s.counters[i] = new(Counters)
	}
	s.benches.New = func() any { return new([MaxMessage]byte) }
	return s
}

// Counters are those for the next connection.
func (s *Single) Counters() *Counters {
	_, counters := s.Worker()
	return counters
}

// Worker is the lane and the counters for the next connection.
func (s *Single) Worker() (lane uint8, counters *Counters) {
	n := int(s.next.Add(1)) % len(s.counters)
	return uint8(n), s.counters[n] //nolint:gosec // it may wrap: lanes are shared then
}

// Stats is what was counted so far.
func (s *Single) Stats(t Transport) Stats { return Sum(t, s.counters) }

// Serve serves q and returns the answer, in dst where it fits. It blocks until
// the Handler is done, even where the client has gone: so a client cannot have
// more in progress than the streams it may open.
func (s *Single) Serve(q *Query, counters *Counters, dst []byte) ([]byte, Outcome) {
	switch Judge(q.Message) {
	case IsShort:
		counters.Add(Short, 1)
		return nil, Malformed
	case IsResponse:
		counters.Add(Responses, 1)
		return nil, Malformed
	case IsQuery:
	}
	counters.Add(Queries, 1)
	if msg, ok := s.hit(q, dst); ok {
		if len(msg) == 0 {
			counters.Add(Silent, 1)
			return nil, Unanswered
		}
		counters.Add(Hits, 1)
		return msg, Answered
	}
	if !s.misses.Enter() {
		counters.Add(Overload, 1)
		return nil, Overloaded
	}
	defer s.misses.Leave()
	counters.Add(Misses, 1)
	msg := s.miss(q)
	if len(msg) == 0 || len(msg) > MaxMessage {
		return nil, Failed
	}
	counters.Add(Replies, 1)
	return msg, Answered
}

func (s *Single) hit(q *Query, dst []byte) ([]byte, bool) {
	b := s.benches.Get().(*[MaxMessage]byte)
	n, ok := s.handler.Hit(q, b[:])
	msg := append(dst[:0], b[:n]...)
	s.benches.Put(b) // a panic of the Handler costs the bench too
	return msg, ok
}

// miss resolves in a goroutine of the clock's, which has the stack for it.
func (s *Single) miss(q *Query) []byte {
	own := *q
	own.Message = slices.Clone(q.Message)
	var mu sync.Mutex
	var msg []byte
	done := s.clock.NewSignal()
	s.clock.Go(q.Transport.String()+" miss", func() {
		defer done.Set()
		s.handler.Miss(&own, func(m []byte) {
			mu.Lock()
			defer mu.Unlock()
			if msg == nil {
				msg = m
			}
		})
	})
	done.Wait(clock.Forever)
	mu.Lock()
	defer mu.Unlock()
	return msg
}
