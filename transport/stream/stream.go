package stream

import (
	"container/list"
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"recursor/clock"
	"recursor/dns/wire"
	"recursor/transport"
)

// Errors of outcomes of the kind Exhausted.
var (
	// ErrEnded: Run has ended, or is over and was called again.
	ErrEnded = errors.New("stream: no longer running")
	// ErrQueue: as many queries wait for a connection as may.
	ErrQueue = errors.New("stream: too many queries wait for a connection")
	// ErrMessage: the query's message is shorter than a header or longer than its length field can say.
	ErrMessage = errors.New("stream: not the length of a message")
)

// Options of an Exchanger. The zero value of each field is its default.
type Options struct {
	// Clock starts the goroutines and timers. Default: clock.NewReal().
	Clock clock.Clock
	// MaxConns bounds the connections open at a time. Min 1, default 128; each
	// is a descriptor.
	MaxConns int
	// MaxPerServer bounds the connections to one server from one source
	// address. RFC 7766 §6.2.2 wants one for regular queries; the second opens
	// only when the first has MaxOutstanding queries under way. Min 1, default 2.
	MaxPerServer int
	// MaxOutstanding bounds the unanswered queries on a connection. Min 1,
	// max 1,024, default 64, which is what servers let one client have.
	MaxOutstanding int
	// Misses is how many messages that answer nothing, one after the other, end a
	// connection. Default: transport.MaxNearMisses.
	Misses int
	// MaxWaiting bounds the queries that wait for a place. Min 1, default 10,000.
	MaxWaiting int
	// Idle is how long a connection is kept with nothing to do (RFC 7766
	// §6.2.3: seconds). Default 10 s, negative for not at all.
	Idle time.Duration
	// Connect is how long the system may try to connect when nobody has
	// cancelled before. Default 10 s.
	Connect time.Duration
}

func (o Options) withDefaults() Options {
	or := func(n *int, standard int) {
		if *n <= 0 {
			*n = standard
		}
	}
	or(&o.MaxConns, 128)
	or(&o.MaxPerServer, 2)
	or(&o.MaxOutstanding, 64)
	or(&o.MaxWaiting, 10_000)
	or(&o.Misses, transport.MaxNearMisses)
	o.MaxOutstanding = min(o.MaxOutstanding, 1024)
	if o.Clock == nil {
		o.Clock = clock.NewReal()
	}
	if o.Idle == 0 {
		o.Idle = 10 * time.Second
	}
	o.Idle = max(o.Idle, 0)
	if o.Connect <= 0 {
		o.Connect = 10 * time.Second
	}
	return o
}

// stage is where an Exchanger is in its life.
type stage uint8

const (
	built stage = iota
	running
	over
)

// route is what queries must have in common to share a connection.
type route struct {
	to   netip.AddrPort
	from netip.Addr // the zero Addr leaves it to the system
}

// Exchanger sends queries by TCP. It implements transport.Exchanger.
type Exchanger struct {
	options Options
	clock   clock.Clock
	dial    func(context.Context, route) (net.Conn, error)
	workers sync.WaitGroup // the goroutines of connections

	mu      sync.Mutex
	stage   stage
	servers map[route]*server
	conns   int       // all that are open or opening
	idle    []*conn   // those without a query, longest idle first
	waiting int       // queries in the lists of all servers
	starved []*server // with queries that wait for a connection more, in order
	seq     uint64    // of the last query placed
}

var (
	_ transport.Exchanger = (*Exchanger)(nil)
	_ transport.Keeper    = (*Exchanger)(nil)
)

// New builds an Exchanger. It works while Run does.
func New(o Options) *Exchanger {
	o = o.withDefaults()
	x := &Exchanger{options: o, clock: o.Clock, servers: map[route]*server{}}
	x.dial = func(ctx context.Context, r route) (net.Conn, error) {
		network := "tcp4"
		if r.to.Addr().Is6() {
			network = "tcp6"
		}
		// Package net sets TCP_NODELAY. Idle connections are closed long
		// before keep-alive probes would tell anything.
		d := net.Dialer{Timeout: o.Connect, KeepAlive: -1}
		c, err := d.DialTCP(ctx, network, netip.AddrPortFrom(r.from, 0), r.to)
		if err != nil {
			return nil, err // and no typed nil
		}
		return c, nil
	}
	return x
}

// Run keeps the connections until ctx ends; then it closes them all, and
// every exchange without an outcome ends as Exhausted. It may be called once.
func (x *Exchanger) Run(ctx context.Context) error {
	var fx effects
	x.mu.Lock()
	if x.stage != built {
		x.mu.Unlock()
		return ErrEnded
	}
	x.stage = running
	x.refill(&fx)
	x.mu.Unlock()
	x.apply(&fx)

	<-ctx.Done()

	fx = effects{}
	x.mu.Lock()
	x.stage = over
	x.starved = nil
	for _, s := range x.servers {
		x.abandon(s, transport.Outcome{Kind: transport.Exhausted, Err: ErrEnded}, &fx)
	}
	x.mu.Unlock()
	x.apply(&fx)
	x.workers.Wait()
	return nil
}

// Start implements transport.Exchanger.
func (x *Exchanger) Start(q transport.Query, done clock.Signal) transport.Exchange {
	to := netip.AddrPortFrom(q.To.Addr.Addr().Unmap(), q.To.Addr.Port())
	e := &exchange{x: x, query: q, signal: done, route: route{to, q.From.Unmap()}}
	var fx effects
	x.mu.Lock()
	var err error
	switch n := len(q.Message); {
	case n < wire.HeaderLen || n > maxMessage:
		err = ErrMessage
	case x.stage == over:
		err = ErrEnded
	default:
		err = x.place(e, &fx)
	}
	if err != nil {
		e.settle(transport.Outcome{Kind: transport.Exhausted, Err: err}, &fx)
	}
	x.mu.Unlock()
	x.apply(&fx)
	return e
}

// Idle says what a server told of its idle time-out in a reply from to, asked
// from from (RFC 7828 §3.2.2): idle connections to it are closed earlier than
// that. Zero means that it wants no more queries on the connections there
// are: they are closed when the last reply has come. A time-out longer than
// Options.Idle changes nothing.
func (x *Exchanger) Idle(to netip.AddrPort, from netip.Addr, timeout time.Duration) {
	r := route{netip.AddrPortFrom(to.Addr().Unmap(), to.Port()), from.Unmap()}
	var fx effects
	x.mu.Lock()
	if s := x.servers[r]; s != nil {
		x.hint(s, timeout, &fx)
	}
	x.mu.Unlock()
	x.apply(&fx)
}

// effects is what was decided under the lock and is done without it.
type effects struct {
	opening []*conn
	closing []net.Conn
	waking  []*conn // their writers
	settled []*exchange
}

func (x *Exchanger) apply(fx *effects) {
	for _, c := range fx.opening {
		x.clock.Go("stream: connection to "+c.server.to.String(), c.run)
	}
	for _, c := range fx.closing {
		_ = c.Close()
	}
	for _, c := range fx.waking {
		c.wake.Set()
	}
	for _, e := range fx.settled {
		e.settled.Store(true)
		e.signal.Set()
	}
}

// server is one route: its connections and the queries that wait for them.
type server struct {
	route
	conns     []*conn
	waiting   list.List     // of *exchange, in order of arrival
	idle      time.Duration // how long its connections are kept without a query
	isStarved bool          // in Exchanger.starved
}
