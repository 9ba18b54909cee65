//go:build linux || darwin

package shard

import "golang.org/x/sys/unix"

// reserve maps n octets of zeroes outside the collector's heap. A system that
// refuses gets the heap to try.
func reserve(n int) (mem []byte, release func([]byte)) {
	mem, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return make([]byte, n), nil
	}
	return mem, func(mem []byte) { _ = unix.Munmap(mem) }
}
