package recursor_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"recursor/cache"
	"recursor/clock"
	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/random"
	"recursor/recursor"
	"recursor/recursor/delegation"
	"recursor/testbed/sim"
)

// world is a simulated Internet with a resolver in it.
type world struct {
	t       *testing.T
	clock   *sim.Clock
	net     *sim.Network
	cache   *cache.Cache
	servers map[string]*sim.Authority
	options recursor.Options
	*recursor.Resolver
}

// Addresses of the servers that every world has.
const (
	rootAddr = "198.41.0.4"
	comAddr  = "192.5.6.30"
)

const rootZone = `
$ORIGIN .
$TTL 86400
@ SOA a.root-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 86400
@ NS a.root-servers.net.
a.root-servers.net. A 198.41.0.4
com. NS a.gtld-servers.net.
net. NS a.gtld-servers.net.
a.gtld-servers.net. A 192.5.6.30
`

// newWorld makes a root server and one server for com. and net., whose zones
// hold the given delegations and glue.
func newWorld(t *testing.T, com, net string) *world {
	c := sim.NewClock(time.Unix(1_800_000_000, 0))
	w := &world{
		t: t, clock: c, net: sim.NewNetwork(c, 1), cache: cache.New(cache.Options{Size: 8 << 20}),
		servers: map[string]*sim.Authority{},
	}
	t.Cleanup(c.Close)
	w.options.Walk.Usable.Special = true
	w.options.Walk.Cookies = false
	w.options.Delegations.Hints = &delegation.Point{Zone: domain.Root(), Hints: true, Servers: []delegation.Server{{
		Name: domain.MustParse("a.root-servers.net."), Addrs: []netip.Addr{netip.MustParseAddr(rootAddr)},
	}}}
	w.serve(rootAddr, ".", rootZone)
	w.serve(comAddr, "com.", "@ SOA a.gtld-servers.net. nstld. 1 1800 900 604800 900\n@ NS a.gtld-servers.net.\n"+com)
	w.serve(comAddr, "net.", "@ SOA a.gtld-servers.net. nstld. 1 1800 900 604800 900\n@ NS a.gtld-servers.net.\n"+
		"a.gtld-servers A 192.5.6.30\n"+net)
	return w
}

// serve puts a zone at an address; the same address may serve several.
func (w *world) serve(addr, origin, text string) *sim.Authority {
	w.t.Helper()
	a, ok := w.servers[addr]
	if !ok {
		a = sim.NewAuthority(addr, uint64(len(w.servers)))
		w.servers[addr] = a
		w.net.Attach(netip.MustParseAddr(addr), a)
	}
	z, err := sim.ParseZone(origin, "$TTL 3600\n"+text)
	if err != nil {
		w.t.Fatal(err)
	}
	a.Serve(z)
	return a
}

// example puts a usual zone at an address.
func (w *world) example(addr, origin string, more ...string) *sim.Authority {
	w.t.Helper()
	return w.serve(addr, origin, "@ SOA ns host 1 1800 900 604800 300\n@ NS ns\nns A "+addr+"\nwww A 192.0.2.80\n"+strings.Join(more, "\n"))
}

// start builds the resolver; options are final then.
func (w *world) start() *world {
	w.Resolver = recursor.New(recursor.Parts{
		Clock: w.clock, Net: w.net, Cache: w.cache, Seeds: &random.Replay{Seed: 7},
	}, w.options)
	return w
}

// outcome is an answer as tests compare it.
type outcome struct {
	recursor.Answer
	err  error
	took time.Duration
}

// ask resolves in simulated time.
func (w *world) ask(name string, t wire.Type) outcome {
	return w.query(recursor.Query{Name: domain.MustParse(name), Type: t})
}

func (w *world) query(q recursor.Query) outcome {
	var o outcome
	w.clock.Run(func() {
		began := w.clock.Now().TTL
		o.Answer, o.err = w.Resolve(context.Background(), q)
		o.took = w.clock.Now().TTL.Sub(began)
	})
	return o
}

// sent are the queries since the last call, as "address name TYPE".
func (w *world) sent() []string {
	var out []string
	for _, s := range w.net.Take() {
		line := s.To.Addr().String() + " " + s.Query()
		if s.Proto != 0 {
			line += " tcp"
		}
		out = append(out, line)
	}
	return out
}

// wantSent compares the queries sent, in order.
func (w *world) wantSent(want ...string) {
	w.t.Helper()
	if got := w.sent(); !slices.Equal(got, want) {
		w.t.Errorf("sent\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// addrs are the A records of the answer section.
func (o outcome) addrs() []string {
	var out []string
	for i := range o.Answer.Answer {
		if s := &o.Answer.Answer[i]; s.Type == wire.TypeA {
			for rd := range s.RData.All() {
				a, _ := netip.AddrFromSlice(rd)
				out = append(out, a.String())
			}
		}
	}
	return out
}

func (w *world) wantA(o outcome, want ...string) {
	w.t.Helper()
	if o.err != nil || o.RCode != wire.NoError || !slices.Equal(o.addrs(), want) {
		w.t.Errorf("answer %v %v, error %v; want %v", o.RCode, o.addrs(), o.err, want)
	}
}

func (w *world) wantRCode(o outcome, want wire.RCode) {
	w.t.Helper()
	if o.RCode != want {
		w.t.Errorf("RCODE %d (%v), want %d", o.RCode, o.err, want)
	}
}

var _ clock.Clock = (*sim.Clock)(nil)

func name(s string) domain.Name { return domain.MustParse(s) }

func query(s string) recursor.Query { return recursor.Query{Name: name(s), Type: wire.TypeA} }

func recursorQuery(s string, t wire.Type) recursor.Query {
	return recursor.Query{Name: name(s), Type: t}
}
