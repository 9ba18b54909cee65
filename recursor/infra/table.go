package infra

import (
	"net/netip"
	"sync"
	"time"

	"recursor/dns/domain"
	"recursor/random"
	"recursor/transport"
)

// LameFor is how long a server is held lame for a zone (RFC 4697 §2.2.1).
const LameFor = 30 * time.Minute

// Table keeps what is known of all servers.
type Table struct {
	mu       sync.Mutex
	timing   Timing // Typical changes
	servers  ring[netip.AddrPort, *Server]
	lame     ring[lameKey, time.Time]
	families [2]Family
	reply    time.Time    // when anybody last answered
	replies  [2]time.Time // and by family
}

type lameKey struct {
	zone   domain.Name
	server netip.AddrPort
}

// NewTable is a Table of at most limit servers and as many lame marks;
// 0 means 50,000.
func NewTable(t Timing, limit int) *Table {
	if limit == 0 {
		limit = 50_000
	}
	return &Table{timing: t, servers: newRing[netip.AddrPort, *Server](limit), lame: newRing[lameKey, time.Time](limit)}
}

// server is the entry of addr, made where there is none. The lock is held.
func (t *Table) server(addr netip.AddrPort) *Server {
	s, ok := t.servers.get(addr)
	if !ok {
		s = new(Server)
		t.servers.put(addr, s)
	}
	return s
}

// known is the entry of addr, nil where there is none. A question that met the
// server remembers it. The lock is held.
func (t *Table) known(addr netip.AddrPort, h *History) *Server {
	if h.server == nil {
		h.server, _ = t.servers.get(addr)
	}
	return h.server
}

// met is known, of a server that is sent to.
func (t *Table) met(addr netip.AddrPort, h *History) *Server {
	if h.server == nil {
		h.server = t.server(addr)
	}
	return h.server
}

// Plan is Server.Plan for the server at addr, with the cookie option to send
// appended to cookie where the try wants one.
func (t *Table) Plan(addr netip.AddrPort, h *History, need Need, r *random.Stream, cookie []byte, now time.Time) (Try, []byte, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.met(addr, h)
	try, ok := s.Plan(h, need, now, t.timing)
	if ok && try.Cookie {
		cookie = s.Cookie(r, cookie)
	}
	return try, cookie, ok
}

// Observe is Server.Observe for the server at addr, which was sent to at sent.
func (t *Table) Observe(addr netip.AddrPort, h *History, o Observation, sent, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := index(addr.Addr())
	o.Sent, o.Heard = sent, t.reply
	switch o.Result {
	case TimedOut, Overtaken, Unreachable:
		if t.replies[1-f].After(sent) && !t.replies[f].After(sent) {
			t.families[f].Silence(now)
		}
	case Broken:
		o.Heard = now // somebody ended the connection
	default:
		t.reply, t.replies[f] = now, now
		t.families[f].Reply()
	}
	s := t.met(addr, h)
	if o.Result == Answered && o.Try.Proto == transport.UDP && s.srtt == 0 {
		t.timing.Typical += (o.Took - t.timing.Typical) / 16
	}
	s.Observe(h, o, now, t.timing)
}

// CookieReply is Server.CookieReply for the server at addr.
func (t *Table) CookieReply(addr netip.AddrPort, option []byte, overTCP bool, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.server(addr)
	if overTCP && option == nil {
		s.ForgetCookie()
	}
	return s.CookieReply(option, now)
}

// Standing is how a server stands when a list of them is put in order.
type Standing struct {
	Expect time.Duration
	// Fast tells that it is known to answer much sooner than others do.
	Fast bool
	// Down, Lame and DeadFamily are reasons to leave it alone while others are
	// left.
	Down, Lame, DeadFamily bool
}

// Standing tells how addr stands as a server of zone.
func (t *Table) Standing(addr netip.AddrPort, h *History, zone domain.Name, now time.Time) Standing {
	t.mu.Lock()
	defer t.mu.Unlock()
	st := Standing{Expect: t.timing.optimism(), DeadFamily: !t.families[index(addr.Addr())].Alive(now)}
	s := t.known(addr, h)
	if s == nil {
		return st
	}
	st.Expect, st.Down = s.Expect(now, t.timing), s.Down(now)
	st.Fast = s.srtt > 0 && st.Expect < t.timing.Typical/2
	if s.lame {
		until, ok := t.lame.get(lameKey{zone, addr})
		st.Lame = ok && now.Before(until)
	}
	return st
}

// MarkLame holds the server lame for the zone.
func (t *Table) MarkLame(addr netip.AddrPort, zone domain.Name, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.server(addr).lame = true
	t.lame.put(lameKey{zone, addr}, now.Add(LameFor))
}

// AliveSince reports whether any server answered after the moment: if none
// did, the network is the likely cause of silence.
func (t *Table) AliveSince(moment time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.reply.After(moment)
}
