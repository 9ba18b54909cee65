package tlsconf

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// The names of the files in Options.Folder: the certificate and its key.
const (
	KeptFile = "self-signed.crt"
	keyFile  = "self-signed.key"
)

const (
	// lifetime of a self-signed certificate: more than 398 days no client takes.
	lifetime = 397 * 24 * time.Hour
	// renewal is how long before its end another is made, with the same key, so
	// that pins stay good.
	renewal = 30 * 24 * time.Hour
	// backdating is for clients whose clock is behind.
	backdating = time.Hour
)

// selfSigned is the certificate of the folder where that is still good, or a
// new one with the key of the folder, or with a new key.
func (s *Source) selfSigned() (*loaded, error) {
	files := Pair{}
	var key []byte
	if s.o.Folder != "" {
		files = Pair{filepath.Join(s.o.Folder, KeptFile), filepath.Join(s.o.Folder, keyFile)}
		kept, err := load(files)
		if err == nil && s.fits(kept.leaf) {
			kept.made = true
			return kept, nil
		}
		if key, err = read(files.Key); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	} else if len(s.pairs) > 0 {
		key = s.pairs[0].keyPEM()
	}
	chain, key, err := s.make(key)
	if err != nil {
		return nil, fmt.Errorf("making a self-signed certificate: %w", err)
	}
	if s.o.Folder != "" {
		if err := keep(files, chain, key); err != nil {
			return nil, err
		}
	}
	p, err := parse(chain, key)
	if err != nil {
		return nil, err
	}
	p.files, p.made = files, true
	return p, nil
}

// Kept is the self-signed certificate that a folder has from an earlier start;
// an error that is fs.ErrNotExist where it has none.
func Kept(folder string) (*Leaf, error) {
	return Check(Pair{filepath.Join(folder, KeptFile), filepath.Join(folder, keyFile)})
}

// fits reports whether the certificate is good for a while, and for what it is
// wanted for.
func (s *Source) fits(l *Leaf) bool {
	now := s.o.Clock.Now().Signature
	if now.Before(l.NotBefore) || now.After(l.NotAfter.Add(-renewal)) {
		return false
	}
	for _, name := range s.o.Names {
		if l.VerifyHostname(name) != nil {
			return false
		}
	}
	for _, addr := range s.o.Addrs {
		if l.VerifyHostname(addr.String()) != nil {
			return false
		}
	}
	return true
}

// make signs a certificate with the key, or with a new one where that is nil.
func (s *Source) make(keyPEM []byte) (chain, key []byte, err error) {
	signer, err := keyOf(keyPEM)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		return nil, nil, err
	}
	now := s.o.Clock.Now().Signature
	serial := new(big.Int).SetUint64(s.o.Seeds.Stream().Uint64())
	template := &x509.Certificate{
		SerialNumber:          serial.Add(serial, big.NewInt(1)), // above zero (RFC 5280 §4.1.2.2)
		Subject:               pkix.Name{CommonName: "recursor"},
		NotBefore:             now.Add(-backdating),
		NotAfter:              now.Add(lifetime - backdating),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              s.o.Names,
	}
	for _, addr := range s.o.Addrs {
		template.IPAddresses = append(template.IPAddresses, addr.AsSlice())
	}
	// Without a source of randomness the signature is deterministic (RFC 6979).
	signed, err := x509.CreateCertificate(nil, template, template, signer.Public(), signer)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// keyOf reads a key in PEM form, or makes one.
func keyOf(text []byte) (crypto.Signer, error) {
	if text == nil {
		return ecdsa.GenerateKey(elliptic.P256(), nil) // the library's own source of randomness
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New(keyFile + " has no key: remove it, and clients that pin it get another")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("the key kept cannot sign")
	}
	return signer, nil
}

// keyPEM is the key of a pair that was made here.
func (p *loaded) keyPEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(p.certificate.PrivateKey)
	if err != nil {
		return nil // then another is made
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// keep writes both files, each in one piece.
func keep(files Pair, chain, key []byte) error {
	if err := os.MkdirAll(filepath.Dir(files.Key), 0o700); err != nil {
		return err
	}
	if err := replace(files.Key, key, 0o600); err != nil {
		return err
	}
	return replace(files.Certificate, chain, 0o644)
}

func replace(path string, data []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // it is gone where all went well
	_, err = f.Write(data)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return settle(filepath.Dir(path))
}

// settle makes what was renamed in a folder outlast a loss of power. Windows
// has no such thing, and settles by itself.
func settle(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
