package validate_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate"
	"recursor/validate/denial"
	"recursor/validate/sig"
)

// colliding makes n keys of the tag of rdata, an Ed25519 key.
func colliding(rdata []byte, n int) (list rrset.List) {
	for i := 1; i <= n; i++ {
		k := append([]byte(nil), rdata...)
		word := func(at int) uint16 { return binary.BigEndian.Uint16(k[at:]) }
		gains, loses := 4, 4
		for int(word(gains))+i > 0xffff {
			gains += 2
		}
		for loses == gains || int(word(loses)) < i {
			loses += 2
		}
		binary.BigEndian.PutUint16(k[gains:], word(gains)+uint16(i))
		binary.BigEndian.PutUint16(k[loses:], word(loses)-uint16(i))
		list = list.Append(k)
	}
	return list
}

// flood makes n wrong signatures of a right one.
func flood(rdata []byte, n int) (list rrset.List) {
	for i := range n {
		s := append([]byte(nil), rdata...)
		binary.BigEndian.PutUint16(s[len(s)-8:], uint16(i))
		list = list.Append(s)
	}
	return list
}

// KeyTrap: the keys of a zone are many of one tag, the signatures many, in
// every place of an answer; all that is done is counted.
//
// RFC: X.1, X.2
func TestKeyTrap(t *testing.T) {
	one := sim.SignOptions{Algorithm: dns.ED25519, OneKey: true}
	for what, tt := range map[string]struct {
		change     func(r *validate.Response)
		name       string
		t          wire.Type
		want       string
		maxChecks  int
		maxFailed  int
		checks     int // of everything, the chain above included
		failures   int
		mostHashes int
	}{
		"nothing": {name: "www.example.com.", t: a, want: "secure", checks: 6},
		"signatures of an answer": {change: func(r *validate.Response) {
			if r.Type == a {
				r.Set.Sigs = flood(r.Set.Sigs.First(), 1000)
			}
		}, name: "www.example.com.", t: a, want: "bogus signature does not verify", checks: 5 + 8, failures: 8},
		"keys": {change: func(r *validate.Response) {
			if r.Type == wire.TypeDNSKEY && r.Name == name("example.com.") {
				r.Set.RData = append(colliding(r.Set.RData.First(), 500), r.Set.RData...)
			}
			if r.Type == a {
				r.Set.Sigs = flood(r.Set.Sigs.First(), 1000)
			}
			// The KSK is the last of 501, so that no DS record finds it.
		}, name: "www.example.com.", t: a, want: "bogus no key matches the DS records", checks: 4},
		"keys, the right one first": {change: func(r *validate.Response) {
			if r.Type == wire.TypeDNSKEY && r.Name == name("example.com.") {
				// Not signed so: the set is another one.
				r.Set.RData = append(r.Set.RData, colliding(r.Set.RData.First(), 500)...)
				r.Set.Sigs = flood(r.Set.Sigs.First(), 1000)
			}
		}, name: "www.example.com.", t: a, want: "bogus signature does not verify", checks: 4 + 8, failures: 8},
		"signatures of DS": {change: func(r *validate.Response) {
			if r.Type == wire.TypeDS && r.Name == name("example.com.") {
				r.Set.Sigs = flood(r.Set.Sigs.First(), 1000)
			}
		}, name: "www.example.com.", t: a, want: "bogus signature does not verify", checks: 3 + 8, failures: 8},
		"denials": {change: func(r *validate.Response) {
			if len(r.Proof) > 0 && r.Type == a {
				bad := r.Proof[0].Clone()
				bad.Sigs = flood(bad.Sigs.First(), 100)
				var many []rrset.Set
				for range 100 {
					many = append(many, bad)
				}
				r.Proof = append(many, r.Proof...)
			}
		}, name: "nobody.example.com.", t: a, want: "bogus signature does not verify", checks: 5 + 8*8, failures: 64},
		"budget of checks": {change: func(r *validate.Response) {
			if r.Type == a {
				r.Set.Sigs = flood(r.Set.Sigs.First(), 1000)
			}
		}, name: "www.example.com.", t: a, maxChecks: 7, want: "bogus work for validation spent", checks: 7, failures: 2},
		"budget of failures": {change: func(r *validate.Response) {
			if r.Type == a {
				r.Set.Sigs = flood(r.Set.Sigs.First(), 1000)
			}
		}, name: "www.example.com.", t: a, maxFailed: 3, want: "bogus work for validation spent", checks: 8, failures: 3},
		"budget, of keys": {name: "www.example.com.", t: a, maxChecks: 4, want: "bogus work for validation spent", checks: 4},
		"budget, of DS":   {name: "www.example.com.", t: a, maxChecks: 3, want: "bogus work for validation spent", checks: 3},
		"budget, of NSEC": {name: "nobody.example.com.", t: a, maxChecks: 5, want: "bogus work for validation spent", checks: 5},
		"budget, of SOA":  {name: "nobody.example.com.", t: a, maxChecks: 7, want: "bogus work for validation spent", checks: 7},
		"signers": {change: func(r *validate.Response) {
			if r.Type == a {
				// Signatures that claim every name above, from the top.
				first := r.Set.Sigs.First()
				r.Set.Sigs = nil
				for _, z := range []string{".", "com.", "deep.empty.example.com.", "empty.example.com."} {
					forged := append(append([]byte(nil), first[:18]...), name(z).AppendWire(nil)...)
					r.Set.Sigs = r.Set.Sigs.Append(append(forged, first[len(first)-64:]...))
				}
				r.Zone = domain.Name{}
			}
		}, name: "deep.empty.example.com.", t: a, want: "bogus DNSKEY missing", checks: 3},
	} {
		t.Run(what, func(t *testing.T) {
			w := tree(t, place{origin: ".", sign: one}, place{origin: "com.", sign: one}, place{origin: "example.com.", lines: rich, sign: one})
			w.maxChecks, w.maxFailures = tt.maxChecks, tt.maxFailed
			// A stubborn server: asking again brings the same.
			w.change = tt.change
			w.want(tt.name, tt.t, tt.want)
			if w.checks != tt.checks || w.failures != tt.failures {
				t.Errorf("%d checks, %d failures; want %d, %d", w.checks, w.failures, tt.checks, tt.failures)
			}
		})
	}
}

// Names of many labels, with the iterations we still make.
//
// RFC: X.2, 9276.1
func TestHashesOfDeepNames(t *testing.T) {
	deep := strings.Repeat("a.", 110) + "example.com."
	for what, tt := range map[string]struct {
		most     int
		perProof int
		want     string
		hashes   int
	}{
		"no limit":             {0, 0, "secure", 112},
		"the limit":            {112, 0, "secure", 112},
		"one too few":          {111, 0, "bogus work for validation spent", 111},
		"ten":                  {10, 0, "bogus work for validation spent", 10},
		"the limit of a proof": {0, 112, "secure", 112},
		"twenty of a proof":    {0, 20, "bogus work for validation spent", 20},
	} {
		w := small(t, place{sign: sim.SignOptions{NSEC3: true, Iterations: 50, Salt: strings.Repeat("ff", 255)}})
		w.maxHashes, w.options.ProofHashes = tt.most, tt.perProof
		w.want(deep, a, tt.want)
		if w.hashes != tt.hashes {
			t.Errorf("%s: %d hashes, want %d", what, w.hashes, tt.hashes)
		}
	}
	w := small(t, place{sign: sim.SignOptions{NSEC3: true, Iterations: 2500}})
	w.want(deep, a, "bogus too many NSEC3 iterations")
	if w.hashes > 0 {
		t.Errorf("2500 iterations: %d hashes", w.hashes)
	}
	// Records of other parameters beside are not looked at.
	w = small(t, place{sign: sim.SignOptions{NSEC3: true}})
	other := small(t, place{sign: sim.SignOptions{NSEC3: true, Iterations: 2500}})
	w.change = func(r *validate.Response) {
		if r.Type == a {
			more, err := other.ask(r.Name, r.Type)
			if err != nil {
				t.Fatal(err)
			}
			r.Proof = append(r.Proof, more.Proof...)
		}
	}
	w.want("nobody.example.com.", a, "secure")
}

// The records needed may be anywhere among the first eight.
func TestProofAmongOthers(t *testing.T) {
	for n, want := range map[int]string{5: "secure", 8: "bogus proof of denial incomplete"} {
		w := small(t, place{})
		w.change = func(r *validate.Response) {
			if r.Type != a || len(r.Proof) == 0 {
				return
			}
			for i := range n { // of no zone's chain
				odd := rrset.New(name(fmt.Sprintf("x%d.example.org.", i)), wire.TypeNSEC, 300, append(name("y.example.org.").AppendWire(nil), 0, 1, 64))
				r.Proof = append([]rrset.Set{odd}, r.Proof...)
			}
		}
		w.want("nobody.example.com.", a, want)
	}
	if validate.MaxProof != 8 || sig.MaxSignatures != 8 || sig.MaxTagged != 4 || sig.MaxDS != 8 || denial.MaxHashes != 150 {
		t.Error("the limits are not those of the design")
	}
}

// The verdict lasts no longer than any signature that it rests on, and the data
// no longer than its own.
//
// RFC: 4033.2, 4035.4
func TestExpiry(t *testing.T) {
	now := instant("2026-01-01")
	for what, tt := range map[string]struct {
		validity map[string]int64 // zone → seconds that its signatures have left
		name     string
		ttl      uint32
		expires  int64
	}{
		"of the data":      {map[string]int64{"example.com.": 100}, "www.example.com.", 100, 100},
		"of what is above": {map[string]int64{"com.": 100}, "www.example.com.", 300, 100},
		"of the root":      {map[string]int64{".": 50, "example.com.": 70}, "www.example.com.", 70, 50},
		"of a denial":      {map[string]int64{"example.com.": 90}, "nobody.example.com.", 90, 90},
		"of a wildcard":    {map[string]int64{"example.com.": 80}, "a.wild.example.com.", 80, 80},
	} {
		options := func(zone string) sim.SignOptions {
			if left := tt.validity[zone]; left > 0 {
				return sim.SignOptions{Inception: now.AddDate(-1, 0, 0), Expiration: now.Add(time.Duration(left) * time.Second)}
			}
			return sim.SignOptions{}
		}
		w := tree(t, place{origin: ".", sign: options(".")}, place{origin: "com.", sign: options("com.")},
			place{origin: "example.com.", lines: rich, sign: options("example.com.")})
		typ := a
		if strings.Contains(tt.name, "wild") {
			typ = txt
		}
		v := w.want(tt.name, typ, "secure")
		if v.TTL != tt.ttl || v.Expires.Unix()-now.Unix() != tt.expires {
			t.Errorf("%s: TTL %d, expires in %d; want %d, %d", what, v.TTL, v.Expires.Unix()-now.Unix(), tt.ttl, tt.expires)
		}
	}
}
