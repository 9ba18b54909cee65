// Package world is the Internet of `recursor testbed`: a signed root, a few
// top-level domains, and zones and servers of every kind, good and bad, with a
// table of names worth asking.
//
// Its servers live on loopback addresses, so that the same Internet runs on
// sockets and in simulated time.
//
// # Concurrency
//
// New shares nothing between the worlds it makes.
//
// # Resources
//
// Making a world costs some RSA keys, a second or so of CPU.
//
// # Security
//
// The keys are no secret: trust its anchor nowhere else.
//
// # Standards
//
// RFC 1034, RFC 4035, RFC 5155, RFC 6672, RFC 6891, RFC 9276, RFC 9824: one
// zone or server for what each is about.
package world
