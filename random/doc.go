// Package random gives each query a stream of unpredictable numbers: one of its
// own in simulation, one that it shares with others in production.
//
// Message IDs, source ports, 0x20 case and server choice come from a Stream,
// and nowhere else, so that a simulated resolver makes the same choices again.
//
// # Concurrency
//
// A Seeder serves any number of goroutines; a Stream locks, since a query's
// look-ups may run side by side.
//
// # Resources
//
// A Stream is about 300 octets; Shared has 64 of them.
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
