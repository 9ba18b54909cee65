package world

import (
	_ "embed" // the zones
	"fmt"
	"time"

	"github.com/miekg/dns"

	"recursor/testbed/sim"
)

//go:embed internet.zone
var internet string

// World is a whole Internet and what to ask in it.
type World struct {
	*sim.Internet
	Names []Name
}

// Options are what may vary.
type Options struct {
	// Seed decides what servers lose.
	Seed uint64
	// Now is when the signatures are good: from a day before for a month. The
	// zero time makes them those of sim.SignOptions.
	Now time.Time
}

// New makes the world.
func New(o Options) (*World, error) {
	io := sim.InternetOptions{Seed: o.Seed}
	if !o.Now.IsZero() {
		const day = 24 * time.Hour
		io.Inception, io.Expiration = o.Now.Add(-day), o.Now.Add(30*day)
	}
	in, err := sim.ParseInternet(internet, io)
	if err != nil {
		return nil, fmt.Errorf("the testbed's own Internet: %w", err)
	}
	in.Server("ns.poison.zz.").Faults.Extra = poison()
	return &World{Internet: in, Names: names()}, nil
}

// poison are records that a server has no business to tell.
func poison() sim.Extra {
	a := func(name string) dns.RR {
		return &dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 86400}, A: []byte{192, 0, 2, 66}}
	}
	return sim.Extra{
		Answer: []dns.RR{a("www.plain.com.")},
		Authority: []dns.RR{&dns.NS{
			Hdr: dns.RR_Header{Name: "zz.", Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: 86400}, Ns: "ns.poison.zz.",
		}},
		Additional: []dns.RR{a("ns1.hoster.net.")},
	}
}
