package limit

import "testing"

// TestSipHash has the vectors of the SipHash paper: key 00 to 0f, messages 00,
// 00 01 and so on.
func TestSipHash(t *testing.T) {
	var key [16]byte
	var msg [16]byte
	for i := range key {
		key[i], msg[i] = byte(i), byte(i)
	}
	for n, want := range map[int]uint64{
		0:  0x726fdb47dd0e0e31,
		1:  0x74f839c593dc67fd,
		7:  0xab0200f58b01d137,
		8:  0x93f5f5799a932462,
		15: 0xa129ca6149be45e5,
	} {
		if got := sipHash(&key, msg[:n]); got != want {
			t.Errorf("%d octets: %016x, want %016x", n, got, want)
		}
	}
}
