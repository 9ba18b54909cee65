package limit

import (
	"net/netip"
	"sync"
	"sync/atomic"
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
// and cannot keep others out (DNSBomb, CVE-2024-33655).
type Resolutions struct {
	most, perClient int

	inProgress atomic.Int64
	mu         sync.Mutex
	clients    map[netip.Addr]int
}

// NewResolutions admits most at a time, perClient of them for one client under
// pressure.
func NewResolutions(most, perClient int) *Resolutions {
	return &Resolutions{most: most, perClient: perClient, clients: map[netip.Addr]int{}}
}

// Enter asks for one more resolution for client.
func (r *Resolutions) Enter(client netip.Addr) Verdict {
	key := network(client)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch n := int(r.inProgress.Load()); {
	case n >= r.most:
		return Full
	case n >= r.most/2 && r.clients[key] >= r.perClient:
		return ClientFull
	}
	r.clients[key]++
	r.inProgress.Add(1)
	return Admitted
}

// Leave ends a resolution that Enter admitted.
func (r *Resolutions) Leave(client netip.Addr) {
	key := network(client)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.clients[key]--; r.clients[key] <= 0 {
		delete(r.clients, key)
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
