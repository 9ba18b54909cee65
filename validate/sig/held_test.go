package sig_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/validate/sig"
)

// A check that held is not made again. What it does not depend on is looked at all the same, and what it depends on makes
// another check of it.
func TestWhatHeldIsNotCheckedAgain(t *testing.T) {
	for _, algorithm := range []uint8{dns.RSASHA256, dns.ECDSAP256SHA256, dns.ED25519} {
		bits := map[uint8]int{dns.RSASHA256: 1024, dns.ECDSAP256SHA256: 256, dns.ED25519: 256}[algorithm]
		key := generate(t, "example.com.", algorithm, bits)
		good := key.sign(t, www, nil)
		w := &work{held: map[sig.Sum]bool{}}
		if r := sig.Verify(good, key.keys(t, new(sig.Policy)), middle(), w); r.Fault != sig.Sound || r.Checks != 1 || len(w.held) != 1 {
			t.Fatalf("%s, %d checks, %d held", r.Fault, r.Checks, len(w.held))
		}
		again := good.Clone()
		again.TTL = 100
		r := sig.Verify(&again, key.keys(t, new(sig.Policy)), middle(), w)
		if r.Fault != sig.Sound || r.Checks != 0 || w.checks != 1 || r.TTL != 100 || r.Signature.KeyTag != key.KeyTag() {
			t.Errorf("again: %s, %d checks (told %d), TTL %d, key %d", r.Fault, r.Checks, w.checks, r.TTL, r.Signature.KeyTag)
		}

		r = sig.Verify(good, key.keys(t, new(sig.Policy)), sig.Window{Now: time.Unix(expiration+1, 0)}, w)
		if r.Fault != sig.Expired {
			t.Errorf("when it has expired: %s", r.Fault)
		}
		r = sig.Verify(good, key.keys(t, &sig.Policy{Refused: []sig.Algorithm{sig.Algorithm(algorithm)}}), middle(), w)
		if r.Fault != sig.AlgorithmUnsupported {
			t.Errorf("by an algorithm that is refused: %s", r.Fault)
		}

		forged := good.Clone()
		forged.RData[len(forged.RData)-1] ^= 1
		for what, set := range map[string]*rrset.Set{
			"signature": edit(good, func(b []byte) []byte { b[len(b)-1] ^= 1; return b }),
			"fields":    edit(good, func(b []byte) []byte { b[7] ^= 1; return b }),
			"data":      &forged,
		} {
			for range 2 { // what fails is looked at each time
				before := w.checks
				if r := sig.Verify(set, key.keys(t, new(sig.Policy)), middle(), w); r.Fault != sig.Mismatch || w.checks != before+1 {
					t.Errorf("other %s: %s, %d checks", what, r.Fault, w.checks-before)
				}
			}
		}
		if len(w.held) != 1 {
			t.Errorf("%d checks are held", len(w.held))
		}
		if w.done != w.checks || w.done != 1+2*3 { // or places in the pool are lost
			t.Errorf("%d checks begun, %d told to be done", w.checks, w.done)
		}
	}
}

// Another key with the tag of the one that signed makes another check, which fails.
func TestWhatHeldIsOfOneKey(t *testing.T) {
	key := generate(t, "example.com.", dns.ED25519, 256)
	good := key.sign(t, www, nil)
	w := &work{held: map[sig.Sum]bool{}}
	sig.Verify(good, key.keys(t, new(sig.Policy)), middle(), w)
	var twin rrset.List
	twin = twin.Append(collide(t, one(t, key.String()).RData.First(), 1))
	r := sig.Verify(good, sig.NewKeys(good.Name.Parent(), twin, new(sig.Policy)), middle(), w)
	if r.Fault == sig.Sound || r.Fault == sig.KeyMissing || w.checks+w.failures < 2 {
		t.Errorf("%s after %d checks, %d failures", r.Fault, w.checks, w.failures)
	}
}

// A signature that is known to hold is enough, whatever stands before and behind it: neither order nor company make
// another check of it, and what stands behind it is not looked at.
func TestWhatHeldIsEnough(t *testing.T) {
	key, other := generate(t, "example.com.", dns.ED25519, 256), generate(t, "example.com.", dns.ECDSAP256SHA256, 256)
	good := key.sign(t, www, nil)
	beside := other.sign(t, www, nil)
	wrong := edit(beside, func(b []byte) []byte { b[len(b)-1] ^= 1; return b }).Sigs.First()
	both := key.keys(t, new(sig.Policy), other)
	w := &work{held: map[sig.Sum]bool{}}

	last := good.Clone()
	last.Sigs = rrset.List(nil).Append(wrong).Append(good.Sigs.First())
	if r := sig.Verify(&last, both, middle(), w); r.Fault != sig.Sound || r.Checks != 2 || len(w.held) != 1 {
		t.Fatalf("%s, %d checks, %d held", r.Fault, r.Checks, len(w.held))
	}
	if r := sig.Verify(good, key.keys(t, new(sig.Policy)), middle(), w); r.Fault != sig.Sound || r.Checks != 0 {
		t.Errorf("alone: %s, %d checks", r.Fault, r.Checks)
	}
	first := good.Clone()
	first.Sigs = rrset.List(nil).Append(good.Sigs.First()).Append(wrong)
	if r := sig.Verify(&first, both, middle(), w); r.Fault != sig.Sound || r.Checks != 0 {
		t.Errorf("before a wrong one: %s, %d checks", r.Fault, r.Checks)
	}
	if w.failures != 1 {
		t.Errorf("%d failed", w.failures)
	}
}

// After the checks that an RRset may have, and once the budget is spent, nothing more is looked at (CVE-2023-50387).
func TestNothingIsLookedAtAfterTheLast(t *testing.T) {
	key, stranger := generate(t, "example.com.", dns.ED25519, 256), generate(t, "example.com.", dns.ECDSAP256SHA256, 256)
	good := key.sign(t, www, nil)
	flood := good.Clone()
	flood.Sigs = nil
	for i := range sig.MaxSignatures + 1 {
		flood.Sigs = flood.Sigs.Append(edit(good, func(b []byte) []byte { b[len(b)-1-i] ^= 1; return b }).Sigs.First())
	}
	flood.Sigs = flood.Sigs.Append(stranger.sign(t, www, nil).Sigs.First()).Append(good.Sigs.First())
	w := new(work)
	r := sig.Verify(&flood, key.keys(t, new(sig.Policy)), middle(), w)
	if r.Fault != sig.Mismatch || r.Checks != sig.MaxSignatures || r.Absent {
		t.Errorf("%s after %d checks; looked behind: %t", r.Fault, r.Checks, r.Absent)
	}
	w = &work{held: map[sig.Sum]bool{}}
	if r = sig.Verify(good, key.keys(t, new(sig.Policy)), middle(), w); r.Fault != sig.Sound {
		t.Fatal(r.Fault)
	}
	full, rest := good.Clone(), 0
	full.Sigs = nil
	for rd := range flood.Sigs.All() {
		if rest++; rest <= sig.MaxSignatures {
			full.Sigs = full.Sigs.Append(rd)
		}
	}
	full.Sigs = full.Sigs.Append(good.Sigs.First())
	if r = sig.Verify(&full, key.keys(t, new(sig.Policy)), middle(), w); r.Fault != sig.Mismatch {
		t.Errorf("%s where the last one is known to hold", r.Fault)
	}
	w = &work{most: 2}
	r = sig.Verify(&flood, key.keys(t, new(sig.Policy)), middle(), w)
	if r.Fault != sig.Spent || r.Checks != 2 || r.Absent || w.refused != 1 {
		t.Errorf("%s after %d checks, %d refused; looked behind: %t", r.Fault, r.Checks, w.refused, r.Absent)
	}
}

// What is found of a signature that is known to hold is what is found of one that is checked: how long it lasts at the
// moment, its original TTL, the wildcard that it was made for.
func TestWhatHeldIsJudgedAlike(t *testing.T) {
	key := generate(t, "example.com.", dns.ED25519, 256)
	expanded := key.sign(t, "*.example.com. 300 IN A 192.0.2.1", nil)
	expanded.Name = domain.MustParse("a.b.example.com.")
	shorter := key.sign(t, www, nil)
	shorter.TTL *= 2
	for what, set := range map[string]*rrset.Set{"data": key.sign(t, www, nil), "a TTL that grew": shorter, "a wildcard": expanded} {
		w := &work{held: map[sig.Sum]bool{}}
		if r := sig.Verify(set, key.keys(t, new(sig.Policy)), middle(), w); r.Fault != sig.Sound || len(w.held) != 1 {
			t.Fatalf("%s: %s", what, r.Fault)
		}
		for _, now := range []int64{inception - 1, inception, expiration - 50, expiration, expiration + 1} {
			at := sig.Window{Now: time.Unix(now, 0)}
			checked := sig.Verify(set, key.keys(t, new(sig.Policy)), at, new(work))
			held := sig.Verify(set, key.keys(t, new(sig.Policy)), at, w)
			if held.Checks != 0 {
				t.Errorf("%s: %d checks", what, held.Checks)
			}
			checked.Checks = 0
			if !reflect.DeepEqual(held, checked) {
				t.Errorf("%s at %d: %+v, want %+v", what, now, held, checked)
			}
		}
	}
}
