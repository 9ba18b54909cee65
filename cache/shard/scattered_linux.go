package shard

import "golang.org/x/sys/unix"

// scattered asks for huge pages, where the system has them: each of mem's small
// ones would cost a fault, and each look-up a walk through the page tables.
func scattered(mem []byte) {
	const huge = 2 << 20
	if n := len(mem) / huge * huge; n > 0 {
		_ = unix.Madvise(mem[:n], unix.MADV_HUGEPAGE) // advice: nothing is lost without
	}
}
