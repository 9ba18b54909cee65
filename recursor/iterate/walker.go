package iterate

import (
	"net/netip"
	"sync"

	"recursor/cache"
	"recursor/clock"
	"recursor/dns/domain"
	"recursor/recursor/delegation"
	"recursor/recursor/infra"
	"recursor/transport"
)

// Minimise is how much of a name servers are shown (RFC 9156).
type Minimise uint8

// Ways of minimisation.
const (
	// Relaxed asks with the whole name where a minimised question fails or is
	// denied without proof: servers exist that deny empty non-terminals.
	Relaxed Minimise = iota
	Strict
	Off
)

// Options of a Walker.
type Options struct {
	Limits   Limits
	Minimise Minimise
	// Payload is the EDNS payload size sent to servers (RFC 9715); 1232.
	Payload uint16
	// Case randomises the letters of questions (0x20).
	Case    bool
	Cookies bool
	// Priming asks for the root's name servers (RFC 9609).
	Priming bool
	// Port of servers learnt from delegations; 53.
	Port uint16
	// Usable tells which addresses may be asked.
	Usable delegation.Usable
	// Beside keeps what stands beside answers, in the authority and additional
	// sections, for clients to see.
	Beside bool
	// Sources are the addresses to send from, one of each family at most; none
	// leaves it to the system.
	Sources []netip.Addr
}

// Pending is a sub-question under way.
type Pending interface {
	// Done is the outcome, false while there is none.
	Done() (Result, error, bool)
	// Leave gives up waiting. It must be called once, also after Done.
	Leave()
}

// Asker resolves a walk's sub-questions: addresses of name servers, the root's
// name servers, keys. Package recursor implements it.
type Asker interface {
	// Begin starts to resolve k on the budget of t and sets signal when there
	// is an outcome.
	Begin(t *Task, k Key, signal clock.Signal) Pending
}

// Judge says what signatures prove.
type Judge interface {
	// Judge fills in the statuses and notes of s. An error means that the
	// verdict could not be reached.
	Judge(t *Task, s *Step) error
	// Insecure reports whether the zone is proven to be unsigned, so that plain
	// DNS loses nothing (RFC 6891 §6.2.2). It may fetch what the proof needs.
	Insecure(t *Task, zone domain.Name) bool
	// Descend tells that a walk goes down to a zone with or without a DS, so
	// that its keys may be fetched meanwhile.
	Descend(t *Task, zone domain.Name, signed bool)
	// Remark notes what every client is to know of data that is not secure,
	// be it from the cache: that nobody vouches for it, and why.
	Remark(s *Step)
	// Synthesise answers s, which has but its question, from what was validated
	// for other questions (RFC 8198).
	Synthesise(t *Task, s Step) (Step, bool)
}

// Walker holds what all walks share. Make it with NewWalker.
type Walker struct {
	clock   clock.Clock
	net     transport.Exchanger
	cache   *cache.Cache
	points  *delegation.Store
	servers *infra.Table
	traffic *infra.Traffic
	flights *Flights
	judge   Judge // nil: validation is off
	asker   Asker
	o       Options
	lists   sync.Pool // of *list
}

// Parts are what a Walker works with. Judge may be nil.
type Parts struct {
	Clock   clock.Clock
	Net     transport.Exchanger
	Cache   *cache.Cache
	Points  *delegation.Store
	Servers *infra.Table
	Traffic *infra.Traffic
	Flights *Flights
	Judge   Judge
	Asker   Asker
}

// NewWalker builds a Walker.
func NewWalker(p Parts, o Options) *Walker {
	o.Limits = o.Limits.WithDefaults()
	if o.Payload == 0 {
		o.Payload = 1232
	}
	if o.Port == 0 {
		o.Port = 53
	}
	return &Walker{
		clock: p.Clock, net: p.Net, cache: p.Cache, points: p.Points, servers: p.Servers,
		traffic: p.Traffic, flights: p.Flights, judge: p.Judge, asker: p.Asker, o: o,
	}
}

// Limits are those in force.
func (w *Walker) Limits() *Limits { return &w.o.Limits }
