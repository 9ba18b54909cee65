// Package dot serves clients over TLS (DoT): the listeners of package tcp with
// TLS around their connections, and the framing of package stream within.
//
// # Concurrency
//
// A Listener is listened once and run once; Stats may be called at any time. A
// handshake is made by the goroutine of its connection, so that a slow one
// keeps nobody else waiting.
//
// # Resources
//
// Those of package stream, and what TLS needs: some 24 KiB for a connection. All
// records that one read of the system brought are served together. A
// handshake has no more time than a new connection has for its first query.
//
// # Security
//
// A connection ends with a close_notify, but nobody waits for a client that
// does not take it. Which certificate is shown is up to the configuration given
// (package tlsconf); a client that speaks no common protocol of TLS is refused
// with an alert.
//
// # Standards
//
// RFC 7858 §3, RFC 8310 §8, RFC 8446 §6.1.
package dot
