package validate_test

import (
	"errors"
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate"
)

// at is what example.com. says to a question where it is signed until a moment, with the keys that it always has.
func at(t *testing.T, until time.Time, n string, q wire.Type) validate.Response {
	t.Helper()
	r, err := small(t, place{sign: sim.SignOptions{Expiration: until}}).ask(name(n), q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What a wildcard made ends with its own signature and with those of the proof, whichever is first; the evidence is the
// zone's key that signed it.
//
// RFC: 4033.2
func TestEndsOfWhatAWildcardMade(t *testing.T) {
	soon, sooner := instant("2026-02-01"), instant("2026-01-20")
	const made = "a.wild.example.com."
	for what, tt := range map[string]struct{ set, proof, want time.Time }{
		"the set":   {sooner, soon, sooner},
		"the proof": {soon, sooner, sooner},
	} {
		set, proof := at(t, tt.set, made, txt), at(t, tt.proof, made, txt)
		w := small(t, place{})
		w.change = func(r *validate.Response) {
			if r.Type == txt {
				r.Set, r.Proof = set.Set, proof.Proof
			}
		}
		v := w.want(made, txt, "secure")
		if !v.Expires.Equal(tt.want) || v.KeyTag == 0 || v.Algorithm == 0 || v.Zone != name("example.com.") {
			t.Errorf("%s: ends %s, zone %s, key %d, algorithm %s", what, v.Expires, v.Zone, v.KeyTag, v.Algorithm)
		}
	}
}

// A proof ends with the first of its records to end, in whichever order they come.
//
// RFC: 4033.2
func TestEndOfAProof(t *testing.T) {
	soon, sooner := instant("2026-02-01"), instant("2026-01-20")
	late, early := at(t, soon, "nobody.example.com.", a), at(t, sooner, "nobody.example.com.", a)
	if len(late.Proof) != 2 || len(early.Proof) != 2 {
		t.Fatalf("%d and %d records", len(late.Proof), len(early.Proof))
	}
	for _, proof := range [][]rrset.Set{
		{late.Proof[0], early.Proof[1]}, {early.Proof[0], late.Proof[1]},
	} {
		w := small(t, place{})
		w.change = func(r *validate.Response) {
			if r.Type == a {
				r.SOA, r.Proof = nil, proof
			}
		}
		if v := w.want("nobody.example.com.", a, "secure"); !v.Expires.Equal(sooner) {
			t.Errorf("ends %s", v.Expires)
		}
	}
}

// What is not secure has the TTL that it came with.
func TestTTLOfInsecureData(t *testing.T) {
	w := internet(t)
	for n, ttl := range map[string]uint32{"www.plain.com.": 300, "ns.plain.com.": 3600} {
		if v := w.want(n, a, unsigned); v.TTL != ttl {
			t.Errorf("%s: TTL %d", n, v.TTL)
		}
	}
}

// The records of a proof are verified once, also where two parts of a response rest on them.
func TestProofIsVerifiedOnce(t *testing.T) {
	w := small(t, place{})
	w.keeps = true
	w.want("x.cw.example.com.", mx, "secure")
	w.checks = 0 // from now on the keys are known
	r := w.resolve("x.cw.example.com.", mx)[0].response
	if len(r.Chain) != 1 || len(r.Proof) != 2 || r.SOA == nil {
		t.Fatalf("%+v", r)
	}
	if w.checks != 4 {
		t.Errorf("%d checks of an alias, two records and an SOA record", w.checks)
	}
}

// Where no iterations are allowed, one is too many.
//
// RFC: 9276.1
func TestNoIterationsAllowed(t *testing.T) {
	for iterations, want := range map[int]string{0: "secure", 1: "insecure too many NSEC3 iterations"} {
		w := small(t, place{sign: sim.SignOptions{NSEC3: true, Iterations: uint16(iterations)}})
		w.options.InsecureIterations = -1
		w.want("nobody.example.com.", a, want)
	}
}

// Signatures of an SOA record by zones above do not hide the zone that denies.
func TestForeignSignaturesOfTheSOA(t *testing.T) {
	w := small(t, place{})
	w.forwarded = true
	w.change = func(r *validate.Response) {
		if r.NXDomain {
			right := r.SOA.Sigs.First()
			r.SOA.Sigs = rrset.List(nil).Append(forged(t, r.SOA.Sigs, ".")).Append(forged(t, r.SOA.Sigs, "com.")).Append(right)
		}
	}
	w.want("nobody.example.com.", a, "secure")
}

// A denial in an unsigned zone is insecure, also where the SOA record beside it is of a signed zone above.
func TestSOAOfTheZoneAbove(t *testing.T) {
	w := internet(t)
	w.forwarded = true
	above := w.resolve("nobody.com.", a)[0].response
	w.change = func(r *validate.Response) {
		if r.Name == name("nobody.island.plain.com.") {
			r.SOA = above.SOA
		}
	}
	w.want("nobody.island.plain.com.", a, unsigned)
}

// forgetful is a world where keys that are asked for again are not to be had.
type forgetful struct{ *world }

func (f forgetful) Fetch(want validate.Want) (*validate.Fetched, error) {
	if want.Again {
		return nil, errors.New("nobody is asked again")
	}
	return f.world.Fetch(want)
}

// Where keys cannot be had, the error says why that is; that others were not asked again for other keys is no reason.
func TestErrorOfTheFirstFetch(t *testing.T) {
	w := internet(t)
	cause := &ede.Error{Code: ede.NoReachableAuthority, Err: errors.New("out of reach"), Upstream: true}
	w.fail = map[validate.Want]error{{Name: name("example.com."), Type: wire.TypeDNSKEY}: cause}
	r, err := w.ask(name("www.example.com."), a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := w.ask(name("www.n3.com."), a)
	if err != nil {
		t.Fatal(err)
	}
	absent(other.Set, false)
	r.Zone, r.Chain, r.Set = domain.Name{}, []rrset.Set{*r.Set}, other.Set
	if _, err := w.judge().Judge(&r, w.now, forgetful{w}, w); !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
}
