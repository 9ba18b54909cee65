package infra

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"recursor/dns/domain"
)

// Quotas bound what is under way at a time. The zero value of a field is its
// default.
type Quotas struct {
	// Zone and Server are how many questions are put to the servers of one zone,
	// and how many sends are under way to one server; 200 and 100.
	Zone, Server int
	// TopZone and TopServer are the same for zones that names of everybody lead
	// through, the root, top-level domains and configured zones; 5,000 and 2,500.
	TopZone, TopServer int
}

func (q Quotas) withDefaults() Quotas {
	set := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	set(&q.Zone, 200)
	set(&q.Server, 100)
	set(&q.TopZone, 5000)
	set(&q.TopServer, 2500)
	return q
}

// Traffic counts what is under way to zones and servers, and says where it is
// enough. Random names of a zone that cannot bear them so hold up neither the
// zone nor those who ask for others (water torture). Make it with NewTraffic.
type Traffic struct {
	quotas Quotas
	// idle is a number under way below which nobody needs to be counted.
	idle             int64
	questions, sends atomic.Int64

	mu      sync.Mutex
	zones   ring[domain.Name, *load]
	servers ring[served, *load]
}

// served is a server and whether it was asked as one of a zone at the top, which
// has quotas of its own.
type served struct {
	addr netip.AddrPort
	top  bool
}

// load is what is under way to a zone or server.
type load struct {
	n      int
	failed int // share that came to nothing lately, of allFailed
	at     time.Time
}

const (
	allFailed = 1 << 10
	bearable  = allFailed / 4
	// loadMemory is after how many outcomes the share of failures is another.
	loadMemory = 32
	// loadFades is the time in which the share of failures halves while nothing
	// is heard: when few ask, nobody keeps count.
	loadFades = 15 * time.Second
	// loadsKept is how many zones and servers are remembered.
	loadsKept = 10_000
)

// limit is the quota that is left to a zone or server whose questions fail: all
// of it up to a quarter of failures, then less, a tenth in the end.
func (l *load) limit(quota int) int {
	if !l.failing() {
		return quota
	}
	least := max(quota/10, 1)
	return least + (quota-least)*(allFailed-l.failed)/(allFailed-bearable)
}

// failing reports whether more comes to nothing than packets get lost.
func (l *load) failing() bool { return l.failed > bearable }

// fade forgets failures of long ago.
func (l *load) fade(now time.Time) {
	if l.failed == 0 {
		return
	}
	if halves := now.Sub(l.at) / loadFades; halves > 0 {
		l.failed >>= min(halves, 16)
		l.at = now
	}
}

// ended takes an outcome.
func (l *load) ended(o Outcome, now time.Time) {
	l.n--
	l.at = now
	switch o {
	case Good:
		l.failed -= (l.failed + loadMemory - 1) / loadMemory
	case Failed:
		l.failed += (allFailed - l.failed + loadMemory - 1) / loadMemory
	case Moot:
	}
}

// Outcome is what came of a question or send.
type Outcome uint8

// Outcomes.
const (
	// Moot: it was given up, and teaches nothing.
	Moot Outcome = iota
	Good
	Failed
)

// Pass is the right to a question or send; Done ends it. The zero Pass is one of
// which nobody keeps count.
type Pass struct {
	t     *Traffic
	total *atomic.Int64
	load  *load
}

// NewTraffic is a Traffic with nothing under way.
func NewTraffic(q Quotas) *Traffic {
	q = q.withDefaults()
	return &Traffic{
		quotas: q, idle: int64(min(q.Zone, q.Server, q.TopZone, q.TopServer) / 10),
		zones: newRing[domain.Name, *load](loadsKept), servers: newRing[served, *load](loadsKept),
	}
}

// Admission is what Traffic says to one more.
type Admission uint8

// Admissions.
const (
	// Free: go on; Done must follow.
	Free Admission = iota
	// Busy: there is enough under way, and it goes well: a place may come free
	// soon.
	Busy
	// Failing: there is enough under way for a zone or server that fails.
	Failing
)

// Question asks to put one more question to the servers of zone. top tells that
// names of everybody lead through the zone.
func (t *Traffic) Question(zone domain.Name, top Top, now time.Time) (Pass, Admission) {
	p := Pass{t: t, total: &t.questions}
	if t.questions.Add(1) <= t.idle {
		return p, Free
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	l, ok := t.zones.get(zone)
	if !ok {
		l = new(load)
		t.zones.put(zone, l)
	}
	l.fade(now)
	return p.enter(l, top.quota(t.quotas.Zone, t.quotas.TopZone))
}

// Send asks to send one more query to a server of such a zone.
func (t *Traffic) Send(addr netip.AddrPort, top Top, now time.Time) (Pass, Admission) {
	p := Pass{t: t, total: &t.sends}
	if t.sends.Add(1) <= t.idle {
		return p, Free
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	k := served{addr, bool(top)}
	l, ok := t.servers.get(k)
	if !ok {
		l = new(load)
		t.servers.put(k, l)
	}
	l.fade(now)
	return p.enter(l, top.quota(t.quotas.Server, t.quotas.TopServer))
}

// enter counts one more in l; the lock is held.
func (p Pass) enter(l *load, quota int) (Pass, Admission) {
	if l.n >= l.limit(quota) {
		p.total.Add(-1)
		if l.failing() {
			return Pass{}, Failing
		}
		return Pass{}, Busy
	}
	l.n++
	p.load = l
	return p, Free
}

// Done ends what the Pass was for. It must be called once.
func (p Pass) Done(o Outcome, now time.Time) {
	if p.total == nil {
		return
	}
	p.total.Add(-1)
	if p.load == nil {
		return
	}
	p.t.mu.Lock()
	p.load.ended(o, now)
	p.t.mu.Unlock()
}

// Top tells whether names of everybody lead through a zone.
type Top bool

func (t Top) quota(usual, top int) int {
	if t {
		return top
	}
	return usual
}
