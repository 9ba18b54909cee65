package recursor_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"recursor/cache"
	"recursor/clock"
	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/random"
	"recursor/recursor"
	"recursor/recursor/delegation"
	"recursor/transport"
)

// instant answers every question at once: what is measured is the resolver.
type instant struct{}

func (instant) Start(q transport.Query, done clock.Signal) transport.Exchange {
	end, _ := wire.SkipName(q.Message, wire.HeaderLen)
	h, _ := wire.ParseHeader(q.Message)
	h.Flags = wire.FlagQR | wire.FlagAA | wire.FlagCD
	h.AN, h.NS, h.AR = 1, 0, 0
	msg := h.Append(make([]byte, 0, 128))
	msg = append(msg, q.Message[wire.HeaderLen:end+4]...)
	msg = append(msg, 0xc0, wire.HeaderLen, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 192, 0, 2, 1)
	done.Set()
	return answered{msg}
}

type answered struct{ msg []byte }

func (a answered) Outcome() (transport.Outcome, bool) {
	return transport.Outcome{Kind: transport.Reply, Message: a.msg}, true
}
func (answered) Cancel() {}

// coldResolver resolves names that its cache does not know, each with one question
// upstream.
func coldResolver() *recursor.Resolver {
	o := recursor.Options{}
	o.Walk.Case, o.Walk.Usable.Special = true, true
	o.Delegations.Hints = &delegation.Point{Zone: domain.Root(), Servers: []delegation.Server{
		{Name: domain.MustParse("a."), Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}},
		{Name: domain.MustParse("b."), Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.3"), netip.MustParseAddr("192.0.2.4")}},
	}}
	return recursor.New(recursor.Parts{
		Clock: clock.NewReal(), Net: instant{}, Cache: cache.New(cache.Options{Size: 64 << 20}), Seeds: random.NewShared(),
	}, o)
}

// manyNames are n names of one label.
func manyNames(n int) []domain.Name {
	names := make([]domain.Name, n)
	for i := range names {
		names[i] = domain.MustParse(fmt.Sprintf("n%d.", i))
	}
	return names
}

func resolveOne(tb testing.TB, r *recursor.Resolver, name domain.Name) {
	a, err := r.Resolve(context.Background(), recursor.Query{Name: name, Type: wire.TypeA})
	if err != nil || len(a.Answer) != 1 {
		tb.Fatal(a, err)
	}
}

// A resolution with one question upstream costs 27 allocations, three of them
// those of the network here. What is added to it shows.
func TestColdAllocations(t *testing.T) {
	const runs, want = 400, 30
	r, names, i := coldResolver(), manyNames(runs+10), 0
	n := testing.AllocsPerRun(runs, func() {
		resolveOne(t, r, names[i])
		i++
	})
	if n > want {
		t.Errorf("%v allocations, want at most %d", n, want)
	}
}

// BenchmarkCold is a resolution with one question upstream.
func BenchmarkCold(b *testing.B) {
	r, names := coldResolver(), manyNames(b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		resolveOne(b, r, names[i])
	}
}
