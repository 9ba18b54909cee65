// Package observe is what the engine tells about itself: typed events and the
// Observer that takes them. Logs, metrics and transcripts are readers of the
// same stream.
//
// # Concurrency
//
// An Observer is called from any goroutine and must not block.
//
// # Resources
//
// Where there is no Observer, or none that has a use for it (Choosy), an event
// costs a comparison.
//
// # Security
//
// Events carry names and addresses; a reader that stores them decides what
// privacy asks (RFC 8932 §5).
//
// # Standards
//
// RFC 8914 for the codes.
package observe
