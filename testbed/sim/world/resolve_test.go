package world_test

import (
	"context"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/cache"
	"recursor/dns/domain"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/random"
	"recursor/recursor"
	"recursor/recursor/delegation"
	"recursor/testbed/sim"
	"recursor/testbed/sim/world"
	"recursor/trust"
	"recursor/validate"
)

// mode is whether the resolver validates.
type mode uint8

const (
	plain mode = iota
	validating
)

// TestResolverAnswersTheTable has the engine resolve every name of the table
// in simulated time, twice with the same transcript, without validation and
// with it.
func TestResolverAnswersTheTable(t *testing.T) {
	for m, what := range map[mode]string{plain: "plain", validating: "validating"} {
		t.Run(what, func(t *testing.T) {
			first := resolveAll(t, m)
			if first != resolveAll(t, m) {
				t.Error("the same world, asked the same, sent other queries")
			}
		})
	}
}

// judge is a validator that trusts the anchors of the world.
func judge(t *testing.T, w *world.World) *validate.Judge {
	t.Helper()
	keys, err := trust.ParseLines(w.Anchors())
	if err != nil {
		t.Fatal(err)
	}
	anchors := trust.New(keys...)
	return validate.New(validate.Options{Anchors: func(name domain.Name, now time.Time) (validate.Anchor, bool) {
		a, ok := anchors.Closest(name, now)
		return validate.Anchor{Zone: a.Zone, DS: a.DS, DNSKEY: a.DNSKEY}, ok
	}})
}

// resolveAll asks for every name, checks the answers and returns the queries
// sent.
func resolveAll(t *testing.T, m mode) string {
	t.Helper()
	w, err := world.New(world.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := sim.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	defer c.Close()
	n := sim.NewNetwork(c, 1)
	w.Attach(n)
	root := &delegation.Point{Zone: domain.Root(), Hints: true}
	for _, s := range w.Servers[:2] {
		root.Servers = append(root.Servers, delegation.Server{Name: s.Host, Addrs: s.Addrs})
	}
	var o recursor.Options
	o.Walk.Usable.Special = true
	o.Walk.Case, o.Walk.Cookies = true, true
	o.Delegations.Hints = root
	if m == validating {
		o.Judge = judge(t, w)
	}
	r := recursor.New(recursor.Parts{
		Clock: c, Net: n, Cache: cache.New(cache.Options{Size: 8 << 20}), Seeds: &random.Replay{Seed: 7},
	}, o)
	// All of them again, now that a poisoner was asked.
	for _, ask := range append(w.Names, w.Names...) {
		var a recursor.Answer
		var err error
		began := c.Elapsed()
		c.Run(func() {
			a, err = r.Resolve(context.Background(), recursor.Query{Name: domain.MustParse(ask.Name), Type: wire.Type(typeOf(t, ask.Type))})
		})
		want := ask.RCode
		if m == plain && ask.Unvalidated != "" {
			want = ask.Unvalidated
		}
		if got := dns.RcodeToString[int(a.RCode)]; got != want {
			t.Errorf("%s %s: %s after %v (%v), want %s", ask.Name, ask.Type, got, c.Elapsed()-began, err, want)
		}
		if want != "SERVFAIL" && a.Secure != (m == validating && ask.Secure) {
			t.Errorf("%s %s: secure %v, notes %v; %s", ask.Name, ask.Type, a.Secure, a.Notes, ask.Why)
		}
		if got := lastData(a); ask.Unvalidated == "" && ask.RCode != "SERVFAIL" && ask.Data != "*" && got != ask.Data {
			t.Errorf("%s %s: data %q, want %q", ask.Name, ask.Type, got, ask.Data)
		}
	}
	return sim.Lines(n.Sent())
}

// lastData is the RDATA of the last record of the answer section.
func lastData(a recursor.Answer) string {
	if len(a.Answer) == 0 {
		return ""
	}
	rrs, err := text.ToRRs(&a.Answer[len(a.Answer)-1])
	if err != nil || len(rrs) == 0 {
		return ""
	}
	var data string
	for _, rr := range rrs {
		if _, sig := rr.(*dns.RRSIG); !sig {
			data = dataOf(rr)
		}
	}
	return data
}
