package doq

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"

	"github.com/quic-go/quic-go"

	"recursor/clock"
	"recursor/frontend"
	"recursor/random"
)

// Protocol is the name of DNS over QUIC in ALPN (RFC 9250 §4.1.1).
const Protocol = "doq"

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
	Seeds  random.Seeder
	// EarlyData serves queries of 0-RTT data, which somebody else may repeat.
	EarlyData bool
	// Key is the key of the configuration that errors name; listen.doq if empty.
	Key string
}

// Listener serves clients over QUIC. It implements frontend.Listener.
type Listener struct {
	o        Options
	endpoint *Endpoint
	single   *frontend.Single
	running  sync.WaitGroup
}

var _ frontend.Listener = (*Listener)(nil)

// New makes a Listener. It binds nothing.
func New(o Options) *Listener {
	o.Limits = o.Limits.WithDefaults()
	o.Key = cmp.Or(o.Key, "listen.doq")
	if o.Connections == nil {
		o.Connections = frontend.NewConnections(o.Limits, o.Clock)
	}
	if o.Misses == nil {
		o.Misses = frontend.NewGate(o.Limits.Misses)
	}
	return &Listener{
		o:      o,
		single: frontend.NewSingle(o.Handler, o.Clock, o.Misses),
		endpoint: NewEndpoint(EndpointOptions{
			Addrs: o.Addrs, Clock: o.Clock, TLS: o.TLS, Limits: o.Limits, Connections: o.Connections, Seeds: o.Seeds,
			Key: o.Key, Transport: frontend.DoQ, EarlyData: o.EarlyData, HoldStreams: true, Refused: uint64(ExcessiveLoad),
		}),
	}
}

// Listen implements frontend.Listener.
func (l *Listener) Listen() error { return l.endpoint.Listen() }

// Addrs implements frontend.Listener.
func (l *Listener) Addrs() []netip.AddrPort { return l.endpoint.Addrs() }

// Close implements frontend.Listener.
func (l *Listener) Close() { l.endpoint.Close() }

// Stats implements frontend.Listener.
func (l *Listener) Stats() frontend.Stats {
	s := l.single.Stats(frontend.DoQ)
	l.endpoint.AddTo(&s)
	return s
}

// Run implements frontend.Listener.
func (l *Listener) Run(ctx context.Context) error {
	acceptors, err := l.endpoint.Start()
	if err != nil {
		l.endpoint.Close()
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(acceptors))
	for _, a := range acceptors {
		l.o.Clock.Go("doq listener", func() {
			err := errors.New("doq: stopped by a panic")
			defer func() { ended <- err }()
			err = l.accept(ctx, a)
		})
	}
	var all error
	for range acceptors {
		if err := <-ended; err != nil {
			all = errors.Join(all, err)
			cancel()
		}
	}
	l.o.Connections.End()
	l.running.Wait()
	for _, a := range acceptors {
		a.Stop()
	}
	return all
}

func (l *Listener) accept(ctx context.Context, a *Acceptor) error {
	for {
		conn, err := a.Accept(ctx)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return nil
		default:
			return err
		}
		l.running.Add(1)
		l.o.Clock.Go("doq connection", func() {
			defer l.running.Done()
			l.serve(conn)
		})
	}
}

// serve takes the streams of a connection until it ends, or all are to.
func (l *Listener) serve(conn *quic.Conn) {
	g := GuestOf(conn.Context())
	ctx, cancel := context.WithCancel(conn.Context())
	defer cancel()
	g.OnEnd(cancel)
	c := &connection{listener: l, guest: g, conn: conn, counters: l.single.Counters()}
	for {
		s, err := conn.AcceptStream(ctx)
		if err != nil {
			break
		}
		c.streams.Add(1)
		l.o.Clock.Go("doq stream", func() {
			defer c.streams.Done()
			c.serve(s)
		})
	}
	c.streams.Wait()
	_ = conn.CloseWithError(quic.ApplicationErrorCode(NoError), "") // it may have ended already
}

// plain is the address of one end, without zone and never IPv4 in IPv6.
func plain(addr net.Addr) netip.AddrPort {
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	both := udp.AddrPort()
	return netip.AddrPortFrom(both.Addr().Unmap().WithZone(""), both.Port())
}
