package infra

import (
	"time"

	"recursor/transport"
)

// Rung is a step of the payload ladder.
type Rung uint8

// Rungs, from the best down.
const (
	Full  Rung = iota // UDP with the configured payload
	Small             // UDP with 512 octets
	ByTCP
)

// maxTCP is how often one question goes to one server by TCP, whose connection
// repeats what gets lost.
const maxTCP = 2

// Ages after which what was learnt is probed again.
const (
	rungAge = 15 * time.Minute
	ednsAge = time.Hour
	foldAge = 24 * time.Hour
	rttAge  = 10 * time.Minute
)

// Timing holds the tunable times.
type Timing struct {
	// Sends is how often one question goes to one server by UDP, at most
	// three (RFC 9520 §3.1).
	Sends int
	// First is the time-out for a server not yet measured (RFC 1123
	// §6.1.3.3); Ceiling the longest.
	First, Ceiling time.Duration
	// Typical is what servers of this resolver's Internet take; Table learns it
	// from the first round trip of each. It is what an unmeasured server is
	// expected to take, and four times as long it is waited for before another
	// is asked beside it.
	Typical time.Duration
	// DownAfter sends in a row without a reply declare a server down, first
	// for DownFirst, doubling to DownCeiling.
	DownAfter              int
	DownFirst, DownCeiling time.Duration
}

// DefaultTiming is DESIGN's.
func DefaultTiming() Timing {
	return Timing{
		Sends: 3,
		First: 400 * time.Millisecond, Ceiling: 3 * time.Second,
		Typical: 40 * time.Millisecond, DownAfter: 4,
		DownFirst: 5 * time.Second, DownCeiling: 5 * time.Minute,
	}
}

// Server is what is known of one server address. The zero Server is unknown.
type Server struct {
	srtt, rttvar time.Duration
	measured     time.Time
	rung         Rung
	rungAt       time.Time
	ednsRefused  time.Time // when EDNS was last refused and plain DNS answered
	folds        time.Time // when it last folded the case of a question
	mute         int       // sends in a row that nothing came of
	muteFrom     time.Time // when the last of them was sent
	silent       int       // of them, those beside which some other server answered
	// overtaken is how long it was waited for when another server answered.
	overtaken time.Duration
	downUntil time.Time
	backoff   time.Duration
	cookie    Cookie
	lame      bool // for some zone
}

// History is what one question met at one server.
type History struct {
	server     *Server // once it was looked for
	udp, tcp   int     // sends
	full       int     // that timed out at the full payload
	timeouts   int
	wantTCP    bool
	plain      bool
	noOptions  bool
	newCookie  bool
	spent      bool
	reprobed   bool
	plainTried bool
}

// Spent reports whether the server has nothing more to give to the question.
func (h *History) Spent() bool { return h.spent }

// Sends counts what was sent.
func (h *History) Sends() int { return h.udp + h.tcp }

// Timeouts counts what was sent in vain.
func (h *History) Timeouts() int { return h.timeouts }

// Need is what a question asks of a send.
type Need struct {
	// Payload is the EDNS payload size at the top of the ladder.
	Payload uint16
	// MayPlain allows plain DNS: validation is off or the zone is proven
	// insecure (RFC 6891 §6.2.2, RFC 4035 §4.1).
	MayPlain bool
	// Case randomises the letters of the question (0x20).
	Case bool
	// Cookies sends DNS cookies (RFC 7873).
	Cookies bool
	// TCPOnly asks by TCP alone.
	TCPOnly bool
}

// Try is one send.
type Try struct {
	Proto transport.Proto
	// Payload is the EDNS payload size, 0 for plain DNS without OPT.
	Payload uint16
	Case    bool
	Cookie  bool
	// Keepalive asks for the server's idle time-out, over TCP alone
	// (RFC 7828 §3.2.1).
	Keepalive bool
	// Timeout is when the send counts as lost; after Patience another server
	// may be asked beside this one.
	Timeout, Patience time.Duration
	reprobe           bool
}

// Measured reports whether a round trip was measured not too long ago.
func (s *Server) Measured(now time.Time) bool {
	return s.srtt > 0 && now.Sub(s.measured) < rttAge
}

// Down reports whether the server is declared down at now.
func (s *Server) Down(now time.Time) bool { return now.Before(s.downUntil) }

// optimism is what an unmeasured server is expected to take: a little less than
// most, so that each is tried before a slow one is settled on (RFC 4697 §2.5).
func (t *Timing) optimism() time.Duration { return t.Typical * 3 / 4 }

// Expect is how long a reply should take, for choosing among servers. Silence
// makes it longer.
func (s *Server) Expect(now time.Time, t Timing) time.Duration {
	d := t.optimism()
	if s.srtt > 0 {
		d = s.srtt
		if now.Sub(s.measured) >= rttAge {
			d = min(d, t.First) // old news: give it a chance again
		}
	}
	d = max(d, s.overtaken)
	if s.silent > 0 {
		d = max(d, t.First) << min(s.silent, 6)
	}
	return d
}

// timeout is the time-out of a send after so many lost ones.
func (s *Server) timeout(now time.Time, lost int, t Timing) time.Duration {
	d := t.First
	if s.Measured(now) {
		d = max(s.srtt+4*s.rttvar, minTimeout)
	}
	return min(d<<min(lost, 8), t.Ceiling)
}

// minTimeout keeps jitter of a near server from looking like loss.
const minTimeout = 100 * time.Millisecond

// minPatience keeps a burst of jitter from doubling the questions.
const minPatience = 50 * time.Millisecond

// patience is how long the server is waited for before another is asked too:
// its own expected worst case.
func (s *Server) patience(now time.Time, t Timing) time.Duration {
	if !s.Measured(now) {
		return min(max(4*t.Typical, minPatience), t.First)
	}
	return min(max(s.srtt+3*s.rttvar, s.srtt+20*time.Millisecond), max(t.First, s.srtt))
}
