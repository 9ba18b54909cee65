package zone

import (
	"strconv"
	"strings"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// SpecialUse is the Table of special-use names and locally served zones.
//
// Not in it: example and its kin, which are resolved like any other
// (RFC 6761 §6.5); ipv4only.arpa, which is special to resolvers with DNS64 only
// (RFC 8880 §7.1).
func SpecialUse() *Table {
	var zones []*held
	for _, name := range []string{"test.", "invalid.", "local.", "onion.", "alt."} {
		zones = append(zones, newHeld(domain.MustParse(name), absent))
	}
	zones = append(zones, newHeld(domain.MustParse("localhost."), loopback))
	for _, name := range reverseNames() {
		zones = append(zones, delegated(domain.MustParse(name), empty))
	}
	zones = append(zones,
		loopbackReverse("127.in-addr.arpa.", "1.0.0."),
		loopbackReverse("1."+strings.Repeat("0.", 31)+"ip6.arpa.", ""),
		delegated(domain.MustParse("home.arpa."), empty), // RFC 8375 §4
		delegated(domain.MustParse(discoveryApex), bare), // RFC 9462 §6.4
	)
	return newTable(zones)
}

// delegated is a zone below arpa, where the public DNS has an insecure
// delegation to servers that know nothing.
func delegated(apex domain.Name, k kind, data ...rrset.Set) *held {
	z := newHeld(apex, k, data...)
	z.delegated = true
	return z
}

// loopbackReverse is the reverse zone of a loopback address: a meaningful
// mapping should exist (RFC 6303 §4.2).
func loopbackReverse(apex, prefix string) *held {
	owner, target := domain.MustParse(prefix+apex), domain.MustParse("localhost.")
	ptr := rrset.New(owner, wire.TypePTR, ttl, target.AppendWire(nil))
	return delegated(domain.MustParse(apex), empty, ptr)
}

// reverseNames are the empty zones of RFC 6303 §4, with those that RFC 7793
// added for RFC 6598.
func reverseNames() []string {
	names := []string{
		// §4.1: RFC 1918
		"10.in-addr.arpa.",
		"168.192.in-addr.arpa.",
		// §4.2: RFC 5735 and RFC 5737
		"0.in-addr.arpa.",
		"254.169.in-addr.arpa.",
		"2.0.192.in-addr.arpa.",
		"100.51.198.in-addr.arpa.",
		"113.0.203.in-addr.arpa.",
		"255.255.255.255.in-addr.arpa.",
		// §4.3 to §4.6
		strings.Repeat("0.", 32) + "ip6.arpa.",
		"d.f.ip6.arpa.",
		"8.e.f.ip6.arpa.",
		"9.e.f.ip6.arpa.",
		"a.e.f.ip6.arpa.",
		"b.e.f.ip6.arpa.",
		"8.b.d.0.1.0.0.2.ip6.arpa.",
	}
	for i := 16; i <= 31; i++ {
		names = append(names, strconv.Itoa(i)+".172.in-addr.arpa.")
	}
	for i := 64; i <= 127; i++ { // RFC 7793 §2: 100.64.0.0/10
		names = append(names, strconv.Itoa(i)+".100.in-addr.arpa.")
	}
	return names
}
