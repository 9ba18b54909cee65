package serve_test

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/cache/answer"
	"recursor/clock"
	"recursor/dns/rrset"
	"recursor/frontend"
	"recursor/observe"
	"recursor/random"
	"recursor/serve"
	"recursor/zone"
)

// stopped is a clock that stands, so that tests say what time it is.
type stopped struct {
	clock.Clock // waiting is not what this package does: nil, and it shows
	at          time.Time
}

func (c *stopped) Now() clock.Instant { return clock.Instant{TTL: c.at, Signature: c.at} }

// resolver is a Resolver that remembers what it was asked.
type resolver struct {
	answer func(serve.Question) (serve.Answer, error)

	mu    sync.Mutex
	asked []serve.Question
}

func (r *resolver) Resolve(_ context.Context, q serve.Question) (serve.Answer, error) {
	r.mu.Lock()
	r.asked = append(r.asked, q)
	r.mu.Unlock()
	return r.answer(q)
}

// events is an Observer that keeps everything.
type events struct {
	mu  sync.Mutex
	all []observe.Event
}

func (e *events) Observe(ev observe.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

// world is a Handler with what is about it.
type world struct {
	*serve.Handler
	clock    *stopped
	resolver *resolver
	events   *events
	answers  *answer.Cache // nil where none are kept
	dst      []byte
}

// newWorld is a Handler over answer, with what change makes of the settings.
func newWorld(answer func(serve.Question) (serve.Answer, error), change func(*serve.Options)) *world {
	w := &world{
		clock:    &stopped{at: time.Unix(1559731985, 0)},
		resolver: &resolver{answer: answer},
		events:   &events{},
	}
	o := serve.Options{
		Clock: w.clock, Resolver: w.resolver, Observer: w.events,
		Random: &random.Replay{Seed: 1}, Zones: zone.SpecialUse(),
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}
	if change != nil {
		change(&o)
	}
	w.Handler = serve.New(context.Background(), o)
	return w
}

func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// query is a message as it comes over UDP from this host.
func query(msg []byte) *frontend.Query {
	return &frontend.Query{Message: msg, Client: addrPort("127.0.0.1:4711"), Local: addrPort("127.0.0.1:53")}
}

// serve takes a query the route that a front end takes. Nil: no response.
func (w *world) serve(q *frontend.Query) (reply []byte, hit bool) {
	if w.dst == nil {
		w.dst = make([]byte, frontend.MaxMessage)
	}
	if n, ok := w.Hit(q, w.dst); ok {
		return append([]byte(nil), w.dst[:n]...), true // nil for silence
	}
	w.Miss(q, func(msg []byte) { reply = msg })
	return reply, false
}

// ask sends m and gives the response to the library.
func (w *world) ask(t testing.TB, m *dns.Msg) *dns.Msg {
	t.Helper()
	return w.askOver(t, m, frontend.UDP)
}

func (w *world) askOver(t testing.TB, m *dns.Msg, transport frontend.Transport) *dns.Msg {
	t.Helper()
	packed, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	q := query(packed)
	q.Transport = transport
	got, _ := w.serve(q)
	if got == nil {
		t.Fatalf("no response to %v", m)
	}
	return read(t, got)
}

func read(t testing.TB, msg []byte) *dns.Msg {
	t.Helper()
	m := new(dns.Msg)
	if err := m.Unpack(msg); err != nil {
		t.Fatalf("%x: %v", msg, err)
	}
	return m
}

// question is a query as a stub sends it: RD, no EDNS.
func question(name string, qtype uint16) *dns.Msg {
	m := new(dns.Msg)
	m.SetQuestion(name, qtype)
	return m
}

// withEDNS adds an OPT.
func withEDNS(m *dns.Msg, options ...dns.EDNS0) *dns.Msg {
	m.Extra = append(m.Extra, &dns.OPT{
		Hdr:    dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT, Class: 1232},
		Option: options,
	})
	return m
}

// withDO adds an OPT with DO.
func withDO(m *dns.Msg) *dns.Msg {
	withEDNS(m).IsEdns0().SetDo()
	return m
}

// sets makes Sets of records in presentation form.
func sets(t testing.TB, records ...string) []rrset.Set {
	t.Helper()
	m := new(dns.Msg)
	for _, r := range records {
		rr, err := dns.NewRR(r)
		if err != nil {
			t.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	packed, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := rrset.Parse(packed)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Answer
}

// note is the first extended error of a response.
func note(m *dns.Msg) (code int, text string) {
	if o := m.IsEdns0(); o != nil {
		for _, option := range o.Option {
			if e, ok := option.(*dns.EDNS0_EDE); ok {
				return int(e.InfoCode), e.ExtraText
			}
		}
	}
	return -1, ""
}

const (
	soaRecord = "example. 300 IN SOA ns.example. hostmaster.example. 1 7200 3600 604800 300"
	soaSig    = "example. 300 IN RRSIG SOA 13 1 300 20300101000000 20200101000000 1 example. c2lnbmF0dXJlIG92ZXIgdGhlIFNPQQ=="
)
