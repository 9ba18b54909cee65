package infra

import (
	"time"

	"recursor/transport"
)

// smallPayload is the second rung: what every path carries (RFC 1035 §4.2.1).
const smallPayload = 512

// Plan is how to send the question next, false where the server has nothing
// more to give: UDP down the ladder, then TCP, within the limits of
// RFC 9520 §3.1.
func (s *Server) Plan(h *History, need Need, now time.Time, t Timing) (Try, bool) {
	if h.spent {
		return Try{}, false
	}
	if s.mute >= t.DownAfter && !s.Down(now) {
		// One question probes a server that was down; the rest wait and see.
		s.downUntil = now.Add(s.timeout(now, h.timeouts, t))
	}
	try := Try{
		Payload:  need.Payload,
		Case:     need.Case && !(now.Sub(s.folds) < foldAge),
		Cookie:   need.Cookies && !h.noOptions && s.cookie.worth(now),
		Timeout:  s.timeout(now, h.timeouts, t),
		Patience: s.patience(now, t),
	}
	if h.plain || need.MayPlain && now.Sub(s.ednsRefused) < ednsAge && !s.ednsRefused.IsZero() {
		try.Payload, try.Cookie = 0, false
	}
	rung := s.rung
	if rung != Full && now.Sub(s.rungAt) >= rungAge && !h.reprobed {
		rung, try.reprobe = Full, true
	}
	if need.TCPOnly || h.wantTCP || rung == ByTCP || h.udp >= t.Sends {
		return s.planTCP(h, try, t)
	}
	if h.full >= 2 || rung == Small {
		if try.Payload > smallPayload {
			try.Payload = smallPayload
		}
		if need.MayPlain && h.udp == t.Sends-1 {
			try.Payload, try.Cookie = 0, false // it may drop what has EDNS (RFC 8906 §3.2)
		}
	}
	return try, true
}

func (s *Server) planTCP(h *History, try Try, t Timing) (Try, bool) {
	if h.tcp == maxTCP {
		return Try{}, false
	}
	try.Proto = transport.TCP
	try.Case = false // the stream itself is hard to forge
	try.Keepalive = try.Payload > 0 && !h.noOptions
	try.Timeout = min(2*try.Timeout, t.Ceiling)
	try.Patience = min(2*try.Patience, try.Timeout)
	return try, true
}

// Sent notes in the history that try is under way.
func (h *History) Sent(try Try) {
	if try.Proto == transport.TCP {
		h.tcp++
	} else {
		h.udp++
	}
	if try.Payload == 0 {
		h.plainTried = true
	}
	if try.reprobe {
		h.reprobed = true
	}
}
