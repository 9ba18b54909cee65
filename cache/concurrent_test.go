package cache

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// TestConcurrent has goroutines do everything at once. An RRset that is read
// must be whole: each carries its number in every record.
func TestConcurrent(t *testing.T) {
	c := newCache(Options{Size: 1 << 20})
	names := make([]domain.Name, 2000)
	for i := range names {
		names[i] = name(fmt.Sprintf("host%d.zone%d.example.", i, i%20))
	}
	zone := soa(t, "example.", 300, 300)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(g)))
			for i := range 10_000 {
				n := names[r.IntN(len(names))]
				now := after(float64(i) / 100)
				switch r.IntN(12) {
				case 0:
					c.PutDenial(&Denial{Name: n, SOA: zone, Status: Secure}, now)
				case 1:
					c.PutFailure(n, wire.TypeA, Failure{Text: "why"}, now)
				case 2:
					c.GetFailure(n, wire.TypeA, now)
				case 3:
					c.GetDenial(n, wire.TypeA, now)
					c.GetAbove(n, now)
				case 4, 5, 6:
					num := byte(r.Uint32())
					s := rrset.New(n, wire.TypeA, uint32(r.IntN(100)))
					for range num%8 + 1 {
						s.RData = s.RData.Append([]byte{10, num, num, num})
					}
					c.Put(&s, ranks()[r.IntN(5)], statuses()[r.IntN(4)], now)
				case 7:
					c.PutPoint(n, []byte(n.Wire()), after(1000), now)
					if b, _, ok := c.GetPoint(n, now); ok && b != n.Wire() {
						t.Errorf("the point of %v is %q", n, b)
					}
				default:
					e, ok := c.GetStale(n, wire.TypeA, now)
					if !ok {
						continue
					}
					for rd := range e.Set.RData.All() {
						if num := rd[1]; rd[3] != num || e.Set.Len() != int(num%8+1) {
							t.Errorf("%v: %v", n, e.Set.RData)
						}
					}
				}
				switch {
				case i%4000 == 1:
					c.FlushTree(name("zone3.example."))
				case i%5000 == 2:
					c.Flush(n)
				case i%9000 == 3:
					c.FlushAll()
				case i%1000 == 4:
					c.Stats()
				}
			}
		})
	}
	wg.Wait()
	if st := c.Stats(); st.Reserved > st.Size || st.Used > st.Reserved {
		t.Errorf("%+v", st)
	}
}

// mallocs counts the allocations of f.
func mallocs(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

func TestAllocations(t *testing.T) {
	c := newCache(Options{})
	now := start()
	s := set(t, "www.Example. 300 IN A 192.0.2.1", "www.Example. 300 IN A 192.0.2.2", nsec3Sig)
	big := large(t, 4000)
	d := nxdomain(t, "nx.example.", "example.", 300, Secure)
	d.Proof = []rrset.Set{set(t, nsec3, nsec3Sig), set(t, "example. 900 IN NSEC www.example. NS SOA")}
	c.Put(&s, RankAnswerAA, Secure, now)
	c.Put(&big, RankAnswerAA, Secure, now)
	c.PutDenial(d, now)
	c.PutFailure(s.Name, s.Type, Failure{Text: "why"}, now)
	below := name("a.b.c.nx.example.")
	for _, tc := range []struct {
		what string
		most int
		f    func()
	}{
		{"Get", 1, func() { c.Get(s.Name, s.Type, now) }},
		{"Get of a large RRset", 2, func() { c.Get(big.Name, big.Type, now) }},
		{"Get of what is not there", 0, func() { c.Get(s.Name, wire.TypeMX, now) }},
		{"Put", 0, func() { c.Put(&s, RankAnswerAA, Secure, now) }},
		{"GetDenial", 3, func() { c.GetDenial(d.Name, s.Type, now) }}, // buffer, Proof, one owner's name
		{"GetDenial of what is not there", 0, func() { c.GetDenial(s.Name, s.Type, now) }},
		{"PutDenial", 0, func() { c.PutDenial(d, now) }},
		{"GetAbove", 3, func() { c.GetAbove(below, now) }},
		{"GetAbove of what is not there", 0, func() { c.GetAbove(s.Name, now) }},
		{"GetFailure", 1, func() { c.GetFailure(s.Name, s.Type, now) }}, // the text
		{"GetFailure of what is not there", 0, func() { c.GetFailure(d.Name, s.Type, now) }},
	} {
		const runs = 2000
		n := mallocs(func() {
			for range runs {
				tc.f()
			}
		})
		if n > uint64(tc.most*runs)+50 {
			t.Errorf("%s: %.2f allocations, want %d", tc.what, float64(n)/runs, tc.most)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	c := New(Options{Size: 64 << 20, Seed: 1})
	names := make([]domain.Name, 1<<14)
	now := start()
	for i := range names {
		names[i] = name(fmt.Sprintf("host%d.zone%d.example.", i, i%20))
		s := rrset.New(names[i], wire.TypeA, 300, []byte{192, 0, 2, 1})
		c.Put(&s, RankAnswerAA, Secure, now)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		if _, ok := c.Get(names[i%len(names)], wire.TypeA, now); !ok {
			b.Fatal("miss")
		}
	}
}

func BenchmarkPut(b *testing.B) {
	c := New(Options{Size: 64 << 20, Seed: 1})
	sets := make([]rrset.Set, 1<<14)
	now := start()
	for i := range sets {
		sets[i] = rrset.New(name(fmt.Sprintf("host%d.zone%d.example.", i, i%20)), wire.TypeA, 300, []byte{192, 0, 2, 1})
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		if !c.Put(&sets[i%len(sets)], RankAnswerAA, Unjudged, now) {
			b.Fatal("refused")
		}
	}
}
