package frontend

import "sync/atomic"

// Counter is something that a listener counts.
type Counter uint8

// Counters. Queries = Hits + Silent + Misses + Overload, but for those whose
// Handler panicked; Unsent is part of Hits and Replies.
const (
	// Queries were handed to the Handler.
	Queries Counter = iota
	// Hits: Hit had the answer.
	Hits
	// Silent: Hit said to send nothing.
	Silent
	// Misses were handed to Miss.
	Misses
	// Replies: Miss had the answer.
	Replies
	// Short: dropped, shorter than a header.
	Short
	// Responses: dropped, QR was set.
	Responses
	// Oversized: dropped, longer than the buffer of a datagram.
	Oversized
	// Undirected: dropped, sent to a broadcast or multicast address.
	Undirected
	// Overload: dropped, too many misses were in progress.
	Overload
	// Unsent: the answer could not be sent; the system refused it, or the
	// client had gone or did not read.
	Unsent
	// Accepted connections.
	Accepted
	// Refused connections: over a limit, and none was idle.
	Refused
	// Evicted connections gave way to new ones.
	Evicted
	// TimedOut connections brought no whole query in time.
	TimedOut
	// Handshakes of TLS that ended well.
	Handshakes
	// Unshaken: handshakes of TLS that did not.
	Unshaken
	// Broken connections were ended for what they sent: a breach of their
	// protocol, or a flood of what asks for nothing.
	Broken
	// Hurried connections were idle for less than a connection may be, but for
	// too long when so many were open.
	Hurried
	numCounters
)

// String is the name for metrics.
func (c Counter) String() string {
	switch c {
	case Queries:
		return "queries"
	case Hits:
		return "hits"
	case Silent:
		return "silent"
	case Misses:
		return "misses"
	case Replies:
		return "replies"
	case Short:
		return "short"
	case Responses:
		return "responses"
	case Oversized:
		return "oversized"
	case Undirected:
		return "undirected"
	case Overload:
		return "overload"
	case Unsent:
		return "unsent"
	case Accepted:
		return "accepted"
	case Refused:
		return "refused"
	case Evicted:
		return "evicted"
	case TimedOut:
		return "timed-out"
	case Handshakes:
		return "handshakes"
	case Unshaken:
		return "unshaken"
	case Broken:
		return "broken"
	case Hurried:
		return "hurried"
	default:
		return "unknown"
	}
}

// cacheLine is twice the line of common processors: some fetch lines in pairs.
const cacheLine = 128

// Counters are one worker's. The padding keeps two workers off one cache line.
type Counters struct {
	n [numCounters]atomic.Uint64
	_ [cacheLine - numCounters*8%cacheLine]byte
}

// Add adds n to c; adding nothing costs nothing.
func (s *Counters) Add(c Counter, n int) {
	if n != 0 {
		s.n[c].Add(uint64(n))
	}
}

// Stats are the counters of a listener, summed.
type Stats struct {
	Transport Transport
	N         [numCounters]uint64
}

// Of is the count of c.
func (s Stats) Of(c Counter) uint64 { return s.N[c] }

// Dropped counts the packets and frames that were given no answer.
func (s Stats) Dropped() uint64 {
	var n uint64
	for _, c := range []Counter{Short, Responses, Oversized, Undirected, Overload, Unsent} {
		n += s.N[c]
	}
	return n
}

// Sum adds up the counters of all workers. Reading does not stop them: the
// counts are of slightly different moments.
func Sum(t Transport, workers []*Counters) Stats {
	s := Stats{Transport: t}
	for _, w := range workers {
		for c := range w.n {
			s.N[c] += w.n[c].Load()
		}
	}
	return s
}
