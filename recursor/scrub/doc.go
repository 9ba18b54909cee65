// Package scrub decides what a response means and which of its records may be
// used. Everything else of it is dropped.
//
// # Concurrency
//
// Functions of their arguments. A Response points into the Message it was made
// of.
//
// # Resources
//
// Linear in the Sets of a message, times at most twelve alias steps.
//
// # Security
//
// A record is used only if the server was asked as a server of a zone that its
// owner is within (RFC 5452 §6), and only in the role that its section gives
// it: NS records beside an answer are ignored, glue serves the referral it came
// with, aliases are followed to the zone's border.
//
// # Standards
//
// RFC 1034 §5.3.3, RFC 2181 §5.4.1, RFC 2308 §2, RFC 5452 §6, RFC 6604 §3,
// RFC 6672 §3.
package scrub
