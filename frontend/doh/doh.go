package doh

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/doq"
	"recursor/frontend/tcp"
	"recursor/random"
)

// Path is where queries are commonly taken.
const Path = "/dns-query"

// Protocols are the names of HTTP in ALPN, over TCP and over QUIC.
func Protocols() (overTCP, overQUIC []string) { return []string{"h2", "http/1.1"}, []string{"h3"} }

// Options are the settings of a Listener.
type Options struct {
	// Addrs to serve. Port 0 lets the system choose.
	Addrs   []netip.AddrPort
	Handler frontend.Handler
	Clock   clock.Clock
	// TLS and QUIC are made for Protocols; neither is changed. Where TLS is nil
	// HTTP is served in the clear, for a proxy that speaks TLS. Where QUIC is nil
	// there is no HTTP/3.
	TLS, QUIC *tls.Config
	// Path of the resource; Path if empty.
	Path string
	// Proxies are believed when they name their clients, in ProxyHeader.
	Proxies     []netip.Prefix
	ProxyHeader ProxyHeader
	// HTTP2 is who serves it.
	HTTP2  HTTP2
	Limits frontend.Limits
	// Connections admits connections; nil is this listener's own, by Limits.
	Connections *frontend.Connections
	// Misses bounds the misses in progress; nil is this listener's own, by Limits.
	Misses *frontend.Gate
	Seeds  random.Seeder
	// Key is the key of the configuration that errors name; listen.doh if empty.
	Key string
}

// HTTP2 is who serves HTTP/2.
type HTTP2 uint8

// Servers.
const (
	// Responder is this package's, which knows queries and nothing else.
	Responder HTTP2 = iota
	// Library is the standard library's, for several times the processor time.
	Library
)

// bench is where an answer is written before it is framed, borrowed while a hit
// is made.
type bench [frontend.MaxMessage]byte

// Listener serves clients over HTTP. It implements frontend.Listener.
type Listener struct {
	o         Options
	single    *frontend.Single
	server    *http.Server
	tally     frontend.Tally // over TCP
	endpoint  *doq.Endpoint  // nil without HTTP/3
	listeners []net.Listener
	addrs     []netip.AddrPort
	benches   sync.Pool // of *bench
	date      atomic.Pointer[date]
	open      sync.WaitGroup // visitors, and misses of the Responder
}

var _ frontend.Listener = (*Listener)(nil)

// New makes a Listener. It binds nothing.
func New(o Options) *Listener {
	o.Limits = o.Limits.WithDefaults()
	o.Key, o.Path = cmp.Or(o.Key, "listen.doh"), cmp.Or(o.Path, Path)
	if o.Connections == nil {
		o.Connections = frontend.NewConnections(o.Limits, o.Clock)
	}
	if o.Misses == nil {
		o.Misses = frontend.NewGate(o.Limits.Misses)
	}
	l := &Listener{o: o, single: frontend.NewSingle(o.Handler, o.Clock, o.Misses)}
	l.benches.New = func() any { return new(bench) }
	l.server = l.newServer()
	return l
}

// tries is how often another port is tried, where the system is to choose one
// that is free for TCP and UDP.
const tries = 20

// Listen implements frontend.Listener.
func (l *Listener) Listen() error {
	var err error
	for range tries {
		if err = l.listen(); err == nil || !l.anyPort() {
			return err
		}
	}
	return err
}

func (l *Listener) anyPort() bool {
	return slices.ContainsFunc(l.o.Addrs, func(a netip.AddrPort) bool { return a.Port() == 0 })
}

func (l *Listener) listen() error {
	for _, addr := range l.o.Addrs {
		ln, err := tcp.Bind(addr)
		if err != nil {
			l.Close()
			return &frontend.ListenError{Key: l.o.Key, Transport: frontend.DoH, Addr: addr, Err: err}
		}
		port := ln.Addr().(*net.TCPAddr).AddrPort().Port() // promised by package net for these networks
		l.listeners = append(l.listeners, ln)
		l.addrs = append(l.addrs, netip.AddrPortFrom(addr.Addr(), port))
	}
	if l.o.QUIC == nil || l.o.TLS == nil {
		return nil
	}
	l.endpoint = l.newEndpoint()
	if err := l.endpoint.Listen(); err != nil {
		l.endpoint = nil
		l.Close()
		return err
	}
	return nil
}

// Addrs implements frontend.Listener.
func (l *Listener) Addrs() []netip.AddrPort { return slices.Clone(l.addrs) }

// Close implements frontend.Listener.
func (l *Listener) Close() {
	for _, ln := range l.listeners {
		_ = ln.Close() // nobody has used it
	}
	if l.endpoint != nil {
		l.endpoint.Close()
	}
	l.listeners, l.addrs, l.endpoint = nil, nil, nil
}

// Stats implements frontend.Listener.
func (l *Listener) Stats() frontend.Stats {
	s := l.single.Stats(frontend.DoH)
	l.tally.AddTo(&s)
	l.endpoint.AddTo(&s)
	return s
}

// grace is the time for requests in progress when all is to end: more than the
// client's own.
const grace = 6 * time.Second

// Run implements frontend.Listener.
func (l *Listener) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	running := len(l.listeners)
	ended := make(chan error, running+1)
	start := func(what string, f func() error) {
		l.o.Clock.Go(what, func() {
			err := errors.New(what + ": stopped by a panic")
			defer func() { ended <- err }()
			err = f()
		})
	}
	for _, ln := range l.listeners {
		start("doh listener", func() error { return l.serve(ln) })
	}
	if l.endpoint != nil {
		running++
		start("doh listener (HTTP/3)", func() error { return l.serve3(ctx) })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
		running--
		cancel()
	}
	l.shutdown()
	for range running {
		err = errors.Join(err, <-ended)
	}
	l.open.Wait()
	return err
}

// serve takes the connections of one listener.
func (l *Listener) serve(ln net.Listener) error {
	var err error
	if l.o.TLS == nil {
		err = l.server.Serve(admission{ln, l})
	} else {
		err = l.server.ServeTLS(admission{ln, l}, "", "")
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// shutdown lets requests in progress end, for a while.
func (l *Listener) shutdown() {
	patience, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer l.o.Clock.AfterFunc(grace, cancel).Stop()
	l.o.Connections.End()
	if l.server.Shutdown(patience) != nil {
		_ = l.server.Close() // they had their time
	}
}
