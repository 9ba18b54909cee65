package sig_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/validate/sig"
)

// sets reads lines of a zone file.
func sets(tb testing.TB, lines string) []rrset.Set {
	tb.Helper()
	s, err := text.ParseRRs(lines, domain.Root())
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// one reads the lines of one RRset.
func one(tb testing.TB, lines string) *rrset.Set {
	tb.Helper()
	s := sets(tb, lines)
	if len(s) != 1 {
		tb.Fatalf("%d sets in\n%s", len(s), lines)
	}
	return &s[0]
}

func file(tb testing.TB, path string) string {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

func find(tb testing.TB, s []rrset.Set, name string, t wire.Type) *rrset.Set {
	tb.Helper()
	for i := range s {
		if s[i].Name == domain.MustParse(name) && s[i].Type == t {
			return &s[i]
		}
	}
	tb.Fatalf("no %s %s", name, t)
	return nil
}

func at(tb testing.TB, stamp string) sig.Window {
	tb.Helper()
	now, err := time.Parse("20060102150405", stamp)
	if err != nil {
		tb.Fatal(err)
	}
	return sig.Window{Now: now}
}

// work counts, and stops at a limit where one is set.
type work struct {
	checks, done, failures, most, mostFailures int
	refused                                    int // checks
	// held is what was told, where it is remembered.
	held map[sig.Sum]bool
}

var errSpent = errors.New("spent")

func (w *work) Signature() error {
	if w.most > 0 && w.checks == w.most {
		w.refused++
		return errSpent
	}
	w.checks++
	return nil
}

func (w *work) Checked() { w.done++ }

func (w *work) Held(s *sig.Sum) bool { return w.held[*s] }

func (w *work) Hold(s *sig.Sum) {
	if w.held != nil {
		w.held[*s] = true
	}
}

func (w *work) Failed() error {
	w.failures++
	if w.mostFailures > 0 && w.failures >= w.mostFailures {
		return errSpent
	}
	return nil
}

// signer is a key of a zone with its private part.
type signer struct {
	*dns.DNSKEY
	private crypto.Signer
}

// generate makes a key of the zone.
func generate(tb testing.TB, zone string, algorithm uint8, bits int) signer {
	tb.Helper()
	k := &dns.DNSKEY{
		Hdr:   dns.RR_Header{Name: zone, Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 3600},
		Flags: 257, Protocol: 3, Algorithm: algorithm,
	}
	private, err := k.Generate(bits)
	if err != nil {
		tb.Fatal(err)
	}
	switch p := private.(type) {
	case *rsa.PrivateKey:
		return signer{k, p}
	case *ecdsa.PrivateKey:
		return signer{k, p}
	case ed25519.PrivateKey:
		return signer{k, p}
	}
	tb.Fatalf("private key %T", private)
	return signer{}
}

func (s signer) keys(tb testing.TB, p *sig.Policy, more ...signer) *sig.Keys {
	tb.Helper()
	lines := s.String() + "\n"
	for _, m := range more {
		lines += m.String() + "\n"
	}
	set := one(tb, lines)
	return sig.NewKeys(set.Name, set.RData, p)
}

const (
	inception  = 1700000000
	expiration = 1800000000
)

func middle() sig.Window { return sig.Window{Now: time.Unix(1750000000, 0)} }

// sign signs the lines of one RRset by way of the library; change may alter the
// record before it is signed.
func (s signer) sign(tb testing.TB, lines string, change func(*dns.RRSIG)) *rrset.Set {
	tb.Helper()
	var rrs []dns.RR
	for line := range strings.SplitSeq(strings.TrimSpace(lines), "\n") {
		rr, err := dns.NewRR(strings.TrimSpace(line))
		if err != nil {
			tb.Fatal(err)
		}
		rrs = append(rrs, rr)
	}
	r := &dns.RRSIG{
		Hdr: dns.RR_Header{Ttl: rrs[0].Header().Ttl}, Algorithm: s.Algorithm, KeyTag: s.KeyTag(), SignerName: s.Hdr.Name,
		Inception: inception, Expiration: expiration,
	}
	if change != nil {
		change(r)
	}
	if err := r.Sign(s.private, rrs); err != nil {
		tb.Fatal(err)
	}
	out, err := text.FromRRs(append(rrs, r))
	if err != nil || len(out) != 1 {
		tb.Fatal(len(out), err)
	}
	return &out[0]
}

// edit changes the RDATA of the set's first signature.
func edit(set *rrset.Set, change func(rdata []byte) []byte) *rrset.Set {
	c := set.Clone()
	first := change(append([]byte(nil), c.Sigs.First()...))
	var list rrset.List
	list = list.Append(first)
	skip := true
	for rd := range c.Sigs.All() {
		if !skip {
			list = list.Append(rd)
		}
		skip = false
	}
	c.Sigs = list
	return &c
}
