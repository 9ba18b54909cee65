package udp

import (
	"math/bits"
	"sync"

	"recursor/random"
)

// firstPort is the lowest source port (RFC 5452 §9.2: 53, or 1024 and above).
const firstPort = 1024

// DefaultAvoid are ports that packet filters drop on sight or that programs
// on the way take for their own: a reply sent to them gets lost. Ports that
// are merely in use here need no mention.
func DefaultAvoid() []uint16 {
	return []uint16{
		1434,  // SQL Server Browser, filtered since the worm of 2003
		1900,  // SSDP
		2049,  // NFS
		3702,  // WS-Discovery
		4789,  // VXLAN
		5353,  // multicast DNS
		5355,  // LLMNR
		11211, // memcached
	}
}

// ports are the source ports that are free.
type ports struct {
	mu   sync.Mutex
	free [1 << 16 / 64]uint64
}

func newPorts(avoid []uint16) *ports {
	p := &ports{}
	for port := firstPort; port < 1<<16; port++ {
		p.free[port/64] |= 1 << (port % 64)
	}
	for _, port := range avoid {
		p.free[port/64] &^= 1 << (port % 64)
	}
	return p
}

// count is how many ports are free.
func (p *ports) count() int {
	n := 0
	for _, word := range p.free {
		n += bits.OnesCount64(word)
	}
	return n
}

// maxPicks bounds the draws for one port. With half of the ports free, one
// try in 2^64 finds none.
const maxPicks = 64

// take picks a free port, each as likely as any other, and keeps it until
// giveBack. So no two exchanges under way share a port, whatever the system
// would let them do.
func (p *ports) take(r *random.Stream) (uint16, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range maxPicks {
		port := firstPort + r.IntN(1<<16-firstPort)
		if bit := uint64(1) << (port % 64); p.free[port/64]&bit != 0 {
			p.free[port/64] &^= bit
			return uint16(port), true
		}
	}
	return 0, false
}

func (p *ports) giveBack(port uint16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free[port/64] |= 1 << (port % 64)
}

// maxBinds bounds the ports tried for one query: each failure means that
// another program of this host has the port.
const maxBinds = 16

// bindPort finds a port that bind accepts and makes it e's.
func (e *exchange) bindPort(bind func(port uint16) error) error {
	for range maxBinds {
		port, ok := e.x.ports.take(e.query.Random)
		if !ok {
			return ErrPorts
		}
		err := bind(port)
		if err == nil {
			e.port = port
			return nil
		}
		e.x.ports.giveBack(port)
		if !taken(err) {
			return err
		}
	}
	return ErrPorts
}
