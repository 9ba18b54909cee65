// Package daemon is the composition root: it turns a configuration into a
// running resolver. It is the one place that knows everybody.
//
// # Concurrency
//
// Functions may be called from any goroutine.
//
// # Resources
//
// Configurations and the files that they name are read up to a fixed size.
//
// # Security
//
// What comes in here comes from the operator.
//
// # Standards
//
// None of its own.
package daemon
