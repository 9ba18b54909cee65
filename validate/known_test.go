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

// What was judged and kept is not judged again: an unsigned delegation, too, whichever record of its proof comes first.
func TestKnownDelegationCostsNothing(t *testing.T) {
	w := internet(t)
	w.keeps = true
	w.want("www.plain.com.", a, "insecure delegation not signed")
	ds := validate.Want{Name: name("plain.com."), Type: wire.TypeDS}
	for round, change := range []func(f *validate.Fetched){
		func(*validate.Fetched) {},
		func(f *validate.Fetched) {
			stranger := f.Proof[0].Clone()
			stranger.Sigs = nil
			f.Proof = append([]rrset.Set{stranger}, f.Proof...)
		},
	} {
		f, ok := w.kept[ds]
		if !ok || !f.Known || len(f.Proof) == 0 {
			t.Fatalf("%v is not kept: %+v", ds, f)
		}
		change(&f)
		w.kept[ds] = f
		before := w.checks
		w.want("www.plain.com.", a, "insecure delegation not signed")
		if w.checks != before {
			t.Errorf("round %d: %d checks for what is known", round, w.checks-before)
		}
	}
}

// Nor are the keys of the zones above it fetched again, which would only show once more what was kept of it.
func TestKnownDelegationTakesNoKeys(t *testing.T) {
	w := internet(t)
	w.keeps = true
	w.want("www.sub.plain.com.", a, "insecure delegation not signed")
	delete(w.kept, validate.Want{Name: domain.Root(), Type: wire.TypeDNSKEY})
	delete(w.kept, validate.Want{Name: name("com."), Type: wire.TypeDNSKEY})
	w.fetched = nil
	for _, asked := range []domain.Name{{}, domain.Root(), name("com.")} { // who answers is not known, or serves a zone above too
		w.change = func(r *validate.Response) { r.Zone = asked }
		for _, n := range []string{"www.plain.com.", "plain.com.", "www.sub.plain.com.", "nothing.below.plain.com."} {
			w.want(n, a, "insecure delegation not signed")
		}
	}
	if len(w.fetched) > 0 {
		t.Errorf("asked for %s", strings.Join(w.fetched, ", "))
	}
}

// Where what is known leads to a signed zone, it is that zone whose keys are needed, and not those of the zones above.
// A gap in what is known is asked about, even where something is known below.
func TestKnownDelegationsLeadToTheZone(t *testing.T) {
	w := internet(t)
	w.keeps = true
	w.want("www.n3.com.", a, "secure")
	w.want("www.plain.com.", a, "insecure delegation not signed")
	w.change = func(r *validate.Response) {
		if r.Zone = (domain.Name{}); r.Type == a {
			r.Set.Sigs = nil
		}
	}
	delete(w.kept, validate.Want{Name: domain.Root(), Type: wire.TypeDNSKEY})
	delete(w.kept, validate.Want{Name: name("com."), Type: wire.TypeDNSKEY})
	w.fetched = nil
	w.want("www.n3.com.", a, "bogus signature missing")
	if got := strings.Join(w.fetched, ", "); got != "www.n3.com. DS" {
		t.Errorf("asked for %s", got)
	}

	delete(w.kept, validate.Want{Name: name("com."), Type: wire.TypeDS})
	w.fetched = nil
	w.want("www.plain.com.", a, "insecure delegation not signed")
	if !slices.Contains(w.fetched, "com. DS") {
		t.Errorf("asked for %s", strings.Join(w.fetched, ", "))
	}
}

// What is known below a name that does not exist, or of which nothing can be told, excuses nothing there.
func TestNothingIsKnownBelowWhatIsAbsent(t *testing.T) {
	for what, change := range map[string]func(f *validate.Fetched){
		"the name is absent":      func(*validate.Fetched) {},
		"its denial proves none":  func(f *validate.Fetched) { f.Proof = nil },
		"it was never found good": func(f *validate.Fetched) { f.Verdict.Status = validate.Bogus },
	} {
		w := internet(t)
		w.keeps = true
		w.want("www.plain.com.", a, "insecure delegation not signed")
		w.want("www.example.com.", a, "secure")
		const below = "a.b.nobody.example.com."
		w.judgeUnsigned(below) // finds out about nobody.example.com
		absent := validate.Want{Name: name("nobody.example.com."), Type: wire.TypeDS}
		f, ok := w.kept[absent]
		if !ok || !f.NXDomain {
			t.Fatalf("%+v", f)
		}
		change(&f)
		w.kept[absent] = f
		unsigned := w.kept[validate.Want{Name: name("plain.com."), Type: wire.TypeDS}]
		unsigned.Name = name("b.nobody.example.com.")
		unsigned.Verdict.Status = validate.Insecure
		w.kept[validate.Want{Name: unsigned.Name, Type: wire.TypeDS}] = unsigned
		if v := w.judgeUnsigned(below); said(v) != "bogus signature missing" {
			t.Errorf("%s: %s", what, said(v))
		}
	}
}

// Keys are believed because they were found to be secure, not because something was found out about them.
func TestKnownKeysMustBeSecure(t *testing.T) {
	w := internet(t)
	w.keeps = true
	w.want("www.n3.com.", a, "secure")
	keys := validate.Want{Name: name("n3.com."), Type: wire.TypeDNSKEY}
	f := w.kept[keys]
	bare := f.Set.Clone()
	bare.Sigs = nil
	f.Set, f.Verdict.Status = &bare, validate.Insecure
	w.kept[keys], w.fetched = f, nil
	w.want("www.n3.com.", a, "secure") // by those that come when they are asked for again
	if got := strings.Join(w.fetched, ", "); got != "n3.com. DNSKEY again" {
		t.Errorf("fetched %s", got)
	}
}

// Below a name that is proven not to exist nothing is asked for.
func TestNothingIsAskedBelowWhatIsAbsent(t *testing.T) {
	w := internet(t)
	if v := w.judgeUnsigned("a.b.c.nobody.example.com."); said(v) != "bogus signature missing" {
		t.Error(said(v))
	}
	asked := func(n string) bool {
		return slices.ContainsFunc(w.fetched, func(s string) bool { return strings.HasPrefix(s, n+" DS") })
	}
	if !asked("nobody.example.com.") || asked("c.nobody.example.com.") {
		t.Errorf("asked for %s", strings.Join(w.fetched, ", "))
	}
}

// A signature of a zone above the one that was asked does not hide the right one behind it.
func TestForeignSignatureFirst(t *testing.T) {
	for _, signer := range []string{"com.", ".", "other.", "www.example.com."} {
		w := internet(t)
		w.change = func(r *validate.Response) {
			if r.Type != a || r.Set == nil {
				return
			}
			r.Set.Sigs = rrset.List(nil).Append(forged(t, r.Set.Sigs, signer)).Append(r.Set.Sigs.First())
		}
		w.want("www.example.com.", a, "secure")
	}
	// Nor does one of the child over its own DS records.
	w := internet(t)
	w.change = func(r *validate.Response) {
		if r.Type != wire.TypeDS || r.Set == nil || r.Name != name("example.com.") {
			return
		}
		r.Set.Sigs = rrset.List(nil).Append(forged(t, r.Set.Sigs, "example.com.")).Append(r.Set.Sigs.First())
	}
	w.want("www.example.com.", a, "secure")
}

// A denial without a proof that counts: why it is bogus depends on whose signatures there are.
func TestDenialWithoutProof(t *testing.T) {
	foreign := func(sigs rrset.List) rrset.List { return rrset.List(nil).Append(forged(t, sigs, "other.")) }
	for what, tt := range map[string]struct {
		change func(r *validate.Response)
		want   string
	}{
		"no proof":         {func(r *validate.Response) { r.Proof = nil }, "bogus proof of denial missing"},
		"nothing signed":   {func(r *validate.Response) { r.Proof, r.SOA.Sigs = nil, nil }, "bogus proof of denial missing"},
		"no SOA":           {func(r *validate.Response) { r.Proof, r.SOA = nil, nil }, "bogus proof of denial missing"},
		"a foreign SOA":    {func(r *validate.Response) { r.Proof, r.SOA.Sigs = nil, foreign(r.SOA.Sigs) }, "bogus signer is not the zone"},
		"proof not signed": {func(r *validate.Response) { r.Proof[0].Sigs, r.Proof = nil, r.Proof[:1] }, "bogus signature missing"},
		"a foreign proof": {func(r *validate.Response) {
			r.Proof[0].Sigs, r.Proof, r.SOA = foreign(r.Proof[0].Sigs), r.Proof[:1], nil
		}, "bogus signer is not the zone"},
		"foreign, unsigned": {func(r *validate.Response) {
			r.Proof[0].Sigs, r.Proof, r.SOA.Sigs = foreign(r.Proof[0].Sigs), r.Proof[:1], nil
		}, "bogus signer is not the zone"},
	} {
		w := internet(t)
		w.change = func(r *validate.Response) {
			if r.Type == a && r.SOA != nil {
				tt.change(r)
			}
		}
		if got := said(w.verdict("nobody.example.com.", a)); got != tt.want {
			t.Errorf("%s: %s, want %s", what, got, tt.want)
		}
	}
}

// What another call judges and keeps while this one fetches keys is not judged again.
func TestKeptMeanwhile(t *testing.T) {
	ds := validate.Want{Name: name("example.com."), Type: wire.TypeDS}
	w := internet(t)
	w.keeps = true
	w.want("www.example.com.", a, "secure")
	other := w.kept[ds]
	if !other.Known || other.Set == nil {
		t.Fatalf("%+v", other)
	}
	judge := func(meanwhile bool) int {
		w.keeps, w.checks = false, 0
		clear(w.kept)
		w.change = func(r *validate.Response) {
			if meanwhile && r.Type == wire.TypeDNSKEY && r.Name == name("com.") {
				w.kept[ds] = other
			}
		}
		w.want("www.example.com.", a, "secure")
		return w.checks
	}
	alone, beside := judge(false), judge(true)
	if beside != alone-1 {
		t.Errorf("%d checks, %d where the DS records are known by then", alone, beside)
	}
}

// An alias that leads on and is not there is a denial without proof.
func TestLeadsNowhere(t *testing.T) {
	w := internet(t)
	www := name("www.example.com.")
	parts, err := w.judge().Judge(&validate.Response{Name: www, Type: a, Target: www, Leads: true}, w.now, w, w)
	if v := parts.Worst(); err != nil || said(v) != "bogus proof of denial missing" {
		t.Errorf("%s, %v", said(v), err)
	}
}

// A denial lasts as long as the least of what it rests on: the zone's keys and what leads to them, the SOA record where
// there is one, and the proof.
//
// RFC: 4033.2
func TestDenialEndsWithItsParts(t *testing.T) {
	soon := instant("2026-02-01")
	for what, tt := range map[string]struct {
		above, zone, soa sim.SignOptions
		change           func(r *validate.Response)
		ttl              uint32
	}{
		"chain, with SOA":    {sim.SignOptions{Expiration: soon}, sim.SignOptions{}, sim.SignOptions{}, func(*validate.Response) {}, 300},
		"chain, without SOA": {sim.SignOptions{Expiration: soon}, sim.SignOptions{}, sim.SignOptions{}, func(r *validate.Response) { r.SOA = nil }, 300},
		"SOA":                {sim.SignOptions{}, sim.SignOptions{}, sim.SignOptions{Expiration: soon}, func(r *validate.Response) { r.SOA.TTL = 100 }, 100},
		"proof":              {sim.SignOptions{}, sim.SignOptions{Expiration: soon}, sim.SignOptions{}, func(r *validate.Response) { r.Proof[0].TTL = 70 }, 70},
	} {
		places := func(zone sim.SignOptions) []place {
			return []place{{origin: "."}, {origin: "com.", sign: tt.above}, {origin: "example.com.", lines: rich, sign: zone}}
		}
		again, err := tree(t, places(tt.soa)...).ask(name("nobody.example.com."), a) // the same zone, signed at another time
		if err != nil {
			t.Fatal(err)
		}
		w := tree(t, places(tt.zone)...)
		w.keeps = false
		w.change = func(r *validate.Response) {
			if r.Type == a {
				r.SOA = again.SOA
				tt.change(r)
			}
		}
		if v := w.want("nobody.example.com.", a, "secure"); !v.Expires.Equal(soon) || v.TTL != tt.ttl {
			t.Errorf("%s: TTL %d, ends %s", what, v.TTL, v.Expires)
		}
	}
}
