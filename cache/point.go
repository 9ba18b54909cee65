package cache

import (
	"time"

	"recursor/dns/domain"
)

// GetPoint returns the delegation point stored for zone, in the octets that
// whoever put it chose, and when it ends. It is never stale: a delegation lasts
// no longer than the parent said.
func (c *Cache) GetPoint(zone domain.Name, now time.Time) (string, time.Time, bool) {
	var kb keyBuf
	var scratch [typicalValue]byte
	at := c.tick(now)
	b, ok := c.store.Get(kb.named(kindPoint, zone), scratch[:0], at.seconds())
	if !ok || len(b) < 6 {
		return "", time.Time{}, false
	}
	until := parseTick(b)
	if at >= until {
		return "", time.Time{}, false
	}
	return string(b[6:]), c.time(until), true
}

// PutPoint stores a copy of blob for zone until expires, in the place of what
// was stored before, and reports whether it did: it does not where expires has
// come or the blob is too large.
func (c *Cache) PutPoint(zone domain.Name, blob []byte, expires, now time.Time) bool {
	var kb keyBuf
	var scratch [typicalValue]byte
	at, until := c.tick(now), c.tick(expires)
	if at >= until || len(blob) > MaxOctets {
		return false
	}
	value := append(appendTick(scratch[:0], until), blob...)
	return c.store.Put(kb.named(kindPoint, zone), value, until.expiry(), at.seconds())
}
