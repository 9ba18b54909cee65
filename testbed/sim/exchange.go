package sim

import (
	"slices"
	"time"

	"recursor/clock"
	"recursor/dns/wire"
	"recursor/transport"
)

// Exchange is a query under way on a Network.
type Exchange struct {
	net     *Network
	done    clock.Signal
	sent    Sent
	nearest int // packets that did not match
}

// Outcome implements transport.Exchange.
func (x *Exchange) Outcome() (transport.Outcome, bool) {
	return x.sent.Outcome, x.sent.State == Done
}

// Cancel implements transport.Exchange.
func (x *Exchange) Cancel() {
	if x.sent.State == Pending {
		x.finish(Cancelled)
	}
}

// Sent is what the log holds of the query.
func (x *Exchange) Sent() Sent { return x.sent }

// Deliver hands the query a reply now, as if it came from the server. A test
// that plays the server by hand calls it between runs.
func (x *Exchange) Deliver(message []byte) { x.take(Reply{Message: message}) }

// Fail ends the query now, with the kind.
func (x *Exchange) Fail(kind transport.Kind) {
	x.end(transport.Outcome{Kind: kind, Err: ErrFailedByUs})
}

func (x *Exchange) end(o transport.Outcome) {
	if x.sent.State != Pending {
		return
	}
	o.NearMisses = x.nearest
	x.sent.Outcome = o
	x.finish(Done)
	x.done.Set()
}

func (x *Exchange) finish(s State) {
	x.sent.State = s
	x.sent.Took = x.net.clock.Elapsed() - x.sent.At
	x.net.open = slices.DeleteFunc(x.net.open, func(o *Exchange) bool { return o == x })
	if x.net.OnDone != nil {
		x.net.OnDone(x)
	}
}

// connect spends the round trip of a TCP connection and sends the query.
func (x *Exchange) connect() {
	n, rtt := x.net, x.net.rtt(x.sent.To)
	welcome := Accepts
	if door, ok := n.node(x.sent.To).(Door); ok {
		welcome = door.Connect()
	}
	switch fault := n.Link(x.sent.To.Addr()).TCP; {
	case fault == TCPSilent || welcome == Ignores:
	case fault == TCPRefused || welcome == Refuses:
		n.deliver(rtt, func() { x.end(transport.Outcome{Kind: transport.Unreachable, Err: ErrRefused}) })
	default:
		n.deliver(rtt+rtt/2, x.arrive)
	}
}

// arrive is the query at the Node.
func (x *Exchange) arrive() {
	if x.sent.State == Cancelled && x.sent.Proto == transport.TCP {
		return // the connection was closed before the query left
	}
	node := x.net.node(x.sent.To)
	if node == nil {
		return // taken away meanwhile
	}
	rtt := x.net.rtt(x.sent.To)
	back := rtt - rtt/2
	for _, r := range node.Answer(Packet{
		At: x.net.clock.now, From: x.sent.From, To: x.sent.To, Proto: x.sent.Proto,
		Message: append([]byte(nil), x.sent.Message...),
	}) {
		x.carry(r, back)
	}
}

// carry brings a reply back, unless the link has it vanish.
func (x *Exchange) carry(r Reply, back time.Duration) {
	l := x.net.Link(x.sent.To.Addr())
	if x.sent.Proto == transport.UDP {
		if l.MaxUDP > 0 && len(r.Message) > l.MaxUDP || x.net.lost(l.LossBack) {
			return
		}
	} else if l.TCP == TCPMidway {
		r.Midway = true
	}
	x.net.deliver(r.Delay+back, func() { x.take(r) })
}

// take judges a reply as the transports on sockets do.
func (x *Exchange) take(r Reply) {
	s := &x.sent
	if s.State != Pending {
		return
	}
	if s.Proto == transport.TCP {
		x.takeStream(r)
		return
	}
	// The socket is connected: the system hands up nothing that comes from
	// elsewhere or goes to another port.
	if r.From.IsValid() && r.From != s.To || r.Port != 0 && r.Port != s.From.Port() {
		return
	}
	matching := transport.Match(s.Message, r.Message)
	if len(r.Message) > maxDatagram {
		matching = transport.Stranger
	}
	switch matching {
	case transport.Exact:
		x.end(transport.Outcome{Kind: transport.Reply, Message: append([]byte(nil), r.Message...)})
	case transport.SameButCase:
		x.end(transport.Outcome{Kind: transport.Folded})
	case transport.Stranger:
		x.nearest++
		if x.nearest >= transport.MaxNearMisses {
			x.end(transport.Outcome{Kind: transport.Flooded})
		}
	}
}

// maxDatagram is what transport/udp reads of a reply.
const maxDatagram = 4096

// takeStream judges a message of a connection: the case of the letters proves
// nothing there, and what does not match may be the answer to another query,
// unless it is no message at all or there is too much of it.
func (x *Exchange) takeStream(r Reply) {
	switch {
	case r.From.IsValid() && r.From != x.sent.To, r.Port != 0 && r.Port != x.sent.From.Port():
	case r.Midway:
		x.end(transport.Outcome{Kind: transport.Broken, Err: ErrMidway})
	case transport.Match(x.sent.Message, r.Message) != transport.Stranger:
		x.end(transport.Outcome{Kind: transport.Reply, Message: append([]byte(nil), r.Message...)})
	default:
		x.nearest++
		if x.nearest >= transport.MaxNearMisses || len(r.Message) < wire.HeaderLen {
			x.end(transport.Outcome{Kind: transport.Broken, Err: ErrGarbage})
		}
	}
}
