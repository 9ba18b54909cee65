package infra

import (
	"net/netip"
	"time"
)

// Family is the health of IPv4 or IPv6 as a whole: a network may have
// addresses of a family and no way out (RFC 8305 §1).
type Family struct {
	replied bool // ever
	silent  int  // sends in a row without a reply while the other family answered
	dead    time.Time
	backoff time.Duration
}

// Times a dead family is left alone, doubling.
const (
	familyFirst   = 5 * time.Second
	familyCeiling = 5 * time.Minute
)

// Alive reports whether the family may be used at now. A dead one is probed
// when its time is over.
func (f *Family) Alive(now time.Time) bool { return !now.Before(f.dead) }

// Reply notes that something came back.
func (f *Family) Reply() { *f = Family{replied: true} }

// Silence notes that nothing came back although the other family answers. One
// that never worked is dead at once, so that it costs one delay; one that did
// work gets three chances.
func (f *Family) Silence(now time.Time) {
	f.silent++
	if !f.Alive(now) || f.replied && f.silent < 3 {
		return
	}
	f.backoff = min(max(2*f.backoff, familyFirst), familyCeiling)
	f.dead = now.Add(f.backoff)
}

// index is 0 for IPv4, 1 for IPv6.
func index(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}
