package shard

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func get(s *Store, key string, now int64) string {
	v, ok := s.Get([]byte(key), nil, now)
	if !ok {
		return "-"
	}
	return string(v)
}

func TestStore(t *testing.T) {
	s := New(Options{Size: MinSize, Seed: 1})
	if got := get(s, "a", 10); got != "-" {
		t.Errorf("empty store has %q", got)
	}
	for _, p := range []struct {
		key, value string
		expiry     int64
	}{
		{"a", "one", 100},
		{"b", "", 100},
		{"", "under the empty key", 100},
		{strings.Repeat("k", maxKey), strings.Repeat("v", 4000), 100},
		{"late", "far off", math.MaxInt64},
	} {
		if !s.Put([]byte(p.key), []byte(p.value), p.expiry, 10) {
			t.Errorf("Put(%.5q) refused", p.key)
		}
		if got := get(s, p.key, 10); got != p.value {
			t.Errorf("Get(%.5q) = %.20q, want %.20q", p.key, got, p.value)
		}
	}
	if got := get(s, "a", 99); got != "one" {
		t.Errorf("a second before the end: %q", got)
	}
	if got := get(s, "b", 100); got != "-" {
		t.Errorf("at the end: %q, want nothing", got)
	}
	if got := get(s, "b", 10); got != "-" {
		t.Errorf("an entry found expired came back: %q", got)
	}
	if !s.Delete([]byte("a")) || s.Delete([]byte("a")) || get(s, "a", 10) != "-" {
		t.Error("Delete: want true, then false, then a miss")
	}
	if got, ok := s.Get([]byte(""), []byte("before "), 10); !ok || string(got) != "before under the empty key" {
		t.Errorf("Get appends: %q", got)
	}
	mustVerify(t, s)
}

func TestPutRefuses(t *testing.T) {
	s := New(Options{Size: MinSize})
	s.Put([]byte("k"), []byte("old"), 100, 10)
	for name, tc := range map[string]struct {
		key, value []byte
		expiry     int64
	}{
		"long key":     {make([]byte, maxKey+1), nil, 100},
		"large item":   {[]byte("k"), make([]byte, s.MaxItem()), 100},
		"past":         {[]byte("k"), []byte("new"), 9},
		"now":          {[]byte("k"), []byte("new"), 10},
		"before times": {[]byte("k"), []byte("new"), -5},
	} {
		if s.Put(tc.key, tc.value, tc.expiry, 10) {
			t.Errorf("%s: stored", name)
		}
	}
	if got := get(s, "k", 10); got != "old" {
		t.Errorf("refused Puts left %q", got)
	}
	if !s.Put([]byte("k"), make([]byte, s.MaxItem()-1), 100, 10) {
		t.Error("an item of MaxItem refused")
	}
	mustVerify(t, s)
}

func TestPeekIsNoUse(t *testing.T) {
	s := New(Options{Size: MinSize, Seed: 1})
	s.Put([]byte("k"), []byte("0123456789"), 100, 10)
	var head [4]byte
	if n, ok := s.Peek([]byte("k"), head[:], 10); !ok || n != 4 || string(head[:]) != "0123" {
		t.Errorf("Peek = %d, %t, %q", n, ok, head)
	}
	if n, ok := s.Peek([]byte("k"), make([]byte, 20), 10); !ok || n != 10 {
		t.Errorf("Peek with room to spare = %d, %t", n, ok)
	}
	if _, ok := s.Peek([]byte("k"), head[:], 100); ok {
		t.Error("Peek found an expired entry")
	}
	hits := func() uint32 {
		d := s.secret.sum([]byte("k"))
		sh := s.enter(d)
		defer sh.mu.Unlock()
		_, h := sh.find(d, []byte("k"))
		return h.hits()
	}
	s.Put([]byte("k"), []byte("0123456789"), 100, 10)
	s.Peek([]byte("k"), head[:], 10)
	if n := hits(); n != 0 {
		t.Errorf("%d hits after Peek", n)
	}
	s.Touch([]byte("k"), 10)
	if n := hits(); n != 1 {
		t.Errorf("%d hits after Touch, want 1", n)
	}
	for range 10 {
		s.Get([]byte("k"), nil, 10)
	}
	if n := hits(); n != maxHits {
		t.Errorf("%d hits, want them to end at %d", n, maxHits)
	}
	s.Put([]byte("k"), []byte("other"), 100, 10)
	if n := hits(); n != maxHits {
		t.Errorf("%d hits after an update in place, want %d", n, maxHits)
	}
	s.Put([]byte("k"), make([]byte, 100), 100, 10)
	if n := hits(); n != maxHits {
		t.Errorf("%d hits after an update elsewhere, want %d", n, maxHits)
	}
	if st := s.Stats(); st.Hits != 10 || st.Misses != 0 || st.Puts != 4 || st.Entries != 1 {
		t.Errorf("%+v", st)
	}
	if s.Touch([]byte("none"), 10) {
		t.Error("Touch found what is not there")
	}
}

// TestNothingEscapes holds a value over everything that can happen to the
// place it was copied from.
func TestNothingEscapes(t *testing.T) {
	s := New(Options{Size: MinSize, Seed: 1})
	s.Put([]byte("k"), []byte("as it was"), 100, 10)
	v, _ := s.Get([]byte("k"), nil, 10)
	s.Put([]byte("k"), []byte("something"), 100, 10)
	s.Flush()
	for i := range 20_000 {
		s.Put([]byte(strconv.Itoa(i)), bytes.Repeat([]byte{0xff}, 40), 100, 10)
	}
	if string(v) != "as it was" {
		t.Errorf("the copy became %q", v)
	}
}

func TestCeiling(t *testing.T) {
	for _, size := range []int64{
		0, MinSize, MinSize + 1, 1 << 20, 3 << 20, 10_000_000, 64 << 20, 100_000_007, 256 << 20, 1 << 30, 7 << 30, 64 << 30, 1 << 40,
	} {
		if size > math.MaxInt/2 {
			continue
		}
		l := plan(size)
		want := max(size, MinSize)
		if l.reserved > want {
			t.Errorf("%d: reserves %d", size, l.reserved)
		}
		if share := float64(l.reserved) / float64(want); share < 0.9 {
			t.Errorf("%d: reserves %.2f of it", size, share)
		}
		if arena := l.grains * grainArena; arena > maxArena {
			t.Errorf("%d: an arena of %d is more than locations reach", size, arena)
		}
		if size >= 2<<20 && l.grains*grainArena/10/2 < 66<<10 {
			t.Errorf("%d: the small ring does not take a large RRset", size)
		}
	}
}

func TestResidentMemory(t *testing.T) {
	const size = 64 << 20
	before := resident(t)
	s := New(Options{Size: size, Seed: 1})
	if st := s.Stats(); st.Reserved > size {
		t.Fatalf("%d reserved", st.Reserved)
	}
	if grown := resident(t) - before; grown > size/8 {
		t.Errorf("an empty store has %d octets resident", grown)
	}
	entries, value := uint64(1_000_000), make([]byte, 100)
	if raceDetector { // it makes each call dear, not the octets
		entries, value = entries/4, make([]byte, 4*len(value))
	}
	var key [8]byte
	for i := range entries {
		binary.BigEndian.PutUint64(key[:], i)
		s.Put(key[:], value, 100, 1)
	}
	if grown := resident(t) - before; grown > size+size/4 {
		t.Errorf("a full store has %d octets resident, its ceiling is %d", grown, size)
	}
	if st := s.Stats(); st.Used > st.Reserved || st.Used < st.Reserved*8/10 {
		t.Errorf("%d of %d octets used", st.Used, st.Reserved)
	}
	runtime.KeepAlive(s)
}

// TestMemoryGoesBack makes more stores than would fit into the memory that may
// stay behind.
func TestMemoryGoesBack(t *testing.T) {
	before := resident(t)
	var value [8000]byte
	for range 40 {
		s := New(Options{Size: 16 << 20})
		for i := range 2_000 {
			s.Put([]byte(strconv.Itoa(i)), value[:], 100, 1)
		}
		runtime.GC()
	}
	for i := 0; resident(t)-before > 8*16<<20; i++ {
		if i == 50 {
			t.Fatalf("%d octets stay resident after 40 stores of 16 MiB", resident(t)-before)
		}
		runtime.GC()
		runtime.Gosched()
	}
}

// TestWorkloadShift fills the store with values of one size after another:
// whatever the size, what is live must fill the rings again.
func TestWorkloadShift(t *testing.T) {
	s := New(Options{Size: 4 << 20, Seed: 3})
	var arena, most int64
	for i := range s.shards {
		arena += int64(len(s.shards[i].arena))
		most += int64(s.shards[i].maxEntries)
	}
	r := rand.New(rand.NewPCG(5, 6))
	next := 0
	for _, size := range []int{24, 200, 3000, 40_000, 60, 1000, 16} {
		value := make([]byte, size)
		for put := 0; put < 2*int(arena); put += size + 32 {
			next++
			s.Put([]byte(fmt.Sprintf("key%09d", next)), value, 100, 1)
			// Some are asked for, so that both rings are in use.
			s.Get([]byte(fmt.Sprintf("key%09d", next-r.IntN(100))), nil, 1)
		}
		mustVerify(t, s)
		st := s.Stats()
		// At the end of each ring up to one record's room is lost. Of very
		// small entries, the index is full first.
		floor := min(arena, most*int64(unitsFor(12, size))*unit)*95/100 - int64(len(s.shards)*2*size)
		if st.Used < floor {
			t.Errorf("values of %d: %d of %d octets live, want %d", size, st.Used, arena, floor)
		}
	}
}

// TestHolesAreClosed deletes every other entry of a full store: newcomers must
// take the room of the deleted, not that of the living.
func TestHolesAreClosed(t *testing.T) {
	s := New(Options{Size: 4 << 20, Seed: 3})
	key := func(i int) []byte { return []byte(fmt.Sprintf("key%09d", i)) }
	value := make([]byte, 100)
	n := 0
	for ; s.Stats().Evicted == 0; n++ {
		s.Put(key(n), value, 100, 1)
	}
	full := s.Stats()
	for i := 0; i < n; i += 2 {
		s.Delete(key(i))
	}
	mustVerify(t, s)
	if st := s.Stats(); st.Holes < full.Used/3 {
		t.Fatalf("%d octets of holes after deleting half of %d", st.Holes, full.Used)
	}
	for i := range n / 2 {
		s.Put(key(n+i), value, 100, 1)
	}
	mustVerify(t, s)
	st := s.Stats()
	if st.Used < full.Used*85/100 {
		t.Errorf("%d octets live, %d before the deletion", st.Used, full.Used)
	}
	// Holes up to an eighth are let be.
	if lost := st.Evicted - full.Evicted; lost > uint64(n/8) {
		t.Errorf("%d of %d entries evicted while there was room", lost, n)
	}
}

// TestOneKeyRewritten rewrites a few keys with values of every length.
func TestOneKeyRewritten(t *testing.T) {
	s := New(Options{Size: MinSize, Seed: 3})
	r := rand.New(rand.NewPCG(7, 8))
	want := map[string][]byte{}
	for range 50_000 {
		key := "k" + strconv.Itoa(r.IntN(4))
		v := make([]byte, r.IntN(2000))
		for i := range v {
			v[i] = byte(len(v))
		}
		s.Put([]byte(key), v, 100, 1)
		want[key] = v
	}
	mustVerify(t, s)
	for key, v := range want {
		if got, ok := s.Get([]byte(key), nil, 1); !ok || !bytes.Equal(got, v) {
			t.Errorf("%s: %d octets, %t; want %d", key, len(got), ok, len(v))
		}
	}
}

// TestTinyEntries has more entries than the index was planned for.
func TestTinyEntries(t *testing.T) {
	s := New(Options{Size: 1 << 20, Seed: 3})
	entries := uint32(200_000)
	if raceDetector { // still more than fit
		entries /= 4
	}
	for i := range entries {
		var key [4]byte
		binary.BigEndian.PutUint32(key[:], i)
		if !s.Put(key[:], nil, 100, 1) {
			t.Fatal("refused")
		}
	}
	mustVerify(t, s)
	st := s.Stats()
	if full := int64(s.shards[0].maxEntries); st.Entries > full || st.Entries < full*95/100 {
		t.Errorf("%d entries, the index is full at %d", st.Entries, full)
	}
}

// TestExpiredGoFirst: what is past its time at the tail goes, hit or not.
func TestExpiredGoFirst(t *testing.T) {
	s := New(Options{Size: 1 << 20, Seed: 3})
	value := make([]byte, 100)
	for i := range 2000 {
		key := []byte(fmt.Sprintf("old%d", i))
		s.Put(key, value, 100, 1)
		s.Get(key, nil, 1)
	}
	for i := range 20_000 {
		s.Put([]byte(fmt.Sprintf("new%d", i)), value, 1000, 200)
	}
	mustVerify(t, s)
	if st := s.Stats(); st.Expired != 2000 {
		t.Errorf("%d expired, want all 2000", st.Expired)
	}
}

// TestWorkingSetMoves: what was asked for often, once, makes way for what is
// asked for now, while a flood of newcomers takes nothing from either.
func TestWorkingSetMoves(t *testing.T) {
	s := New(Options{Size: 1 << 20, Seed: 3})
	value := make([]byte, 100)
	once := 0
	use := func(set string, n, rounds int) (hits int) {
		for range rounds {
			hits = 0
			for i := range n {
				key := []byte(fmt.Sprintf("%s%05d", set, i))
				if _, ok := s.Get(key, nil, 1); ok {
					hits++
				} else {
					s.Put(key, value, 100, 1)
				}
				once++
				s.Put([]byte(fmt.Sprintf("once%d", once)), value, 100, 1)
			}
		}
		return hits
	}
	const n = 4500 // of some 7000 that fit
	if hits := use("old", n, 20); hits < n*99/100 {
		t.Errorf("%d of %d of the working set hit", hits, n)
	}
	if hits := use("new", n, 20); hits < n*96/100 { // some wait for the flood to pass their fingerprint by; 96.6 to 98.7 by seed
		t.Errorf("%d of %d of the new working set hit", hits, n)
	}
	left := 0
	for i := range n {
		if _, ok := s.Peek([]byte(fmt.Sprintf("old%05d", i)), nil, 1); ok {
			left++
		}
	}
	if left > n*7/10 {
		t.Errorf("%d of %d of the old working set still there", left, n)
	}
	mustVerify(t, s)
}

func TestFlush(t *testing.T) {
	s := New(Options{Size: 16 << 20, Seed: 3})
	for i := range 10_000 {
		s.Put([]byte(strconv.Itoa(i)), []byte("before"), 100, 1)
	}
	s.Flush()
	for i := range 10_000 {
		if got := get(s, strconv.Itoa(i), 1); got != "-" {
			t.Fatalf("%d is still there: %q", i, got)
		}
	}
	s.Put([]byte("5"), []byte("after"), 100, 1)
	if got := get(s, "5", 1); got != "after" {
		t.Errorf("after the flush: %q", got)
	}
	if st := s.Stats(); st.Entries != 1 {
		t.Errorf("%d entries", st.Entries)
	}
	mustVerify(t, s)
}

func TestWalk(t *testing.T) {
	s := New(Options{Size: 16 << 20, Seed: 3})
	want := map[string]string{}
	for i := range 20_000 {
		k, v := strconv.Itoa(i), strings.Repeat("v", i%300)
		s.Put([]byte(k), []byte(v), 100+int64(i%2), 1)
		want[k] = v
	}
	seen := map[string]int{}
	s.Walk(1, math.MaxInt, func(key, value []byte) Verdict {
		if want[string(key)] != string(value) {
			t.Errorf("%s: %q", key, value)
		}
		seen[string(key)]++
		if len(key) == 3 {
			return Drop
		}
		return Keep
	})
	for k := range want {
		if seen[k] != 1 {
			t.Errorf("%s was shown %d times", k, seen[k])
		}
		if _, ok := s.Get([]byte(k), nil, 1); ok == (len(k) == 3) {
			t.Errorf("%s: found %t after the walk", k, ok)
		}
	}
	s.Walk(100, 5, func(key, value []byte) Verdict {
		if len(value) > 5 {
			t.Errorf("%s: %d octets of value, asked for 5", key, len(value))
		}
		if i, _ := strconv.Atoi(string(key)); i%2 == 0 {
			t.Errorf("%s has expired", key)
		}
		return Keep
	})
	mustVerify(t, s)
}

// TestWalkWhileItGrows: what was there from the beginning is shown, though the
// index is made anew under the walk.
func TestWalkWhileItGrows(t *testing.T) {
	s := New(Options{Size: 16 << 20, Seed: 3})
	want := map[string]bool{}
	for i := range 500 {
		k := strconv.Itoa(i)
		s.Put([]byte(k), []byte("v"), 100, 1)
		want[k] = true
	}
	before := s.shards[0].index.n
	stored := 0
	s.Walk(1, 0, func(key, _ []byte) Verdict {
		delete(want, string(key))
		for range 20 {
			s.Put([]byte("new"+strconv.Itoa(stored%50_000)), []byte("v"), 100, 1)
			stored++
		}
		return Keep
	})
	if len(want) > 0 {
		t.Errorf("%d entries were not shown", len(want))
	}
	if after := s.shards[0].index.n; after < 4*before {
		t.Errorf("the index has %d buckets, had %d: this tests nothing", after, before)
	}
	mustVerify(t, s)
}

// TestIndexGrows: it has the memory that its entries need, and all of it in the
// end; emptied, it begins anew.
func TestIndexGrows(t *testing.T) {
	size, steps := int64(16<<20), []int{1_000, 10_000, 100_000, 400_000}
	if raceDetector { // which has nothing to look for in one goroutine
		size, steps = size/4, []int{1_000, 10_000, 30_000, 100_000}
	}
	s := New(Options{Size: size, Seed: 3})
	buckets := func() (used, most int) {
		for i := range s.shards {
			used += int(s.shards[i].index.n)
			most += int(s.shards[i].index.most())
		}
		return used, most
	}
	first, most := buckets()
	if first > most/50 {
		t.Errorf("an empty store begins with %d of %d buckets", first, most)
	}
	entries := 0
	for _, n := range steps {
		for ; entries < n; entries++ {
			s.Put(binary.BigEndian.AppendUint64(nil, uint64(entries)), nil, 100, 1)
		}
		mustVerify(t, s)
		used, _ := buckets()
		if kept := int(s.Stats().Entries); used*wellFilled > 3*kept+first*wellFilled {
			t.Errorf("%d buckets for %d entries", used, kept)
		}
		if v := get(s, string(binary.BigEndian.AppendUint64(nil, uint64(n-1))), 1); v != "" {
			t.Errorf("%q", v)
		}
	}
	if used, _ := buckets(); used != most {
		t.Errorf("a full store uses %d of %d buckets", used, most)
	}
	s.Flush()
	if st := s.Stats(); st.Entries != 0 {
		t.Errorf("%d entries after the flush", st.Entries)
	}
	mustVerify(t, s)
	if used, _ := buckets(); used != first {
		t.Errorf("%d buckets after the flush, want %d", used, first)
	}
}

// TestWalkIsBounded: a batch ends after some octets, however large the values.
func TestWalkIsBounded(t *testing.T) {
	s := New(Options{Size: 64 << 20, Seed: 3})
	value := make([]byte, 60_000)
	for i := range 600 {
		s.Put([]byte(strconv.Itoa(i)), value, 100, 1)
	}
	var b batch
	for i := range s.shards {
		sh := &s.shards[i]
		for from := uint32(0); from < sh.index.n; {
			next := b.fill(sh, from, math.MaxInt, 1)
			if next <= from {
				t.Fatal("the walk stands still")
			}
			if len(b.buf) > walkOctets+slots*(len(value)+8) {
				t.Fatalf("%d octets in one batch", len(b.buf))
			}
			from = next
		}
	}
}

func TestSeed(t *testing.T) {
	a, b, c := newSecret(1), newSecret(1), newSecret(2)
	if a != b || a == c {
		t.Error("equal seeds give equal secrets, others others")
	}
	if a := newSecret(0); a == newSecret(0) {
		t.Error("two drawn secrets are equal")
	}
	key := []byte("\x01\x03www\x07example\x00\x00\x01")
	if a.sum(key) != b.sum(key) || a.sum(key) == c.sum(key) {
		t.Error("the secret decides the hash")
	}
}

// TestHashSpreads throws like names of every length at a few buckets; chi
// square far from its expectation would show a weak hash.
func TestHashSpreads(t *testing.T) {
	k := newSecret(9)
	const n = 50_000
	for _, part := range []struct {
		name string
		of   func(digest) uint64
	}{
		{"shard", func(d digest) uint64 { return uint64(d) >> 56 }},
		{"tag", func(d digest) uint64 { return uint64(d.tag() & 0xff) }},
		{"bucket", func(d digest) uint64 { return uint64(d.bucket(256)) }},
		{"ghost set", func(d digest) uint64 { set, _ := d.ghost(256); return uint64(set) }},
		{"fingerprint", func(d digest) uint64 { _, p := d.ghost(256); return uint64(p >> 8) }},
	} {
		for _, format := range []string{"%d", "host%d.example.com", "%d.a-rather-long-domain-name.example.com"} {
			var count [256]float64
			for i := range n {
				count[part.of(k.sum([]byte(fmt.Sprintf(format, i))))&0xff]++
			}
			chi := 0.0
			for _, c := range count {
				chi += (c - n/256) * (c - n/256) / (n / 256)
			}
			// 255 degrees of freedom: the mean is 255, the deviation 22.6.
			if chi > 255+8*22.6 {
				t.Errorf("%s of %q: chi square %.0f", part.name, format, chi)
			}
		}
	}
}

func TestNoAllocation(t *testing.T) {
	s := New(Options{Size: 1 << 20, Seed: 3})
	key, value := []byte("host.example.com"), make([]byte, 100)
	var buf [256]byte
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rounds := 200_000
	if raceDetector {
		rounds /= 4
	}
	for i := range rounds {
		binary.LittleEndian.PutUint32(key, uint32(i))
		s.Put(key, value, 100, 1)
		s.Get(key, buf[:0], 1)
		s.Touch(key, 1)
		s.Peek(key, buf[:4], 1)
	}
	runtime.ReadMemStats(&after)
	if n := after.Mallocs - before.Mallocs; n > 100 {
		t.Errorf("%d allocations in %d calls", n, 4*rounds)
	}
}

// TestConcurrent has goroutines put, get, delete, walk and flush; a value must
// always be one that was put under its key.
func TestConcurrent(t *testing.T) {
	s := onHeap(Options{Size: 4 << 20, Seed: 3})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(g)))
			var buf [4096]byte
			for range 20_000 {
				n := r.IntN(20_000)
				key := []byte("key" + strconv.Itoa(n))
				switch r.IntN(10) {
				case 0:
					s.Delete(key)
				case 1:
					s.Touch(key, 1)
				case 2, 3, 4:
					v := bytes.Repeat([]byte{byte(n)}, r.IntN(1000))
					s.Put(key, v, 100, 1)
				default:
					v, _ := s.Get(key, buf[:0], 1)
					for _, c := range v {
						if c != byte(n) {
							t.Errorf("key%d has octet %d", n, c)
							return
						}
					}
				}
				if r.IntN(5000) == 0 {
					s.Walk(1, 16, func(_, value []byte) Verdict { return Verdict(len(value) % 2) })
				}
				if r.IntN(10_000) == 0 {
					s.Flush()
				}
			}
		})
	}
	wg.Wait()
	mustVerify(t, s)
}
