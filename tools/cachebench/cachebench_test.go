package cachebench

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/maypok86/otter/v2"

	"recursor/cache/shard"
)

const valueLen = 176 // an A record with its signature, more or less

// trace is a million requests: Zipf(1.05) over 500,000 keys, and one in twenty
// for a name that nobody asks for again.
func trace(v float64) []string {
	const requests, keys = 1_000_000, 500_000
	r := rand.New(rand.NewPCG(1, 2))
	z := rand.NewZipf(r, 1.05, v, keys-1)
	out := make([]string, requests)
	for i := range out {
		if r.Float64() < 0.05 {
			out[i] = "once" + strconv.Itoa(i) + ".example.com"
			continue
		}
		out[i] = "host" + strconv.FormatUint(z.Uint64(), 10) + ".example.com"
	}
	return out
}

// cache is what both are to the trace.
type cache interface {
	get(key string, dst []byte) ([]byte, bool)
	put(key string, value []byte)
}

// ours is bounded by octets, overhead included: 228 for each entry of the trace.
type ours struct{ s *shard.Store }

func newOurs(entries int) cache {
	return ours{shard.New(shard.Options{Size: int64(entries) * 228, Seed: 7})}
}

func (c ours) get(key string, dst []byte) ([]byte, bool) { return c.s.Get([]byte(key), dst, 1) }
func (c ours) put(key string, value []byte)              { c.s.Put([]byte(key), value, 1000, 1) }

// theirs is bounded by entries. What is found is copied out as ours is: a
// resolver counts TTLs down in its own copy.
type theirs struct{ c *otter.Cache[string, []byte] }

func newTheirs(entries int) cache {
	return theirs{otter.Must(&otter.Options[string, []byte]{MaximumSize: entries})}
}

func (c theirs) get(key string, dst []byte) ([]byte, bool) {
	v, ok := c.c.GetIfPresent(key)
	return append(dst, v...), ok
}

func (c theirs) put(key string, value []byte) { c.c.Set(key, append([]byte(nil), value...)) }

func replay(c cache, requests []string) float64 {
	var value [valueLen]byte
	var buf [256]byte
	hits := 0
	for i, key := range requests {
		if _, ok := c.get(key, buf[:0]); ok {
			hits++
			continue
		}
		binary.LittleEndian.PutUint64(value[:], uint64(i))
		c.put(key, value[:])
	}
	return float64(hits) / float64(len(requests))
}

// TestHitRatio: on the Zipf-with-scan trace we keep at least what otter keeps.
func TestHitRatio(t *testing.T) {
	for _, tc := range []struct {
		v       float64
		entries int
	}{{2, 10_000}, {2, 50_000}, {1, 10_000}, {1, 50_000}} {
		requests := trace(tc.v)
		a, b := replay(newOurs(tc.entries), requests), replay(newTheirs(tc.entries), requests)
		t.Logf("v=%v, %d entries: ours %.4f, otter %.4f", tc.v, tc.entries, a, b)
		if a < b {
			t.Errorf("v=%v, %d entries: ours %.4f, otter %.4f", tc.v, tc.entries, a, b)
		}
	}
}

// spent is the CPU time of the process so far: on a machine with other work, the
// clock on the wall tells of that.
func spent(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkHit asks half a million names that are all there, in the order of a
// Zipf distribution.
func BenchmarkHit(b *testing.B) {
	const n = 500_000
	keys := make([]string, n)
	for i := range keys {
		keys[i] = "host" + strconv.Itoa(i) + ".example.com"
	}
	order := make([]uint32, 1<<19)
	z := rand.NewZipf(rand.New(rand.NewPCG(3, 4)), 1.05, 1, n-1)
	for i := range order {
		order[i] = uint32(z.Uint64())
	}
	for _, tc := range []struct {
		name string
		c    cache
	}{{"ours", newOurs(2 * n)}, {"otter", newTheirs(2 * n)}} {
		var value [valueLen]byte
		for _, key := range keys {
			tc.c.put(key, value[:])
		}
		b.Run(fmt.Sprintf("one/%s", tc.name), func(b *testing.B) {
			var buf [256]byte
			i := 0
			b.ReportAllocs()
			began := spent(b)
			for b.Loop() {
				if _, ok := tc.c.get(keys[order[i%len(order)]], buf[:0]); !ok {
					b.Fatal("miss")
				}
				i++
			}
			b.ReportMetric(float64(spent(b)-began)/float64(b.N), "cpu-ns/op")
		})
		b.Run(fmt.Sprintf("parallel/%s", tc.name), func(b *testing.B) {
			var start atomic.Uint32
			b.ReportAllocs()
			began := spent(b)
			b.RunParallel(func(pb *testing.PB) {
				var buf [256]byte
				i := int(start.Add(1)) * 7919
				for pb.Next() {
					if _, ok := tc.c.get(keys[order[i%len(order)]], buf[:0]); !ok {
						b.Error("miss")
						return
					}
					i++
				}
			})
			b.ReportMetric(float64(spent(b)-began)/float64(b.N), "cpu-ns/op")
		})
	}
}
