// Package transport is the way out: one query to one server, and what came of
// it.
//
// An Exchanger sends and listens; it never waits on behalf of the caller and
// owns no time-outs, so that a walk may ask a second server while the first is
// silent without a goroutine for each. Packages udp and stream implement it
// on sockets, the testbed in memory.
//
// # Concurrency
//
// An Exchanger serves any number of goroutines; an Exchange belongs to the one
// that started it.
//
// # Resources
//
// Each Exchange holds a socket or a place on a connection until it has an
// outcome or is cancelled. The caller must do one or the other.
//
// # Security
//
// Only a reply that matches address, port, ID and question, over UDP letter
// case included, is an outcome; others are counted while waiting goes on
// (RFC 5452 §9.1), and ten of them end the exchange, so that the caller may
// turn to TCP (RFC 5452 §9.3).
//
// # Standards
//
// RFC 5452 §9, RFC 7766, RFC 1035 §4.2.
package transport
