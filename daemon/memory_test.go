package daemon

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"recursor/clock"
	"recursor/daemon/config"
)

func TestGroupLimit(t *testing.T) {
	for _, tc := range []struct {
		what  string
		files map[string]string
		want  int64 // 0: none
	}{
		{"another system", nil, 0},
		{"no limit", map[string]string{"proc/self/cgroup": "0::/user.slice\n", "sys/fs/cgroup/user.slice/memory.max": "max\n"}, 0},
		{"a service", map[string]string{
			"proc/self/cgroup": "0::/system.slice/recursor.service\n",
			"sys/fs/cgroup/system.slice/recursor.service/memory.max": "268435456\n",
			"sys/fs/cgroup/system.slice/memory.max":                  "max\n",
		}, 256 << 20},
		{"the group above has less", map[string]string{
			"proc/self/cgroup":             "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "268435456\n",
			"sys/fs/cgroup/a/memory.max":   "134217728\n",
		}, 128 << 20},
		{"a container", map[string]string{"proc/self/cgroup": "0::/../../docker/abc\n", "sys/fs/cgroup/memory.max": "536870912\n"}, 512 << 20},
		{"version 1", map[string]string{
			"proc/self/cgroup": "11:cpu,cpuacct:/x\n9:memory:/x\n0::/x\n",
			"sys/fs/cgroup/memory/x/memory.limit_in_bytes": "100000000\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 100_000_000},
		{"version 1 without limit", map[string]string{"proc/self/cgroup": "9:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 0},
		{"nonsense", map[string]string{"proc/self/cgroup": "what\n0:/\n", "sys/fs/cgroup/memory.max": "much\n"}, 0},
	} {
		files := fstest.MapFS{}
		for name, text := range tc.files {
			files[name] = &fstest.MapFile{Data: []byte(text)}
		}
		got, ok := groupLimit(files)
		if ok != (tc.want > 0) || ok && got != tc.want {
			t.Errorf("%s: %d, %t", tc.what, got, ok)
		}
	}
}

func TestDivide(t *testing.T) {
	for _, tc := range []struct {
		what     string
		size     config.Size
		allowed  int64
		cache    config.Size
		heap     int64
		remarked bool
	}{
		{"no limit", 256 << 20, 0, 256 << 20, 112 << 20, false},
		{"a wide one", 256 << 20, 4 << 30, 256 << 20, 112 << 20, false},
		{"the heap gets what is left", 256 << 20, 384<<20 + 128<<20, 256 << 20, 112 << 20, false},
		{"just enough", 250 << 20, 500 << 20, 250 << 20, 48<<20 + 250<<20/4, false},
		{"the cache too", 256 << 20, 128 << 20, 64 << 20, 48 << 20, true},
		{"hardly any", 256 << 20, 32 << 20, 16 << 20, 32 << 20, true},
	} {
		c := config.Default()
		c.Cache.Size = tc.size
		fits, heap, remark := divide(c, tc.allowed, tc.allowed > 0)
		if fits.Cache.Size != tc.cache || heap != tc.heap || (remark != "") != tc.remarked {
			t.Errorf("%s: cache %s, heap %d MiB, %q", tc.what, fits.Cache.Size, heap>>20, remark)
		}
		if c.Cache.Size != tc.size {
			t.Errorf("%s: the configuration was changed", tc.what)
		}
		if tc.remarked && !strings.Contains(remark, "cache.size") {
			t.Errorf("%s: %q", tc.what, remark)
		}
	}
}

// TestRoomForTheCollector: it shares what a small cache leaves, and gets more
// beside one that holds much.
func TestRoomForTheCollector(t *testing.T) {
	for _, tc := range []struct {
		used int64
		want int
	}{
		{0, 250}, {5 << 20, 120}, {6 << 20, 100}, {16 << 20, 100}, {32 << 20, 200}, {100 << 20, 620}, {128 << 20, 800}, {8 << 30, 800},
	} {
		if got := gcPercent(tc.used); got != tc.want {
			t.Errorf("%d octets: %d, want %d", tc.used, got, tc.want)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	used := func() int64 {
		stop()
		return 48 << 20
	}
	var set []int
	if err := makeRoom(ctx, clock.NewReal(), used, func(percent int) int {
		set = append(set, percent)
		return 0
	}); err != nil || len(set) != 1 || set[0] != 300 {
		t.Errorf("set %d, %v", set, err)
	}
}
