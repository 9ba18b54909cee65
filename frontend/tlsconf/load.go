package tlsconf

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"time"
)

// loaded is a pair that was read or made.
type loaded struct {
	files       Pair // with the paths empty where it is in memory
	stamp       stamp
	made        bool // self-signed, by us
	certificate *tls.Certificate
	leaf        *Leaf
	complaint   string // the last, so that it is told once
}

// stamp tells a changed pair of files from an unchanged one. A file that a link
// leads to counts, not the link: certificates are commonly exchanged that way.
type stamp struct {
	certificate, key time.Time
	lengths          [2]int64
}

func stampOf(files Pair) (stamp, error) {
	certificate, err := os.Stat(files.Certificate)
	if err != nil {
		return stamp{}, err
	}
	key, err := os.Stat(files.Key)
	if err != nil {
		return stamp{}, err
	}
	return stamp{certificate.ModTime(), key.ModTime(), [2]int64{certificate.Size(), key.Size()}}, nil
}

// maxFile is more than any chain of certificates has.
const maxFile = 1 << 20

func load(files Pair) (*loaded, error) {
	// The stamp first: what changes while it is read is read again.
	at, err := stampOf(files)
	if err != nil {
		return nil, err
	}
	chain, err := read(files.Certificate)
	if err != nil {
		return nil, err
	}
	key, err := read(files.Key)
	if err != nil {
		return nil, err
	}
	p, err := parse(chain, key)
	if err != nil {
		return nil, fmt.Errorf("%s with the key %s: %w", files.Certificate, files.Key, err)
	}
	p.files, p.stamp = files, at
	return p, nil
}

func parse(chain, key []byte) (*loaded, error) {
	c, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, err
	}
	return &loaded{certificate: &c, leaf: &Leaf{c.Leaf}}, nil
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it was only read
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// Check reads a pair of files as a Source would.
func Check(files Pair) (*Leaf, error) {
	p, err := load(files)
	if err != nil {
		return nil, err
	}
	return p.leaf, nil
}

// Leaf is the certificate of the server itself.
type Leaf struct{ *x509.Certificate }

// Names are the names and addresses that it is for.
func (l *Leaf) Names() []string {
	names := append([]string(nil), l.DNSNames...)
	for _, ip := range l.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// SelfSigned reports whether nobody else vouches for it.
func (l *Leaf) SelfSigned() bool {
	return bytes.Equal(l.RawIssuer, l.RawSubject) &&
		l.CheckSignature(l.SignatureAlgorithm, l.RawTBSCertificate, l.Signature) == nil
}

// Pin is the hash of the key that clients pin (RFC 7469 §2.4, RFC 7858 §4.2).
func (l *Leaf) Pin() string {
	sum := sha256.Sum256(l.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Fingerprint is the hash of the certificate, as browsers show it.
func (l *Leaf) Fingerprint() string {
	sum := sha256.Sum256(l.Raw)
	return hex.EncodeToString(sum[:])
}
