package follow

import (
	"fmt"
	"sync/atomic"
	"time"

	"recursor/clock"
)

// Off is how wrong the clock is at least. It is an error.
type Off struct {
	By   time.Duration // ahead; negative: behind
	Than string        // what tells
}

// Error implements error: "the clock is 20 days behind …".
func (o Off) Error() string {
	by, where := o.By, "ahead of"
	if by < 0 {
		by, where = -by, "behind"
	}
	const day = 24 * time.Hour
	size := by.Round(time.Second).String()
	if by >= 2*day {
		size = fmt.Sprintf("%d days", by/day)
	}
	return fmt.Sprintf("the clock is at least %s %s %s", size, where, o.Than)
}

// slack is how far behind what it knows a clock may be that is not wrong for
// that: one that is set by a little now and then.
const slack = time.Hour

// check is what is known of the time beside what the clock says.
type check struct {
	built time.Time                 // when the program was made
	seen  atomic.Pointer[time.Time] // when a set of keys last counted, before this start too
	// root is when the signatures hold that the root last showed.
	root  atomic.Pointer[span]
	wrong bool // at the last look
}

// span is a span of time, learnt at a moment.
type span struct {
	from, until time.Time
	at          time.Time // on the clock that is not set
}

// saw takes that a set of keys counted.
func (c *check) saw(at time.Time) {
	if last := c.seen.Load(); last == nil || at.After(*last) {
		c.seen.Store(&at)
	}
}

func (c *check) learn(from, until time.Time, now clock.Instant) {
	c.root.Store(&span{from, until, now.TTL})
}

// Off is how wrong the clock is, false where nothing says that it is. The
// signatures that the root showed a while ago say what the time was then: by
// the clock that is not set, the other one should have gone as far since.
func (f *Follower) Off(now clock.Instant) (Off, bool) {
	c := &f.check
	if c.built.IsZero() {
		return Off{}, false
	}
	behind := Off{}
	note := func(by time.Duration, than string) {
		if by < behind.By {
			behind = Off{by, than}
		}
	}
	if by := now.Signature.Sub(c.built); by < -slack {
		note(by, "the build of this program")
	}
	if last := c.seen.Load(); last != nil && now.Signature.Sub(*last) < -slack {
		note(now.Signature.Sub(*last), "the last time that trust anchors were seen")
	}
	if s := c.root.Load(); s != nil {
		then := now.Signature.Add(-now.TTL.Sub(s.at))
		if by := then.Sub(s.from); by < 0 {
			note(by, "the signatures of the root's keys")
		}
		if by := then.Sub(s.until); by > 0 && behind.By == 0 {
			return Off{by, "the signatures of the root's keys"}, true
		}
	}
	return behind, behind.By < 0
}
