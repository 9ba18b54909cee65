package sig

import (
	"time"

	"recursor/dns/wire"
)

// Window is the moment at which signatures are judged.
type Window struct {
	Now time.Time
	// Skew is how far our clock may be behind the inception. The expiration is
	// a hard bound: whoever replays old data gains by every second we give.
	Skew time.Duration
}

// seconds is a time as RRSIG records count it (RFC 4034 §3.1.5).
func seconds(t time.Time) uint32 { return uint32(t.Unix()) }

// judge holds the times of a signature against the window in serial number
// arithmetic (RFC 1982 §3.2). What is undefined there, half the circle apart,
// is within no window.
func (w Window) judge(s *RRSIG) Fault {
	if less, defined := wire.SerialLess(s.Expiration, s.Inception); less || !defined {
		return Inverted
	}
	if less, defined := wire.SerialLess(s.Expiration, seconds(w.Now)); less || !defined {
		return Expired
	}
	if less, defined := wire.SerialLess(seconds(w.Now.Add(w.Skew)), s.Inception); less || !defined {
		return Early
	}
	return Sound
}

// Left is how many seconds a signature that is Sound is still valid.
func (w Window) Left(s *RRSIG) uint32 { return s.Expiration - seconds(w.Now) }
