package daemon

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The daemon's clock keeps some goroutines for reuse, which end with the process.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("recursor/clock.(*Real).work"))
}
