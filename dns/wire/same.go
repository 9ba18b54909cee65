package wire

import "recursor/dns/domain"

// SameRData reports whether two RDATA, uncompressed and checked, are the same
// record's: octet by octet (RFC 3597 §6), but for the case of names that
// canonical form lowers (RFC 4034 §6.2).
func SameRData(t Type, a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	if string(a) == string(b) {
		return true
	}
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	var x, y [2 * domain.MaxName]byte
	return string(AppendCanonical(x[:0], t, a)) == string(AppendCanonical(y[:0], t, b))
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
