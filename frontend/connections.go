package frontend

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"recursor/clock"
)

// Held is a connection as Connections sees it. Both calls return at once.
type Held interface {
	// Abort closes the connection; it was idle, so nobody waits for an answer.
	Abort()
	// End lets the connection finish what waits on it, and close.
	End()
}

// Connections admits connections within the limits. It may be shared by
// several listeners, which then share the limits.
type Connections struct {
	limits Limits
	base   time.Time // Connection.since counts from here

	mu          sync.Mutex
	first, last *Connection // by age
	open        int
	shaking     int // of these, handshakes in progress
	perClient   map[netip.Addr]int
	ending      bool
	swept       time.Time // when those were looked for that have been idle too long
}

// Tally counts what became of the connections of one listener, which may share
// its Connections with others. The zero Tally has counted nothing.
type Tally struct{ accepted, refused, evicted, hurried atomic.Uint64 }

// AddTo adds what was counted to s.
func (t *Tally) AddTo(s *Stats) {
	s.N[Accepted] += t.accepted.Load()
	s.N[Refused] += t.refused.Load()
	s.N[Evicted] += t.evicted.Load()
	s.N[Hurried] += t.hurried.Load()
}

// NewConnections is the admission by l, of which zero fields have their
// defaults.
func NewConnections(l Limits, c clock.Clock) *Connections {
	return &Connections{limits: l.WithDefaults(), base: c.Now().TTL, perClient: map[netip.Addr]int{}}
}

// Connection is a place among the connections. It begins idle.
type Connection struct {
	all        *Connections
	held       Held
	tally      *Tally
	client     netip.Addr
	next, prev *Connection
	member     bool // of the list; guarded by all.mu
	shaking    bool // guarded by all.mu

	state atomic.Uint32
	since atomic.Int64 // when it became idle, in nanoseconds from all.base

	streams sync.Mutex
	active  int  // between Begin and Done; guarded by streams
	closed  bool // Close was called; guarded by streams
}

// The states of a Connection.
const (
	idle uint32 = iota
	busy
	gone // gave way, or left
)

// Admit takes a place for a connection of client. Where a limit is reached the
// connection that was idle longest gives way, of the same client if it is the
// client's limit; false when none is idle, or all are to end. What becomes of the
// connection is counted in tally.
func (a *Connections) Admit(client netip.Addr, now time.Time, held Held, tally *Tally) (*Connection, bool) {
	c := &Connection{all: a, held: held, tally: tally, client: ClientNet(client)}
	c.since.Store(int64(now.Sub(a.base)))
	a.mu.Lock()
	victim, ok := a.makeRoom(c.client)
	if ok {
		a.add(c)
	}
	hurried := a.sweep(now)
	a.mu.Unlock()
	victim.giveWay()
	for _, v := range hurried {
		v.tally.hurried.Add(1)
		v.held.Abort()
	}
	if !ok {
		tally.refused.Add(1)
		return nil, false
	}
	tally.accepted.Add(1)
	return c, true
}

// giveWay closes the connection, which is out of the list already; none for nil.
func (c *Connection) giveWay() {
	if c != nil {
		c.tally.evicted.Add(1)
		c.held.Abort()
	}
}

// makeRoom has a.mu. The victim is out of the list already.
func (a *Connections) makeRoom(client netip.Addr) (victim *Connection, ok bool) {
	switch {
	case a.ending:
		return nil, false
	case a.perClient[client] >= a.limits.ConnectionsPerClient:
		victim = a.oldestIdle(client)
	case a.open >= a.limits.Connections:
		victim = a.oldestIdle(netip.Addr{})
	default:
		return nil, true
	}
	return victim, victim != nil
}

// Patience is for how long a connection may be idle when so many are open: less
// and less from half of the limit on, since who comes next needs the place more
// (RFC 7766 §6.2.3).
func (l *Limits) Patience(open int) time.Duration {
	left := l.Connections - open
	if l.Idle <= 0 || 2*left >= l.Connections {
		return l.Idle
	}
	return max(l.Idle*time.Duration(2*max(left, 0))/time.Duration(l.Connections), min(l.Idle, leastPatience))
}

const (
	// leastPatience is what a client has that is slow to ask: a round trip to the
	// other side of the world.
	leastPatience = 300 * time.Millisecond
	// sweepInterval and sweepMost bound what looking for idle connections costs.
	sweepInterval = 100 * time.Millisecond
	sweepMost     = 64
)

// sweep takes out connections that have been idle for too long, for so many. It
// has a.mu.
func (a *Connections) sweep(now time.Time) (victims []*Connection) {
	patience := a.limits.Patience(a.open)
	if patience >= a.limits.Idle || now.Sub(a.swept) < sweepInterval {
		return nil
	}
	a.swept = now
	latest := int64(now.Add(-patience).Sub(a.base))
	for c := a.first; c != nil && len(victims) < sweepMost; {
		next := c.next
		if c.since.Load() < latest && c.state.CompareAndSwap(idle, gone) {
			a.remove(c)
			victims = append(victims, c)
		}
		c = next
	}
	return victims
}

// Relieve closes the connection that was idle longest, so that the descriptor
// it held is free; false when none is idle.
func (a *Connections) Relieve() bool {
	a.mu.Lock()
	victim := a.oldestIdle(netip.Addr{})
	a.mu.Unlock()
	victim.giveWay()
	return victim != nil
}

// oldestIdle takes out the connection that was idle longest: of client, or of
// anyone for the zero Addr. It looks at each, which costs less than to keep an
// order that every query would change. It has a.mu.
func (a *Connections) oldestIdle(client netip.Addr) *Connection {
	for {
		var oldest *Connection
		for c := a.first; c != nil; c = c.next {
			if c.state.Load() != idle || client.IsValid() && c.client != client {
				continue
			}
			if oldest == nil || c.since.Load() < oldest.since.Load() {
				oldest = c
			}
		}
		if oldest == nil {
			return nil
		}
		if oldest.state.CompareAndSwap(idle, gone) { // else a query came in between
			a.remove(oldest)
			return oldest
		}
	}
}

// End ends all connections gracefully and admits no more.
func (a *Connections) End() {
	a.mu.Lock()
	a.ending = true
	var all []Held
	for c := a.first; c != nil; c = c.next {
		all = append(all, c.held)
	}
	a.mu.Unlock()
	for _, held := range all {
		held.End()
	}
}

// Open is the number of connections.
func (a *Connections) Open() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open
}

func (a *Connections) add(c *Connection) {
	c.prev, c.member = a.last, true
	if a.last != nil {
		a.last.next = c
	} else {
		a.first = c
	}
	a.last = c
	a.open++
	a.perClient[c.client]++
}

func (a *Connections) remove(c *Connection) {
	if !c.member {
		return
	}
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		a.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		a.last = c.prev
	}
	c.prev, c.next, c.member = nil, nil, false
	a.endShake(c)
	a.open--
	if a.perClient[c.client]--; a.perClient[c.client] == 0 {
		delete(a.perClient, c.client)
	}
}

// Shake says that a handshake begins. Where as many are in progress as may be,
// the oldest gives way; false when the connection has given way itself.
func (c *Connection) Shake() bool {
	a := c.all
	a.mu.Lock()
	ok := c.member
	var victim *Connection
	if ok && a.shaking >= a.limits.Handshakes {
		victim = a.oldestShaking()
		ok = victim != nil
	}
	if ok {
		c.shaking = true
		a.shaking++
	}
	a.mu.Unlock()
	victim.giveWay()
	return ok
}

// Shaken says that the handshake has ended.
func (c *Connection) Shaken() {
	c.all.mu.Lock()
	c.all.endShake(c)
	c.all.mu.Unlock()
}

// oldestShaking takes out the oldest connection with a handshake in progress.
// It has a.mu.
func (a *Connections) oldestShaking() *Connection {
	for c := a.first; c != nil; c = c.next {
		if c.shaking && c.state.CompareAndSwap(idle, gone) {
			a.remove(c)
			return c
		}
	}
	return nil
}

// endShake has a.mu.
func (a *Connections) endShake(c *Connection) {
	if c.shaking {
		c.shaking = false
		a.shaking--
	}
}

// Busy says that a query is being served, so that the connection does not give
// way; false when it has given way already.
func (c *Connection) Busy() bool {
	return c.state.CompareAndSwap(idle, busy) || c.state.Load() == busy
}

// Idle says that since now no query waits.
func (c *Connection) Idle(now time.Time) {
	c.since.Store(int64(now.Sub(c.all.base)))
	c.state.CompareAndSwap(busy, idle)
}

// Begin is Busy for connections that serve several queries at once, one for
// each Done.
func (c *Connection) Begin() bool {
	c.streams.Lock()
	defer c.streams.Unlock()
	c.active++
	return c.Busy()
}

// Done says that a query that began is served. After the last the connection is
// idle, or leaves if it was closed meanwhile.
func (c *Connection) Done(now time.Time) {
	c.streams.Lock()
	c.active--
	last, closed := c.active == 0, c.closed
	if last && !closed {
		c.Idle(now)
	}
	c.streams.Unlock()
	if last && closed {
		c.Leave()
	}
}

// Closed says that the connection is closed. It keeps its place until the last
// query that began is served, so that connecting again does not multiply the
// work.
func (c *Connection) Closed() {
	c.streams.Lock()
	c.closed = true
	last := c.active == 0
	c.streams.Unlock()
	if last {
		c.Leave()
	}
}

// Active is the number of queries between Begin and Done.
func (c *Connection) Active() int {
	c.streams.Lock()
	defer c.streams.Unlock()
	return c.active
}

// Since is when the connection was admitted, or became idle last.
func (c *Connection) Since() time.Time { return c.all.base.Add(time.Duration(c.since.Load())) }

// Leave gives the place back, once or more often.
func (c *Connection) Leave() {
	c.state.Store(gone)
	c.all.mu.Lock()
	c.all.remove(c)
	c.all.mu.Unlock()
}

// ClientNet is what counts as one client: an IPv4 address, or the /56 that a
// site commonly gets in IPv6.
func ClientNet(client netip.Addr) netip.Addr {
	client = client.Unmap().WithZone("")
	if client.Is4() {
		return client
	}
	net, err := client.Prefix(56)
	if err != nil {
		return client // the zero Addr
	}
	return net.Addr()
}
