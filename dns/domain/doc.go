// Package domain holds domain names in wire form.
//
// A Name is uncompressed, lower-cased and comparable: it is the one map key
// for names. Presentation form exists for people, the case as received is
// kept by whoever must echo it (rrset.Set, wire.Question).
//
// # Concurrency
//
// Names are immutable values.
//
// # Resources
//
// A Name is at most 255 octets; no function here walks more labels than that.
//
// # Security
//
// Every constructor enforces the label and name limits (RFC 1035 §2.3.4,
// RFC 9267 §3); presentation form escapes everything unprintable.
//
// # Standards
//
// RFC 1034 §3.1, RFC 1035 §2.3.4 and §5.1, RFC 4034 §6.1, RFC 4343,
// RFC 6672 §2.2.
package domain
