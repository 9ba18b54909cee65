package recursor

import (
	"time"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// Query is a question and how it is to be resolved.
type Query struct {
	Name  domain.Name
	Type  wire.Type
	Class wire.Class // IN; others are refused before they come here
	// CD asks for the data whatever validation says (RFC 4035 §3.2.2).
	CD bool
	// CacheOnly asks for what is known and sends nothing (RD clear).
	CacheOnly bool
	// Deadline is how long the caller waits; zero means Options.Answer.
	Deadline time.Duration
}

// Answer is what a client is told.
type Answer struct {
	RCode wire.RCode
	// The sections; TTLs are counted down. Servers is the NS set of the zone and
	// Additional addresses; both are empty unless Options.Walk.Beside.
	Answer, Authority, Servers, Additional []rrset.Set
	// Secure tells that every part was validated (RFC 4035 §3.2.3).
	Secure bool
	// Stale tells that some of it is past its TTL (RFC 8767).
	Stale bool
	// Due tells that some of it is from the cache and in the last tenth of its
	// time there: Refresh is for such answers.
	Due bool
	// Window is how long that tenth is, where it is from the cache.
	Window time.Duration
	Notes  []ede.Note
	// Sends counts the upstream queries of this answer; From is where it comes
	// from: "upstream", "cache", "stale", "failure".
	Sends int
	From  string
}
