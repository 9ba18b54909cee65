package serve

import (
	"context"
	"net/netip"
	"time"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/frontend"
)

// Question is what a client wants to know, of class IN and a type that an RRset
// can have (or ANY, where Options say that it is resolved).
type Question struct {
	// ID numbers queries in order of arrival.
	ID    uint64
	Name  domain.Name
	Type  wire.Type
	Class wire.Class
	// CD: the client validates by itself and wants the data as they are
	// (RFC 4035 §3.2.2).
	CD bool
	// CacheOnly: RD was clear; nothing may be asked of anybody for it.
	CacheOnly bool
	Client    netip.AddrPort
	Transport frontend.Transport
	// Deadline is the time within which Resolve must return. What it still waits
	// for then may go on without this client.
	Deadline time.Duration
}

// Answer is what a Resolver says.
type Answer struct {
	RCode wire.RCode
	// The sections, TTLs counted down. Answer holds the aliases followed, in
	// order, then the RRset asked for; Authority the SOA of a negative answer and
	// the NSEC or NSEC3 that prove what has to be proven. Servers are NS Sets for
	// the authority section, as far as there is room. What the client shall not
	// see is left off by the Handler.
	Answer, Authority, Servers, Additional []rrset.Set
	// Secure: all of it was validated (RFC 4035 §3.2.3).
	Secure bool
	// Stale: past its TTL (RFC 8767).
	Stale bool
	// Due: good, but soon over: who asks later is helped by Options.Refresh.
	Due bool
	// Window is for how long before its end it is Due; 0: a tenth of the TTL.
	Window time.Duration
	Notes  []ede.Note
	// Sends counts the queries sent upstream for it; From says where it is from,
	// as observe.Answered does.
	Sends int
	From  string
}

// Resolver finds answers.
type Resolver interface {
	// Resolve returns within q.Deadline. The error is an *ede.Error, perhaps
	// wrapped, whose code and text the client gets with SERVFAIL. An Answer beside
	// an error is what can be said all the same: its Sets and Notes are sent, and
	// its RCODE in place of SERVFAIL where it is not NOERROR.
	Resolve(ctx context.Context, q Question) (Answer, error)
}
