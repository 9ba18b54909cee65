package log

import (
	"fmt"
	"time"

	"go.uber.org/zap"

	"recursor/observe"
)

// trust writes of trust anchors, of what is known of them, and of the clock.
// These are rare, and none is left out.
func (o *Observer) trust(e observe.Event) {
	switch e := e.(type) {
	case observe.Following:
		fields := []zap.Field{zap.Strings("keys", e.Keys)}
		if !e.Next.IsZero() {
			fields = append(fields, zap.Time("asked-again", e.Next))
		}
		o.log.Info("trust anchors of "+e.Zone.String(), fields...)
	case observe.Anchored:
		o.anchored(e)
	case observe.Unfollowed:
		o.log.Warn("trust anchors of "+e.Zone.String()+" stay as they are: their zone could not be asked for its keys, or what came does not count",
			zap.Time("asked-again", e.Next), zap.Error(e.Err))
	case observe.Kept:
		o.log.Error("the state of trust anchors could not be "+e.What, zap.String("file", e.File), zap.Error(e.Err))
	case observe.Clocked:
		o.clocked(e)
	case observe.Disabled:
		o.log.Warn("negative trust anchor of "+e.Zone.String()+": "+e.What, zap.Time("until", e.Until), zap.String("reason", e.Reason))
	}
}

func (o *Observer) anchored(e observe.Anchored) {
	line := fmt.Sprintf("trust anchor %d of %s: %s, was %s", e.Tag, e.Zone, e.To, e.From)
	switch {
	case e.Last:
		o.log.Error(line+"; no key is trusted any more, and everything below is bogus until anchors are configured", zap.Time("at", e.At))
	case !e.Until.IsZero():
		o.log.Info(line, zap.Time("at", e.At), zap.Time("trusted-from", e.Until))
	default:
		o.log.Info(line, zap.Time("at", e.At))
	}
}

func (o *Observer) clocked(e observe.Clocked) {
	if !e.Wrong {
		o.log.Info("the clock is right again", zap.Time("clock", e.At))
		return
	}
	by, where := e.Off, "ahead of"
	if by < 0 {
		by, where = -by, "behind"
	}
	o.log.Error("the clock is wrong: signatures cannot be judged, and trust anchors stay as they are until it is set",
		zap.Time("clock", e.At), zap.Duration("at-least", by.Round(time.Second)), zap.String(where, e.Than))
}
