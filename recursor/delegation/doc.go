// Package delegation holds zone cuts and who serves below them.
//
// A Point is a delegation point: the zone, its name servers with the glue that
// came with them, and where it comes from. Points learnt from referrals live
// in the cache as long as the parent said; forward and stub zones are Points
// of the configuration; the root's come from hints until priming has answered.
//
// # Concurrency
//
// A Point is never changed once others can see it. A Store serves any number
// of goroutines.
//
// # Resources
//
// A Point keeps at most thirteen servers; stored Points count against the
// cache's bytes.
//
// # Security
//
// Glue serves its Point only and is never an answer (RFC 2181 §5.4.1). Nothing
// a child says lengthens the life of its delegation ("ghost domains").
//
// # Standards
//
// RFC 1034 §4.2, RFC 2181 §5.4.1, RFC 9471, RFC 9609.
package delegation
