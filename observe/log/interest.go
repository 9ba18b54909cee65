package log

import (
	"go.uber.org/zap"

	"recursor/observe"
)

var _ observe.Choosy = (*Observer)(nil)

// Wants implements observe.Choosy: what did not fail is a line of level debug,
// and the steps towards it are no lines at all.
func (o *Observer) Wants() observe.Interest {
	if o.log.Core().Enabled(zap.DebugLevel) {
		return observe.Hits | observe.Answers
	}
	return 0
}
