// Package scenario runs replay scenarios: stories in the .rpl format, of a
// client, a resolver and the servers of a small Internet, in which every
// message is written down. The resolver is the production engine, from the
// client's octets to the upstream's; clock, chance and network are simulated.
//
// Parse reads both dialects that exist, Unbound's and Deckard's. Options maps
// their configuration sections to ours. A Runner plays a Scenario and gives a
// Report: for each step what was expected and what happened, and the events
// from which a transcript and a picture are made.
//
// # Concurrency
//
// Functions of their arguments. A Runner plays on a sim.Clock, one engine
// goroutine at a time; several Runners may play at once.
//
// # Resources
//
// Scenario and Report live in memory. A scenario ends at a limit of turns and
// of simulated time at the latest.
//
// # Security
//
// A scenario is text of somebody else's: it reaches neither files nor sockets.
// Chance is replayed, so what a run makes of keys and ports protects nothing.
//
// # Standards
//
// RFC 1035 §5 (records in text), RFC 3597 §5, RFC 6891, RFC 8914.
package scenario
