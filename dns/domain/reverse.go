package domain

import (
	"net/netip"
	"strconv"
)

// Reverse is the name that holds the PTR records of an address: below
// in-addr.arpa. (RFC 1035 §3.5) or ip6.arpa. (RFC 3596 §2.5).
func Reverse(a netip.Addr) Name {
	text := "in-addr.arpa."
	if a.Is4() || a.Is4In6() {
		for _, b := range a.Unmap().As4() {
			text = strconv.Itoa(int(b)) + "." + text
		}
		return MustParse(text)
	}
	const digits = "0123456789abcdef"
	text = "ip6.arpa."
	for _, b := range a.As16() {
		text = string([]byte{digits[b&15], '.', digits[b>>4], '.'}) + text
	}
	return MustParse(text)
}
