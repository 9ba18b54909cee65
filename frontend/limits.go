package frontend

import (
	"cmp"
	"sync/atomic"
	"time"
)

// Limits bounds what clients can make a listener hold. A field that is zero
// has its default.
type Limits struct {
	// Misses in progress; beyond them UDP drops the query, a stream ends its
	// connection. Default 10,000.
	Misses int
	// Connections in all; default 1,000. The one that was idle longest gives
	// way to a new one (RFC 9210 §4.2).
	Connections int
	// ConnectionsPerClient counts an IPv4 address or an IPv6 /56; default 128.
	ConnectionsPerClient int
	// FirstQuery is the time within which a new connection brings a whole
	// query; default 3 s. It answers connections that are held open for nothing.
	FirstQuery time.Duration
	// Idle is the time for which a connection is kept after its last whole
	// query or the last answer that it waited for; default 10 s. Parts of a
	// message do not count (RFC 7766 §6.2.3). From half of Connections on it
	// shrinks, to 300 ms when all places are taken. Negative: a connection is closed
	// as soon as nothing waits on it.
	Idle time.Duration
	// Write is the time for writing answers to a client that does not read;
	// default 2 s (CVE-2024-0760).
	Write time.Duration
	// Outstanding is the number of queries of one connection that wait for
	// their answers; no more are read meanwhile. Default 64.
	Outstanding int
	// Handshakes of TLS or QUIC in progress; default 256. Over TLS the oldest
	// gives way; over QUIC more are refused, and from a quarter on clients have
	// to prove their addresses first (RFC 9000 §8.1).
	Handshakes int
}

// WithDefaults fills in the defaults.
func (l Limits) WithDefaults() Limits {
	l.Misses = cmp.Or(l.Misses, 10_000)
	l.Connections = cmp.Or(l.Connections, 1_000)
	l.ConnectionsPerClient = cmp.Or(l.ConnectionsPerClient, 128)
	l.FirstQuery = cmp.Or(l.FirstQuery, 3*time.Second)
	l.Idle = cmp.Or(l.Idle, 10*time.Second)
	l.Write = cmp.Or(l.Write, 2*time.Second)
	l.Outstanding = cmp.Or(l.Outstanding, 64)
	l.Handshakes = cmp.Or(l.Handshakes, 256)
	return l
}

// Gate admits a bounded number at a time. It may be shared by listeners.
type Gate struct {
	limit int64
	in    atomic.Int64
}

// NewGate admits limit at a time.
func NewGate(limit int) *Gate { return &Gate{limit: int64(limit)} }

// Enter takes a place, false when there is none.
func (g *Gate) Enter() bool {
	if g.in.Add(1) > g.limit {
		g.in.Add(-1)
		return false
	}
	return true
}

// Leave gives the place back.
func (g *Gate) Leave() { g.in.Add(-1) }

// In is the number of places taken.
func (g *Gate) In() int { return int(g.in.Load()) }

// Unfinished is what queries of one connection hold that are not whole yet. It
// is bounded: a client may open many streams, and leave a long message unfinished
// on each.
type Unfinished struct{ octets atomic.Int64 }

// mostUnfinished is room for four of the longest messages.
const mostUnfinished = 256 << 10

// Hold counts n octets more; false where they are too many, and not counted.
func (u *Unfinished) Hold(n int) bool {
	if u.octets.Add(int64(n)) > mostUnfinished {
		u.octets.Add(int64(-n))
		return false
	}
	return true
}

// Free gives n octets back.
func (u *Unfinished) Free(n int) { u.octets.Add(int64(-n)) }
