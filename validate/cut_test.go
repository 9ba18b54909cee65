package validate_test

import (
	"slices"
	"strings"
	"testing"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate"
)

// judgeUnsigned judges an address that nobody signed.
func (w *world) judgeUnsigned(n string) validate.Verdict {
	w.tb.Helper()
	r := unsignedAddress(n)
	p, err := w.judge().Judge(&r, w.now, w, w)
	if err != nil {
		w.tb.Fatal(err)
	}
	return p.Final
}

// The child's servers, asked for DS records, give those of the zone above where they serve that too: whose word it is, the
// signature tells.
func TestDelegationFromTheChildsServers(t *testing.T) {
	w := small(t, place{})
	w.change = func(r *validate.Response) {
		if r.Type == wire.TypeDS {
			r.Zone = r.Name
		}
	}
	w.want("www.example.com.", a, "secure")
}

// An alias is no delegation, whether that is found out or known from before: what is said below it is its zone's to sign.
// A DNAME at the name redirects what lies below, the name itself may have DS records all the same.
func TestNoCutAtAnAlias(t *testing.T) {
	w := internet(t)
	w.keeps = true
	// Of the latter two the servers say no more than where they lead, and nothing is proven of the target.
	for _, n := range []string{"x.alias.example.com.", "x.y.d.example.com.", "x.away.example.com.", "x.y.far.example.com."} {
		for _, known := range []bool{false, true} {
			w.checks, w.fetched = 0, nil
			v := w.judgeUnsigned(n)
			if said(v) != "bogus signature missing" || v.Zone != name("example.com.") || w.checks == 0 != known || len(w.fetched) == 0 != known {
				t.Errorf("%s: %s, zone %s, %d checks, fetched %s", n, said(v), v.Zone, w.checks, strings.Join(w.fetched, ", "))
			}
		}
	}
}

// The zone of an alias is the one that it stands in, and that of what lies below a DNAME too.
func TestZoneOfAnAlias(t *testing.T) {
	w := internet(t)
	for _, n := range []string{"away.example.com.", "alias.example.com.", "x.far.example.com."} {
		zone, v, err := w.judge().Zone(name(n), w.now, w, w)
		if zone != name("example.com.") || v.Status != validate.Secure || err != nil {
			t.Errorf("%s: zone %s, %s, %v", n, zone, v.String(), err)
		}
	}
}

// That a name is an alias is for the zone above to say, where DS records would be: its own signature is none.
func TestAliasSignedByItself(t *testing.T) {
	w := internet(t)
	w.change = func(r *validate.Response) {
		if r.Type == wire.TypeDS && len(r.Chain) > 0 {
			r.Chain[0].Sigs = rrset.List(nil).Append(forged(t, r.Chain[0].Sigs, "away.example.com."))
		}
	}
	if v := w.judgeUnsigned("x.away.example.com."); said(v) != "bogus signer is not the zone" || v.Zone != name("example.com.") {
		t.Errorf("%s, zone %s", said(v), v.Zone)
	}
}

// A name that exists without DS records is no delegation, but below it may be one; where there is, it is found, the first
// time and from what is known.
func TestUnsignedDelegationBelowAName(t *testing.T) {
	for what, sign := range map[string]sim.SignOptions{"NSEC": {}, "NSEC3": {NSEC3: true}, "compact": {Compact: true}} {
		w := tree(t, place{origin: "."}, place{origin: "com."},
			place{origin: "example.com.", lines: rich, sign: sign},
			place{origin: "deep.www.example.com.", lines: rich, unsigned: true},
			place{origin: "below.nothing.example.com.", lines: rich, unsigned: true})
		w.keeps, w.forwarded = true, true
		for range 2 {
			w.want("www.deep.www.example.com.", a, unsigned)
			w.want("www.below.nothing.example.com.", a, unsigned)
			delete(w.kept, validate.Want{Name: name("deep.www.example.com."), Type: wire.TypeDS})
			delete(w.kept, validate.Want{Name: name("below.nothing.example.com."), Type: wire.TypeDS})
		}
		if t.Failed() {
			t.Fatal(what)
		}
	}
}

// The records that prove that there are no DS records come back, for those who keep chains of denial.
func TestLinksOfADelegation(t *testing.T) {
	w := internet(t)
	w.keeps = true
	w.want("www.plain.com.", a, unsigned)
	f := w.kept[validate.Want{Name: name("plain.com."), Type: wire.TypeDS}]
	if len(f.Links) == 0 || len(f.Links) != len(f.Proof) || f.Links[0].Zone != name("com.") {
		t.Errorf("%+v", f.Links)
	}
}

// What an unsigned zone says of DS records is kept as what it is: nobody signed it.
func TestWhatAnUnsignedZoneDenies(t *testing.T) {
	w := internet(t)
	w.keeps = true
	w.want("www.island.plain.com.", a, unsigned)
	below := 0
	for want, f := range w.kept {
		if want.Name.Below(name("plain.com.")) {
			below++
			if f.Verdict.Status != validate.Insecure {
				t.Errorf("%v is kept as %s", want, f.Verdict.Status)
			}
		}
	}
	if below == 0 {
		t.Error("nothing is kept of it")
	}
}

// The reason that a Fetcher remembers with a delegation is that of the data below, and so is the zone.
func TestRememberedReason(t *testing.T) {
	for _, zone := range []domain.Name{{}, name("com.")} {
		w := internet(t)
		w.keeps = true
		w.want("www.plain.com.", a, unsigned)
		ds := validate.Want{Name: name("plain.com."), Type: wire.TypeDS}
		f := w.kept[ds]
		f.Verdict = validate.Verdict{Status: validate.Insecure, Reason: validate.IterationsHigh, Zone: zone}
		w.kept[ds] = f
		if zone.IsZero() {
			zone = name("plain.com.")
		}
		if v := w.want("www.plain.com.", a, "insecure too many NSEC3 iterations"); v.Zone != zone {
			t.Errorf("zone %s", v.Zone)
		}
	}
}

// Of nested anchors the one above is heard where the closer one leads to something bogus, and not where it does not, nor
// where the work is spent.
//
// RFC: 6840.6
func TestAboveAnAnchor(t *testing.T) {
	w := newWorld(t)
	outer := signed(t, plain(t, "example.", "www.in A 192.0.2.1\n"), sim.SignOptions{})
	w.serve(outer)
	w.anchor(outer)
	w.trust("in.example. IN DS 1 200 2 " + strings.Repeat("00", 32))
	// The closer anchor's algorithm is not known: its data is insecure, whatever the zone above says.
	w.want("www.in.example.", a, "insecure algorithm unsupported")

	w = newWorld(t)
	w.serve(outer)
	w.anchor(outer)
	inner := signed(t, plain(t, "in.example.", "www A 192.0.2.1\n"), sim.SignOptions{})
	w.serve(inner)
	w.anchor(inner)
	r, err := w.ask(name("www.in.example."), a)
	if err != nil {
		t.Fatal(err)
	}
	r.Zone = domain.Name{}
	r.Set.Sigs = flood(r.Set.Sigs.First(), 3)
	other, err := func() (validate.Response, error) {
		delete(w.servers, inner.Origin)
		defer w.serve(inner)
		return w.ask(name("www.in.example."), a)
	}()
	if err != nil {
		t.Fatal(err)
	}
	r.Set.Sigs = r.Set.Sigs.Append(other.Set.Sigs.First())
	for limit, want := range map[int]string{1: "bogus work for validation spent", 0: "secure"} {
		w.maxFailures, w.failures, w.fetched = limit, 0, nil
		p, _ := w.judge().Judge(&r, w.now, w, w)
		outside := slices.Contains(w.fetched, "example. DNSKEY")
		if said(p.Final) != want || outside != (limit == 0) {
			t.Errorf("%d failures: %s; fetched %s", limit, said(p.Final), strings.Join(w.fetched, ", "))
		}
	}
}
