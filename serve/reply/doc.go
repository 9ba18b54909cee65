// Package reply writes responses: the one place for all front ends.
//
// A response is always built anew from what is to be said. Nothing of the
// client's message is in it but the ID, the question in its own spelling and
// the flags that an RFC tells a server to copy, so that no bit, option or
// section leaks through.
//
// # Concurrency
//
// A Reply belongs to one goroutine. The Sets in it are read only.
//
// # Resources
//
// Append allocates nothing where dst has room for the response. The work is
// linear in the octets written.
//
// # Security
//
// A response is never longer than the limit, whatever the Sets. Compression
// work is bounded by wire.Builder.
//
// # Standards
//
// RFC 1035 §4.1, RFC 2181 §5.2, §9, RFC 4035 §3.1.1, RFC 4343 §4,
// RFC 6891 §6.1, §7, RFC 7830, RFC 8467 §4.1, RFC 8914 §3.
package reply
