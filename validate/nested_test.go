package validate_test

import (
	"strings"
	"testing"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate"
)

// Where the zone of a closer anchor is proven not to exist, or to be no zone, the anchor above decides: of nested anchors
// any success is accepted.
//
// RFC: 6840.6
func TestAnchorOfNoZone(t *testing.T) {
	w := newWorld(t)
	z := signed(t, plain(t, "example.", "www.in A 192.0.2.1\n"), sim.SignOptions{})
	w.serve(z)
	w.anchor(z)
	gone := signed(t, plain(t, "gone.example.", ""), sim.SignOptions{})
	w.anchor(gone)
	in := signed(t, plain(t, "in.example.", ""), sim.SignOptions{})
	w.anchor(in)
	w.want("www.gone.example.", wire.TypeA, "secure")
	w.want("www.in.example.", wire.TypeA, "secure")
	w.want("www.in.example.", wire.TypeMX, "secure")
	// But what is not shown to be so by anybody is bogus.
	z.RemoveSignatures(name("www.in.example."), uint16(wire.TypeA))
	if v := w.verdict("www.in.example.", wire.TypeA); v.Status != 0 {
		t.Errorf("without signatures: %s", v.String())
	}
}

// Where the closer anchor leads to the zone's keys nobody asks what the zone above says of it.
func TestCloserAnchorIsEnough(t *testing.T) {
	w := newWorld(t)
	for _, origin := range []string{"example.", "in.example."} {
		z := signed(t, plain(t, origin, "www A 192.0.2.1\n"), sim.SignOptions{})
		w.serve(z)
		w.anchor(z)
	}
	w.want("www.in.example.", wire.TypeA, "secure")
	if got := strings.Join(w.fetched, ", "); got != "in.example. DNSKEY" {
		t.Errorf("fetched %s", got)
	}
}

// A DNAME that a wildcard was expanded to would have the name asked for, and says nothing of it.
//
// RFC: 4592.2
func TestWildcardDNAME(t *testing.T) {
	w := newWorld(t)
	z := signed(t, plain(t, "example.", "*.w DNAME to\nb.to A 192.0.2.1\n"), sim.SignOptions{})
	w.serve(z)
	w.anchor(z)
	r, err := w.ask(name("b.a.w.example."), wire.TypeA)
	if err != nil {
		t.Fatal(err)
	}
	// As a server would that takes the closer name for the owner.
	own, err := w.ask(name("*.w.example."), wire.TypeDNAME)
	if err != nil || own.Set == nil {
		t.Fatal(own, err)
	}
	set := own.Set.Clone()
	set.Name = name("a.w.example.")
	set.Owner = set.Name.AppendWire(nil)
	r.Chain, r.Set, r.Leads, r.Target = append(r.Chain[:0:0], set), nil, true, name("b.to.example.")
	p, err := w.judge().Judge(&r, w.now, w, w)
	if v := p.Worst(); err != nil || said(v) != "bogus CNAME is not what its DNAME makes" {
		t.Errorf("%s, %v", v.String(), err)
	}
}

// Who decides over a name: the anchor at or nearest above it, unless a negative one is as near.
func TestTrusted(t *testing.T) {
	w := newWorld(t)
	w.anchor(signed(t, plain(t, "example.", ""), sim.SignOptions{}))
	w.anchor(signed(t, plain(t, "in.example.", ""), sim.SignOptions{}))
	w.negative = append(w.negative, name("off.example."))
	for n, want := range map[string]string{
		"example.": "example.", "www.example.": "example.", "www.in.example.": "in.example.",
		"www.off.example.": "insecure negative trust anchor", "other.": "indeterminate no trust anchor",
	} {
		zone, v, ok := w.judge().Trusted(name(n), w.now)
		got := said(v)
		if ok {
			got = zone.String()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", n, got, want)
		}
	}
}

// Data below an anchor must be signed, whoever was asked for it: servers of zones above the anchor are no way around it,
// and those of the zone below have no say in its DS records.
func TestUnsignedBelowTheAnchor(t *testing.T) {
	for _, asked := range []domain.Name{{}, domain.Root(), name("com."), name("plain.com."), name("island.plain.com.")} {
		w := tree(t, place{origin: "."}, place{origin: "com."}, place{origin: "plain.com.", unsigned: true},
			place{origin: "island.plain.com.", lines: rich, island: true, anchor: true})
		w.change = func(r *validate.Response) {
			if r.Zone = asked; r.Type == a {
				r.Set.Sigs = nil
			}
		}
		if v := w.want("www.island.plain.com.", a, "bogus signature missing"); v.Zone != name("island.plain.com.") {
			t.Errorf("asked %v: it is zone %s that did not sign", asked, v.Zone)
		}
	}
	w, first := internet(t), true
	w.change = func(r *validate.Response) {
		if first && r.Type == wire.TypeDS && r.Name == name("example.com.") {
			r.Zone, r.Set.Sigs, first = r.Name, nil, false
		}
	}
	if v := w.want("example.com.", wire.TypeDS, "bogus signature missing"); v.Zone != name("com.") {
		t.Errorf("DS of the child: zone %s", v.Zone)
	}
}
