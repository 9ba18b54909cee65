package world_test

import (
	"testing"

	"recursor/testbed/sim/world"
)

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := world.New(world.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
