// Package frontend is what the doors to clients have in common: the Query that
// comes in, the Handler that answers it, the limits, and the life of a
// listener. Package udp has datagrams, stream the framing of TCP and its
// relatives, tcp the listeners on top of it.
//
// # Concurrency
//
// A Handler serves any number of goroutines at once. Connections and Gate may
// be shared by several listeners; Counters are written by many and read by
// anyone. A Listener is listened once and run once.
//
// # Resources
//
// Connections and misses in progress are bounded, in all and, for connections,
// per client; the connection that was idle longest gives way, and the more are
// open the less time idle ones have. Counting is a
// few atomic additions per batch on cache lines of a worker's own.
//
// # Security
//
// A packet or frame that is no query (shorter than a header, or a response)
// never reaches the Handler, so that two servers cannot be made to answer each
// other. A panic of the Handler costs the query, or the connection, that
// caused it.
//
// # Standards
//
// RFC 2181 §4.1, RFC 7766 §5, §6.2, §7, RFC 9210 §4.2.
package frontend
