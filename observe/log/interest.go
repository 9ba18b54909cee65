package log

import (
	"go.uber.org/zap"

	"recursor/observe"
)

var _ observe.Choosy = (*Observer)(nil)

// WantsHits implements observe.Choosy: they are lines of level debug.
func (o *Observer) WantsHits() bool { return o.log.Core().Enabled(zap.DebugLevel) }
