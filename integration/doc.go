// Package integration holds the tests that no single package can hold: the house rules (which package may
// import which, which RFCs are cited, what the documents promise) and the end-to-end tests of the resolver.
// It has no code of its own and nobody imports it.
//
// # Concurrency
//
// The house tests start no goroutine; end-to-end tests leave none behind.
//
// # Resources
//
// The house tests read the source tree and run the go command; those with real peers start processes on
// loopback addresses and end them.
//
// # Security
//
// No test sends a packet off the machine.
//
// # Standards
//
// docs/rfc.md is held to the RFCs and checklist ids that the sources cite.
package integration
