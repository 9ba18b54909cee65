package frontend

import (
	"net/netip"
	"time"

	"recursor/dns/wire"
)

// Transport is how a query came.
type Transport uint8

// Transports.
const (
	UDP Transport = iota
	TCP
	DoT
	DoH
	DoQ
)

// String is the name for people and metrics.
func (t Transport) String() string {
	switch t {
	case UDP:
		return "udp"
	case TCP:
		return "tcp"
	case DoT:
		return "dot"
	case DoH:
		return "doh"
	case DoQ:
		return "doq"
	default:
		return "unknown"
	}
}

// Query is one query of a client.
type Query struct {
	// Message has at least the length of a header and QR clear; nothing else is
	// known of it.
	Message []byte
	// Client and Local are the two ends as the packet or connection has them.
	// They have no zone and are never IPv4 in IPv6, so that prefixes match.
	Client, Local netip.AddrPort
	Transport     Transport
	// At is when it was taken from the system, as the clock's TTL reading has it:
	// one reading for all that were taken at once. Zero: nobody looked.
	At time.Time
	// Lane tells apart those who read at the same time, so that a Handler can
	// count without two processors writing one cache line.
	Lane uint8
}

// Handler answers queries. Serving a query is Hit, then Miss where Hit says so.
type Handler interface {
	// Hit answers from what is at hand, writing to dst. It returns the octets
	// written; ok with n == 0 means: send nothing. false: call Miss, which is
	// also what to say of an answer that does not fit dst. Hit keeps neither q
	// nor dst, does not block and does not allocate on an answer from the cache.
	Hit(q *Query, dst []byte) (n int, ok bool)
	// Miss resolves q, which nobody else uses until Miss returns, blocks until
	// done and calls reply at most once, perhaps from another goroutine and never
	// after Miss returned. reply may keep msg, but not over UDP; it may block for
	// as long as a client may take to read. Miss is called in a goroutine of its
	// own (clock.Go).
	Miss(q *Query, reply func(msg []byte))
}

// MaxMessage is the length of the longest DNS message that a stream can carry
// (RFC 1035 §4.2.2); over a stream dst has that much room.
const MaxMessage = 1<<16 - 1

// Judgement is what a first look at a packet or frame says.
type Judgement uint8

// Judgements.
const (
	// IsQuery: the Handler may see it.
	IsQuery Judgement = iota
	// IsShort: there is no whole header, so there is no ID to answer to.
	IsShort
	// IsResponse: QR is set. Answering responses makes servers talk to each
	// other without end.
	IsResponse
)

// Judge looks at the length and the QR bit of a message.
func Judge(msg []byte) Judgement {
	const qr = byte(wire.FlagQR >> 8)
	switch {
	case len(msg) < wire.HeaderLen:
		return IsShort
	case msg[2]&qr != 0:
		return IsResponse
	default:
		return IsQuery
	}
}
