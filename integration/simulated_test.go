package integration_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/daemon"
	"recursor/dns/domain"
	"recursor/frontend"
	"recursor/random"
	"recursor/serve"
	"recursor/testbed/sim"
)

// simulated is an Engine, with all that `recursor serve` has but the sockets, in a simulated Internet.
type simulated struct {
	t testing.TB
	*daemon.Engine
	clock    *sim.Clock
	net      *sim.Network
	internet *sim.Internet
	handler  *serve.Handler
}

// simulate makes an Engine of a description of an Internet, as sim.ParseInternet has it, and lines of configuration.
func simulate(t testing.TB, internet, lines string) *simulated {
	t.Helper()
	in, err := sim.ParseInternet(internet, sim.InternetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return simulateOver(t, in, in.Anchors(), lines)
}

// simulateOver makes an Engine that trusts the anchors.
func simulateOver(t testing.TB, in *sim.Internet, anchors, lines string) *simulated {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "c.yaml")
	for name, text := range map[string]string{
		"root.hints": in.Hints(), "root.ds": anchors,
		"c.yaml": "root-hints: root.hints\ntrust-anchors: [root.ds]\nupstream: {allow-special-addresses: true, priming: false}\n" + lines,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := daemon.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	c.Cache.Size = 8 << 20 // hundreds of resolvers in one process, on 32 bits too
	s := &simulated{t: t, internet: in, clock: sim.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	t.Cleanup(s.clock.Close)
	s.net = sim.NewNetwork(s.clock, 1)
	in.Attach(s.net)
	s.Engine, err = daemon.NewEngine(c, daemon.World{Clock: s.clock, Net: s.net, Seeds: &random.Replay{Seed: 7}})
	if err != nil {
		t.Fatal(err)
	}
	s.handler = s.Handler(context.Background())
	return s
}

// said is a question with what was said to it.
type said struct {
	*dns.Msg
	edes []string // "CODE text"
}

// flags of a question.
type flags struct{ do, ad, cd bool }

// ask puts a question over UDP.
func (s *simulated) ask(name string, qtype uint16, f flags) said {
	s.t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name, qtype)
	m.AuthenticatedData, m.CheckingDisabled = f.ad, f.cd
	m.SetEdns0(1400, f.do)
	q := &frontend.Query{
		Client: netip.MustParseAddrPort("127.0.0.1:4711"), Local: netip.MustParseAddrPort("127.0.0.1:53"), Transport: frontend.TCP,
	}
	var err error
	if q.Message, err = m.Pack(); err != nil {
		s.t.Fatal(err)
	}
	var reply []byte
	s.clock.Run(func() {
		dst := make([]byte, 65535)
		if n, ok := s.handler.Hit(q, dst); ok {
			reply = slices.Clone(dst[:n])
			return
		}
		s.handler.Miss(q, func(msg []byte) { reply = slices.Clone(msg) })
	})
	out := said{Msg: new(dns.Msg)}
	if err := out.Unpack(reply); err != nil {
		s.t.Fatalf("%s: reply %x: %v", name, reply, err)
	}
	if o := out.IsEdns0(); o != nil {
		for _, x := range o.Option {
			if x, ok := x.(*dns.EDNS0_EDE); ok {
				out.edes = append(out.edes, fmt.Sprintf("%d %s", x.InfoCode, x.ExtraText))
			}
		}
	}
	return out
}

// signatures counts the RRSIG records of a section.
func signatures(section []dns.RR) int {
	n := 0
	for _, rr := range section {
		if rr.Header().Rrtype == dns.TypeRRSIG {
			n++
		}
	}
	return n
}

// sentTo counts the queries since the last call, and those of them to a server.
func (s *simulated) sentTo(addr string) (all, there int) {
	for _, q := range s.net.Take() {
		all++
		if q.To.Addr().String() == addr {
			there++
		}
	}
	return all, there
}

// chainLength counts the NSEC and NSEC3 records of a zone.
func (s *simulated) chainLength(origin string) int {
	n := 0
	for _, rr := range s.internet.Zone(origin).All() {
		switch rr.Header().Rrtype {
		case dns.TypeNSEC, dns.TypeNSEC3:
			n++
		}
	}
	return n
}

func mustName(s string) domain.Name { return domain.MustParse(s) }
