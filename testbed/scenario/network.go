package scenario

import (
	"fmt"
	"net/netip"
	"time"

	"recursor/clock"
	"recursor/transport"
)

// network is where the resolver's queries go: they wait there until the player
// answers them, or nobody does.
type network struct {
	p    *player
	sent []*exchange // all of them, the oldest first
}

// exchange is one query of the resolver's.
type exchange struct {
	net     *network
	done    clock.Signal
	at      time.Duration
	to      netip.AddrPort
	query   *heard
	state   state
	outcome transport.Outcome
	seen    bool // by a CHECK_OUT_QUERY
	dead    bool // nothing will ever come
}

// state is how far an exchange is.
type state uint8

const (
	pending state = iota
	ended
	cancelled
)

// Start implements transport.Exchanger.
func (n *network) Start(q transport.Query, done clock.Signal) transport.Exchange {
	m, err := hear(append([]byte(nil), q.Message...), q.To.Proto == transport.TCP)
	if err != nil {
		panic(fmt.Sprintf("scenario: the resolver sends a malformed query: %v", err))
	}
	x := &exchange{
		net: n, done: done, at: n.p.clock.Elapsed(), query: m,
		to: netip.AddrPortFrom(q.To.Addr.Addr().Unmap(), q.To.Addr.Port()),
	}
	n.sent = append(n.sent, x)
	n.p.story.sent(x, q.To.Proto)
	return x
}

// sent notes a query.
func (s *story) sent(x *exchange, proto transport.Proto) {
	q := x.query
	text := fmt.Sprintf("%s %s %s%s", proto, q.question.Name, q.question.Type, flagNames(q.Flags))
	if v := q.edns(); v.Present {
		if v.DO {
			text += " do"
		}
		text += fmt.Sprintf(" %d", v.Payload)
	} else {
		text += " plain"
	}
	text += ", of " + s.zone.String()
	s.add(Event{What: Sends, Peer: x.to, Text: text})
}

// Outcome implements transport.Exchange.
func (x *exchange) Outcome() (transport.Outcome, bool) { return x.outcome, x.state == ended }

// Cancel implements transport.Exchange.
func (x *exchange) Cancel() {
	if x.state != pending {
		return
	}
	x.state = cancelled
	x.net.p.story.add(Event{What: GivesUp, Peer: x.to, Text: x.query.question.String()})
}

// deliver hands the query what a server says. A reply that does not match, in
// ID or question, is one that the resolver's socket would discard.
func (x *exchange) deliver(msg []byte) {
	if x.state != pending {
		return
	}
	switch m := transport.Match(x.query.octets, msg); {
	case m == transport.Exact, m == transport.SameButCase && x.query.tcp:
		x.end(transport.Outcome{Kind: transport.Reply, Message: msg})
	case m == transport.SameButCase:
		x.end(transport.Outcome{Kind: transport.Folded})
	case x.query.tcp:
		x.end(transport.Outcome{Kind: transport.Broken})
	default:
		x.dead = true
	}
}

func (x *exchange) end(o transport.Outcome) {
	x.state, x.outcome = ended, o
	x.done.Set()
}

// waiting are the queries that something may still come of, the newest first.
func (n *network) waiting() []*exchange {
	var out []*exchange
	for i := len(n.sent) - 1; i >= 0; i-- {
		if x := n.sent[i]; x.state == pending && !x.dead {
			out = append(out, x)
		}
	}
	return out
}
