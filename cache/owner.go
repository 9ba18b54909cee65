package cache

import "recursor/dns/domain"

// An owner is stored relative to the name its entry is about, in the case it
// was received in (RFC 4343 §4): what precedes the suffix that both share, and
// where that begins; if letters of the suffix were upper case, a bit an octet
// tells which.

// shared is the offset in a and b at which their longest common suffix of
// whole labels begins.
func shared(a, b domain.Name) (inA, inB int) {
	both := a.CommonAncestor(b).Len()
	return a.Len() - both, b.Len() - both
}

// hasUpper reports whether b has an upper-case letter.
func hasUpper(b []byte) bool {
	for _, c := range b {
		if 'A' <= c && c <= 'Z' {
			return true
		}
	}
	return false
}

// appendCase appends a bit for each octet of b, set where it is upper case.
func appendCase(dst, b []byte) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, (len(b)+7)/8)...)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			dst[at+i/8] |= 1 << (i % 8)
		}
	}
	return dst
}

// applyCase raises the letters of b that bits tell of.
func applyCase(b, bits []byte) {
	for i, c := range b {
		if 'a' <= c && c <= 'z' && bits[i/8]>>(i%8)&1 != 0 {
			b[i] = c - ('a' - 'A')
		}
	}
}
