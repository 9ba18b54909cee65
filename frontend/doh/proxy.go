package doh

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientOf is the client that a proxy which is believed names: the last one in
// the list that is no such proxy itself. What stands before it the client may
// have written. Its port is not known.
func (l *Listener) clientOf(r *http.Request, from netip.AddrPort) netip.AddrPort {
	if !l.believed(from.Addr()) {
		return from
	}
	client := from
	list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, text := range slices.Backward(list) {
		addr, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			return client // nothing before it can be believed
		}
		client = netip.AddrPortFrom(addr.Unmap().WithZone(""), 0)
		if !l.believed(client.Addr()) {
			return client
		}
	}
	return client
}

func (l *Listener) believed(addr netip.Addr) bool {
	return slices.ContainsFunc(l.o.Proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}
