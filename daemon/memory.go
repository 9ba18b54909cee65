package daemon

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"recursor/clock"
	"recursor/daemon/config"
)

// The cache lies outside the collector's heap where the system has mapped
// memory, so what the collector looks after is small, and collecting it often
// costs more than it gives back: with 4 MiB a cold answer takes a tenth more
// processor time than with 32. But what it has stays resident, which is much
// beside a cache that holds little. So it gets what the cache leaves of roomBoth,
// and a quarter of what the entries take where that is more.
const (
	roomBoth  = 10 << 20
	roomLeast = 4 << 20
	roomMost  = 32 << 20
	// roomUnit is what the runtime collects nothing before at GOGC=100.
	roomUnit = 4 << 20

	heapBase  = 48 << 20 // besides a share of the cache's ceiling
	heapLeast = 32 << 20 // with less the collector has no time for anything else
	// cacheShare is the part of what the process may use at all that the cache
	// gets at most.
	cacheShare = 2
)

// TuneMemory sets how the collector works for a resolver of this configuration:
// within a quarter of the cache's ceiling and 48 MiB beyond it. GOMEMLIMIT, where
// set, wins, and GOGC over how often it works. Where the control group
// of the process allows less memory, the heap gets what the cache leaves, and the
// cache half of it at most; the configuration returned says so, and remark tells
// the operator.
func TuneMemory(c *config.Config) (fits *config.Config, remark string) {
	allowed, limited := groupLimit(os.DirFS("/"))
	c, heap, remark := divide(c, allowed, limited)
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heap)
	}
	return c, remark
}

// gcInterval is how often the collector is told how much the cache holds.
const gcInterval = time.Second

// makeRoom gives the collector its room as the cache fills, until ctx ends. set is
// debug.SetGCPercent.
func makeRoom(ctx context.Context, clk clock.Clock, used func() int64, set func(int) int) error {
	wake := clk.NewSignal()
	defer context.AfterFunc(ctx, wake.Set)()
	given := 0
	for ctx.Err() == nil {
		if percent := gcPercent(used()); percent != given {
			set(percent)
			given = percent
		}
		wake.Wait(gcInterval)
	}
	return nil
}

// gcPercent is the GOGC beside entries of that many octets, in steps of ten.
func gcPercent(used int64) int {
	room := min(max(roomBoth-used, used/4, roomLeast), roomMost)
	return int(room*10/roomUnit) * 10
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
