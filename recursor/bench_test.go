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

// BenchmarkCold resolves names that the cache does not know, one question
// upstream for each.
func BenchmarkCold(b *testing.B) {
	o := recursor.Options{}
	o.Walk.Case, o.Walk.Usable.Special = true, true
	o.Delegations.Hints = &delegation.Point{Zone: domain.Root(), Servers: []delegation.Server{
		{Name: domain.MustParse("a."), Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}},
		{Name: domain.MustParse("b."), Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.3"), netip.MustParseAddr("192.0.2.4")}},
	}}
	r := recursor.New(recursor.Parts{
		Clock: clock.NewReal(), Net: instant{}, Cache: cache.New(cache.Options{Size: 64 << 20}), Seeds: random.Secure{},
	}, o)
	names := make([]domain.Name, b.N)
	for i := range names {
		names[i] = domain.MustParse(fmt.Sprintf("n%d.", i))
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		a, err := r.Resolve(context.Background(), recursor.Query{Name: names[i], Type: wire.TypeA})
		if err != nil || len(a.Answer) != 1 {
			b.Fatal(a, err)
		}
	}
}
