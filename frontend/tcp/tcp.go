package tcp

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/stream"
)

// Options are the settings of a Listener.
type Options struct {
	// Addrs to serve: those of UDP (RFC 7766 §5). Port 0 lets the system choose.
	Addrs []netip.AddrPort
	// Beside, where not nil, listens before and has bound what is bound here too:
	// its Addrs take the place of those above.
	Beside  frontend.Listener
	Handler frontend.Handler
	Clock   clock.Clock
	Limits  frontend.Limits
	// Connections admits connections; nil is this listener's own, by Limits.
	Connections *frontend.Connections
	// Misses bounds the misses in progress; nil is this listener's own, by Limits.
	Misses *frontend.Gate
	// Key is the key of the configuration that errors name; listen.dns if empty.
	Key string
	// Transport is what queries are said to come by: TCP if zero.
	Transport frontend.Transport
	// Wrap, where not nil, is put around each listener: TLS is.
	Wrap func(net.Listener) net.Listener
}

// Listener serves clients over TCP. It implements frontend.Listener.
type Listener struct {
	o         Options
	listeners []net.Listener
	addrs     []netip.AddrPort
	server    *stream.Server
}

var _ frontend.Listener = (*Listener)(nil)

// New makes a Listener. It binds nothing.
func New(o Options) *Listener {
	o.Key = cmp.Or(o.Key, "listen.dns")
	o.Transport = cmp.Or(o.Transport, frontend.TCP)
	return &Listener{o: o, server: stream.New(stream.Options{
		Handler:     o.Handler,
		Clock:       o.Clock,
		Transport:   o.Transport,
		Limits:      o.Limits,
		Connections: o.Connections,
		Misses:      o.Misses,
	})}
}

// Listen implements frontend.Listener.
func (l *Listener) Listen() error {
	addrs := l.o.Addrs
	if l.o.Beside != nil {
		addrs = l.o.Beside.Addrs()
	}
	for _, addr := range addrs {
		ln, err := Bind(addr)
		if err != nil {
			l.Close()
			return &frontend.ListenError{Key: l.o.Key, Transport: l.o.Transport, Addr: addr, Err: err}
		}
		port := ln.Addr().(*net.TCPAddr).AddrPort().Port() // promised by package net for these networks
		l.listeners = append(l.listeners, ln)
		l.addrs = append(l.addrs, netip.AddrPortFrom(addr.Addr(), port))
	}
	return nil
}

// Bind binds one address: IPv6 alone where it is an IPv6 address, and without
// the kernel's keepalive probes.
func Bind(addr netip.AddrPort) (net.Listener, error) {
	network := "tcp4"
	if addr.Addr().Is6() {
		network = "tcp6" // IPv6 alone: the IPv4 wildcard is an address of its own
	}
	config := net.ListenConfig{KeepAlive: -1}
	return config.Listen(context.Background(), network, addr.String())
}

// Addrs implements frontend.Listener.
func (l *Listener) Addrs() []netip.AddrPort { return slices.Clone(l.addrs) }

// Close implements frontend.Listener.
func (l *Listener) Close() {
	for _, ln := range l.listeners {
		_ = ln.Close() // nobody has used it
	}
	l.listeners, l.addrs = nil, nil
}

// Stats implements frontend.Listener.
func (l *Listener) Stats() frontend.Stats { return l.server.Stats() }

// Run implements frontend.Listener.
func (l *Listener) Run(ctx context.Context) error {
	ended := make(chan error, len(l.listeners))
	for _, ln := range l.listeners {
		l.o.Clock.Go(l.o.Transport.String()+" listener", func() {
			err := errors.New("tcp: stopped by a panic")
			defer func() { ended <- err }()
			if l.o.Wrap != nil {
				ln = l.o.Wrap(ln)
			}
			err = l.server.Serve(ln)
		})
	}
	var err error
	left := len(l.listeners)
	select {
	case <-ctx.Done():
	case err = <-ended:
		left--
	}
	for _, ln := range l.listeners {
		_ = ln.Close() // an error would change nothing
	}
	for range left {
		err = errors.Join(err, <-ended)
	}
	l.server.End()
	return err
}
