package random_test

import (
	"math"
	"math/bits"
	"sync"
	"testing"

	"recursor/random"
)

// The n-th stream after the same seed is the same, whatever was drawn from the
// streams before it; others are others.
func TestReplay(t *testing.T) {
	draw := func(s *random.Stream, n int) []uint64 {
		out := make([]uint64, n)
		for i := range out {
			out[i] = s.Uint64()
		}
		return out
	}
	a, b := &random.Replay{Seed: 7}, &random.Replay{Seed: 7}
	seen := map[uint64]bool{}
	for n := range 50 {
		x := draw(a.Stream(), 20)
		s := b.Stream()
		y := draw(s, 20)
		draw(s, n) // more than a drew
		for i := range x {
			if x[i] != y[i] {
				t.Fatalf("stream %d, number %d: %x and %x", n, i, x[i], y[i])
			}
			if seen[x[i]] {
				t.Fatalf("stream %d, number %d came before", n, i)
			}
			seen[x[i]] = true
		}
	}
	for _, seed := range []uint64{0, 6, 8, 7 << 8, math.MaxUint64} {
		if x := (&random.Replay{Seed: seed}).Stream().Uint64(); seen[x] {
			t.Errorf("seed %d begins with a number of seed 7", seed)
		}
	}
}

// Two streams of the system's generator have nothing in common, nor has one of
// them with a replay.
//
// RFC: 5452.2
func TestSecure(t *testing.T) {
	var seeder random.Seeder = random.Secure{}
	seen := map[uint64]bool{}
	for range 100 {
		s := seeder.Stream()
		for range 10 {
			x := s.Uint64()
			if seen[x] {
				t.Fatalf("%x came twice", x)
			}
			seen[x] = true
		}
	}
}

// Streams that serve many queries each repeat nothing either, and cost nothing to
// begin.
//
// RFC: 5452.2
func TestShared(t *testing.T) {
	seeder := random.NewShared()
	var mu sync.Mutex
	seen := map[uint64]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				s := seeder.Stream()
				for range 10 {
					x := s.Uint64()
					mu.Lock()
					if seen[x] {
						t.Errorf("%x came twice", x)
					}
					seen[x] = true
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if n := testing.AllocsPerRun(100, func() { seeder.Stream() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Every value of a message ID or port comes, each about as often, and what one
// stream gives says nothing of the next. Numbers of a replay, so that the test
// does not fail one day of a thousand.
func TestDistribution(t *testing.T) {
	seeder := &random.Replay{Seed: 1}
	s := seeder.Stream()
	const draws = 1 << 18
	ids := make([]int, 1<<16)
	for range draws {
		ids[s.Uint16()]++
	}
	if x := chiSquare(ids, draws); !plausible(x, len(ids)-1) {
		t.Errorf("IDs: chi-square %.0f for %d values", x, len(ids))
	}
	for _, n := range []int{1, 2, 3, 13, 100, 60000} {
		counts := make([]int, n)
		for range draws {
			counts[s.IntN(n)]++
		}
		if x := chiSquare(counts, draws); n > 1 && !plausible(x, n-1) {
			t.Errorf("below %d: chi-square %.1f", n, x)
		}
	}
	// Neighbouring streams, number by number: half of the bits agree.
	agree, total := 0, 0
	last := seeder.Stream()
	for range 1000 {
		next := seeder.Stream()
		for range 16 {
			agree += 64 - bits.OnesCount64(last.Uint64()^next.Uint64())
			total += 64
		}
		last = next
	}
	if z := math.Abs(float64(agree)-float64(total)/2) / math.Sqrt(float64(total)/4); z > 4 {
		t.Errorf("%d of %d bits of neighbouring streams agree, %.1f deviations from half", agree, total, z)
	}
}

// chiSquare is Pearson's measure of how far counts are from even.
func chiSquare(counts []int, draws int) float64 {
	want, sum := float64(draws)/float64(len(counts)), 0.0
	for _, n := range counts {
		d := float64(n) - want
		sum += d * d / want
	}
	return sum
}

// plausible: within four and a half deviations, by Wilson and Hilferty.
func plausible(x float64, freedom int) bool {
	k := float64(freedom)
	z := (math.Cbrt(x/k) - (1 - 2/(9*k))) / math.Sqrt(2/(9*k))
	return math.Abs(z) < 4.5
}

func TestIntNStaysBelow(t *testing.T) {
	s := (&random.Replay{}).Stream()
	for _, n := range []int{1, 2, 7, 1 << 16, math.MaxInt32} {
		for range 10000 {
			if x := s.IntN(n); x < 0 || x >= n {
				t.Fatalf("%d is not below %d", x, n)
			}
		}
	}
}

// Look-ups of one query draw from its stream side by side: each number goes to
// one of them. The race detector watches.
func TestStreamIsShared(t *testing.T) {
	seeder := &random.Replay{Seed: 3}
	s := seeder.Stream()
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[uint64]int{}
	for range 4 {
		wg.Go(func() {
			seeder.Stream()
			for range 500 {
				x := s.Uint64()
				mu.Lock()
				got[x]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	again := (&random.Replay{Seed: 3}).Stream()
	for range 2000 {
		if x := again.Uint64(); got[x] != 1 {
			t.Fatalf("%x came %d times", x, got[x])
		}
	}
}
