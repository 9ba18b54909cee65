package edns_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"recursor/dns/edns"
	"recursor/dns/wire"
)

// ParseLone takes what the cursor and Parse take where an OPT is all there is,
// and says the same of it.
func TestParseLone(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	lone := 0
	for range 200_000 {
		owner := []byte{0}
		if r.IntN(20) == 0 {
			owner = []byte{1, 'a', 0}
		}
		rest := append(owner, 0, byte(wire.TypeOPT))
		rest = binary.BigEndian.AppendUint16(rest, uint16(r.Uint32()))
		rest = append(rest, byte(r.IntN(2)), byte(r.IntN(20)/19), byte(r.Uint32()), byte(r.Uint32()), 0, 0)
		at := len(rest)
		for range r.IntN(5) * r.IntN(5) * r.IntN(5) {
			rest = append(rest, 0, byte(r.IntN(20)), 0, byte(r.IntN(9)/8))
			if rest[len(rest)-1] == 1 {
				rest = append(rest, 'x')
			}
		}
		binary.BigEndian.PutUint16(rest[at-2:], uint16(len(rest)-at))
		switch r.IntN(10) {
		case 0:
			rest[r.IntN(len(rest))] ^= 1 << r.IntN(8)
		case 1:
			rest = rest[:r.IntN(len(rest))]
		case 2:
			rest = append(rest, make([]byte, r.IntN(13))...)
		}
		got, ok := edns.ParseLone(rest)
		want, wantOK := parse(rest)
		if ok != wantOK {
			t.Fatalf("%x: %t, want %t", rest, ok, wantOK)
		}
		if !ok {
			continue
		}
		lone++
		if !bytes.Equal(got.Raw, want.Raw) {
			t.Fatalf("%x: options %x, want %x", rest, got.Raw, want.Raw)
		}
		if got.Raw, want.Raw = nil, nil; got.Present != want.Present || got.Payload != want.Payload || got.Version != want.Version ||
			got.RCodeHigh != want.RCodeHigh || got.DO != want.DO || got.CO != want.CO {
			t.Fatalf("%x: %+v, want %+v", rest, got, want)
		}
	}
	if lone < 50_000 {
		t.Errorf("only %d of them were one OPT", lone)
	}
}

// parse reads one record the long way; false: it is no good OPT, or not all.
func parse(rest []byte) (edns.View, bool) {
	msg := append(make([]byte, wire.HeaderLen), rest...)
	c := wire.NewCursor(msg)
	rr, err := c.RR()
	if err != nil || rr.Type != wire.TypeOPT || c.Off != len(msg) {
		return edns.View{}, false
	}
	var o wire.OPT
	o.Note(msg, rr, wire.Additional)
	v, err := edns.Parse(o)
	return v, err == nil
}
