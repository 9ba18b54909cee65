// Package rrset holds RRsets in wire form and makes them of messages.
//
// A Set is the currency of the resolver: parsing a message makes Sets, the
// cache stores them, the validator hashes them, a reply is assembled of them.
//
// # Concurrency
//
// A Set that others can see is never changed; Clone before changing one.
//
// # Resources
//
// The Sets of one Message share a few buffers: keeping one keeps them all, so
// whoever keeps a Set longer than the message clones it.
//
// # Security
//
// RDATA of known types has been checked field by field when Parse or a Collector
// put it in a Set. Their work is linear in the octets of a message, and the
// octets of all names and RDATA are at most sixty times those of the message.
//
// # Standards
//
// RFC 2181 §5, RFC 3597, RFC 4034 §6.2-6.3, RFC 4343 §4, RFC 6840 §5.1.
package rrset
