package validate_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate"
)

// count is how often there is something like it among what was fetched.
func (w *world) count(like string) (n int) {
	for _, f := range w.fetched {
		if strings.Contains(f, like) {
			n++
		}
	}
	return n
}

// forged is a signature like the first of the list, by another signer.
func forged(tb testing.TB, sigs rrset.List, signer string) []byte {
	tb.Helper()
	right := sigs.First()
	_, n, err := domain.FromWire(right[18:])
	if err != nil {
		tb.Fatal(err)
	}
	return slices.Concat(right[:18], name(signer).AppendWire(nil), right[18+n:])
}

// A delegation is looked into once, however many parts of an answer depend on it.
func TestDelegationIsLookedIntoOnce(t *testing.T) {
	w := internet(t)
	w.keeps = false
	alias := rrset.New(name("a.plain.com."), wire.TypeCNAME, 300, name("b.plain.com.").AppendWire(nil))
	end := rrset.New(name("b.plain.com."), a, 300, []byte{192, 0, 2, 1})
	r := validate.Response{Name: alias.Name, Type: a, Target: end.Name, Chain: []rrset.Set{alias}, Set: &end}
	p, err := w.judge().Judge(&r, w.now, w, w)
	if err != nil || said(p.Chain[0]) != "insecure delegation not signed" || said(p.Final) != said(p.Chain[0]) {
		t.Errorf("%s, %s, %v", said(p.Chain[0]), said(p.Final), err)
	}
	if n := w.count("plain.com. DS"); n != 1 {
		t.Errorf("asked %d times: %s", n, strings.Join(w.fetched, ", "))
	}
}

// unsignedAddress is a response with an address that nobody signed.
func unsignedAddress(n string) validate.Response {
	set := rrset.New(name(n), a, 300, []byte{192, 0, 2, 66})
	return validate.Response{Name: set.Name, Type: a, Target: set.Name, Set: &set}
}

// That a name is no delegation is known once it was found out: nothing of it is checked again.
func TestKnownToBeNoCut(t *testing.T) {
	w := internet(t)
	for _, checks := range []bool{true, false} {
		r := unsignedAddress("www.example.com.")
		w.checks = 0
		p, err := w.judge().Judge(&r, w.now, w, w)
		if err != nil || said(p.Final) != "bogus signature missing" || w.checks > 0 != checks {
			t.Errorf("%s, %v, %d checks", said(p.Final), err, w.checks)
		}
	}
}

// What lies below the DNAME at the top of a zone is no delegation: the zone says so, and not the one above.
func TestNoCutBelowDNAMEAtTheTop(t *testing.T) {
	w := internet(t, place{origin: "apex.com.", lines: "@ 300 IN DNAME n3.com.\n"})
	r := unsignedAddress("x.apex.com.")
	p, err := w.judge().Judge(&r, w.now, w, w)
	if err != nil || said(p.Final) != "bogus signature missing" || p.Final.Zone != name("apex.com.") {
		t.Errorf("%s, zone %s, %v", said(p.Final), p.Final.Zone, err)
	}
}

// Where the budget is spent on DS records no other server is asked for them.
func TestSpentIsSpent(t *testing.T) {
	w := small(t, place{})
	w.maxFailures = 1
	w.change = func(r *validate.Response) {
		if r.Type == wire.TypeDS && r.Name == name("example.com.") && r.Set != nil {
			r.Set.Sigs = flood(r.Set.Sigs.First(), 3)
		}
	}
	s := w.resolve("www.example.com.", a)[0]
	if v := s.parts.Final; v.Reason != validate.BudgetSpent || w.count("again") != 0 {
		t.Errorf("%s after %s", said(v), strings.Join(w.fetched, ", "))
	}
	if !errors.Is(s.err, errBudget) {
		t.Errorf("%v does not say what is spent", s.err)
	}
}

// What comes behind an alias that a DNAME made is judged, too.
func TestChainGoesOnBehindDNAME(t *testing.T) {
	w := small(t, place{})
	w.change = func(r *validate.Response) {
		if len(r.Chain) > 1 {
			r.Chain = append(r.Chain, rrset.New(name("x.other.example.com."), wire.TypeCNAME, 300, name("www.example.com.").AppendWire(nil)))
		}
	}
	c := w.resolve("x.d.example.com.", a)[0].parts.Chain
	if len(c) != 3 || said(c[1]) != "secure" || said(c[2]) != "bogus signature missing" {
		t.Errorf("%d verdicts", len(c))
	}
}

// The records of a proof that hold come back, for those who keep chains of denial.
func TestLinksAreTheProof(t *testing.T) {
	s := small(t, place{}).resolve("nobody.example.com.", a)[0]
	if len(s.parts.Links) != len(s.response.Proof) || len(s.parts.Links) == 0 {
		t.Fatalf("%d links, %d records", len(s.parts.Links), len(s.response.Proof))
	}
	for i, l := range s.parts.Links {
		if l.Zone != name("example.com.") || l.Set.Name != s.response.Proof[i].Name || l.TTL != 300 {
			t.Errorf("%+v", l)
		}
	}
}

// What a wildcard made has the TTL of its own records, not that of the proof that nothing closer exists.
func TestTTLOfWhatAWildcardMade(t *testing.T) {
	w := small(t, place{})
	w.change = func(r *validate.Response) {
		for i := range r.Proof {
			r.Proof[i].TTL = 60
		}
	}
	if v := w.want("a.wild.example.com.", txt, "secure"); !v.Wildcard || v.TTL != 300 {
		t.Errorf("TTL %d, wildcard %t", v.TTL, v.Wildcard)
	}
}

// A denial that is not secure has the TTL of its SOA record.
func TestTTLOfAnInsecureDenial(t *testing.T) {
	w := internet(t)
	w.change = func(r *validate.Response) {
		if r.NXDomain && r.SOA != nil {
			r.SOA.TTL = 77
		}
	}
	s := w.resolve("nobody.plain.com.", a)[0]
	if f := s.parts.Final; said(f) != "insecure delegation not signed" || f.TTL != 77 {
		t.Errorf("%s, TTL %d", said(f), f.TTL)
	}
}

// A record that claims to be of a zone above, and is not, does not hide the proof of the zone itself.
func TestForeignDenialFirst(t *testing.T) {
	w := small(t, place{})
	w.forwarded = true
	w.change = func(r *validate.Response) {
		if !r.NXDomain {
			return
		}
		r.SOA = nil
		lie := r.Proof[0].Clone()
		lie.Sigs = rrset.List(nil).Append(forged(t, lie.Sigs, "com."))
		r.Proof = append([]rrset.Set{lie}, r.Proof...)
	}
	w.want("nobody.example.com.", a, "secure")
}

// absent makes the signatures of a set those of a key that the zone does not have; broken, where it is set, adds one by
// the right key that does not hold.
func absent(set *rrset.Set, broken bool) {
	right := set.Sigs.First()
	other, wrong := slices.Clone(right), slices.Clone(right)
	other[16] ^= 0x55
	wrong[len(wrong)-1] ^= 1
	set.Sigs = rrset.List(nil).Append(other)
	if broken {
		set.Sigs = set.Sigs.Append(wrong)
	}
}

// Five servers are asked for newer keys in one call, whatever the number of zones.
func TestFiveZonesAreRefreshed(t *testing.T) {
	places := []place{{origin: "."}, {origin: "com."}}
	for i := range 8 {
		places = append(places, place{origin: fmt.Sprintf("z%d.com.", i), lines: rich})
	}
	w := tree(t, places...)
	var r validate.Response
	for i := range 8 {
		one, err := w.ask(name(fmt.Sprintf("www.z%d.com.", i)), a)
		if err != nil {
			t.Fatal(err)
		}
		absent(one.Set, false)
		if i == 0 {
			r = one
			r.Zone = domain.Name{}
			continue
		}
		r.More = append(r.More, *one.Set)
	}
	p, err := w.judge().Judge(&r, w.now, w, w)
	if err != nil || said(p.Worst()) != "bogus DNSKEY missing" || w.count("DNSKEY again") != 5 {
		t.Errorf("%s, %v; asked again %d times", said(p.Worst()), err, w.count("DNSKEY again"))
	}
}

// Keys that are asked for again and are no better make no work: what was checked is not checked once more.
func TestRefreshMakesNoWork(t *testing.T) {
	for what, change := range map[string]func(r *validate.Response){
		"the same": func(*validate.Response) {},
		"bogus ones": func(r *validate.Response) {
			r.Set.RData = append(r.Set.RData[:len(r.Set.RData)-1:len(r.Set.RData)-1], 0)
		},
	} {
		checks := func(broken bool) int {
			w := small(t, place{})
			r, err := w.ask(name("www.example.com."), a)
			if err != nil {
				t.Fatal(err)
			}
			absent(r.Set, broken)
			r.More = []rrset.Set{r.Set.Clone()}
			asked := 0
			w.change = func(r *validate.Response) {
				if r.Type == wire.TypeDNSKEY && r.Name == name("example.com.") {
					if asked++; asked == 2 {
						change(r)
					}
				}
			}
			p, err := w.judge().Judge(&r, w.now, w, w)
			if err != nil || p.Final.Status != validate.Bogus || asked != 2 {
				t.Errorf("%s: %s, %v, asked %d times", what, said(p.Final), err, asked)
			}
			return w.checks
		}
		if without, with := checks(false), checks(true); with != without+2 {
			t.Errorf("%s: %d checks, %d with two signatures that do not hold", what, without, with)
		}
	}
}

// What is proven with keys that were asked for again ends, like all else, with the signatures that lead to the zone.
func TestRefreshedKeysEndWithTheWayThere(t *testing.T) {
	ksk := key(t, "example.com.", sim.KeyOptions{Use: sim.SignsKeys})
	zsk := func(seed string) *sim.Key {
		return key(t, "example.com.", sim.KeyOptions{Seed: seed, Flags: 256, Use: sim.SignsData})
	}
	now := instant("2026-01-01")
	short := sim.SignOptions{Inception: now.AddDate(-1, 0, 0), Expiration: now.Add(100 * time.Second)}
	w := tree(t, place{origin: "."}, place{origin: "com.", sign: short},
		place{origin: "example.com.", lines: rich, sign: sim.SignOptions{Keys: []*sim.Key{ksk, zsk("1")}}})
	w.serve(signed(t, plain(t, "example.com.", rich), sim.SignOptions{Keys: []*sim.Key{ksk, zsk("2")}}))
	w.next[name("example.com.")] = 1
	r, err := w.ask(name("www.example.com."), a)
	if err != nil {
		t.Fatal(err)
	}
	w.next[name("example.com.")] = 0
	p, err := w.judge().Judge(&r, w.now, w, w)
	if err != nil || said(p.Final) != "secure" || w.count("DNSKEY again") != 1 {
		t.Errorf("%s, %v, %s", said(p.Final), err, strings.Join(w.fetched, ", "))
	}
	if left := p.Final.Expires.Sub(now); left != 100*time.Second {
		t.Errorf("ends in %s", left)
	}
}
