package wire_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"recursor/dns/wire"
)

// FirstQuestion reads in place what RawQuestion reads into a buffer.
func TestFirstQuestion(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	good := 0
	for range 50_000 {
		msg := make([]byte, wire.HeaderLen)
		for range r.IntN(7) * r.IntN(7) {
			n := r.IntN(64)
			switch r.IntN(60) {
			case 0:
				n = r.IntN(256) // a pointer, or a type of label that there is not
			case 1:
				n = 63
			}
			msg = append(msg, byte(n))
			for range n {
				msg = append(msg, byte(r.Uint32()))
			}
		}
		msg = append(msg, 0, 1, 2, 3, 4, 5, 6)
		msg = msg[:max(wire.HeaderLen, len(msg)-r.IntN(9))]
		in, into := wire.NewCursor(msg), wire.NewCursor(msg)
		got, err := in.FirstQuestion()
		want, _, wantErr := into.RawQuestion(nil)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%x: %v, want %v", msg, err, wantErr)
		}
		if err != nil {
			continue
		}
		good++
		if !bytes.Equal(got.Raw, want.Raw) || got.Type != want.Type || got.Class != want.Class || in.Off != into.Off {
			t.Fatalf("%x: %+v up to %d, want %+v up to %d", msg, got, in.Off, want, into.Off)
		}
	}
	if good < 1000 {
		t.Errorf("only %d whole questions", good)
	}
}
