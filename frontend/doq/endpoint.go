package doq

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"recursor/clock"
	"recursor/frontend"
	"recursor/random"
)

// EndpointOptions are the settings of an Endpoint.
type EndpointOptions struct {
	Addrs []netip.AddrPort
	Clock clock.Clock
	// TLS is made for the protocols that are spoken. It is not changed.
	TLS    *tls.Config
	Limits frontend.Limits
	// Connections admits connections.
	Connections *frontend.Connections
	Seeds       random.Seeder
	// Key and Transport are for errors.
	Key       string
	Transport frontend.Transport
	// EarlyData takes connections before their handshake has ended (0-RTT).
	EarlyData bool
	// UniStreams is how many streams of one direction a client may open.
	UniStreams int
	// HoldStreams counts a stream of a client as open until it is released.
	HoldStreams bool
	// Refused is the code by which a connection ends that has to give way.
	Refused uint64
}

// Endpoint binds UDP sockets and takes connections over QUIC.
type Endpoint struct {
	o       EndpointOptions
	sockets []*net.UDPConn
	addrs   []netip.AddrPort
	shaking atomic.Int64 // handshakes in progress

	handshakes, unshaken, refused atomic.Uint64
	tally                         frontend.Tally
}

// NewEndpoint makes an Endpoint. It binds nothing.
func NewEndpoint(o EndpointOptions) *Endpoint {
	o.Limits = o.Limits.WithDefaults()
	return &Endpoint{o: o}
}

// Listen binds all addresses or none; its error is a *frontend.ListenError.
func (e *Endpoint) Listen() error {
	for _, addr := range e.o.Addrs {
		network := "udp4"
		if addr.Addr().Is6() {
			network = "udp6"
		}
		socket, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(addr))
		if err != nil {
			e.Close()
			return &frontend.ListenError{Key: e.o.Key, Transport: e.o.Transport, Addr: addr, Err: err}
		}
		port := socket.LocalAddr().(*net.UDPAddr).AddrPort().Port() // promised by package net
		e.sockets = append(e.sockets, socket)
		e.addrs = append(e.addrs, netip.AddrPortFrom(addr.Addr(), port))
	}
	return nil
}

// Addrs are the addresses that Listen bound.
func (e *Endpoint) Addrs() []netip.AddrPort { return slices.Clone(e.addrs) }

// AddTo adds what was counted here to s. A nil Endpoint has counted nothing.
func (e *Endpoint) AddTo(s *frontend.Stats) {
	if e == nil {
		return
	}
	s.N[frontend.Handshakes] += e.handshakes.Load()
	s.N[frontend.Unshaken] += e.unshaken.Load()
	s.N[frontend.Refused] += e.refused.Load()
	e.tally.AddTo(s)
}

// Close frees what Listen bound.
func (e *Endpoint) Close() {
	for _, s := range e.sockets {
		_ = s.Close() // nobody uses it
	}
	e.sockets, e.addrs = nil, nil
}

// acceptor takes connections: both kinds of listener of the library.
type acceptor interface {
	Accept(ctx context.Context) (*quic.Conn, error)
	Addr() net.Addr
	Close() error
}

// Acceptor takes the connections of one socket, those that are admitted. It is
// an http3.QUICListener.
type Acceptor struct {
	acceptor
	endpoint  *Endpoint
	transport *quic.Transport
}

// Start begins to take connections on all sockets.
func (e *Endpoint) Start() ([]*Acceptor, error) {
	var all []*Acceptor
	for _, socket := range e.sockets {
		a := &Acceptor{endpoint: e, transport: &quic.Transport{
			Conn:                socket,
			ConnectionIDLength:  8,
			StatelessResetKey:   e.resetKey(),
			VerifySourceAddress: func(net.Addr) bool { return e.loaded() },
			ConnContext:         e.begin,
		}}
		var err error
		if e.o.EarlyData {
			a.acceptor, err = a.transport.ListenEarly(e.o.TLS, e.config())
		} else {
			a.acceptor, err = a.transport.Listen(e.o.TLS, e.config())
		}
		if err != nil {
			for _, started := range all {
				started.Stop()
			}
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// Stop ends taking connections, and those that are open.
func (a *Acceptor) Stop() {
	_ = a.Close()           // no more are taken
	_ = a.transport.Close() // waits for its goroutines
	_ = a.transport.Conn.Close()
}

func (e *Endpoint) config() *quic.Config {
	l := e.o.Limits
	uni := int64(e.o.UniStreams)
	if uni == 0 {
		uni = -1
	}
	return &quic.Config{
		HandshakeIdleTimeout: l.FirstQuery,
		MaxIdleTimeout:       max(l.Idle, time.Second) + l.FirstQuery, // ours is looked at by who serves
		// A query is 64 KiB at most, and rarely longer than a packet.
		InitialStreamReceiveWindow:     16 << 10,
		MaxStreamReceiveWindow:         16 << 10,
		InitialConnectionReceiveWindow: 128 << 10,
		MaxConnectionReceiveWindow:     128 << 10,
		MaxIncomingStreams:             int64(l.Outstanding),
		MaxIncomingUniStreams:          uni,
		RequireStreamCreditRelease:     e.o.HoldStreams,
		Allow0RTT:                      e.o.EarlyData,
	}
}

func (e *Endpoint) resetKey() *quic.StatelessResetKey {
	key, chance := new(quic.StatelessResetKey), e.o.Seeds.Stream()
	for i := range key {
		key[i] = byte(chance.Uint64())
	}
	return key
}

// loaded reports whether clients have to prove their addresses first.
func (e *Endpoint) loaded() bool { return int(e.shaking.Load()) >= e.o.Limits.Handshakes/4 }

var errBusy = errors.New("too many handshakes are in progress")

// begin counts a handshake, from its first packet to Accept or failure.
func (e *Endpoint) begin(ctx context.Context, _ *quic.ClientInfo) (context.Context, error) {
	if int(e.shaking.Add(1)) > e.o.Limits.Handshakes {
		e.shaking.Add(-1)
		e.refused.Add(1)
		return nil, errBusy
	}
	g := &Guest{endpoint: e}
	context.AfterFunc(ctx, g.gone)
	return context.WithValue(ctx, guestKey{}, g), nil
}

// Accept takes the next connection that is admitted.
func (a *Acceptor) Accept(ctx context.Context) (*quic.Conn, error) {
	for {
		conn, err := a.acceptor.Accept(ctx)
		if err != nil {
			return nil, err
		}
		if GuestOf(conn.Context()).admit(conn) {
			return conn, nil
		}
	}
}
