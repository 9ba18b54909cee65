package sim

import (
	"net/netip"
	"time"

	"recursor/transport"
)

// Packet is a query as it reaches a Node.
type Packet struct {
	At       time.Time
	From, To netip.AddrPort
	Proto    transport.Proto
	Message  []byte
}

// Reply is one message that a Node sends because of a Packet.
type Reply struct {
	Message []byte
	// Delay is how long after the Packet came it leaves.
	Delay time.Duration
	// From is the source it claims; the zero AddrPort is the address asked.
	From netip.AddrPort
	// Port is the port it goes to; 0 is the right one, which a spoofer would
	// have to guess.
	Port uint16
	// Midway ends a TCP connection in the middle of Message.
	Midway bool
}

// Node is what answers at an address. It may answer a query several times, or
// never, and plays servers and spoofers alike. It must not wait.
type Node interface {
	Answer(q Packet) []Reply
}

// NodeFunc is a function as a Node.
type NodeFunc func(q Packet) []Reply

// Answer implements Node.
func (f NodeFunc) Answer(q Packet) []Reply { return f(q) }

// Door is implemented by a Node that does not take every TCP connection.
type Door interface {
	Connect() Welcome
}

// Welcome is what becomes of an attempt to connect.
type Welcome uint8

// Welcomes.
const (
	// Accepts: the connection stands.
	Accepts Welcome = iota
	// Refuses: a reset comes back.
	Refuses
	// Ignores: nothing comes back.
	Ignores
)
