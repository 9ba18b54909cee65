package answer

import "time"

// tick is a time in milliseconds since the first the cache was told of, plus an
// offset, so that times shortly before it are none below zero.
type tick int64

const (
	second     = tick(1000)
	tickOffset = 1 << 40 // some 34 years
	maxTick    = 1<<48 - 1
)

// tick reads now relative to the cache's first moment, by the monotonic clock
// where both have its reading.
func (c *Cache) tick(now time.Time) tick {
	start := c.epoch.Load()
	if start == nil {
		start = c.begin(now)
	}
	return min(max(tickOffset+tick(now.Sub(*start)/time.Millisecond), 0), maxTick)
}

// begin makes now the first moment, unless another goroutine was before.
func (c *Cache) begin(now time.Time) *time.Time {
	c.epoch.CompareAndSwap(nil, &now)
	return c.epoch.Load()
}

// seconds is t for the store, rounded down.
func (t tick) seconds() int64 { return int64(t / second) }

// seconds32 is seconds for comparison with a TTL.
func (t tick) seconds32() uint32 { return uint32(min(t/second, 1<<32-1)) }
