// Package zone holds the zones that are answered here instead of by the
// Internet: special-use names, the reverse zones of private addresses, and what
// this resolver says of itself.
//
// A Table is data: Lookup is a function of name and type, and says also when a
// name is nobody's business here, so that it is resolved.
//
// # Concurrency
//
// A Table never changes once made; Transparent and With make another one. What a
// Discovery says is exchanged as a whole.
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
// RFC 9460 §2.2, RFC 9461, RFC 9462 §4 and §6, RFC 9476, RFC 9606.
package zone
