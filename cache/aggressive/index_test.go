package aggressive

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

func name(s string) domain.Name { return domain.MustParse(s) }

// randomName is a name of labels that sort badly.
func randomName(rng *rand.Rand) domain.Name {
	n := domain.Root()
	for range rng.IntN(4) {
		label := make([]byte, 1+rng.IntN(3))
		for i := range label {
			label[i] = []byte{0, 1, 2, 'a', 'b', 254, 255}[rng.IntN(7)]
		}
		n, _ = n.Prepend(string(label))
	}
	return n
}

// Keys compare as the names do (RFC 4034 §6.1), zone by zone and kind by kind.
func TestKeysCompareAsNames(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		a, b := randomName(rng), randomName(rng)
		x, y := appendName(nil, a, domain.Root()), appendName(nil, b, domain.Root())
		if got, want := bytes.Compare(x, y), cmp.Compare(domain.Compare(a, b), 0); got != want {
			t.Fatalf("%s and %s: %d, want %d", a, b, got, want)
		}
		var ka, kb keyBuf
		p := ka.zone(a, kindNSEC)
		if k := kb.zone(b, kindNSEC); bytes.HasPrefix(k, p) && a != b {
			t.Fatalf("the keys of %s begin as those of %s", b, a)
		}
		if a.IsRoot() || !b.Below(a) {
			continue
		}
		// What is below a lies between a and what FlushTree takes for the end.
		end := append([]byte(nil), x...)
		end[len(end)-1]++
		if bytes.Compare(y, x) < 0 || bytes.Compare(y, end) >= 0 {
			t.Fatalf("%s is not between %s and its end", b, a)
		}
	}
	long := name(strings.Repeat("\\000\\001.", 84))
	var kb keyBuf
	if k := kb.name(domain.Root(), long); len(k) != 84*5+2 {
		t.Errorf("a key of %d octets", len(k))
	}
}

// A shard does what a sorted map does.
func TestShardTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	s := &shard{}
	twin := map[string]string{}
	key := func() []byte { return binary.BigEndian.AppendUint16([]byte("k"), uint16(rng.IntN(3000))) }
	pages := 0
	for i := range 40000 {
		k := key()
		switch rng.IntN(10) {
		case 0, 1, 2, 3:
			v := bytes.Repeat([]byte{byte(i)}, 1+rng.IntN(maxValue))
			var end []byte
			if rng.IntN(3) == 0 {
				end = binary.BigEndian.AppendUint16([]byte("k"), binary.BigEndian.Uint16(k[1:])+uint16(rng.IntN(5)))
				for have := range twin {
					if have > string(k) && have < string(end) {
						delete(twin, have)
					}
				}
				if string(end) <= string(k) {
					end = nil
				}
			}
			pages += s.put(k, v, end)
			twin[string(k)] = string(v)
		case 4:
			if rng.IntN(20) > 0 {
				break
			}
			end := key()
			if string(end) < string(k) {
				k, end = end, k
			}
			pages -= s.drop(k, end)
			for have := range twin {
				if have >= string(k) && have < string(end) {
					delete(twin, have)
				}
			}
		case 5, 6:
			got, ok := s.get(nil, k)
			want, has := twin[string(k)]
			if ok != has || string(got) != want {
				t.Fatalf("get %x: %d octets, %t; want %d, %t", k, len(got), ok, len(want), has)
			}
		default:
			keys := make([]string, 0, len(twin))
			for have := range twin {
				keys = append(keys, have)
			}
			slices.Sort(keys)
			at, exact := slices.BinarySearch(keys, string(k))
			if !exact {
				at--
			}
			got, ok := s.floor(nil, k, []byte("k"))
			if ok != (at >= 0) || ok && string(got) != twin[keys[at]] {
				t.Fatalf("floor %x: %t, want %d of %d", k, ok, at, len(keys))
			}
		}
		if pages != len(s.pages) || int64(pages) != s.count.Load() {
			t.Fatalf("%d pages are counted, %d there", pages, len(s.pages))
		}
	}
	pages -= s.reset()
	if pages != 0 || len(s.pages) != 0 {
		t.Errorf("%d pages after a reset", pages)
	}
}

// record makes an NSEC record of a made-up zone.
func record(zone domain.Name, owner, next string) Record {
	n, _ := zone.Prepend(owner)
	to, _ := zone.Prepend(next)
	rd := append(to.AppendWire(nil), 0, 1, 0x40)
	set := rrset.New(n, wire.TypeNSEC, 3600, rd)
	set.Sigs = set.Sigs.Append(make([]byte, 100))
	return Record{Zone: zone, Set: set, TTL: 3600}
}

// The memory stays below the ceiling, and zones that are asked for keep theirs.
func TestCeiling(t *testing.T) {
	const size = 1 << 20
	x := New(Options{Size: size})
	now := time.Unix(1_800_000_000, 0)
	kept := name("kept.")
	x.Add(nil, []Record{record(kept, "a", "c")}, now)
	q := &Question{Name: name("b.kept."), Type: wire.TypeA, Expand: func(domain.Name) bool { return true }}
	for i := range 40000 {
		zone := name(fmt.Sprintf("z%d.", i%37))
		x.Add(nil, []Record{record(zone, fmt.Sprintf("n%06d", i), fmt.Sprintf("n%06dx", i))}, now)
		if _, ok := x.Find(q, now, nil); !ok && i < 20000 {
			t.Fatalf("the zone that is asked for is gone after %d others", i)
		}
	}
	st := x.Stats()
	if st.Used > size || st.Used < size/2 || st.Size != size {
		t.Errorf("%d octets of %d", st.Used, st.Size)
	}
	total := int64(0)
	for i := range x.shards {
		total += int64(len(x.shards[i].pages))
	}
	if total*pageSize != st.Used {
		t.Errorf("%d pages, %d octets counted", total, st.Used)
	}
	x.FlushAll()
	if st := x.Stats(); st.Used != 0 {
		t.Errorf("%d octets after a flush", st.Used)
	}
}

func TestFlush(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	fill := func() *Index {
		x := New(Options{})
		for _, z := range []string{".", "a.", "b.a.", "ba.", "c.b.a."} {
			x.Add(nil, []Record{record(name(z), "m", "o")}, now)
		}
		return x
	}
	has := func(x *Index, zone string) bool {
		n, _ := name(zone).Prepend("n")
		f, ok := x.Find(&Question{Name: n, Type: wire.TypeA, Within: name(zone), Expand: func(domain.Name) bool { return true }}, now, nil)
		return ok && f.Zone == name(zone)
	}
	for what, c := range map[string]struct {
		flush func(*Index)
		left  string
	}{
		"nothing":         {func(*Index) {}, ". a. b.a. ba. c.b.a."},
		"a name":          {func(x *Index) { x.Flush(name("x.b.a.")) }, "ba. c.b.a."},
		"a tree":          {func(x *Index) { x.FlushTree(name("b.a.")) }, "ba."},
		"the root's tree": {func(x *Index) { x.FlushTree(domain.Root()) }, ""},
		"all":             {(*Index).FlushAll, ""},
	} {
		x := fill()
		c.flush(x)
		var left []string
		for _, z := range []string{".", "a.", "b.a.", "ba.", "c.b.a."} {
			if has(x, z) {
				left = append(left, z)
			}
		}
		if got := strings.Join(left, " "); got != c.left {
			t.Errorf("%s: %q is left, want %q", what, got, c.left)
		}
	}
}

// What cannot be held is refused.
func TestRefused(t *testing.T) {
	x := New(Options{})
	now := time.Unix(1_800_000_000, 0)
	big := record(name("a."), "m", "o")
	big.Set.Sigs = big.Set.Sigs.Append(make([]byte, maxValue))
	outside := record(name("a."), "m", "o")
	outside.Zone = name("b.")
	back := record(name("a."), "o", "m")
	two := record(name("a."), "m", "o")
	two.Set.RData = two.Set.RData.Append(two.Set.RData.First())
	for i, r := range []Record{big, outside, back, two} {
		x.Add(nil, []Record{r}, now)
		if n := x.Stats().Added; n != 0 {
			t.Fatalf("record %d was taken", i)
		}
	}
	soa := rrset.New(name("c."), wire.TypeSOA, 60, []byte{0, 0})
	x.Add(&soa, nil, now)
	if x.Stats().Used > 4*pageSize {
		t.Error("a malformed SOA was taken")
	}
}

// Many may read and write at once.
func TestConcurrent(t *testing.T) {
	x := New(Options{Size: minSize})
	now := time.Unix(1_800_000_000, 0)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 9))
			for range 2000 {
				zone := name(fmt.Sprintf("z%d.", rng.IntN(8)))
				i := rng.IntN(1000)
				switch rng.IntN(8) {
				case 0:
					x.Flush(zone)
				case 1, 2, 3:
					x.Add(nil, []Record{record(zone, fmt.Sprintf("n%06d", i), fmt.Sprintf("n%06dx", i))}, now)
				default:
					n, _ := zone.Prepend(fmt.Sprintf("n%06da", i))
					x.Find(&Question{Name: n, Type: wire.TypeA, Expand: func(domain.Name) bool { return true }}, now, nil)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkFindNothing(b *testing.B) {
	x := New(Options{})
	now := time.Unix(1_800_000_000, 0)
	for i := range 5000 {
		x.Add(nil, []Record{record(domain.Root(), fmt.Sprintf("n%06d", i), fmt.Sprintf("n%06d", i+1))}, now)
	}
	q := &Question{Name: name("www.example.net."), Type: wire.TypeA}
	b.ReportAllocs()
	for b.Loop() {
		x.Find(q, now, nil)
	}
}
