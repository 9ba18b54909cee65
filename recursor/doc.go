// Package recursor resolves questions: from the cache, or by a walk that all
// who ask the same at the same time share.
//
// # Concurrency
//
// A Resolver serves any number of goroutines. Each walk runs in a goroutine of
// the Clock; who asked may leave before it ends.
//
// # Resources
//
// A client query spends one budget (iterate.Limits); resolutions under way are
// bounded by the caller. Signatures are verified on all processors but one, in
// turns; who finds too long a line is told so, and nothing is kept of it.
//
// # Security
//
// Failures are kept on the evidence of servers only (RFC 9520), so that an
// attacker's spent budget does not poison a name for others. What follows from
// validated denials is answered without asking, which leaves floods of made-up
// names to this resolver alone.
//
// # Standards
//
// RFC 1034 §5.3.3, RFC 2308, RFC 8198, RFC 8767, RFC 8914,
// RFC 9520.
package recursor
