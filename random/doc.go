// Package random gives each query its own stream of unpredictable numbers.
//
// Message IDs, source ports, 0x20 case and server choice come from a Stream,
// and nowhere else, so that a simulated resolver makes the same choices again.
//
// # Concurrency
//
// A Seeder serves any number of goroutines; a Stream belongs to one query and
// locks, since a query's look-ups may run side by side.
//
// # Resources
//
// A Stream is about 300 octets.
//
// # Security
//
// In production each stream is ChaCha8 keyed by 256 bits of the system's
// CSPRNG (RFC 5452 §9.2).
//
// # Standards
//
// RFC 5452 §9.2, RFC 9018 §3.
package random
