package log_test

import (
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"recursor/observe"
	"recursor/observe/log"
)

// TestWants: what the log would not write is not made for it, unless it shares
// the stream with somebody who wants more.
func TestWants(t *testing.T) {
	for level, want := range map[zapcore.Level]observe.Interest{
		zap.WarnLevel: 0, zap.InfoLevel: 0, zap.DebugLevel: observe.Hits | observe.Answers,
	} {
		l, _ := logger(level)
		o := log.New(l, simulated(t))
		if got := o.Wants(); got != want {
			t.Errorf("level %s: wants %b, not %b", level, got, want)
		}
		tee := observe.Tee{o, o}
		for _, i := range []observe.Interest{observe.Hits, observe.Answers, observe.Steps} {
			if got := observe.Wants(tee, i); got != (want&i != 0) {
				t.Errorf("level %s: a tee wants %b: %t", level, i, got)
			}
			if !observe.Wants(observe.Tee{o, everything{}}, i) {
				t.Errorf("level %s: %b not wanted by who wants everything", level, i)
			}
		}
	}
}

// everything is an Observer that is not choosy.
type everything struct{}

func (everything) Observe(observe.Event) {}
