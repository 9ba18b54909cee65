package dot

import (
	"cmp"
	"crypto/tls"
	"net"
	"net/netip"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/tcp"
)

// Protocol is the name of DNS over TLS in ALPN.
const Protocol = "dot"

// Options are the settings of a Listener.
type Options struct {
	// Addrs to serve. Port 0 lets the system choose.
	Addrs   []netip.AddrPort
	Handler frontend.Handler
	Clock   clock.Clock
	// TLS is made for Protocol. It is not changed.
	TLS    *tls.Config
	Limits frontend.Limits
	// Connections admits connections; nil is this listener's own, by Limits.
	Connections *frontend.Connections
	// Misses bounds the misses in progress; nil is this listener's own, by Limits.
	Misses *frontend.Gate
	// Key is the key of the configuration that errors name; listen.dot if empty.
	Key string
}

// Listener serves clients over TLS. It implements frontend.Listener.
type Listener struct{ *tcp.Listener }

var _ frontend.Listener = Listener{}

// New makes a Listener. It binds nothing.
func New(o Options) Listener {
	return Listener{tcp.New(tcp.Options{
		Addrs:       o.Addrs,
		Handler:     o.Handler,
		Clock:       o.Clock,
		Limits:      o.Limits,
		Connections: o.Connections,
		Misses:      o.Misses,
		Key:         cmp.Or(o.Key, "listen.dot"),
		Transport:   frontend.DoT,
		Wrap:        func(ln net.Listener) net.Listener { return listener{ln, o.TLS, o.Clock} },
	})}
}

// listener puts TLS around what it accepts.
type listener struct {
	net.Listener
	config *tls.Config
	clock  clock.Clock
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return tcp.NewSecure(c, l.config, l.clock), nil
}
