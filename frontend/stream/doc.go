// Package stream serves queries over a stream of octets: messages behind two
// octets of length, many on one connection, answered in any order. TCP is built
// on it, and DoT and DoQ frame their messages the same way.
//
// All whole queries that a read brought are served together: the hits among
// them are answered in one write, each miss is resolved in a goroutine of its
// own and answered when it is done.
//
// # Concurrency
//
// A connection has one goroutine that reads and serves hits. Of those with
// something to write, the first writes; what the others bring meanwhile it
// takes along in its next write. Server may be used by any number of
// goroutines.
//
// # Resources
//
// frontend.Limits bounds connections, in all and per client, and the queries
// that wait on one; while so many wait, nothing is read. An idle connection
// holds 4 KiB and what its last answers needed, at most 32 KiB; a query that is
// longer gets memory as its octets arrive. Answers that a client does not read
// are kept up to 256 KiB. A hit on an open connection allocates nothing.
//
// # Security
//
// A client that sends slowly, stops in the middle, does not read or sends what
// is no query loses its connection, and nobody else notices: time is counted
// from the last whole message (RFC 7766 §6.2.3), writing has a deadline, and
// what cannot be a query ends the connection, since its framing can no longer
// be trusted. A place among the connections is held until the last miss of the
// connection is done, so that reconnecting does not multiply the work.
//
// # Standards
//
// RFC 1035 §4.2.2, RFC 7766 §6.2, §7, §8, RFC 9210 §4.2.
package stream
