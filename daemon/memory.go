package daemon

import (
	"os"
	"runtime/debug"

	"recursor/daemon/config"
)

// The cache lies outside the collector's heap where the system has mapped
// memory, so what the collector looks after is small, and collecting it often
// would cost more than it gives back.
const (
	gcPercent = 800
	heapBase  = 48 << 20 // besides a share of the cache's ceiling
)

// TuneMemory sets how the collector works for a resolver of this
// configuration: seldom while the heap is small, and within a quarter of the
// cache's ceiling and 48 MiB beyond it. GOGC and GOMEMLIMIT, where set, win.
func TuneMemory(c *config.Config) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heapBase + int64(c.Cache.Size)/4)
	}
}
