// Package log writes events as log lines through zap.
//
// # Concurrency
//
// An Observer serves any number of goroutines.
//
// # Resources
//
// A line for each failure: at most so many of one kind in a second, the rest
// are counted and told with the next.
//
// # Security
//
// Names are in presentation form, so nothing a client sends can forge a line.
// Client addresses are written at level debug only (RFC 8932 §5.1.3).
//
// # Standards
//
// RFC 8914 for the reasons.
package log
