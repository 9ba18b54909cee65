package log

import (
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"recursor/clock"
	"recursor/dns/wire"
	"recursor/observe"
)

// perSecond is how many failures are written in one second.
const perSecond = 20

// Observer writes events. Make it with New.
type Observer struct {
	log   *zap.Logger
	clock clock.Clock

	mu         sync.Mutex
	second     time.Time
	written    int
	suppressed int
}

// New is an Observer that writes to l.
func New(l *zap.Logger, c clock.Clock) *Observer { return &Observer{log: l, clock: c} }

// Observe implements observe.Observer.
func (o *Observer) Observe(e observe.Event) {
	switch e := e.(type) {
	case observe.Answered:
		o.answered(e)
	case observe.Panicked:
		o.log.Error("a broken invariant cost one query; please report it",
			zap.String("in", e.What), zap.Any("panic", e.Recovered), zap.ByteString("stack", e.Stack))
	case observe.Certified:
		o.certified(e)
	default:
		o.trust(e)
	}
}

func (o *Observer) certified(e observe.Certified) {
	if e.Err != nil {
		o.log.Error("a changed certificate is not good; the one before stays in use", zap.String("file", e.File), zap.Error(e.Err))
		return
	}
	line := "certificate"
	if e.SelfSigned {
		line = "self-signed certificate"
	}
	o.log.Info(line, zap.String("file", e.File), zap.Strings("for", e.Names), zap.Time("ends", e.Ends),
		zap.String("spki-pin", e.Pin), zap.String("sha256", e.Fingerprint))
}

// answered writes a line for a failure; everything else is for level debug.
// What is not written costs nothing: most answers are not.
func (o *Observer) answered(e observe.Answered) {
	switch {
	case wire.RCode(e.RCode) != wire.ServFail:
		if o.log.Core().Enabled(zap.DebugLevel) {
			o.log.Debug(line(&e), zap.String("client", e.Client.String()), zap.String("transport", e.Transport),
				zap.String("from", e.From), zap.Duration("took", e.Took), zap.Int("sent", e.Sends))
		}
	case o.log.Core().Enabled(zap.WarnLevel):
		skipped, ok := o.allow()
		if !ok {
			return
		}
		fields := []zap.Field{zap.String("transport", e.Transport), zap.Duration("took", e.Took), zap.Int("sent", e.Sends)}
		if skipped > 0 {
			fields = append(fields, zap.Int("lines-left-out", skipped))
		}
		o.log.Warn(line(&e), fields...)
	}
}

// line is the RCODE, the question and the reasons.
func line(e *observe.Answered) string {
	s := fmt.Sprintf("%s <%s %s>", wire.RCode(e.RCode), e.Name, wire.Type(e.Type))
	for _, n := range e.Notes {
		s += fmt.Sprintf(": %s", n.Code)
		if n.Text != "" {
			s += ": " + n.Text
		}
	}
	return s
}

// allow reports whether another failure may be written now, and how many were
// not since the last.
func (o *Observer) allow() (skipped int, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now := o.clock.Now().TTL; now.Sub(o.second) >= time.Second {
		o.second, o.written = now, 0
	}
	if o.written >= perSecond {
		o.suppressed++
		return 0, false
	}
	o.written++
	skipped, o.suppressed = o.suppressed, 0
	return skipped, true
}
