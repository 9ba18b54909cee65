package rrset_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"recursor/clock"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// flood is a message of n answers made to cost as much as they can.
func flood(n int, one func(i int) (owner string, t wire.Type, rdata string)) []byte {
	msg := wire.Header{Flags: wire.FlagQR, QD: 1, AN: uint16(n)}.Append(nil)
	msg = append(msg, "\x01a\x00\x00\x01\x00\x01"...)
	for i := range n {
		owner, t, rdata := one(i)
		msg = append(msg, owner...)
		msg = binary.BigEndian.AppendUint16(msg, uint16(t))
		msg = append(msg, 0, 1, 0, 0, 0, 60)
		msg = binary.BigEndian.AppendUint16(msg, uint16(len(rdata)))
		msg = append(msg, rdata...)
	}
	return msg
}

// floods are the shapes in which something could be searched one by one.
func floods() map[string]func(i int) (string, wire.Type, string) {
	number := func(i int) string { return string([]byte{byte(i >> 8), byte(i)}) }
	sig := func(covered int) string {
		return number(covered) + "\x08\x01" + "\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x04" + "\x00s"
	}
	const same = "\xc0\x0c"
	return map[string]func(i int) (string, wire.Type, string){
		"one large Set":           func(i int) (string, wire.Type, string) { return same, wire.TypeA, "\x0a\x00" + number(i) },
		"one record again":        func(int) (string, wire.Type, string) { return same, wire.TypeA, "abcd" },
		"one name in many cases":  func(i int) (string, wire.Type, string) { return same, wire.TypeMX, "\x00\x01\x10" + cases(i) + "\x00" },
		"many owners":             func(i int) (string, wire.Type, string) { return "\x02" + number(i) + same, wire.TypeA, "abcd" },
		"many types":              func(i int) (string, wire.Type, string) { return same, wire.Type(1000 + i), "abcd" },
		"two Sets in turn":        func(i int) (string, wire.Type, string) { return same, wire.Type(1000 + i%2), number(i) },
		"many signatures":         func(i int) (string, wire.Type, string) { return same, wire.TypeRRSIG, sig(1) + number(i) },
		"signatures of nothing":   func(i int) (string, wire.Type, string) { return same, wire.TypeRRSIG, sig(1000 + i) },
		"signatures of no owners": func(i int) (string, wire.Type, string) { return "\x02" + number(i) + same, wire.TypeRRSIG, sig(1) },
	}
}

// cases is a label of sixteen letters, the case of each a bit of i.
func cases(i int) string {
	b := []byte("abcdefghijklmnop")
	for bit := range b {
		if i>>bit&1 == 1 {
			b[bit] -= 32
		}
	}
	return string(b)
}

// Eight times the records cost about eight times the work, not sixty-four times.
func TestParseIsLinear(t *testing.T) {
	const small, factor = 1000, 8
	for name, one := range floods() {
		few, many := flood(small, one), flood(factor*small, one)
		ratio, short, long := 0.0, clock.Forever, clock.Forever
		for range 25 { // a machine at work on other things may spoil many a round
			short, long = min(short, quickest(t, few)), min(long, quickest(t, many))
			if ratio = float64(long) / float64(short); ratio < 3*factor {
				break
			}
		}
		if ratio >= 3*factor {
			t.Errorf("%s: %d times the records take %.0f times as long", name, factor, ratio)
		}
	}
}

// quickest is the shortest of a few readings of msg.
func quickest(t *testing.T, msg []byte) time.Duration {
	t.Helper()
	watch, best := clock.NewReal(), clock.Forever
	for range 4 {
		start := watch.Now().TTL
		if _, err := rrset.Parse(msg); err != nil {
			t.Fatal(err)
		}
		best = min(best, watch.Now().TTL.Sub(start))
	}
	return best
}

// A message unfolds to a bounded multiple of its size. The worst there is: an
// owner and two names in the RDATA, each of 255 octets by way of a pointer.
func TestParseMemoryIsBounded(t *testing.T) {
	const n = 3000
	msg := wire.Header{QD: 1, AN: n}.Append(nil)
	msg = append(msg, strings.Repeat("\x01a", 125)+"\x00\x00\x01\x00\x01"...)
	for i := range n {
		msg = append(msg, 3, '#', byte(i>>8), byte(i), 0xc0, 12, 0, byte(wire.TypeRP), 0, 1, 0, 0, 0, 1, 0, 4, 0xc0, 12, 0xc0, 12)
	}
	m, err := rrset.Parse(msg)
	if err != nil {
		t.Fatal(err)
	}
	octets, records := 0, 0
	for i := range m.Answer {
		octets += m.Answer[i].Size() + m.Answer[i].Name.Len()
		records += m.Answer[i].Len()
	}
	if records < n*8/10 || octets > 60*len(msg) { // some owners differ in case only
		t.Errorf("%d records, %d octets became %d", records, len(msg), octets)
	}
}

func BenchmarkParseFlood(b *testing.B) {
	for name, one := range floods() {
		msg := flood(3000, one)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(msg)))
			for b.Loop() {
				if _, err := rrset.Parse(msg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
