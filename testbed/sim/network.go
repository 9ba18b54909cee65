package sim

import (
	"errors"
	"net/netip"
	"time"

	"recursor/clock"
	"recursor/random"
	"recursor/transport"
)

// Network carries queries to Nodes in simulated time: transport.Exchanger on a
// Clock. Each packet arrives at an instant of its own, the next free
// nanosecond after its way, so that no two of them ever race.
type Network struct {
	// RTT is the way there and back where a Link names none; 0 is 20 ms.
	RTT time.Duration
	// Unattached is what becomes of packets to an address without a Node: Down,
	// which Up means too here, or NoRoute.
	Unattached Reach
	// Sockets is how many exchanges may be open at a time; one more is
	// Exhausted. 0 is no limit.
	Sockets int
	// OnSend and OnDone, where set, are told of each exchange as it starts and
	// as it ends.
	OnSend, OnDone func(*Exchange)

	clock   *Clock
	chance  *random.Stream
	nodes   map[netip.AddrPort]Node // port 0 is any port
	links   map[netip.Addr]*Link
	blocked map[netip.Prefix]Reach
	taken   map[time.Time]struct{} // instants of packets under way
	log     []*Exchange
	open    []*Exchange // without an outcome, the oldest first
}

// Link is the way to one address. Its fields may be changed at any time and
// count for what is sent from then on.
type Link struct {
	RTT time.Duration // 0 is that of the Network
	// Loss and LossBack are the shares of datagrams lost on the way there and
	// back, 0 to 1.
	Loss, LossBack float64
	Reach          Reach
	TCP            TCPFault
	// MaxUDP is the largest datagram that comes back; larger ones vanish, as
	// fragments do. 0 is no limit.
	MaxUDP int
}

// Reach is whether packets come through.
type Reach uint8

// Reaches.
const (
	// Up: packets come through. An address without a Node is never Up.
	Up Reach = iota
	// Down: packets vanish.
	Down
	// NoRoute: the system, or a router on the way, says that there is none.
	NoRoute
)

// TCPFault is what goes wrong with connections.
type TCPFault uint8

// TCPFaults.
const (
	// TCPWorks: nothing.
	TCPWorks TCPFault = iota
	// TCPRefused: a reset answers the attempt to connect.
	TCPRefused
	// TCPSilent: nothing answers it.
	TCPSilent
	// TCPMidway: the connection ends in the middle of the reply.
	TCPMidway
)

const defaultRTT = 20 * time.Millisecond

// Reasons of outcomes.
var (
	ErrNoRoute    = errors.New("sim: no route to host")
	ErrRefused    = errors.New("sim: connection refused")
	ErrMidway     = errors.New("sim: connection ended in the middle of a message")
	ErrGarbage    = errors.New("sim: what came over the connection does not answer the query")
	ErrNoSocket   = errors.New("sim: no socket to spare")
	ErrFailedByUs = errors.New("sim: failed by the test")
)

// NewNetwork is a Network without Nodes. The seed decides what is lost, and
// the source ports of queries that bring no stream.
func NewNetwork(c *Clock, seed uint64) *Network {
	return &Network{
		clock:   c,
		chance:  (&random.Replay{Seed: seed}).Stream(),
		nodes:   map[netip.AddrPort]Node{},
		links:   map[netip.Addr]*Link{},
		blocked: map[netip.Prefix]Reach{},
		taken:   map[time.Time]struct{}{},
	}
}

// Attach puts a Node at every port of an address; nil takes it away.
func (n *Network) Attach(addr netip.Addr, node Node) {
	n.AttachPort(netip.AddrPortFrom(addr, 0), node)
}

// AttachPort puts a Node at one port of an address; nil takes it away.
func (n *Network) AttachPort(at netip.AddrPort, node Node) {
	at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	if node == nil {
		delete(n.nodes, at)
		return
	}
	n.nodes[at] = node
}

// Link is the way to an address.
func (n *Network) Link(addr netip.Addr) *Link {
	addr = addr.Unmap()
	l := n.links[addr]
	if l == nil {
		l = &Link{}
		n.links[addr] = l
	}
	return l
}

// Block makes a whole prefix Down or NoRoute, such as a family of addresses.
// Up ends it.
func (n *Network) Block(p netip.Prefix, r Reach) {
	if r == Up {
		delete(n.blocked, p.Masked())
		return
	}
	n.blocked[p.Masked()] = r
}

func (n *Network) node(to netip.AddrPort) Node {
	if node := n.nodes[to]; node != nil {
		return node
	}
	return n.nodes[netip.AddrPortFrom(to.Addr(), 0)]
}

// reach is how far a packet comes that is sent now.
func (n *Network) reach(to netip.AddrPort) Reach {
	worst := Up
	for p, r := range n.blocked {
		if p.Contains(to.Addr()) {
			worst = max(worst, r) // of several the loudest, in any order
		}
	}
	if worst != Up {
		return worst
	}
	if r := n.Link(to.Addr()).Reach; r != Up {
		return r
	}
	if n.node(to) == nil {
		return max(n.Unattached, Down)
	}
	return Up
}

func (n *Network) rtt(to netip.AddrPort) time.Duration {
	if l := n.Link(to.Addr()); l.RTT != 0 {
		return l.RTT
	}
	if n.RTT != 0 {
		return n.RTT
	}
	return defaultRTT
}

// lost decides by chance, which is not asked where there is nothing to decide.
func (n *Network) lost(share float64) bool {
	return share > 0 && float64(n.chance.Uint64()>>11)/(1<<53) < share
}

// deliver schedules do d from now, at an instant that no other packet has.
func (n *Network) deliver(d time.Duration, do func()) {
	at := n.clock.now.Add(max(d, 0) + 1)
	for {
		if _, busy := n.taken[at]; !busy {
			break
		}
		at = at.Add(1)
	}
	n.taken[at] = struct{}{}
	n.clock.at(at, func() {
		delete(n.taken, at)
		do()
	})
}

// Start implements transport.Exchanger.
func (n *Network) Start(q transport.Query, done clock.Signal) transport.Exchange {
	to := netip.AddrPortFrom(q.To.Addr.Addr().Unmap(), q.To.Addr.Port())
	x := &Exchange{net: n, done: done, sent: Sent{
		At: n.clock.Elapsed(), To: to, From: n.source(q), Proto: q.To.Proto, Message: append([]byte(nil), q.Message...),
	}}
	x.sent.read()
	n.log = append(n.log, x)
	n.open = append(n.open, x)
	if n.OnSend != nil {
		n.OnSend(x)
	}
	if n.Sockets > 0 && len(n.open) > n.Sockets {
		n.deliver(0, func() { x.end(transport.Outcome{Kind: transport.Exhausted, Err: ErrNoSocket}) })
		return x
	}
	switch n.reach(to) {
	case NoRoute:
		wait := time.Duration(0)
		if n.node(to) == nil {
			wait = n.rtt(to) // a router says it, not this host
		}
		n.deliver(wait, func() { x.end(transport.Outcome{Kind: transport.Unreachable, Err: ErrNoRoute}) })
	case Up:
		if q.To.Proto == transport.TCP {
			x.connect()
		} else if !n.lost(n.Link(to.Addr()).Loss) {
			n.deliver(n.rtt(to)/2, x.arrive)
		}
	case Down:
	}
	return x
}

// source is where a query comes from: the port is the stream's choice, as it
// is with sockets (RFC 5452 §9.2).
func (n *Network) source(q transport.Query) netip.AddrPort {
	r := q.Random
	if r == nil {
		r = n.chance
	}
	from := q.From
	switch {
	case from.IsValid():
	case q.To.Addr.Addr().Unmap().Is4():
		from = netip.AddrFrom4([4]byte{192, 0, 2, 254})
	default:
		from = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: 0xfe})
	}
	return netip.AddrPortFrom(from, uint16(1024+r.IntN(65536-1024)))
}
