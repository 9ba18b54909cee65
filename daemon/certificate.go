package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"time"

	"recursor/daemon/config"
	"recursor/frontend/tlsconf"
)

// soon is how long before its end a certificate is remarked upon.
const soon = 14 * 24 * time.Hour

// checkCertificate reads the certificate and the key that c names, as serving
// does, and tells what is wrong with them; nil where nothing is, or none are
// named.
func checkCertificate(c *config.Config, path string, now time.Time) error {
	if c.TLS.Certificate == "" {
		return nil
	}
	wrong := func(key, text, remedy string) error {
		return &config.Error{File: path, Problems: []config.Problem{{Key: key, Text: text, Remedies: []string{remedy}}}}
	}
	leaf, err := tlsconf.Check(tlsconf.Pair{Certificate: c.TLS.Certificate, Key: c.TLS.Key})
	var file *fs.PathError
	switch {
	case errors.As(err, &file):
		key := "tls.certificate"
		if file.Path == c.TLS.Key {
			key = "tls.key"
		}
		return wrong(key, file.Path+" cannot be read: "+file.Err.Error(), "name a file that exists and that this user may read")
	case err != nil:
		return wrong("tls.certificate", err.Error(), "write the server's certificate first, in PEM form, and name the key that belongs to it in tls.key")
	case now.After(leaf.NotAfter):
		return wrong("tls.certificate", c.TLS.Certificate+" ended at "+date(leaf.NotAfter), "renew it: clients that look at certificates refuse this one")
	case now.Before(leaf.NotBefore):
		return wrong("tls.certificate", c.TLS.Certificate+" begins at "+date(leaf.NotBefore), "wait, or set the clock of this host: clients refuse it until then")
	}
	return nil
}

// remarks are what an operator should know of a good configuration, a line each.
func remarks(c *config.Config, now time.Time) []string {
	addrs := slices.Concat(c.Listen.DoT, c.Listen.DoH, c.Listen.DoQ)
	if len(addrs) == 0 {
		return nil
	}
	if c.TLS.Certificate == "" {
		return []string{"tls.certificate: none, so a self-signed one is made: clients have to pin its key, which the log tells"}
	}
	leaf, err := tlsconf.Check(tlsconf.Pair{Certificate: c.TLS.Certificate, Key: c.TLS.Key})
	if err != nil {
		return nil // Check has told
	}
	said := []string{fmt.Sprintf("tls.certificate: for %s, ends at %s, SPKI pin %s",
		strings.Join(leaf.Names(), ", "), date(leaf.NotAfter), leaf.Pin())}
	if left := leaf.NotAfter.Sub(now); left < soon {
		said = append(said, fmt.Sprintf("tls.certificate: ends in %d days", int(left.Hours()/24)))
	}
	var named []netip.Addr
	for _, at := range addrs {
		addr := at.Addr()
		if addr.IsUnspecified() || slices.Contains(named, addr) {
			continue
		}
		named = append(named, addr)
		if leaf.VerifyHostname(addr.String()) != nil {
			// Clients that find the encrypted listeners through a plain one compare
			// the certificate with the plain one's address (RFC 9462 §4.2).
			said = append(said, fmt.Sprintf("tls.certificate: is not for the address %s, so clients cannot discover it by that (RFC 9462)", addr))
		}
	}
	return said
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }
