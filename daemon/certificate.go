package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"recursor/daemon/config"
	"recursor/frontend"
	"recursor/frontend/tlsconf"
	"recursor/observe/metrics"
	"recursor/zone"
)

// soon is how long before its end a certificate is remarked upon.
const soon = 14 * 24 * time.Hour

// checkCertificates reads the certificates and keys that c names, as serving
// does, and tells what is wrong with them; nil where nothing is, or none are
// named.
func checkCertificates(c *config.Config, path string, now time.Time) error {
	e := &config.Error{File: path}
	wrong := func(key, text, remedy string) {
		e.Problems = append(e.Problems, config.Problem{Key: key, Text: text, Remedies: []string{remedy}})
	}
	var good []*tlsconf.Leaf
	for i, files := range pairs(c) {
		certificate, key := keysOf(i)
		leaf, err := tlsconf.Check(files)
		var file *fs.PathError
		switch {
		case errors.As(err, &file):
			if file.Path == files.Key {
				certificate = key
			}
			wrong(certificate, file.Path+" cannot be read: "+file.Err.Error(), "name a file that exists and that this user may read")
		case err != nil:
			wrong(certificate, err.Error(), "write the server's certificate first, in PEM form, and name the key that belongs to it in "+key)
		case now.After(leaf.NotAfter):
			wrong(certificate, files.Certificate+" ended at "+date(leaf.NotAfter), "renew it: clients that look at certificates refuse this one")
		case now.Before(leaf.NotBefore):
			wrong(certificate, files.Certificate+" begins at "+date(leaf.NotBefore), "wait, or set the clock of this host: clients refuse it until then")
		default:
			good = append(good, leaf)
		}
	}
	if name, covered := resolverName(c, good); c.TLS.Certificate != "" && !name.IsZero() && !covered && len(e.Problems) == 0 {
		wrong("tls.name", "no certificate is for "+hostText(name), "have one made for it, or name what there is one for: "+strings.Join(covers(good), ", "))
	}
	if len(e.Problems) > 0 {
		return e
	}
	return nil
}

// keysOf are the keys of the configuration that the files of a pair stand under.
func keysOf(i int) (certificate, key string) {
	if i == 0 {
		return "tls.certificate", "tls.key"
	}
	item := fmt.Sprintf("tls.more[%d]", i-1)
	return item + ".certificate", item + ".key"
}

func covers(leaves []*tlsconf.Leaf) []string {
	var all []string
	for _, l := range leaves {
		all = append(all, l.Names()...)
	}
	return all
}

// remarks are what an operator should know of a good configuration, a line each.
func remarks(c *config.Config, now time.Time) []string {
	if !shown(c) {
		return nil
	}
	leaves, said := certificateRemarks(c, now)
	if len(leaves) == 0 {
		return said
	}
	own := ownAddrs()
	// Clients that find the encrypted listeners through one without encryption
	// look for the address of that one in the certificate (RFC 9462 §4.2).
	for _, addr := range listened(slices.Concat(c.Listen.Encrypted(), c.Listen.DNS), own) {
		if tlsconf.First(leaves, addr.String()) == nil {
			said = append(said, fmt.Sprintf("tls.certificate: is not for the address %s, so clients that know this resolver by it cannot verify what they discover (RFC 9462 §4.2)", addr))
		}
	}
	d := designation(c, configuredEndpoints(c), leaves, own)
	if len(d.Endpoints) == 0 {
		return append(said, "discovery: nothing is told of the encrypted listeners, since no certificate is for their addresses or for a name of this resolver")
	}
	return append(said, discoveryRemarks(d)...)
}

// certificateRemarks are the certificates that clients will be shown, and a line
// or two for each.
func certificateRemarks(c *config.Config, now time.Time) (leaves []*tlsconf.Leaf, said []string) {
	tell := func(what string, l *tlsconf.Leaf) {
		leaves = append(leaves, l)
		said = append(said, fmt.Sprintf("%s, for %s, ends at %s, SPKI pin %s, SHA-256 %s",
			what, strings.Join(l.Names(), ", "), date(l.NotAfter), l.Pin(), l.Fingerprint()))
	}
	for i, files := range pairs(c) {
		at, _ := keysOf(i)
		leaf, err := tlsconf.Check(files)
		if err != nil {
			continue // Check has told
		}
		tell(at+": "+files.Certificate, leaf)
		if left := leaf.NotAfter.Sub(now); left < soon {
			said = append(said, fmt.Sprintf("%s: ends in %d days", at, int(left.Hours()/24)))
		}
	}
	if c.TLS.Certificate != "" {
		return leaves, said
	}
	state, err := stateOf(c)
	switch {
	case err != nil:
		return nil, []string{"tls.certificate: none, so a self-signed one is made at each start, since it cannot be kept: " + err.Error()}
	case state.Folder == "":
		return nil, []string{"tls.certificate: none, so a self-signed one is made at each start, since nothing is kept (state): clients cannot pin its key"}
	}
	leaf, err := tlsconf.Kept(state.Folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, []string{"tls.certificate: none, so a self-signed one is made at the first start and kept in " + state.Folder + ": clients have to pin its key, which the log and this command tell"}
	case err != nil:
		return nil, []string{"tls.certificate: the self-signed one that was kept is not good: " + err.Error()}
	}
	tell("tls.certificate: self-signed, kept in "+state.Folder, leaf)
	if name := uncovered(c, leaf); name != "" {
		return nil, append(said, "tls.certificate: is made anew at the next start, with the same key, since it is not for "+name)
	}
	return leaves, said
}

// uncovered is a name or an address that a self-signed certificate of c is for and
// this one is not; "" where it is for all.
func uncovered(c *config.Config, l *tlsconf.Leaf) string {
	names, addrs := wanted(c, ownAddrs())
	for _, a := range addrs {
		names = append(names, a.String())
	}
	for _, name := range names {
		if l.VerifyHostname(name) != nil {
			return name
		}
	}
	return ""
}

// listened are the addresses at which others reach listeners.
func listened(at []netip.AddrPort, own []netip.Addr) []netip.Addr {
	var all []netip.Addr
	for _, a := range at {
		here := []netip.Addr{a.Addr()}
		if a.Addr().IsUnspecified() {
			here = reached(a.Addr(), own)
		}
		for _, addr := range here {
			if !slices.Contains(all, addr) {
				all = append(all, addr)
			}
		}
	}
	return all
}

// configuredEndpoints are those that will be live.
func configuredEndpoints(c *config.Config) []endpoint {
	var all []endpoint
	for _, l := range []struct {
		transport frontend.Transport
		at        []netip.AddrPort
	}{{frontend.DoT, c.Listen.DoT}, {frontend.DoH, c.Listen.DoH}, {frontend.DoQ, c.Listen.DoQ}} {
		for _, at := range l.at {
			all = append(all, endpoint{l.transport, at})
		}
	}
	return all
}

func discoveryRemarks(d zone.Designation) []string {
	var said []string
	for _, e := range d.Endpoints {
		line := "discovery: clients are told of " + strings.Join(e.Protocols, " and ") + " at "
		for i, addr := range e.Addrs {
			if i > 0 {
				line += ", "
			}
			line += netip.AddrPortFrom(addr, e.Port).String()
		}
		if !d.Name.IsZero() {
			line += " as " + hostText(d.Name)
		}
		said = append(said, line)
	}
	return said
}

// certificateFigures tell when the certificates end, for who is to be woken before.
func certificateFigures(leaves []*tlsconf.Leaf) (all []metrics.Figure) {
	for i, l := range leaves {
		all = append(all, figure("certificate_end_seconds", "When a certificate ends, in seconds since 1970.", metrics.Gauge,
			float64(l.NotAfter.Unix()), "certificate", strconv.Itoa(i), "names", strings.Join(l.Names(), ",")))
	}
	return all
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }
