package daemon

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"

	"recursor/daemon/config"
)

// The cache lies outside the collector's heap where the system has mapped
// memory, so what the collector looks after is small, and collecting it often
// would cost more than it gives back: with a quarter of this, cold answers take a
// fifth more processor time. What is set aside for it stays resident, 4 MiB for
// each hundred at least.
const (
	gcPercent = 800
	heapBase  = 48 << 20 // besides a share of the cache's ceiling
	heapLeast = 32 << 20 // with less the collector has no time for anything else
	// cacheShare is the part of what the process may use at all that the cache
	// gets at most.
	cacheShare = 2
)

// TuneMemory sets how the collector works for a resolver of this configuration:
// seldom while the heap is small, and within a quarter of the cache's ceiling and
// 48 MiB beyond it. GOGC and GOMEMLIMIT, where set, win. Where the control group
// of the process allows less memory, the heap gets what the cache leaves, and the
// cache half of it at most; the configuration returned says so, and remark tells
// the operator.
func TuneMemory(c *config.Config) (fits *config.Config, remark string) {
	allowed, limited := groupLimit(os.DirFS("/"))
	c, heap, remark := divide(c, allowed, limited)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heap)
	}
	return c, remark
}

// divide is TuneMemory as a decision.
func divide(c *config.Config, allowed int64, limited bool) (fits *config.Config, heap int64, remark string) {
	heap = heapBase + int64(c.Cache.Size)/4
	if !limited {
		return c, heap, ""
	}
	if most := config.Size(allowed / cacheShare); c.Cache.Size > most {
		remark = fmt.Sprintf("the control group allows %s in all: the cache gets %s instead of %s; set cache.size",
			config.Size(allowed), most, c.Cache.Size)
		smaller := *c
		smaller.Cache.Size = most
		c = &smaller
		heap = heapBase + int64(c.Cache.Size)/4
	}
	// An eighth is for what is neither: stacks, sockets, the program.
	return c, max(min(heap, allowed-allowed/8-int64(c.Cache.Size)), heapLeast), remark
}

// groupLimit is the least memory limit of the process's control groups (Linux,
// version 2, or version 1 where that is mounted); false where there is none.
func groupLimit(root fs.FS) (int64, bool) {
	least := int64(math.MaxInt64)
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(groups)) {
		// hierarchy:controllers:path; version 2 has no controllers.
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		folder, file := "sys/fs/cgroup", "memory.max"
		if parts[1] != "" {
			if parts[1] != "memory" {
				continue
			}
			folder, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		}
		// Each group is within those above it. In a container the path may be
		// that of the host, while its own group is mounted as the root.
		for at := path.Clean("/" + parts[2]); ; at = path.Dir(at) {
			if text, err := fs.ReadFile(root, path.Join(folder, at, file)); err == nil {
				if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
					least = min(least, n)
				}
			}
			if at == "/" {
				break
			}
		}
	}
	// Version 1 says "none" by a number that no machine has.
	return least, least < 1<<50
}
