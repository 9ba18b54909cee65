package cache

import "time"

// tick is a time in milliseconds since the first the cache was told of, plus
// an offset, so that times shortly before it are none below zero.
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

// time is the inverse of tick.
func (c *Cache) time(t tick) time.Time {
	return c.epoch.Load().Add(time.Duration(t-tickOffset) * time.Millisecond)
}

// ticks is a duration.
func ticks(d time.Duration) tick { return tick(d / time.Millisecond) }

// seconds is t for the store, rounded down.
func (t tick) seconds() int64 { return int64(t / second) }

// expiry is t for the store, rounded up, so that the store never forgets early.
func (t tick) expiry() int64 { return int64((t + second - 1) / second) }
