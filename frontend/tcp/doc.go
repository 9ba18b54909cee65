// Package tcp serves clients over TCP: it binds the addresses, and package
// stream does the rest.
//
// # Concurrency
//
// A Listener is listened once and run once; Stats may be called at any time.
// Each address has a goroutine that accepts.
//
// # Resources
//
// Those of package stream. When descriptors run out, idle connections are
// closed for new ones.
//
// # Security
//
// TCP is served wherever UDP is and is never refused because UDP would do
// (RFC 9210 §3); who is served is decided by the handler, for both alike. The
// kernel's own keepalive probes are off: idle connections do not live that
// long.
//
// # Standards
//
// RFC 7766, RFC 9210.
package tcp
