package integration_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // for algorithms 5 and 7
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// zoneKey is a DNSKEY record with its private half.
type zoneKey struct {
	*dns.DNSKEY
	private crypto.Signer
}

// keyring makes keys once for each kind, as making those of RSA takes long; zones share them.
type keyring struct {
	keys map[string]zoneKey
}

// key is the nth key of an algorithm and size, with the zone and flags given.
func (r *keyring) key(t *testing.T, zone string, alg uint8, bits, n int, flags uint16) zoneKey {
	t.Helper()
	kind := fmt.Sprint(alg, bits, n)
	k, ok := r.keys[kind]
	if !ok {
		made := &dns.DNSKEY{Hdr: dns.RR_Header{Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 300}, Protocol: 3, Algorithm: alg}
		private, err := made.Generate(bits)
		if err != nil {
			t.Fatal(err)
		}
		k = zoneKey{made, private.(crypto.Signer)}
		r.keys[kind] = k
	}
	own := *k.DNSKEY
	own.Hdr.Name, own.Flags = zone, flags
	return zoneKey{&own, k.private}
}

// sign signs a set with a key. edit changes the signature's fields before it is made, so that it verifies with them.
func (k zoneKey) sign(t *testing.T, set []dns.RR, span validitySpan, edit func(*dns.RRSIG)) *dns.RRSIG {
	t.Helper()
	h := set[0].Header()
	sig := &dns.RRSIG{
		Hdr:         dns.RR_Header{Name: h.Name, Rrtype: dns.TypeRRSIG, Class: dns.ClassINET, Ttl: h.Ttl},
		TypeCovered: h.Rrtype, Algorithm: k.Algorithm, Labels: signedLabels(h.Name), OrigTtl: h.Ttl,
		Inception: uint32(span.from.Unix()), Expiration: uint32(span.to.Unix()), KeyTag: k.KeyTag(), SignerName: k.Hdr.Name,
	}
	if edit != nil {
		edit(sig)
	}
	sig.Signature = base64.StdEncoding.EncodeToString(k.over(t, signedData(t, sig, set)))
	return sig
}

// validitySpan is when a signature holds.
type validitySpan struct{ from, to time.Time }

// signedLabels is the Labels field of RFC 4034 §3.1.3.
func signedLabels(owner string) uint8 { return uint8(dns.CountLabel(strings.TrimPrefix(owner, "*."))) }

// signedData is what RFC 4034 §3.1.8.1 says is signed. All names of the zones here are in lower case.
func signedData(t *testing.T, sig *dns.RRSIG, set []dns.RR) []byte {
	t.Helper()
	data := rdata(t, sig)
	owner := set[0].Header().Name
	if labels := dns.SplitDomainName(owner); int(sig.Labels) < len(labels) {
		owner = "*." + dns.Fqdn(strings.Join(labels[len(labels)-int(sig.Labels):], "."))
	}
	set = slices.Clone(set)
	slices.SortFunc(set, func(a, b dns.RR) int { return bytes.Compare(rdata(t, a), rdata(t, b)) })
	for _, rr := range set {
		c := dns.Copy(rr)
		c.Header().Name, c.Header().Ttl = owner, sig.OrigTtl
		data = append(data, packed(t, c)...)
	}
	return data
}

func packed(t *testing.T, rr dns.RR) []byte {
	t.Helper()
	buf := make([]byte, 65536)
	n, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		t.Fatalf("%v: %v", rr, err)
	}
	return buf[:n]
}

// rdata is the RDATA of a record in wire form.
func rdata(t *testing.T, rr dns.RR) []byte {
	t.Helper()
	c := dns.Copy(rr)
	c.Header().Name = "."
	return packed(t, c)[11:]
}

// over is the signature over data in the form of the RRSIG record.
func (k zoneKey) over(t *testing.T, data []byte) []byte {
	t.Helper()
	var hash crypto.Hash
	switch k.Algorithm {
	case dns.RSASHA1, dns.RSASHA1NSEC3SHA1:
		hash = crypto.SHA1
	case dns.RSASHA256, dns.ECDSAP256SHA256:
		hash = crypto.SHA256
	case dns.RSASHA512:
		hash = crypto.SHA512
	case dns.ECDSAP384SHA384:
		hash = crypto.SHA384
	}
	if hash != 0 {
		h := hash.New()
		h.Write(data)
		data = h.Sum(nil)
	}
	var out []byte
	var err error
	switch private := k.private.(type) {
	case *rsa.PrivateKey:
		out, err = rsa.SignPKCS1v15(rand.Reader, private, hash, data)
	case *ecdsa.PrivateKey:
		r, s, e := ecdsa.Sign(rand.Reader, private, data)
		size := (private.Curve.Params().BitSize + 7) / 8
		out, err = append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...), e
	case ed25519.PrivateKey:
		out = ed25519.Sign(private, data)
	default:
		out, err = private.Sign(rand.Reader, data, hash)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}
