package domain_test

import (
	"testing"

	"recursor/dns/domain"
)

// Every octet at every place of eight and behind them, beside every kind of
// neighbour.
// RFC: 4343.1
func TestAppendLowerOctets(t *testing.T) {
	for size := 1; size <= 17; size++ {
		for at := range size {
			for c := range 256 {
				for _, fill := range []byte{0, '@', 'A', 'Z', '[', 'a', 0x7f, 0x80, 0xc1, 0xff} {
					b := make([]byte, size)
					for i := range b {
						b[i] = fill
					}
					b[at] = byte(c)
					if got, want := string(domain.AppendLower([]byte("AB"), b)), "AB"+lower(b); got != want {
						t.Fatalf("%q became %q, want %q", b, got, want)
					}
				}
			}
		}
	}
}

func BenchmarkAppendLower(b *testing.B) {
	name := []byte("\x03www\x0eexample-domain\x03com\x00")
	dst := make([]byte, 0, 255)
	for b.Loop() {
		domain.AppendLower(dst, name)
	}
}
