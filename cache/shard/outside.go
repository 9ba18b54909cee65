package shard

import "runtime"

// Outside is n octets of zeroes that the collector neither looks into nor
// counts, where the system has mapped memory. They go back to the system when
// owner is no longer reachable: whoever uses them holds on to it.
func Outside[T any](n int, owner *T) []byte {
	mem, release := reserve(n)
	if release != nil {
		runtime.AddCleanup(owner, release, mem)
	}
	return mem
}
