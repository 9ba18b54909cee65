package sim_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"recursor/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// realNow is the time of day, which tests on sockets need.
func realNow() time.Time { return clock.NewReal().Now().TTL }
