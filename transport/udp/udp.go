package udp

import (
	"context"
	"errors"
	"sync"

	"recursor/clock"
	"recursor/dns/wire"
	"recursor/transport"
)

// Errors of outcomes of the kind Exhausted.
var (
	// ErrEnded: Run has ended, or is over and was called again.
	ErrEnded = errors.New("udp: no longer running")
	// ErrQueue: as many queries wait for a socket as may.
	ErrQueue = errors.New("udp: too many queries wait for a socket")
	// ErrPorts: no source port was found that is free.
	ErrPorts = errors.New("udp: no source port to be had")
	// ErrMessage: the query's message is shorter than a header or longer than a datagram.
	ErrMessage = errors.New("udp: not the length of a message")
)

// MaxReply is the longest reply that is read. It is three times what the
// resolver advertises (RFC 9715 §3.2), and a longer one came in fragments,
// which can be forged: TCP brings it.
const MaxReply = 4096

// Options of an Exchanger. The zero value of each field is its default.
type Options struct {
	// Clock starts the goroutines. Default: clock.NewReal().
	Clock clock.Clock
	// MaxOpen bounds the sockets open at a time. Min 1; max and default: 80 %
	// of the descriptors that the process may have, and at most half of the
	// ports, so that a port stays hard to guess however busy we are.
	MaxOpen int
	// MaxWaiting bounds the queries that wait for a socket. Min 1, default
	// 10,000, as many as resolutions may be under way.
	MaxWaiting int
	// Misses is how many datagrams that do not match end an exchange. Default:
	// transport.MaxNearMisses.
	Misses int
	// Avoid are the ports never sent from (RFC 5452 §9.2). Default: DefaultAvoid.
	Avoid []uint16
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = clock.NewReal()
	}
	if o.MaxWaiting <= 0 {
		o.MaxWaiting = 10_000
	}
	if o.Misses <= 0 {
		o.Misses = transport.MaxNearMisses
	}
	if o.Avoid == nil {
		o.Avoid = DefaultAvoid()
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

// sockets is how datagrams come and go. The Exchanger decides when.
type sockets interface {
	// begin gets ready for open.
	begin() error
	// open sends e's query from a port of its own and arms e. On an error it
	// leaves no socket behind.
	open(e *exchange) error
	// close closes the socket of e, which the caller has claimed.
	close(e *exchange)
	// serve reads replies until ctx ends.
	serve(ctx context.Context) error
	// end returns when the goroutines of all exchanges have.
	end()
}

// Exchanger sends queries by UDP. It implements transport.Exchanger.
type Exchanger struct {
	clock      clock.Clock
	sockets    sockets
	ports      *ports
	maxOpen    int
	maxWaiting int
	misses     int

	mu      sync.Mutex
	stage   stage
	open    int  // sockets that are open, being opened or being closed
	waiting list // for a socket, in order of arrival
	active  list // in the state listening, and those claimed since
}

var _ transport.Exchanger = (*Exchanger)(nil)

// New builds an Exchanger. It works while Run does.
func New(o Options) *Exchanger { return build(o, newSockets) }

func build(o Options, way func(*Exchanger) sockets) *Exchanger {
	o = o.withDefaults()
	x := &Exchanger{clock: o.Clock, ports: newPorts(o.Avoid), maxWaiting: o.MaxWaiting, misses: o.Misses}
	x.maxOpen = max(1, min(descriptors()/10*8, x.ports.count()/2))
	if o.MaxOpen > 0 {
		x.maxOpen = min(x.maxOpen, o.MaxOpen)
	}
	x.sockets = way(x)
	return x
}

// Run reads replies until ctx ends; then every exchange without an outcome
// ends as Exhausted. It may be called once.
func (x *Exchanger) Run(ctx context.Context) error {
	x.mu.Lock()
	if x.stage != built {
		x.mu.Unlock()
		return ErrEnded
	}
	if err := x.sockets.begin(); err != nil {
		x.mu.Unlock()
		x.finishAll()
		return err
	}
	x.stage = running
	next := x.nextLocked()
	x.mu.Unlock()
	for next != nil { // who came before Run
		x.launch(next)
		x.mu.Lock()
		next = x.nextLocked()
		x.mu.Unlock()
	}
	err := x.sockets.serve(ctx)
	x.finishAll()
	x.sockets.end()
	return err
}

// Start implements transport.Exchanger.
func (x *Exchanger) Start(q transport.Query, done clock.Signal) transport.Exchange {
	e := newExchange(x, q, done)
	at, err := x.admit(e)
	switch {
	case err != nil:
		e.conclude(transport.Outcome{Kind: transport.Exhausted, Err: err})
	case at == busy:
		x.launch(e)
	}
	return e
}

// admit puts e among the waiting, or claims it (busy) for the caller to launch.
func (x *Exchanger) admit(e *exchange) (state, error) {
	if n := len(e.query.Message); n < wire.HeaderLen || n > maxDatagram {
		return done, ErrMessage
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.stage == over:
		return done, ErrEnded
	case x.stage == running && x.open < x.maxOpen && x.waiting.n == 0:
		x.open++
		e.state = busy
		return busy, nil
	case x.waiting.n >= x.maxWaiting:
		return done, ErrQueue
	default:
		x.waiting.push(e)
		return waiting, nil
	}
}

// maxDatagram is the payload of the longest UDP datagram over IPv4.
const maxDatagram = 65_535 - 20 - 8

// nextLocked takes the first who waits, if there is a socket for it.
func (x *Exchanger) nextLocked() *exchange {
	if x.stage != running || x.open >= x.maxOpen || x.waiting.n == 0 {
		return nil
	}
	e := x.waiting.first
	x.waiting.remove(e)
	e.state = busy
	x.open++
	return e
}

// launch sends e's query, and goes on with those that wait for as long as
// they fail: a failed one makes room for the next.
func (x *Exchanger) launch(e *exchange) {
	for e != nil {
		err := x.sockets.open(e)
		if err == nil {
			return
		}
		e = x.settle(e, failed(err))
	}
}

// finish ends e, which the caller has claimed, and launches who waited for
// its socket.
func (x *Exchanger) finish(e *exchange, o transport.Outcome) {
	x.sockets.close(e)
	x.launch(x.settle(e, o))
}

// settle ends e, whose socket is closed, and returns who may use the room.
func (x *Exchanger) settle(e *exchange, o transport.Outcome) *exchange {
	if e.port != 0 {
		x.ports.giveBack(e.port)
	}
	x.mu.Lock()
	x.active.remove(e)
	x.open--
	e.state = done
	cancelled := e.cancelled
	next := x.nextLocked()
	x.mu.Unlock()
	if !cancelled {
		e.conclude(o)
	}
	return next
}

// finishAll ends every exchange when nobody reads any more.
func (x *Exchanger) finishAll() {
	outcome := transport.Outcome{Kind: transport.Exhausted, Err: ErrEnded}
	var waited, listened []*exchange
	x.mu.Lock()
	x.stage = over // from here on nothing is launched or armed
	for e := x.waiting.first; e != nil; e = x.waiting.first {
		x.waiting.remove(e)
		e.state = done
		waited = append(waited, e)
	}
	for e := x.active.first; e != nil; e = e.next {
		if e.state == listening {
			e.state = busy
			listened = append(listened, e)
		}
	}
	x.mu.Unlock()
	for _, e := range waited {
		e.conclude(outcome)
	}
	for _, e := range listened {
		x.finish(e, outcome)
	}
}

// failed is the outcome of a query that could not be sent or lost its socket.
func failed(err error) transport.Outcome {
	kind := transport.FailureKind(err)
	if errors.Is(err, ErrEnded) || errors.Is(err, ErrPorts) {
		kind = transport.Exhausted
	}
	return transport.Outcome{Kind: kind, Err: err}
}
