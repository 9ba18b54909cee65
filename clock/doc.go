// Package clock is time, goroutines and waiting.
//
// Every engine goroutine is started by Clock.Go and every engine wait is made
// on a Signal, so that a simulated clock knows when nothing can run and may
// move time. Real is the clock of production; package testbed/sim has the
// simulated one.
//
// # Concurrency
//
// A Clock serves any number of goroutines. A Signal has one waiter at a time
// and any number of notifiers.
//
// # Resources
//
// Nothing runs by itself: a Clock starts only the goroutines it is asked for.
//
// # Security
//
// Go recovers a panic at the border of a goroutine, so that a query that
// breaks an invariant costs itself and not the process.
//
// # Standards
//
// RFC 4034 §3.1.5 (wall time of signatures), RFC 1035 §7.3 (TTLs by intervals).
package clock
