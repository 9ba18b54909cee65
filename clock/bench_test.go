package clock_test

import (
	"testing"
	"time"

	"recursor/clock"
)

// BenchmarkSignal is a wait that ends long before its time, as nearly all do.
func BenchmarkSignal(b *testing.B) {
	c := clock.NewReal()
	asked, answered := c.NewSignal(), c.NewSignal()
	done := make(chan struct{})
	c.Go("echo", func() {
		for range b.N {
			asked.Wait(time.Minute)
			answered.Set()
		}
		close(done)
	})
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		asked.Set()
		answered.Wait(time.Minute)
	}
	<-done
}
