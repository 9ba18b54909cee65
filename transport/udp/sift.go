package udp

import (
	"bytes"
	"net/netip"

	"recursor/transport"
)

// sift judges a datagram that the socket of e received. The caller has
// claimed e; packet is the caller's buffer.
func (e *exchange) sift(packet []byte, from netip.AddrPort) (transport.Outcome, bool) {
	switch e.matching(packet, from) {
	case transport.Exact:
		return transport.Outcome{Kind: transport.Reply, Message: bytes.Clone(packet), NearMisses: e.misses}, true
	case transport.SameButCase:
		return transport.Outcome{Kind: transport.Folded, NearMisses: e.misses}, true
	case transport.Stranger:
	}
	e.misses++
	if e.misses == e.x.misses {
		return transport.Outcome{Kind: transport.Flooded, NearMisses: e.misses}, true
	}
	return transport.Outcome{}, false
}

// matching is transport.Match with what the socket knows.
func (e *exchange) matching(packet []byte, from netip.AddrPort) transport.Matching {
	switch {
	case from.Port() != e.server.Port(), from.Addr().WithZone("") != e.server.Addr().WithZone(""):
		// The socket was bound before it was connected, and what came between
		// may be anybody's (RFC 5452 §9.1).
		return transport.Stranger
	case len(packet) > MaxReply:
		return transport.Stranger
	}
	return transport.Match(e.query.Message, packet)
}
