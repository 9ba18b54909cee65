// Package cachebench holds the store of the caches against otter, the yardstick,
// on one trace in one run:
//
//	go test -C tools/cachebench -v -bench . -count 3
//
// It is a module of its own, so that nobody who builds the resolver inherits the
// yardstick.
package cachebench
