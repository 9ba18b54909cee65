package sim_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/testbed/sim"
)

// signings are ways to sign, each algorithm and each denial at least once.
func signings() map[string]sim.SignOptions {
	return map[string]sim.SignOptions{
		"rsasha256 nsec":            {Algorithm: dns.RSASHA256, Bits: 1024},
		"rsasha512 nsec3":           {Algorithm: dns.RSASHA512, Bits: 1024, NSEC3: true},
		"p256 nsec":                 {},
		"p256 nsec3 salt":           {NSEC3: true, Iterations: 5, Salt: "deadbeef"},
		"p256 opt-out one key":      {NSEC3: true, OptOut: true, OneKey: true},
		"p384 nsec":                 {Algorithm: dns.ECDSAP384SHA384},
		"ed25519 nsec3":             {Algorithm: dns.ED25519, NSEC3: true, Iterations: 1},
		"ed25519 opt-out":           {Algorithm: dns.ED25519, NSEC3: true, OptOut: true},
		"ed25519 one key, own seed": {Algorithm: dns.ED25519, OneKey: true, Seed: "x"},
	}
}

func peersZone(t *testing.T, origin string) *sim.Zone {
	t.Helper()
	text, err := os.ReadFile("testdata/peers.zone")
	if err != nil {
		t.Fatal(err)
	}
	z, err := sim.ParseZone(origin, string(text))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func signed(t *testing.T, z *sim.Zone, o sim.SignOptions) *sim.Zone {
	t.Helper()
	s, err := sim.Sign(z, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestVerifiersAcceptWhatWeSign has other people's tools verify whole zones.
func TestVerifiersAcceptWhatWeSign(t *testing.T) {
	for _, tool := range [][]string{
		{"ldns-verify-zone", "FILE"},
		{"dnssec-verify", "-q", "-z", "-o", "example.", "FILE"}, // -z: one key may do all
	} {
		t.Run(tool[0], func(t *testing.T) {
			program, err := exec.LookPath(tool[0])
			if err != nil {
				t.Skipf("peer missing: %s is not installed", tool[0])
			}
			dir := t.TempDir()
			verify := func(z *sim.Zone) (string, error) {
				file := filepath.Join(dir, "example.zone")
				write(t, file, z.Text())
				args := slices.Clone(tool[1:])
				args[len(args)-1] = file
				out, err := exec.Command(program, args...).CombinedOutput()
				return string(out), err
			}
			for name, o := range signings() {
				z := signed(t, peersZone(t, "example."), o)
				if out, err := verify(z); err != nil {
					t.Errorf("%s: %v\n%s", name, err, out)
				}
				z.RemoveSignatures(domain.MustParse("www.example."), dns.TypeA)
				if _, err := verify(z); err == nil {
					t.Errorf("%s: a zone without one of its signatures is accepted", name)
				}
			}
		})
	}
}

func TestSignatures(t *testing.T) {
	for name, o := range signings() {
		t.Run(name, func(t *testing.T) {
			z := signed(t, peersZone(t, "example."), o)
			checked := 0
			for _, rr := range z.All() {
				sig, ok := rr.(*dns.RRSIG)
				if !ok {
					continue
				}
				checked++
				owner := domain.MustParse(sig.Hdr.Name)
				set := z.Records(owner, sig.TypeCovered)
				if sig.TypeCovered == dns.TypeNSEC3 {
					set = slices.DeleteFunc(z.All(), func(o dns.RR) bool {
						return o.Header().Rrtype != dns.TypeNSEC3 || o.Header().Name != sig.Hdr.Name
					})
				}
				i := slices.IndexFunc(z.Keys(), func(k *sim.Key) bool { return k.KeyTag() == sig.KeyTag })
				if i < 0 {
					t.Fatalf("no key for %s", sig)
				}
				if err := sig.Verify(z.Keys()[i].DNSKEY, set); err != nil {
					t.Errorf("%s: %v", sig, err)
				}
				wantLabels := owner.Labels()
				if owner.IsWildcard() {
					wantLabels--
				}
				if int(sig.Labels) != wantLabels {
					t.Errorf("%s: labels %d, want %d", owner, sig.Labels, wantLabels)
				}
			}
			if checked < 30 {
				t.Errorf("%d signatures", checked)
			}
			if len(z.DS()) != 1 || z.DS()[0].(*dns.DS).KeyTag != z.Keys()[0].KeyTag() {
				t.Errorf("DS %v", z.DS())
			}
		})
	}
}

// TestSigningIsDeterministic: the same zone and options give the same octets,
// here and everywhere.
func TestSigningIsDeterministic(t *testing.T) {
	want := map[string]string{
		"rsasha256 nsec":  "2429161d05e2105c",
		"p256 nsec3 salt": "96ab3ad69371b72b",
		"p384 nsec":       "021dde766faceffb",
		"ed25519 opt-out": "0c3a4202b478fa84",
	}
	for name, hash := range want {
		sum := sha256.Sum256([]byte(signed(t, peersZone(t, "example."), signings()[name]).Text()))
		if got := hex.EncodeToString(sum[:8]); got != hash {
			t.Errorf("%s: the signed zone has the hash %s, want %s", name, got, hash)
		}
	}
}

func TestOptOutLeavesInsecureDelegationsOut(t *testing.T) {
	count := func(o sim.SignOptions) (n int) {
		for _, rr := range signed(t, peersZone(t, "example."), o).All() {
			if rr.Header().Rrtype == dns.TypeNSEC3 {
				n++
			}
		}
		return n
	}
	all, optOut := count(sim.SignOptions{NSEC3: true}), count(sim.SignOptions{NSEC3: true, OptOut: true})
	// sub, sibling, glueless, deep.cut, and the empty non-terminal cut.
	if all-optOut != 5 {
		t.Errorf("%d records of NSEC3, with opt-out %d", all, optOut)
	}
}

// TestStarWithinALabelIsNoWildcard: the signature of *x counts all labels.
func TestStarWithinALabelIsNoWildcard(t *testing.T) {
	z, err := sim.ParseZone("example.", "@ SOA a. b. 1 1 1 1 300\n*x A 192.0.2.1\n* A 192.0.2.2\n")
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]uint8{}
	for _, rr := range signed(t, z, sim.SignOptions{}).All() {
		if sig, ok := rr.(*dns.RRSIG); ok && sig.TypeCovered == dns.TypeA {
			labels[sig.Hdr.Name] = sig.Labels
		}
	}
	if fmt.Sprint(labels) != "map[*.example.:1 *x.example.:2]" {
		t.Errorf("labels %v", labels)
	}
}

func TestSigningAgainAndInTime(t *testing.T) {
	from, to := epoch(), epoch().Add(time.Hour)
	once := signed(t, peersZone(t, "example."), sim.SignOptions{NSEC3: true, Inception: from, Expiration: to})
	again := signed(t, once, sim.SignOptions{Keys: once.Keys(), Inception: from, Expiration: to})
	for _, rr := range again.All() {
		switch rr := rr.(type) {
		case *dns.NSEC3, *dns.NSEC3PARAM:
			t.Errorf("left over: %s", rr)
		case *dns.RRSIG:
			if int64(rr.Inception) != from.Unix() || int64(rr.Expiration) != to.Unix() {
				t.Errorf("validity of %s", rr)
			}
		}
	}
	first := signed(t, peersZone(t, "example."), sim.SignOptions{Inception: from, Expiration: to})
	if again.Text() != first.Text() {
		t.Error("signing a signed zone anew is not signing the zone")
	}
}

func TestKeysByUse(t *testing.T) {
	zone := domain.MustParse("example.")
	key := func(seed string, flags uint16, use sim.Use) *sim.Key {
		k, err := sim.NewKey(sim.KeyOptions{Zone: zone, Algorithm: dns.ED25519, Seed: seed, Flags: flags, Use: use})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	ksk, zsk := key("k", 257, sim.SignsKeys), key("z", 256, sim.SignsData)
	standby, hidden := key("s", 257, 0), key("h", 256, sim.SignsData|sim.Hidden)
	z := signed(t, peersZone(t, "example."), sim.SignOptions{Keys: []*sim.Key{ksk, zsk, standby, hidden}})
	var published []uint16
	for _, rr := range z.Records(zone, dns.TypeDNSKEY) {
		published = append(published, rr.(*dns.DNSKEY).KeyTag())
	}
	if !slices.Equal(published, []uint16{ksk.KeyTag(), zsk.KeyTag(), standby.KeyTag()}) {
		t.Errorf("published %v", published)
	}
	signers := map[uint16][]uint16{}
	for _, rr := range z.All() {
		if sig, ok := rr.(*dns.RRSIG); ok && sig.Hdr.Name == "example." {
			signers[sig.TypeCovered] = append(signers[sig.TypeCovered], sig.KeyTag)
		}
	}
	if !slices.Equal(signers[dns.TypeDNSKEY], []uint16{ksk.KeyTag()}) ||
		!slices.Equal(signers[dns.TypeSOA], []uint16{zsk.KeyTag(), hidden.KeyTag()}) {
		t.Errorf("signers %v", signers)
	}
	if len(z.DS()) != 1 {
		t.Errorf("DS of %d keys", len(z.DS()))
	}
}

func TestSignFails(t *testing.T) {
	z, err := sim.ParseZone("example.", "www A 192.0.2.1\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sim.Sign(z, sim.SignOptions{}); !errors.Is(err, sim.ErrNoSOA) {
		t.Errorf("error %v", err)
	}
	if _, err := sim.Sign(peersZone(t, "example."), sim.SignOptions{Algorithm: dns.DSA}); !errors.Is(err, dns.ErrAlg) {
		t.Errorf("error %v", err)
	}
}

func TestZone(t *testing.T) {
	z := peersZone(t, "example.")
	again, err := sim.ParseZone("example.", z.Text())
	if err != nil {
		t.Fatal(err)
	}
	if again.Text() != z.Text() {
		t.Error("the text of a zone is another zone")
	}
	c := z.Clone()
	c.Remove(domain.MustParse("a.b.ent.example."), dns.TypeA)
	if slices.Contains(c.Names(), domain.MustParse("ent.example.")) || !slices.Contains(z.Names(), domain.MustParse("ent.example.")) {
		t.Error("removing from a copy removes from the zone, or leaves an empty non-terminal")
	}
	c.Remove(domain.MustParse("www.example."), dns.TypeANY)
	if c.Records(domain.MustParse("www.example."), dns.TypeA) != nil || c.Records(domain.MustParse("www.www.example."), dns.TypeA) == nil {
		t.Error("removing everything at a name")
	}
	for text, want := range map[string]error{"www.other. A 192.0.2.1": sim.ErrNotInZone, "www A": nil} {
		if err := z.AddText(text); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%q: error %v", text, err)
		}
	}
	if _, err := sim.ParseZone("bad..name.", ""); err == nil {
		t.Error("a zone with a bad name")
	}
}
