package limit

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// List is a set of addresses. The zero List is empty.
type List struct {
	spans []span // in order, apart from each other
	four  []span4
}

// span is the addresses from first to last, both of one family.
type span struct{ first, last netip.Addr }

// span4 is a span of IPv4, as numbers.
type span4 struct{ first, last uint32 }

// NewList is the addresses within the prefixes.
func NewList(prefixes []netip.Prefix) List {
	var all []span
	for _, p := range prefixes {
		if p.IsValid() {
			all = append(all, span{p.Masked().Addr(), lastOf(p)})
		}
	}
	slices.SortFunc(all, func(a, b span) int { return a.first.Compare(b.first) })
	var l List
	for _, s := range all {
		if n := len(l.spans); n > 0 && s.first.Compare(l.spans[n-1].last) <= 0 {
			if l.spans[n-1].last.Less(s.last) {
				l.spans[n-1].last = s.last
			}
			continue
		}
		l.spans = append(l.spans, s)
	}
	for _, s := range l.spans {
		if s.first.Is4() {
			l.four = append(l.four, span4{number(s.first), number(s.last)})
		}
	}
	return l
}

// number is an IPv4 address, or one in IPv6.
func number(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

// lastOf is the highest address of p.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := range b {
		if free := 8*(i+1) - p.Bits(); free >= 8 {
			b[i] = 0xff
		} else if free > 0 {
			b[i] |= 1<<free - 1
		}
	}
	last, _ := netip.AddrFromSlice(b)
	return last
}

// Contains reports whether a is in the set. IPv4 in IPv6 counts as IPv4, and the
// zone of a link-local address does not count.
func (l *List) Contains(a netip.Addr) bool {
	if a.Is4() || a.Is4In6() {
		return l.contains4(number(a))
	}
	a = a.WithZone("")
	// The first span that does not end before a.
	i, _ := slices.BinarySearchFunc(l.spans, a, func(s span, a netip.Addr) int { return s.last.Compare(a) })
	return i < len(l.spans) && !a.Less(l.spans[i].first)
}

// contains4 is the same for IPv4, which asks most.
func (l *List) contains4(a uint32) bool {
	low, high := 0, len(l.four)
	for low < high {
		if mid := (low + high) / 2; l.four[mid].last < a {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low < len(l.four) && l.four[low].first <= a
}
