package shard

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// verify walks the rings and the index of every shard and holds them against
// each other.
func verify(s *Store) error {
	for i := range s.shards {
		sh := &s.shards[i]
		sh.lock(s.generation.Load())
		err := sh.verify()
		sh.mu.Unlock()
		if err != nil {
			return fmt.Errorf("shard %d: %w", i, err)
		}
	}
	return nil
}

func (s *shard) verify() error {
	lies := map[uint32]digest{}
	for _, r := range []*ring{&s.small, &s.main} {
		if r.used() > r.size {
			return fmt.Errorf("ring at %d: %d units of %d used", r.base, r.used(), r.size)
		}
		var dead uint32
		for pos := r.tail; pos < r.head; {
			loc := r.at(pos)
			h := s.header(loc)
			switch {
			case h.units() == 0:
				return fmt.Errorf("record without length at %d", loc)
			case loc+h.units() > r.base+r.size:
				return fmt.Errorf("record at %d wraps", loc)
			case !h.isLive():
				dead += h.units()
			case h.valueLen() < 0 || unitsFor(h.keyLen(), h.valueLen()) != int(h.units()):
				return fmt.Errorf("record at %d: key %d, value %d, %d units", loc, h.keyLen(), h.valueLen(), h.units())
			default:
				lies[loc] = s.secret.sum(s.key(loc, h))
			}
			pos += uint64(h.units())
			if pos > r.head {
				return fmt.Errorf("record at %d reaches over the head", loc)
			}
		}
		if dead != r.dead {
			return fmt.Errorf("ring at %d counts %d units of holes, has %d", r.base, r.dead, dead)
		}
	}
	if len(lies) != s.entries {
		return fmt.Errorf("%d entries in the rings, %d counted", len(lies), s.entries)
	}
	passed := make([]uint32, s.index.n)
	found := 0
	for b := range s.index.n {
		line := s.index.bucket(b)
		for i := range slots {
			w := slot(line, i)
			if w == 0 {
				continue
			}
			d, ok := lies[w&locMask]
			if !ok || d.tag() != w>>locBits {
				return fmt.Errorf("bucket %d: slot %d points at no entry of its tag", b, i)
			}
			found++
			for home := d.bucket(s.index.n); home != b; home = s.index.next(home) {
				passed[home]++
			}
		}
	}
	if found != s.entries {
		return fmt.Errorf("%d entries in the index, %d counted", found, s.entries)
	}
	for b, n := range passed {
		if have := spilled(s.index.bucket(uint32(b))); have != n {
			return fmt.Errorf("bucket %d counts %d spilled, want %d", b, have, n)
		}
	}
	return nil
}

func mustVerify(t testing.TB, s *Store) {
	t.Helper()
	if err := verify(s); err != nil {
		t.Fatal(err)
	}
}

// onHeap is a Store whose memory the race detector watches.
func onHeap(o Options) *Store {
	l := plan(o.Size)
	return newStore(l, make([]byte, l.mapped()), newSecret(o.Seed))
}

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
