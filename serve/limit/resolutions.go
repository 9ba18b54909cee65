package limit

import (
	"container/list"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Verdict is what Resolutions says to one more.
type Verdict uint8

// Verdicts.
const (
	// Admitted: Leave must follow.
	Admitted Verdict = iota
	// Full: there are as many as there may be.
	Full
	// ClientFull: this client has its share, and others are waiting too.
	ClientFull
)

// Resolutions bounds the resolutions in progress, in all and, once half of
// these are taken, per client: one client alone may use what nobody else needs,
// and cannot keep others out (DNSBomb, CVE-2024-33655). Where all places are
// taken, the one of the second half that waits longest gives way, if it has been
// waiting for long: servers that never answer do not keep out who asks for
// others.
type Resolutions struct {
	most, perClient int
	slow            time.Duration

	inProgress atomic.Int64
	mu         sync.Mutex
	clients    map[netip.Addr]int
	waiting    list.List // of waiter: those that may have to give way, the oldest first
}

// Place is one of the places.
type Place struct {
	client netip.Addr
	at     time.Time
	waits  *list.Element // nil: it gives way to nobody
}

// waiter is who may have to give way, and how to tell.
type waiter struct {
	since  time.Time
	giveUp func()
}

// NewResolutions admits most at a time, perClient of them for one client under
// pressure; slow is how long one must have waited to give way.
func NewResolutions(most, perClient int, slow time.Duration) *Resolutions {
	return &Resolutions{most: most, perClient: perClient, slow: slow, clients: map[netip.Addr]int{}}
}

// Enter asks for one more resolution for client. Under pressure, MayGiveWay
// should follow.
func (r *Resolutions) Enter(client netip.Addr, now time.Time) (Place, Verdict) {
	key := network(client)
	r.mu.Lock()
	n := int(r.inProgress.Load())
	var giveUp func()
	switch {
	case n >= r.most/2 && r.clients[key] >= r.perClient:
		r.mu.Unlock()
		return Place{}, ClientFull
	case n >= r.most:
		if giveUp = r.slowest(now); giveUp == nil {
			r.mu.Unlock()
			return Place{}, Full
		}
	}
	r.clients[key]++
	r.inProgress.Add(1)
	r.mu.Unlock()
	if giveUp != nil {
		giveUp()
	}
	return Place{client: key, at: now}, Admitted
}

// slowest takes out who has been waiting longest, if that is long, and returns
// how to tell.
func (r *Resolutions) slowest(now time.Time) func() {
	first := r.waiting.Front()
	if first == nil {
		return nil
	}
	w, _ := first.Value.(waiter)
	if now.Sub(w.since) < r.slow {
		return nil
	}
	r.waiting.Remove(first)
	return w.giveUp
}

// MayGiveWay lets p give its place up to another: giveUp is then called, once,
// and Leave must follow soon.
func (r *Resolutions) MayGiveWay(p *Place, giveUp func()) {
	r.mu.Lock()
	p.waits = r.waiting.PushBack(waiter{p.at, giveUp})
	r.mu.Unlock()
}

// Leave ends a resolution that Enter admitted.
func (r *Resolutions) Leave(p *Place) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.waits != nil {
		r.waiting.Remove(p.waits) // unless it has given way
	}
	if r.clients[p.client]--; r.clients[p.client] <= 0 {
		delete(r.clients, p.client)
	}
	r.inProgress.Add(-1)
}

// Pressed reports whether half of the places are taken.
func (r *Resolutions) Pressed() bool { return int(r.inProgress.Load()) >= r.most/2 }

// InProgress counts the resolutions.
func (r *Resolutions) InProgress() int { return int(r.inProgress.Load()) }

// network is what counts as one client: an IPv4 address or an IPv6 /56, which
// is what a household gets.
func network(a netip.Addr) netip.Addr {
	a = a.Unmap()
	if a.Is4() {
		return a
	}
	p, _ := a.Prefix(56)
	return p.Addr()
}
