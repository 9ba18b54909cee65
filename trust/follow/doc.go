// Package follow keeps the trust anchors that validation uses up to date: it
// asks the zones for their keys as often as they want, steps the machine of
// package rfc5011, keeps its state in a file, and tells of every change. It also
// knows from what it sees whether the clock can be right.
//
// # Concurrency
//
// Anchors, Points and Off may be called by any goroutine, while one runs Run.
//
// # Resources
//
// A question an hour for each anchor's zone at most, and one file.
//
// # Security
//
// What was written is on the disk before a new key is trusted. While the clock
// is wrong nothing changes. A state that cannot be read is none: what is
// configured holds. So is one of other anchors than those configured, which has
// another file: what an operator changes is not overruled by what was followed
// before.
//
// # Standards
//
// RFC 5011 §2.3 and §4, RFC 8145 §5, RFC 9718 §2.1.2.
package follow
