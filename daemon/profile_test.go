package daemon

import (
	"errors"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"recursor/clock"
	"recursor/daemon/config"
	"recursor/frontend/tlsconf"
)

func TestProfile(t *testing.T) {
	path, files := certified(t, clock.NewReal().Now().Signature)
	write(t, path, `listen: {dot: ["127.0.0.1:853"], doh: ["[::1]:8443", "127.0.0.1:8443"], doq: ["127.0.0.1:0"]}
tls: {certificate: self-signed.crt, key: self-signed.key}
doh: {path: /q, http3: false}
`)
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Profile(c)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := tlsconf.Check(files)
	if err != nil {
		t.Fatal(err)
	}
	if r.Name != "dns.example" || r.DoT != 853 || r.DoH != 8443 || r.DoQ != 0 || r.Path != "/q" || r.HTTP3 || r.Pin != leaf.Pin() ||
		!slices.Equal(r.Certificate, leaf.Raw) || r.File != files.Certificate ||
		!slices.Equal(r.Addrs, []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}) {
		t.Errorf("%+v", r)
	}
	c.Listen.DoT, c.DoH.Plain = nil, true
	if _, err := Profile(c); !errors.Is(err, errNothingEncrypted) {
		t.Errorf("behind a proxy: %v", err)
	}
}

// Without a certificate there is something to write once one was made.
func TestProfileOfTheSelfSigned(t *testing.T) {
	c := config.Default()
	c.Listen.DoT = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:853")}
	c.State = filepath.Join(t.TempDir(), "state")
	if _, err := Profile(c); err == nil || !strings.Contains(err.Error(), c.State) {
		t.Errorf("before the first start: %v", err)
	}
	s, err := tlsconf.New(certificates(c, State{c.State}, clock.NewReal(), nil))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Profile(c)
	if err != nil || r.Pin != s.Leaves()[0].Pin() || r.File != filepath.Join(c.State, tlsconf.KeptFile) {
		t.Errorf("%+v, %v", r, err)
	}
	c.State = config.StateOff
	if _, err := Profile(c); err == nil {
		t.Error("written for a certificate that does not last")
	}
	c.State = filepath.Join(t.TempDir(), "other")
	c.TLS.Certificate, c.TLS.Key = filepath.Join(t.TempDir(), "absent"), ""
	if _, err := Profile(c); err == nil {
		t.Error("written for a certificate that is not there")
	}
}
