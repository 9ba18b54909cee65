// Package wire reads and writes DNS messages as bytes.
//
// Reading goes through a Cursor and views (Question, RR) that point into the
// message; names and RDATA are decompressed by appending to a buffer of the
// caller. Nothing here allocates once the caller's buffers are large enough.
//
// # Concurrency
//
// Functions of their arguments; a Cursor belongs to one goroutine.
//
// # Resources
//
// A name takes at most 126 pointer hops, each strictly backward, and 255
// octets. Every length is checked against the octets left (RFC 9267 §2-6).
//
// # Security
//
// Whatever the octets, a function returns a value or an error; it never reads
// outside the message. RDATA of known types is checked field by field.
//
// # Standards
//
// RFC 1035 §4.1, RFC 2181 §8, RFC 3597 §4, RFC 6891 §6.1, RFC 9267.
package wire
