package cache

import (
	"encoding/binary"
	"time"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/wire"
)

// Failure is a resolution that failed, upstream being the evidence: silence,
// errors, or data that was judged Bogus (RFC 9520 §2).
type Failure struct {
	// Code and Text say why, for people (RFC 8914). Text is kept up to 255
	// octets.
	Code ede.Code
	Text string
	// Least, where more than zero, is how long the failure is to last at least.
	Least time.Duration

	// Judging tells that it is none for those who check for themselves
	// (RFC 4035 §3.2.2): the data could be had.
	Judging bool

	// Set by the cache: until when nothing is to be sent upstream, and how
	// many failures in a row there were.
	Until time.Time
	Count int
}

const (
	maxText  = 255
	maxCount = 127
	// A failure's value: when it ends, how many there were with a bit for
	// Judging, code and text.
	failureHead = 6 + 1 + 2
	judgingBit  = 1 << 7
)

// GetFailure returns the failure of name and type that lasts. On it, nothing
// is sent upstream for them (RFC 9520 §3.2).
func (c *Cache) GetFailure(name domain.Name, t wire.Type, now time.Time) (Failure, bool) {
	at := c.tick(now)
	f, until, ok := c.readFailure(name, t, at)
	if !ok || at >= until {
		return Failure{}, false
	}
	c.stripe(name).failures.Add(1)
	return f, true
}

// PutFailure notes that resolving name and type failed now, and returns how
// the failure stands: it lasts Options.FailureFirst or cause.Least, and twice as
// long with each that follows, up to Options.FailureCeiling. The count is remembered for
// that long after the end, unless ClearFailure forgets it. A failure that
// lasts is not changed by another.
func (c *Cache) PutFailure(name domain.Name, t wire.Type, cause Failure, now time.Time) Failure {
	n := c.stripe(name)
	n.mu.Lock()
	defer n.mu.Unlock()
	at := c.tick(now)
	old, until, ok := c.readFailure(name, t, at)
	if ok && at < until {
		return old
	}
	f := Failure{Code: cause.Code, Text: cause.Text[:min(len(cause.Text), maxText)], Judging: cause.Judging, Count: min(old.Count+1, maxCount)}
	until = at + ticks(min(max(c.failureTime(f.Count), cause.Least), c.o.FailureCeiling))
	f.Until = c.time(until)

	var kb keyBuf
	var scratch [failureHead + maxText]byte
	value := appendTick(scratch[:0], until)
	count := byte(f.Count)
	if f.Judging {
		count |= judgingBit
	}
	value = append(value, count)
	value = binary.BigEndian.AppendUint16(value, uint16(f.Code))
	value = append(value, f.Text...)
	c.store.Put(kb.typed(kindFailure, name, t), value, (until + ticks(c.o.FailureCeiling)).expiry(), at.seconds())
	return f
}

// failureTime is how long the n-th failure in a row lasts.
func (c *Cache) failureTime(n int) time.Duration {
	d := c.o.FailureFirst
	for ; n > 1 && d < c.o.FailureCeiling; n-- {
		d *= 2
	}
	return min(d, c.o.FailureCeiling)
}

// ClearFailure forgets the failures of name and type, as resolving them
// succeeded.
func (c *Cache) ClearFailure(name domain.Name, t wire.Type) {
	var kb keyBuf
	c.store.Delete(kb.typed(kindFailure, name, t))
}

// readFailure reads a failure whose count is remembered.
func (c *Cache) readFailure(name domain.Name, t wire.Type, now tick) (f Failure, until tick, ok bool) {
	var kb keyBuf
	var scratch [failureHead + maxText]byte
	b, ok := c.store.Get(kb.typed(kindFailure, name, t), scratch[:0], now.seconds())
	if !ok || len(b) < failureHead {
		return Failure{}, 0, false
	}
	until = parseTick(b)
	// It is over, or of a time that has not come: the clock was set back.
	if most := ticks(c.o.FailureCeiling); now >= until+most || until > now+most {
		return Failure{}, 0, false
	}
	return Failure{
		Code:    ede.Code(binary.BigEndian.Uint16(b[7:])),
		Text:    string(b[failureHead:]),
		Until:   c.time(until),
		Judging: b[6]&judgingBit != 0,
		Count:   int(b[6] &^ judgingBit),
	}, until, true
}
