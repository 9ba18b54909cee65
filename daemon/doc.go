// Package daemon is the composition root: it makes objects of a configuration
// and runs them. It is the one place that knows everyone.
//
// # Concurrency
//
// Run starts everything and returns when all of it has ended.
//
// # Resources
//
// The sockets, the cache and the limits that the configuration gives.
//
// # Security
//
// Nothing listens beyond loopback unless the configuration says so, and
// recursion is for local networks unless it says otherwise (RFC 5358 §4).
//
// # Standards
//
// RFC 5358, RFC 9609.
package daemon
