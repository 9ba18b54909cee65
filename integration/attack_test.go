package integration_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/cache"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate/denial"
)

const attackZones = `
$SERVER ns.root. 192.0.2.1
$SERVER ns1.evil. 192.0.2.2
$SERVER ns2.evil. 192.0.2.3
$SERVER ns.good. 192.0.2.4
$ZONE . ns.root. ed25519
$ZONE evil. ns1.evil. ns2.evil. %s
www A 192.0.2.66
a A 192.0.2.67
z A 192.0.2.68
$ZONE good. ns.good. ed25519
*.www A 192.0.2.80
`

// attack is an Internet with a zone that is made to cost.
type attack struct {
	*simulated
	zone *sim.Zone
}

func newAttack(t *testing.T, words string) *attack {
	t.Helper()
	in, err := sim.ParseInternet(fmt.Sprintf(attackZones, words), sim.InternetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &attack{simulateOver(t, in, in.Anchors(), "cache: {aggressive: false}\n"), in.Zone("evil.")}
}

// key is the zone's key that signs data, or keys.
func (a *attack) key(use sim.Use) *sim.Key {
	keys := a.zone.Keys()
	return keys[slices.IndexFunc(keys, func(k *sim.Key) bool { return k.Use&use != 0 })]
}

// collide publishes n more keys of the tag of one, before it.
func (a *attack) collide(use sim.Use, n int) {
	a.t.Helper()
	key := a.key(use)
	raw, err := base64.StdEncoding.DecodeString(key.PublicKey)
	if err != nil {
		a.t.Fatal(err)
	}
	var keys []*sim.Key
	for i := range n {
		// The tag is a sum of words: what one gains another loses.
		other := slices.Clone(raw)
		from, to := 2*(i%7), 14+2*(i/7%8)
		binary.BigEndian.PutUint16(other[from:], binary.BigEndian.Uint16(other[from:])^uint16(i+1))
		lost := int(binary.BigEndian.Uint16(raw[from:])) - int(binary.BigEndian.Uint16(other[from:]))
		word := int(binary.BigEndian.Uint16(other[to:])) + lost
		if word < 0 || word > 0xffff {
			continue
		}
		binary.BigEndian.PutUint16(other[to:], uint16(word))
		fake := *key.DNSKEY
		fake.PublicKey = base64.StdEncoding.EncodeToString(other)
		if fake.KeyTag() != key.KeyTag() {
			continue
		}
		keys = append(keys, &sim.Key{DNSKEY: &fake})
	}
	if len(keys) < n/4 {
		a.t.Fatalf("%d keys of one tag", len(keys))
	}
	a.resign(append(keys, a.zone.Keys()...))
}

// resign signs the zone anew with keys.
func (a *attack) resign(keys []*sim.Key) {
	a.t.Helper()
	z, err := sim.Sign(a.zone, sim.SignOptions{Keys: keys})
	if err != nil {
		a.t.Fatal(err)
	}
	*a.zone = *z
}

// flood puts n wrong signatures in the place of those of an RRset.
func (a *attack) flood(owner string, rrtype uint16, n int) {
	a.t.Helper()
	var right *dns.RRSIG
	for _, rr := range a.zone.All() {
		if s, ok := rr.(*dns.RRSIG); ok && s.TypeCovered == rrtype && s.Hdr.Name == owner {
			right = s
		}
	}
	a.zone.RemoveSignatures(mustName(owner), rrtype)
	for i := range n {
		s := *right
		raw, _ := base64.StdEncoding.DecodeString(s.Signature)
		binary.BigEndian.PutUint16(raw[8:], uint16(i))
		s.Signature = base64.StdEncoding.EncodeToString(raw)
		if err := a.zone.Add(&s); err != nil {
			a.t.Fatal(err)
		}
	}
}

// hideEncloser has the servers leave out the NSEC3 record of the zone itself, so that each name above is looked for.
func (a *attack) hideEncloser() {
	p := denial.Params{Algorithm: denial.SHA1, Iterations: 50, Salt: "\xaa\xbb\xcc\xdd"}
	hidden := p.Hash(mustName("evil.")).Label()
	for _, host := range []string{"ns1.evil.", "ns2.evil."} {
		server := a.internet.Server(host)
		a.net.Attach(server.Addrs[0], sim.NodeFunc(func(q sim.Packet) []sim.Reply {
			replies := server.Answer(q)
			for i := range replies {
				m := new(dns.Msg)
				if err := m.Unpack(replies[i].Message); err != nil {
					a.t.Fatal(err)
				}
				m.Ns = slices.DeleteFunc(m.Ns, func(rr dns.RR) bool { return strings.HasPrefix(rr.Header().Name, hidden) })
				m.Compress = true
				replies[i].Message, _ = m.Pack()
			}
			return replies
		}))
	}
}

// attacks are zones made to cost, each with the most that one answer may take of each kind of work, and what is told.
func attacks() map[string]struct {
	words              string
	make               func(*attack)
	name               string
	signatures, failed uint64
	hashes             uint64
	ede                string // begins so
} {
	deep := strings.Repeat("q.", 110) + "evil."
	type row = struct {
		words              string
		make               func(*attack)
		name               string
		signatures, failed uint64
		hashes             uint64
		ede                string
	}
	return map[string]row{
		// KeyTrap (CVE-2023-50387): keys by hundreds of one tag, signatures by hundreds.
		"keys and signatures of data": {"ed25519", func(a *attack) {
			a.collide(sim.SignsData, 300)
			a.flood("www.evil.", dns.TypeA, 200)
		}, "www.evil.", 22, 17, 0, "6 signature does not verify, zone evil., key "},
		"keys and signatures of keys": {"ed25519", func(a *attack) {
			a.collide(sim.SignsKeys, 300)
			a.flood("evil.", dns.TypeDNSKEY, 200)
		}, "www.evil.", 22, 17, 0, "6 signature does not verify, zone evil., key "},
		"signatures of keys": {"ed25519", func(a *attack) {
			a.flood("evil.", dns.TypeDNSKEY, 200)
		}, "www.evil.", 22, 17, 0, "6 signature does not verify, zone evil., key "},
		// CVE-2025-8677: keys that cannot be read, to be read again for each signature.
		"malformed keys": {"ecdsap256sha256", func(a *attack) {
			a.collide(sim.SignsData, 300)
			a.flood("www.evil.", dns.TypeA, 200)
		}, "www.evil.", 22, 17, 0, "6 "},
		// CVE-2026-11605: many records of denial, each with many wrong signatures.
		"records of denial": {"ed25519 nsec", func(a *attack) {
			for _, owner := range []string{"evil.", "a.evil.", "ns2.evil.", "ns1.evil.", "www.evil.", "z.evil."} {
				a.flood(owner, dns.TypeNSEC, 100)
			}
		}, "q.evil.", 24, 17, 0, "6 signature does not verify, zone evil., key "},
		// CVE-2023-50868: names of many labels, hashed many times.
		"iterations": {"ed25519 nsec3 iterations=2500 salt=aabbccdd", func(*attack) {}, deep, 24, 0, 0, "27 too many NSEC3 iterations, zone evil."},
		"labels":     {"ed25519 nsec3 iterations=50 salt=aabbccdd", (*attack).hideEncloser, deep, 24, 0, 400, "6 proof of denial incomplete, zone evil."},
	}
}

// TestAttacks: whatever a zone makes of its keys, signatures and denials, the work for one answer is bounded, the client
// hears why, others are served, nothing is kept that was not shown to be so, and asking again costs nothing.
//
// RFC: X.1, X.2, 9276.1
func TestAttacks(t *testing.T) {
	for what, at := range attacks() {
		t.Run(what, func(t *testing.T) {
			a := newAttack(t, at.words)
			at.make(a)
			a.ask("good.", dns.TypeSOA, flags{}) // the way there, and the root's keys
			before := a.Resolver.Verified()
			m := a.ask(at.name, dns.TypeA, flags{do: true})
			took := a.Resolver.Verified()
			took.Signatures -= before.Signatures
			took.Failed -= before.Failed
			took.Hashes -= before.Hashes
			t.Logf("%d signatures, %d failed, %d hashes: %s %q", took.Signatures, took.Failed, took.Hashes, dns.RcodeToString[m.Rcode], m.edes)
			if took.Signatures > at.signatures || took.Failed > at.failed || took.Hashes > at.hashes {
				t.Errorf("%d signatures, %d failed, %d hashes; %d, %d, %d may be", took.Signatures, took.Failed, took.Hashes, at.signatures, at.failed, at.hashes)
			}
			if at.ede != "" && (m.Rcode != dns.RcodeServerFailure || len(m.edes) == 0 || !strings.HasPrefix(m.edes[0], at.ede)) {
				t.Errorf("%s %q, want SERVFAIL and %q", dns.RcodeToString[m.Rcode], m.edes, at.ede)
			}
			if at.ede != "" {
				a.clean(at.name)
			}
			if v := a.ask("x.www.good.", dns.TypeA, flags{do: true}); v.Rcode != dns.RcodeSuccess || !v.AuthenticatedData {
				t.Errorf("others:\n%s", v)
			}
			if at.ede == "" {
				return
			}
			a.net.Take()
			before = a.Resolver.Verified()
			again := a.ask(at.name, dns.TypeA, flags{do: true})
			if sent := len(a.net.Take()); again.Rcode != dns.RcodeServerFailure || sent > 0 || a.Resolver.Verified() != before {
				t.Errorf("again: %s, %d questions, %+v after %+v", dns.RcodeToString[again.Rcode], sent, a.Resolver.Verified(), before)
			}
		})
	}
}

// clean checks that nothing of the zone is held to be good.
func (a *attack) clean(name string) {
	a.t.Helper()
	now := a.clock.Now().TTL
	if e, ok := a.Cache.Get(mustName(name), wire.TypeA, now); ok && e.Status > cache.Unjudged {
		a.t.Errorf("%s is kept as %s", name, e.Status)
	}
	if d, ok := a.Cache.GetDenial(mustName(name), wire.TypeA, now); ok && d.Status > cache.Unjudged {
		a.t.Errorf("the absence of %s is kept as %s", name, d.Status)
	}
}
