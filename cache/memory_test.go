package cache

import (
	"crypto/sha256"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// resident is the resident memory of the process.
func resident(t testing.TB) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc/self/statm here to read resident memory from")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// settle waits until memory of former tests has gone back to the system, and
// reads what is resident then.
func settle(t testing.TB) int64 {
	t.Helper()
	least := resident(t)
	for calm := 0; calm < 5; calm++ {
		debug.FreeOSMemory()
		runtime.Gosched()
		if r := resident(t); r < least-1<<20 {
			least, calm = r, 0
		}
	}
	return resident(t)
}

// fill puts n A RRsets, with an ECDSA signature each where sig is given, of
// names as long as the usual ones.
func fill(t testing.TB, c *Cache, n int, sig []byte) {
	t.Helper()
	var label [8]byte
	zones := make([]domain.Name, 1000)
	for i := range zones {
		zones[i] = name(fmt.Sprintf("zone%03d.test.", i))
	}
	rdata := rrset.List(nil).Append([]byte{192, 0, 2, 1})
	var sigs rrset.List
	if sig != nil {
		sigs = sigs.Append(sig)
	}
	for i := range n {
		n, err := zones[i%1000].Prepend(string(strconv.AppendInt(label[:0], int64(100_000+i/10), 36)) + strconv.Itoa(i%10))
		if err != nil {
			t.Fatal(err)
		}
		s := rrset.Set{Name: n, Owner: []byte(n.Wire()), Type: wire.TypeA, Class: wire.ClassIN, TTL: 3600, RData: rdata, Sigs: sigs}
		if !c.Put(&s, RankAnswerAA, Insecure, start()) {
			t.Fatalf("%v refused", n)
		}
	}
}

// signature is an RRSIG of an ECDSA key: RDATA of 18 octets, a signer, and 64
// octets nobody can compress.
func signature(signer domain.Name) []byte {
	b := make([]byte, 18)
	b = signer.AppendWire(b)
	r, s := sha256.Sum256([]byte("r")), sha256.Sum256([]byte("s"))
	return append(append(b, r[:]...), s[:]...)
}

// TestCeiling puts a million RRsets where a third of them fit; under the race
// detector, which has nothing to look for in one goroutine, a quarter of all.
func TestCeiling(t *testing.T) {
	size, spare, sets := int64(64<<20), int64(64<<20), 1_000_000
	if raceDetector {
		size, spare, sets = size/4, spare/2, sets/4
	}
	before := settle(t)
	c := New(Options{Size: size, Seed: 1})
	fill(t, c, sets, signature(name("zone000.test.")))
	grown := settle(t) - before
	st := c.Stats()
	t.Logf("%d octets reserved, %d used by %d entries, %d evicted, %d more resident", st.Reserved, st.Used, st.Entries, st.Evicted, grown)
	if st.Reserved > size || st.Used > st.Reserved {
		t.Errorf("counted %d, used %d, the ceiling is %d", st.Reserved, st.Used, size)
	}
	if grown > size*13/10+spare {
		t.Errorf("%d octets resident more than before", grown)
	}
	if st.Evicted == 0 || st.Entries < int64(sets)*3/10 {
		t.Errorf("%d entries, %d evicted", st.Entries, st.Evicted)
	}
	runtime.KeepAlive(c)
}

// TestMemoryPerName measures what a name costs, all overhead included, in a
// cache with room to spare.
func TestMemoryPerName(t *testing.T) {
	names := int64(1_000_000)
	if raceDetector {
		names /= 10
	}
	for _, tc := range []struct {
		what string
		sig  []byte
		size int64 // octets of ceiling a name
		most int64
	}{
		{"plain", nil, 160, 200},
		{"signed", signature(name("zone000.test.")), 320, 400},
	} {
		before := settle(t)
		c := New(Options{Size: tc.size * names, Seed: 1})
		fill(t, c, int(names), tc.sig)
		each := (settle(t) - before) / names
		st := c.Stats()
		t.Logf("%s: %d octets resident a name, %d of them the entry's", tc.what, each, st.Used/st.Entries)
		if st.Entries != names || st.Evicted != 0 {
			t.Errorf("%s: %d entries, %d evicted", tc.what, st.Entries, st.Evicted)
		}
		// What an earlier test gave back meanwhile makes the figure smaller.
		if each > tc.most {
			t.Errorf("%s: %d octets resident a name, want at most %d", tc.what, each, tc.most)
		}
		runtime.KeepAlive(c)
	}
}

// BenchmarkCollect is what a collection costs while a million names are cached:
// nothing of them is looked at.
func BenchmarkCollect(b *testing.B) {
	for _, names := range []int{0, 1_000_000} {
		b.Run(strconv.Itoa(names), func(b *testing.B) {
			c := New(Options{Size: 320 << 20, Seed: 1})
			fill(b, c, names, signature(name("zone000.test.")))
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for b.Loop() {
				runtime.GC()
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.PauseTotalNs-before.PauseTotalNs)/float64(after.NumGC-before.NumGC)/1e3, "pause-µs/op")
			b.ReportMetric(float64(after.HeapAlloc)/(1<<20), "heap-MiB")
			if n := c.Stats().Entries; n != int64(names) {
				b.Errorf("%d entries", n)
			}
		})
	}
}
