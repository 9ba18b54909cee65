package doh

import (
	"net/netip"
	"slices"
	"strings"
)

// ProxyHeader is the field in which a proxy names its client.
type ProxyHeader uint8

// Fields. A proxy writes one of them, and may let through the other as the
// client wrote it; so one alone is believed.
const (
	// XForwardedFor is what most proxies write.
	XForwardedFor ProxyHeader = iota
	// Forwarded is RFC 7239.
	Forwarded
)

// field is the name of the field.
func (h ProxyHeader) field() string {
	if h == Forwarded {
		return "forwarded"
	}
	return "x-forwarded-for"
}

// named is the client that a proxy which is believed names: the last one in the
// list that is no such proxy itself. What stands before it the client may have
// written. Its port is not known.
func (l *Listener) named(from netip.AddrPort, values []string) netip.AddrPort {
	client := from
	if !l.believed(from.Addr()) {
		return client
	}
	for _, value := range slices.Backward(values) {
		for value != "" {
			var element string
			value, element = lastElement(value)
			addr, ok := l.o.ProxyHeader.address(element)
			if !ok {
				return client // nothing before it can be believed
			}
			client = netip.AddrPortFrom(addr.Unmap().WithZone(""), 0)
			if !l.believed(client.Addr()) {
				return client
			}
		}
	}
	return client
}

func (l *Listener) believed(addr netip.Addr) bool {
	return slices.ContainsFunc(l.o.Proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// lastElement splits the last element off a list. A comma between quotes
// separates nothing; neither form of an address has one.
func lastElement(list string) (before, last string) {
	i := len(list)
	for quoted := false; i > 0; i-- {
		if list[i-1] == '"' {
			quoted = !quoted
		}
		if list[i-1] == ',' && !quoted {
			return list[:i-1], list[i:]
		}
	}
	return "", list
}

// address is the client in an element of the list.
func (h ProxyHeader) address(element string) (netip.Addr, bool) {
	if h == Forwarded {
		return forwardedFor(element)
	}
	element = strings.TrimSpace(element)
	addr, err := netip.ParseAddr(element)
	if err == nil {
		return addr, true
	}
	// No standard says how; there are proxies that write the port too.
	at, err := netip.ParseAddrPort(element)
	return at.Addr(), err == nil
}

// forwardedFor is the parameter "for" of an element (RFC 7239 §4, §6). A name
// that hides the address is none.
func forwardedFor(element string) (netip.Addr, bool) {
	for element != "" {
		var pair string
		pair, element, _ = strings.Cut(element, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if !strings.EqualFold(name, "for") {
			continue
		}
		if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
		}
		if at, err := netip.ParseAddrPort(value); err == nil {
			return at.Addr(), true
		}
		if inner, ok := strings.CutPrefix(value, "["); ok {
			inner, ok = strings.CutSuffix(inner, "]")
			addr, err := netip.ParseAddr(inner)
			return addr, ok && err == nil && addr.Is6()
		}
		addr, err := netip.ParseAddr(value)
		return addr, err == nil && addr.Is4()
	}
	return netip.Addr{}, false
}
