// Package sim is a simulated Internet in one process: time, a network, and
// authoritative servers with signed zones and the faults that servers have.
//
// Clock is simulated time, Network carries queries in it, Authority answers
// them from zones (RFC 1034 §4.3.2, RFC 4035 §3, RFC 5155 §7), Sign signs a
// zone, Internet builds a whole Internet from one text, and Loopback puts the
// same authorities on sockets. Nothing here is fast or hardened: it is for
// tests, replays and for seeing the resolver work on a machine without a
// network.
//
// # Concurrency
//
// On a Clock one engine goroutine runs at a time, so that nothing of Clock and
// Network has a lock; the race detector tells who calls them from elsewhere
// during a run. An Authority serves any number of goroutines.
//
// # Resources
//
// Everything lives in memory. Clock.Close ends the goroutines of a simulation;
// Loopback.Run holds a UDP and a TCP socket for each address until it returns.
//
// # Security
//
// Keys are derived from names and a seed, so that zones are signed alike on
// each run: they protect nothing.
//
// # Standards
//
// RFC 1034 §4.3.2, RFC 1035, RFC 2181 §9, RFC 2308 §3, RFC 4034, RFC 4035 §3,
// RFC 4592, RFC 5155 §7, RFC 6672, RFC 6891, RFC 7873, RFC 9018, RFC 9077,
// RFC 9471.
package sim
