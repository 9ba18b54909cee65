package sim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"

	"github.com/miekg/dns"

	"recursor/dns/domain"
)

// Use is what a Key signs.
type Use uint8

// Uses, to be added up.
const (
	// SignsKeys: the DNSKEY RRset.
	SignsKeys Use = 1 << iota
	// SignsData: everything else.
	SignsData
	// Hidden: the key signs without being published.
	Hidden
)

// Key is a key of a zone.
type Key struct {
	*dns.DNSKEY
	Use Use // 0 is published only
	key crypto.Signer
}

// KeyOptions say which key to make. The same options make the same key.
type KeyOptions struct {
	Zone      domain.Name
	Algorithm uint8  // as in SignOptions
	Flags     uint16 // 0 is 257
	Bits      int    // of an RSA modulus; 0 is 2048
	Seed      string // tells keys of one zone apart
	Use       Use
}

// NewKey makes a key.
func NewKey(o KeyOptions) (*Key, error) {
	if o.Algorithm == 0 {
		o.Algorithm = dns.ECDSAP256SHA256
	}
	if o.Flags == 0 {
		o.Flags = dns.ZONE | dns.SEP
	}
	if o.Bits == 0 {
		o.Bits = 2048
	}
	source := &expander{seed: sha256.Sum256(fmt.Appendf(nil, "%s %d %d %d %s", o.Zone, o.Algorithm, o.Flags, o.Bits, o.Seed))}
	signer, public, err := generate(o, source)
	if err != nil {
		return nil, fmt.Errorf("key of %s: %w", o.Zone, err)
	}
	return &Key{Use: o.Use, key: steady{signer}, DNSKEY: &dns.DNSKEY{
		Hdr:   dns.RR_Header{Name: o.Zone.String(), Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 3600},
		Flags: o.Flags, Protocol: 3, Algorithm: o.Algorithm, PublicKey: base64.StdEncoding.EncodeToString(public),
	}}, nil
}

// generate makes a key pair; public is in the form of the DNSKEY record.
func generate(o KeyOptions, source io.Reader) (signer crypto.Signer, public []byte, err error) {
	switch o.Algorithm {
	case dns.RSASHA1, dns.RSASHA1NSEC3SHA1, dns.RSASHA256, dns.RSASHA512:
		k, err := rsaKey(source, o.Bits)
		if err != nil {
			return nil, nil, err
		}
		// RFC 3110 §2: an exponent of three octets, 65537.
		return k, append([]byte{3, 1, 0, 1}, k.N.Bytes()...), nil
	case dns.ECDSAP256SHA256:
		return ecdsaKey(source, elliptic.P256())
	case dns.ECDSAP384SHA384:
		return ecdsaKey(source, elliptic.P384())
	case dns.ED25519:
		seed := make([]byte, ed25519.SeedSize)
		_, _ = io.ReadFull(source, seed) // an expander never fails
		k := ed25519.NewKeyFromSeed(seed)
		return k, k.Public().(ed25519.PublicKey), nil
	}
	return nil, nil, fmt.Errorf("algorithm %d: %w", o.Algorithm, dns.ErrAlg)
}

func ecdsaKey(source io.Reader, curve elliptic.Curve) (crypto.Signer, []byte, error) {
	scalar := make([]byte, curve.Params().BitSize/8)
	for {
		_, _ = io.ReadFull(source, scalar)
		k, err := ecdsa.ParseRawPrivateKey(curve, scalar)
		if err != nil {
			continue // beyond the order of the curve
		}
		point, err := k.PublicKey.Bytes()
		if err != nil {
			return nil, nil, err
		}
		return k, point[1:], nil // RFC 6605 §4: X and Y alone
	}
}

// rsaKey makes an RSA key of primes from source; the standard library makes
// them of the system's randomness only.
func rsaKey(source io.Reader, bits int) (*rsa.PrivateKey, error) {
	e := big.NewInt(65537)
	one := big.NewInt(1)
	for {
		p, q := prime(source, bits/2), prime(source, bits-bits/2)
		n := new(big.Int).Mul(p, q)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(e, phi)
		if d == nil || p.Cmp(q) == 0 || n.BitLen() != bits {
			continue
		}
		k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: int(e.Int64())}, D: d, Primes: []*big.Int{p, q}}
		k.Precompute()
		return k, k.Validate()
	}
}

// prime is the next prime after a random number with its two top bits set, so
// that the product of two has its full length.
func prime(source io.Reader, bits int) *big.Int {
	b := make([]byte, (bits+7)/8)
	_, _ = io.ReadFull(source, b)
	p := new(big.Int).SetBytes(b)
	p.SetBit(p, bits-1, 1).SetBit(p, bits-2, 1).SetBit(p, 0, 1)
	skip := newSieve(p)
	for two := big.NewInt(2); skip.next() || !p.ProbablyPrime(0); {
		p.Add(p, two)
	}
	return p
}

// sieve walks along the odd numbers and knows which have a small factor, which
// spares most of the work of testing them.
type sieve struct{ small, rest []uint64 }

func newSieve(from *big.Int) *sieve {
	const limit = 2000
	s := &sieve{}
	var composite [limit]bool
	for n := uint64(3); n < limit; n += 2 {
		if composite[n] {
			continue
		}
		for m := n * n; m < limit; m += n {
			composite[m] = true
		}
		s.small = append(s.small, n)
		// One step behind from, since next steps first.
		rest := new(big.Int).Mod(from, new(big.Int).SetUint64(n)).Uint64()
		s.rest = append(s.rest, (rest+n-2)%n)
	}
	return s
}

// next steps to the next odd number and reports whether it has a small factor.
func (s *sieve) next() bool {
	factor := false
	for i, n := range s.small {
		if s.rest[i] += 2; s.rest[i] >= n {
			s.rest[i] -= n
		}
		factor = factor || s.rest[i] == 0
	}
	return factor
}

// steady signs without randomness: ECDSA by RFC 6979, the others as always.
type steady struct{ crypto.Signer }

// Sign implements crypto.Signer.
func (s steady) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.Signer.Sign(nil, digest, opts)
}

// expander makes any number of octets of a seed.
type expander struct {
	seed [32]byte
	n    uint64
	rest []byte
}

// Read implements io.Reader; it never fails.
func (e *expander) Read(p []byte) (int, error) {
	for i := range p {
		if len(e.rest) == 0 {
			e.n++
			block := sha256.Sum256(binary.BigEndian.AppendUint64(e.seed[:], e.n))
			e.rest = block[:]
		}
		p[i], e.rest = e.rest[0], e.rest[1:]
	}
	return len(p), nil
}
