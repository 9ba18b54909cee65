package random

import (
	cryptorand "crypto/rand"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// Seeder makes streams.
type Seeder interface {
	// Stream is a stream of its own, derived from the order of calls where the
	// Seeder is one for replay.
	Stream() *Stream
}

// Secure is a Seeder on the system's CSPRNG.
type Secure struct{}

// Stream implements Seeder.
func (Secure) Stream() *Stream {
	var seed [32]byte
	// crypto/rand.Read never fails: it crashes the program instead.
	_, _ = cryptorand.Read(seed[:])
	return newStream(seed)
}

// Shared is a Seeder on the system's CSPRNG whose streams serve many queries each
// and so cost nothing to begin. What one of these draws tells nothing of what
// another does: the generator replaces its key as it goes. Make it with NewShared.
type Shared struct {
	streams [64]*Stream // many, so that few wait for each other's lock
	next    atomic.Uint32
}

// NewShared is a Shared.
func NewShared() *Shared {
	s := new(Shared)
	for i := range s.streams {
		s.streams[i] = Secure{}.Stream()
	}
	return s
}

// Stream implements Seeder.
func (s *Shared) Stream() *Stream { return s.streams[s.next.Add(1)%uint32(len(s.streams))] }

// Replay is a Seeder for simulation: the n-th stream after the same seed is
// always the same.
type Replay struct {
	Seed uint64

	mu sync.Mutex
	n  uint64
}

// Stream implements Seeder.
func (r *Replay) Stream() *Stream {
	r.mu.Lock()
	r.n++
	n := r.n
	r.mu.Unlock()
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], r.Seed)
	binary.LittleEndian.PutUint64(seed[8:], n)
	return newStream(seed)
}

func newStream(seed [32]byte) *Stream {
	s := new(Stream)
	s.src.Seed(seed)
	return s
}

// Stream is a sequence of numbers that nobody outside can predict.
type Stream struct {
	mu  sync.Mutex
	src rand.ChaCha8
}

// Uint64 is the next 64 bits.
func (s *Stream) Uint64() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.src.Uint64()
}

// Uint16 is sixteen bits, as a message ID is.
func (s *Stream) Uint16() uint16 { return uint16(s.Uint64()) }

// IntN is a number in [0, n); n must be positive and below 2^32. The bias of
// the multiplication is below n/2^32.
func (s *Stream) IntN(n int) int {
	return int(uint64(uint32(s.Uint64())) * uint64(n) >> 32)
}
