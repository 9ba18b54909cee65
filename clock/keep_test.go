package clock_test

import (
	"sync"
	"testing"

	"recursor/clock"
)

func TestKeptGoroutinesRunEveryFunctionOnce(t *testing.T) {
	c := &clock.Real{Keep: 4, OnPanic: func(string, any, []byte) {}}
	var mu sync.Mutex
	ran := make(map[int]int)
	var all sync.WaitGroup
	for i := range 1000 {
		all.Add(1)
		c.Go("test", func() {
			defer all.Done()
			mu.Lock()
			ran[i]++
			mu.Unlock()
			if i%100 == 0 {
				panic("a panic must not cost the goroutine's next function")
			}
		})
	}
	all.Wait()
	for i := range 1000 {
		if ran[i] != 1 {
			t.Fatalf("function %d ran %d times", i, ran[i])
		}
	}

	// Released, those that are kept end, which TestMain holds; what is begun afterwards runs all the same.
	done, late := make(chan struct{}), make(chan struct{})
	c.Go("at work", func() { <-done })
	c.Release()
	close(done)
	c.Go("late", func() { close(late) })
	<-late
}
