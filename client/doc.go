// Package client asks a resolver or server one question and shows the reply.
//
// # Concurrency
//
// A Stub serves any number of goroutines.
//
// # Resources
//
// A socket for each question, closed when Ask returns.
//
// # Security
//
// A reply must match the query by RFC 5452 §9.1; others are waited past.
// Nothing is validated: what the AD bit says is as good as the way to the
// resolver (RFC 4033 §7).
//
// # Standards
//
// RFC 1035 §4.2, RFC 5452 §9.1, RFC 6891, RFC 8427.
package client
