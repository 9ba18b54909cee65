package transport

import (
	"net/netip"
	"time"

	"recursor/clock"
	"recursor/random"
)

// Proto is how a query travels.
type Proto uint8

// Protocols.
const (
	UDP Proto = iota
	TCP
)

// String is the name for people and metrics.
func (p Proto) String() string {
	if p == TCP {
		return "tcp"
	}
	return "udp"
}

// Endpoint is where a query goes.
type Endpoint struct {
	Addr  netip.AddrPort
	Proto Proto
}

// Query is one query to one server.
type Query struct {
	To Endpoint
	// From is the source address; the zero Addr leaves it to the system.
	From netip.Addr
	// Message is the whole message: its ID and question, letter by letter, are
	// what a reply must match. It must not change before the outcome.
	Message []byte
	// Random picks the source port (RFC 5452 §9.2).
	Random *random.Stream
}

// Kind is the kind of an Outcome.
type Kind uint8

// Kinds.
const (
	// Reply: Outcome.Message matches the query.
	Reply Kind = iota + 1
	// Folded: a reply by UDP matched but for the case of the question's
	// letters. It may be forged, so it is not handed out; TCP tells, where such
	// a message is a Reply.
	Folded
	// Flooded: ten replies did not match; somebody may be guessing.
	Flooded
	// Unreachable: the system says that the address or port cannot be
	// reached, or that the connection was refused.
	Unreachable
	// Broken: the connection ended or turned to garbage before a reply came.
	Broken
	// Exhausted: this host had no socket or connection to spare. It says
	// nothing about the server.
	Exhausted
)

// Outcome is what came of a query.
type Outcome struct {
	Kind Kind
	// Message is the reply, owned by the caller.
	Message []byte
	// NearMisses counts packets that did not match.
	NearMisses int
	// Err says more, where Kind is not Reply.
	Err error
}

// Exchanger sends queries.
type Exchanger interface {
	// Start sends q and returns at once. done is set when the outcome is
	// there; it may be shared by several exchanges.
	Start(q Query, done clock.Signal) Exchange
}

// Keeper is an Exchanger that keeps connections, and is told what servers say of
// how long (RFC 7828 §3.2.2).
type Keeper interface {
	// Idle tells the idle time-out of the server at to, which was asked from
	// from.
	Idle(to netip.AddrPort, from netip.Addr, timeout time.Duration)
}

// Exchange is a query under way.
type Exchange interface {
	// Outcome is what came of the query, false while nothing has.
	Outcome() (Outcome, bool)
	// Cancel gives the query up and frees what it held; afterwards there is no
	// outcome. Cancelling a finished exchange does nothing.
	Cancel()
}
