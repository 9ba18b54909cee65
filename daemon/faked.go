package daemon

import (
	"fmt"

	"go.uber.org/zap"

	"recursor/clock"
	"recursor/daemon/config"
	"recursor/frontend"
)

// newFaked is the clock of a configuration that has another process set the time.
// With clock.ErrNotWritten it is good all the same.
func newFaked(c *config.Config, system *clock.Real) (*clock.Faked, error) {
	f, err := clock.NewFaked(system, c.Clock.File)
	if err != nil {
		return f, fmt.Errorf("clock.file: %w; write a line such as @2026-12-01 12:00:00 into it, or remove the key", err)
	}
	return f, nil
}

// timed is h with the clock looked at for each query, where another process sets
// it.
func (d *Daemon) timed(h frontend.Handler) frontend.Handler {
	if d.faked == nil {
		return h
	}
	return &timed{Handler: h, clock: d.faked, log: d.log}
}

// timed is a Handler that goes by a Faked clock, unlike the listeners before it.
type timed struct {
	frontend.Handler
	clock *clock.Faked
	log   *zap.Logger
}

// Hit implements frontend.Handler.
func (t *timed) Hit(q *frontend.Query, dst []byte) (n int, ok bool) {
	if err := t.clock.Look(); err != nil {
		t.log.Warn("the time stays as it was", zap.Error(err))
	}
	own := t.at(q)
	return t.Handler.Hit(&own, dst)
}

// Miss implements frontend.Handler.
func (t *timed) Miss(q *frontend.Query, reply func(msg []byte)) {
	own := t.at(q)
	t.Handler.Miss(&own, reply)
}

// at is q as if it had come at the time that is made up.
func (t *timed) at(q *frontend.Query) frontend.Query {
	own := *q
	own.At = t.clock.Now().TTL
	return own
}
