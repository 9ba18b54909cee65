package scenario

import (
	"net/netip"
	"sync"

	"recursor/clock"
	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/observe"
	"recursor/transport"
)

// Recorder takes down what a resolver asks of real servers and what they say.
// It is the Exchanger that the resolver is given, in front of another one, and
// the Observer that tells it of which zone a server is asked.
type Recorder struct {
	next transport.Exchanger

	mu    sync.Mutex
	zones map[asked]domain.Name
	heard []said
	// beyond are servers that the network could not reach.
	beyond map[netip.AddrPort]bool
}

// asked is a question to a server.
type asked struct {
	server netip.AddrPort
	name   domain.Name
	t      wire.Type
}

// said is a reply.
type said struct {
	zone   domain.Name
	server netip.AddrPort
	query  *heard
	reply  []byte
}

// NewRecorder is a Recorder in front of next.
func NewRecorder(next transport.Exchanger) *Recorder {
	return &Recorder{next: next, zones: map[asked]domain.Name{}, beyond: map[netip.AddrPort]bool{}}
}

// Observe implements observe.Observer.
func (r *Recorder) Observe(e observe.Event) {
	if e, ok := e.(observe.Sent); ok {
		r.mu.Lock()
		r.zones[asked{e.Server, e.Name, wire.Type(e.Type)}] = e.Zone
		r.mu.Unlock()
	}
}

// Start implements transport.Exchanger.
func (r *Recorder) Start(q transport.Query, done clock.Signal) transport.Exchange {
	x := &listened{Exchange: r.next.Start(q, done), r: r, server: q.To.Addr}
	x.query, x.err = hear(append([]byte(nil), q.Message...), q.To.Proto == transport.TCP)
	return x
}

// listened is an exchange that is listened to.
type listened struct {
	transport.Exchange
	r      *Recorder
	server netip.AddrPort
	query  *heard
	err    error
	once   sync.Once
}

// Outcome implements transport.Exchange.
func (x *listened) Outcome() (transport.Outcome, bool) {
	o, ok := x.Exchange.Outcome()
	if ok && o.Kind == transport.Unreachable {
		x.once.Do(func() { x.r.unreachable(x.server) })
	}
	if ok && o.Kind == transport.Reply && x.err == nil && x.query.question != nil {
		x.once.Do(func() { x.r.note(x, append([]byte(nil), o.Message...)) })
	}
	return o, ok
}

func (r *Recorder) unreachable(server netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.beyond[server] = true
}

func (r *Recorder) note(x *listened, reply []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := x.query.question
	r.heard = append(r.heard, said{
		zone: r.zones[asked{x.server, q.Name, q.Type}], server: x.server, query: x.query, reply: reply,
	})
}
