package aggressive

import (
	"bytes"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
)

// shard is entries in the order of their keys, behind a lock of its own.
type shard struct {
	mu    sync.RWMutex
	pages []*page // none is empty
	count atomic.Int64
	hand  int // where the search for a page to give up goes on
	_     [64]byte
}

// page is the index of the page that key belongs in: the last that begins at or
// before it. -1: there is none.
func (s *shard) page(key []byte) int {
	return sort.Search(len(s.pages), func(i int) bool { return bytes.Compare(s.pages[i].first(), key) > 0 }) - 1
}

// get appends the value under key to dst.
func (s *shard) get(dst, key []byte) ([]byte, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := s.page(key)
	if i < 0 {
		return dst, false
	}
	p := s.pages[i]
	off, _, equal := p.seek(key)
	if !equal {
		return dst, false
	}
	p.fresh.Store(1)
	_, value, _ := p.at(off)
	return append(dst, value...), true
}

// has reports whether there is something under key. It counts as no use of it.
func (s *shard) has(key []byte) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := s.page(key)
	if i < 0 {
		return false
	}
	_, _, equal := s.pages[i].seek(key)
	return equal
}

// floor appends to dst the value of the last entry at or before key whose key
// begins with prefix.
func (s *shard) floor(dst, key, prefix []byte) ([]byte, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := s.page(key)
	if i < 0 {
		return dst, false
	}
	p := s.pages[i]
	off, before, equal := p.seek(key)
	if !equal {
		// A page begins at or before the keys it is found for.
		off = before
	}
	k, value, _ := p.at(off)
	if !bytes.HasPrefix(k, prefix) {
		return dst, false
	}
	p.fresh.Store(1)
	return append(dst, value...), true
}

// put stores an entry in place of the older one of its key, and takes out those
// behind it and before end, where end is not nil. It returns how many pages
// were made.
func (s *shard) put(key, value, end []byte) (made int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if end != nil {
		made -= s.cut(append(slices.Clip(key), 0), end)
	}
	made += s.insert(key, value)
	s.count.Store(int64(len(s.pages)))
	return made
}

func (s *shard) insert(key, value []byte) (made int) {
	i := max(s.page(key), 0)
	if len(s.pages) == 0 {
		s.pages = append(s.pages, &page{})
		made++
	}
	p := s.pages[i]
	off, _, equal := p.seek(key)
	if equal {
		_, _, next := p.at(off)
		p.remove(off, next)
	}
	for !p.fits(entryHead + len(key) + len(value)) {
		right := p.split()
		s.pages = slices.Insert(s.pages, i+1, right)
		made++
		if bytes.Compare(right.first(), key) <= 0 {
			p, i = right, i+1
		}
		off, _, _ = p.seek(key)
	}
	p.insert(off, key, value)
	return made
}

// drop takes out the entries from a key on and before end, and returns how many
// pages went.
func (s *shard) drop(from, end []byte) (gone int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone = s.cut(from, end)
	s.count.Store(int64(len(s.pages)))
	return gone
}

func (s *shard) cut(from, end []byte) (gone int) {
	for i := max(s.page(from), 0); i < len(s.pages) && bytes.Compare(s.pages[i].first(), end) < 0; {
		p := s.pages[i]
		a, _, _ := p.seek(from)
		b, _, _ := p.seek(end)
		p.remove(a, max(a, b))
		if p.used > 0 {
			i++
			continue
		}
		s.pages = slices.Delete(s.pages, i, i+1)
		gone++
	}
	return gone
}

// reset takes out everything and returns how many pages went.
func (s *shard) reset() (gone int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone = len(s.pages)
	s.pages = nil
	s.count.Store(0)
	return gone
}

// evict gives up a page that was not read since the hand last passed it, and
// reports whether there was one. That something was written is no use of it:
// what is made up to be asked once goes first. The round is bounded: the second
// time, nothing is fresh but what is read meanwhile.
func (s *shard) evict() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range 2*len(s.pages) + 1 {
		if len(s.pages) == 0 {
			return false
		}
		if s.hand >= len(s.pages) {
			s.hand = 0
		}
		if s.pages[s.hand].fresh.CompareAndSwap(1, 0) {
			s.hand++
			continue
		}
		break
	}
	s.hand = min(s.hand, len(s.pages)-1)
	s.pages = slices.Delete(s.pages, s.hand, s.hand+1)
	s.count.Store(int64(len(s.pages)))
	return true
}
