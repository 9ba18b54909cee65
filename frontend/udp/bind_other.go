//go:build !linux

package udp

import "net/netip"

// calls is empty where there are no batches.
type calls struct{}

func systemCalls() calls { return calls{} }

func (l *Listener) bindTarget(addr netip.AddrPort) (netip.AddrPort, error) {
	return l.newPlain(addr, nil)
}
