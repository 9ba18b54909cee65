package infra

import (
	"time"

	"recursor/transport"
)

// Result is what came of a send, as far as it teaches how to send.
type Result uint8

// Results.
const (
	// Answered: a whole reply, whatever it says.
	Answered Result = iota + 1
	// Truncated: a reply with TC over UDP.
	Truncated
	// TimedOut: nothing until the time-out.
	TimedOut
	// Overtaken: another server answered while this one was over its patience.
	Overtaken
	// Rejected: FORMERR, NOTIMP or BADVERS, as servers answer that know no
	// EDNS or dislike an option (RFC 6891 §7, RFC 8906 §3).
	Rejected
	// BadCookie: the server wants its cookie (RFC 7873 §5.3).
	BadCookie
	// Suspicious: the reply may be forged: wrong case, wrong cookie, or many
	// strangers before it.
	Suspicious
	// Folded: the reply was right but for the case of its question.
	Folded
	// Unreachable: the system says so.
	Unreachable
	// Broken: the connection ended before a reply.
	Broken
)

// Observation is one outcome.
type Observation struct {
	Try    Try
	Result Result
	Took   time.Duration
	// Sent is when.
	Sent time.Time
	// Heard is when any server answered last: silence is this server's own, and
	// not the network's, where that is after the send.
	Heard time.Time
	// MayPlain is Need's.
	MayPlain bool
}

// Observe learns from an outcome.
func (s *Server) Observe(h *History, o Observation, now time.Time, t Timing) {
	switch o.Result {
	case TimedOut:
		s.lost(h, o, now, t)
	case Overtaken:
		// It is that slow, or its packet got lost: others come first until it
		// answers, but its time-outs stay what was measured.
		s.overtaken = min(o.Took, t.First)
	case Unreachable:
		h.spent = true
		s.silence(o, now, t)
	case Broken:
		h.timeouts++
		if o.Try.Proto == transport.TCP && h.tcp >= maxTCP {
			h.spent = true
		}
		s.silence(o, now, t)
	case Truncated:
		s.alive(o, now)
		h.wantTCP = true
	case Folded, Suspicious:
		h.wantTCP = true
		if o.Result == Folded {
			s.folds = now
		}
	case BadCookie:
		s.alive(o, now)
		if h.newCookie {
			h.wantTCP = true
		}
		h.newCookie = true
	case Rejected:
		s.alive(o, now)
		s.rejected(h, o)
	default:
		s.alive(o, now)
		s.answered(h, o, now, t)
	}
}

// lost is a send that timed out.
func (s *Server) lost(h *History, o Observation, now time.Time, t Timing) {
	h.timeouts++
	switch {
	case o.Try.Proto == transport.TCP:
		if h.tcp >= maxTCP {
			h.spent = true
		}
	case o.Try.Payload > smallPayload:
		h.full++
	}
	s.silence(o, now, t)
}

// silence counts towards the server being down. Where nobody has answered since
// it fell silent, the network is the likely cause: then it is left alone for a
// while that does not grow, so that it is asked within seconds of the network's
// return.
func (s *Server) silence(o Observation, now time.Time, t Timing) {
	since := o.Sent
	if s.mute > 0 && s.muteFrom.Before(since) {
		since = s.muteFrom
	}
	others := o.Heard.After(since)
	s.mute, s.muteFrom = s.mute+1, o.Sent
	if o.Heard.After(o.Sent) {
		s.silent++
	}
	if s.mute < t.DownAfter || s.Down(now) {
		return
	}
	if s.backoff = min(2*s.backoff, t.DownCeiling); !others || s.backoff == 0 {
		s.backoff = t.DownFirst
	}
	s.downUntil = now.Add(s.backoff)
}

// alive is a reply: measured by Jacobson's estimator (RFC 6298 §2), UDP only,
// since TCP's time holds a handshake or a queue.
func (s *Server) alive(o Observation, now time.Time) {
	s.mute, s.silent, s.overtaken, s.downUntil, s.backoff = 0, 0, 0, time.Time{}, 0
	if o.Try.Proto == transport.TCP && s.srtt > 0 {
		return
	}
	r := max(o.Took, time.Microsecond)
	if !s.Measured(now) {
		s.srtt, s.rttvar = r, r/2
	} else {
		diff := s.srtt - r
		if diff < 0 {
			diff = -diff
		}
		s.rttvar += (diff - s.rttvar) / 4
		s.srtt += (r - s.srtt) / 8
	}
	s.measured = now
}

// answered learns which rung works: a lower one is remembered only if a higher
// failed twice where it succeeded; the full one clears the memory.
func (s *Server) answered(h *History, o Observation, now time.Time, t Timing) {
	switch {
	case o.Try.Proto == transport.TCP:
		if h.full >= 2 && h.udp >= t.Sends || s.rung == ByTCP {
			s.rung, s.rungAt = ByTCP, now
		}
	case o.Try.Payload > smallPayload:
		s.rung = Full
	case o.Try.Payload > 0 && (h.full >= 2 || s.rung == Small):
		s.rung, s.rungAt = Small, now
	}
	switch {
	case o.Try.Payload > 0:
		s.ednsRefused = time.Time{}
	case h.plain || h.full >= 2:
		s.ednsRefused = now
	}
}

// rejected decides what follows a FORMERR and the like: without options, then
// without EDNS where that is allowed, then nothing.
func (s *Server) rejected(h *History, o Observation) {
	switch {
	case o.Try.Cookie, o.Try.Keepalive:
		h.noOptions = true
		s.cookie.refused = s.cookie.refused || o.Try.Cookie
	case o.Try.Payload > 0 && o.MayPlain && !h.plainTried:
		h.plain = true
	default:
		h.spent = true
	}
}
