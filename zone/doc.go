// Package zone holds the zones that are answered here instead of by the
// Internet: special-use names and the reverse zones of private addresses.
//
// A Table is data: Lookup is a function of name and type, and says also when a
// name is nobody's business here, so that it is resolved.
//
// # Concurrency
//
// A Table never changes once made; Transparent makes another one.
//
// # Resources
//
// About a hundred small zones. A look-up of a name that is not special costs
// one access to a map; negative answers and those at an apex allocate nothing.
//
// # Security
//
// Queries that nobody outside can answer rightly, and that tell of the inside,
// do not leave the house (RFC 6303 §2, RFC 7686 §1, RFC 6762 §22.1).
//
// # Standards
//
// RFC 6303, RFC 6761, RFC 6762 §22.1, RFC 7686, RFC 7793, RFC 8375, RFC 8880,
// RFC 9462 §6.4, RFC 9476.
package zone
