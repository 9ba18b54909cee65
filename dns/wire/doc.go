// Package wire reads and writes DNS messages as bytes.
//
// Reading goes through a Cursor and views (Question, RR) that point into the
// message; names and RDATA are decompressed by appending to a buffer of the
// caller. A Builder writes a message with compression. Nothing here allocates once
// the caller's buffers are large enough, but for the Name of a Question.
//
// # Concurrency
//
// Functions of their arguments; a Cursor belongs to one goroutine.
//
// # Resources
//
// A name takes at most 126 pointer hops, each strictly backward, and 255
// octets. Every length is checked against the octets left (RFC 9267 §2-6). A
// Builder remembers 120 names at most and makes 16,384 comparisons a message.
//
// # Security
//
// Whatever the octets, a function returns a value or an error; it never reads
// outside the message. RDATA of known types is checked field by field.
//
// # Standards
//
// RFC 1035 §4.1, RFC 1982 §3.2, RFC 2181 §8, RFC 3597 §4-5, RFC 4034 §6.2,
// RFC 6840 §5.1, RFC 6891 §6.1, RFC 9267, RFC 9460 §2.2.
package wire
