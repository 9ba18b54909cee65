package wire

// SerialLess compares serial numbers of 32 bits (RFC 1982 §3.2), as SOA serials,
// the times of signatures and those of cookies are. defined is false where they
// are exactly half the circle apart: then neither is less, and whoever asks must
// not act as if one were.
func SerialLess(a, b uint32) (less, defined bool) {
	const half = 1 << 31
	d := b - a
	return d != 0 && d < half, d != half
}
