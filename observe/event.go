package observe

import (
	"net/netip"
	"time"

	"recursor/dns/domain"
	"recursor/dns/ede"
)

// Observer takes events.
type Observer interface {
	Observe(Event)
}

// Event is one of the types of this package.
type Event interface{ event() }

// Sent tells that a query went to a server.
type Sent struct {
	At     time.Time
	Query  uint64 // the client query it serves, by order of arrival
	Server netip.AddrPort
	Proto  string
	Zone   domain.Name // asked as a server of
	Name   domain.Name
	Type   uint16
	Octets int
}

// Received tells that something came of a query that was sent.
type Received struct {
	At      time.Time
	Query   uint64
	Server  netip.AddrPort
	Proto   string
	Name    domain.Name
	Type    uint16
	Outcome string // "answer", "referral", "timeout", …
	RCode   uint16
	Octets  int
	Took    time.Duration
	Message []byte // nil where there is none; not to be changed or kept
}

// Stored tells that the cache took or refused data.
type Stored struct {
	At     time.Time
	Query  uint64
	Name   domain.Name
	Type   uint16
	What   string // "rrset", "nodata", "nxdomain", "failure", "delegation"
	Rank   string
	Status string
	TTL    uint32
}

// Judged is a verdict of validation.
type Judged struct {
	At     time.Time
	Query  uint64
	Name   domain.Name
	Type   uint16
	Zone   domain.Name
	Status string
	Reason string
}

// Answered tells that a client got its reply.
type Answered struct {
	At        time.Time
	Query     uint64
	Client    netip.AddrPort
	Transport string
	Name      domain.Name
	Type      uint16
	RCode     uint16
	Took      time.Duration
	From      string // "upstream", "cache", "stale", "local", "refused"
	Notes     []ede.Note
	Sends     int // upstream, for this query
}

// Panicked tells that a goroutine broke an invariant and was stopped.
type Panicked struct {
	What      string
	Recovered any
	Stack     []byte
}

// Certified tells of a certificate that clients are shown from now on, or, with
// Err, of one that could not be read again: then the one before stays in use.
type Certified struct {
	File        string // "" for one that is kept in memory alone
	Names       []string
	Ends        time.Time
	Fingerprint string // SHA-256 of the certificate, in hexadecimal
	Pin         string // SHA-256 of its key, in base64 (RFC 7469 §2.4)
	SelfSigned  bool   // made by us
	Err         error
}

// Following tells at the start which keys of a zone are followed (RFC 5011).
type Following struct {
	Zone domain.Name
	Keys []string // each with its state
	Next time.Time
}

// Anchored tells that a key of a trust point came into another state (RFC 5011
// §4.2).
type Anchored struct {
	At       time.Time
	Zone     domain.Name
	Tag      uint16
	From, To string
	Until    time.Time // of a key that waits: when it may be trusted
	Last     bool      // no key of the point is trusted any more
}

// Unfollowed tells that a zone could not be asked for its keys, or that what
// came did not count.
type Unfollowed struct {
	Zone domain.Name
	Next time.Time // when it is asked again
	Err  error
}

// Kept tells that state could not be read or written.
type Kept struct {
	File, What string
	Err        error
}

// Clocked tells that the clock turned out to be wrong, or is right again.
type Clocked struct {
	At    time.Time // by that clock
	Wrong bool
	Off   time.Duration // at least; ahead, or, where negative, behind
	Than  string        // what tells
}

// Disabled tells of a negative trust anchor (RFC 7646).
type Disabled struct {
	Zone   domain.Name
	Reason string
	Until  time.Time
	What   string // "in effect", "expired", "not needed any more"
}

func (Sent) event()      {}
func (Received) event()  {}
func (Stored) event()    {}
func (Judged) event()    {}
func (Answered) event()  {}
func (Panicked) event()  {}
func (Certified) event() {}

func (Following) event()  {}
func (Anchored) event()   {}
func (Unfollowed) event() {}
func (Kept) event()       {}
func (Clocked) event()    {}
func (Disabled) event()   {}

// Tee is an Observer that hands each event to all of its own.
type Tee []Observer

// Observe implements Observer.
func (t Tee) Observe(e Event) {
	for _, o := range t {
		o.Observe(e)
	}
}
