package daemon

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recursor/clock"
	"recursor/daemon/config"
	"recursor/dns/domain"
	"recursor/frontend/tlsconf"
	"recursor/observe/metrics"
	"recursor/random"
)

// certified writes a configuration with a certificate for dns.example
// that begins at a time and ends 397 days later.
func certified(t *testing.T, begins time.Time) (path string, files tlsconf.Pair) {
	t.Helper()
	dir := t.TempDir()
	_, err := tlsconf.New(tlsconf.Options{
		Clock: &clock.Real{FixedSignature: begins}, Seeds: random.Secure{}, Folder: dir,
		Names: []string{"dns.example"},
	})
	if err != nil {
		t.Fatal(err)
	}
	files = tlsconf.Pair{Certificate: filepath.Join(dir, "self-signed.crt"), Key: filepath.Join(dir, "self-signed.key")}
	path = filepath.Join(dir, "c.yaml")
	write(t, path, "listen: {dot: [\"127.0.0.1:0\"]}\ntls: {certificate: self-signed.crt, key: self-signed.key}\n")
	return path, files
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCheckNamesWhatIsWrongWithACertificate(t *testing.T) {
	now := clock.NewReal().Now().Signature
	for name, tc := range map[string]struct {
		begins time.Time
		spoil  func(files tlsconf.Pair)
		want   string
	}{
		"good":           {begins: now},
		"ended":          {begins: now.Add(-400 * 24 * time.Hour), want: "tls.certificate: %c ended at 2"},
		"begins later":   {begins: now.Add(48 * time.Hour), want: "tls.certificate: %c begins at 2"},
		"no certificate": {begins: now, spoil: func(f tlsconf.Pair) { _ = os.Remove(f.Certificate) }, want: "tls.certificate: %c cannot be read"},
		"no key":         {begins: now, spoil: func(f tlsconf.Pair) { _ = os.Remove(f.Key) }, want: "tls.key: %k cannot be read"},
		"another's key": {begins: now, spoil: func(f tlsconf.Pair) {
			_, other := certified(t, now)
			_ = os.Rename(other.Key, f.Key)
		}, want: "%c with the key %k"},
		"not PEM": {begins: now, spoil: func(f tlsconf.Pair) { write(t, f.Certificate, "certificate") }, want: "%c with the key %k"},
	} {
		t.Run(name, func(t *testing.T) {
			path, files := certified(t, tc.begins)
			if tc.spoil != nil {
				tc.spoil(files)
			}
			_, err := Check(path)
			want := strings.NewReplacer("%c", files.Certificate, "%k", files.Key).Replace(tc.want)
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q in it", err, want)
			}
		})
	}
}

// Further certificates are looked at as the first is, and the name that clients
// are told has to be in one.
func TestCheckLooksAtAllCertificates(t *testing.T) {
	now := clock.NewReal().Now().Signature
	path, _ := certified(t, now)
	_, old := certified(t, now.Add(-400*24*time.Hour))
	for name, tc := range map[string]struct{ more, want string }{
		"ended":          {"more: [{certificate: " + old.Certificate + ", key: " + old.Key + "}]", "tls.more[0].certificate: " + old.Certificate + " ended at 2"},
		"no such key":    {"more: [{certificate: " + old.Certificate + ", key: /absent}]", "tls.more[0].key: /absent cannot be read"},
		"without a key":  {"more: [{certificate: " + old.Certificate + "}]", "tls.more[0].key: missing"},
		"another's name": {"name: other.example", "tls.name: no certificate is for other.example"},
		"its name":       {"name: DNS.example.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, path, "listen: {dot: [\"127.0.0.1:0\"]}\ntls: {certificate: self-signed.crt, key: self-signed.key, "+tc.more+"}\n")
			_, err := Check(path)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q in it", err, tc.want)
			}
		})
	}
}

// RFC: 9462.3
func TestRemarks(t *testing.T) {
	now := clock.NewReal().Now().Signature
	path, files := certified(t, now)
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := tlsconf.Check(files)
	if err != nil {
		t.Fatal(err)
	}
	all := func(at time.Time) string { return strings.Join(remarks(c, at), "\n") }
	for _, want := range []string{
		"for dns.example", "ends at " + date(leaf.NotAfter), leaf.Pin(), leaf.Fingerprint(), "is not for the address 127.0.0.1",
		"told of dot at 127.0.0.1:0 as dns.example",
	} {
		if got := all(now); !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
	if strings.Contains(all(now), "days") || !strings.Contains(all(leaf.NotAfter.Add(-3*24*time.Hour-time.Minute)), "ends in 3 days") {
		t.Error("what is said of the end does not fit the time")
	}
	if got := remarks(config.Default(), now); got != nil {
		t.Errorf("without an encrypted listener: %q", got)
	}
	c.Listen.DoT, c.Listen.DoH, c.DoH.Plain = nil, c.Listen.DoT, true
	if got := remarks(c, now); got != nil {
		t.Errorf("behind a proxy: %q", got)
	}
}

// The self-signed certificate is told of before the first start and after it.
func TestRemarksOnTheSelfSigned(t *testing.T) {
	now := clock.NewReal().Now().Signature
	c := config.Default()
	c.Listen.DoT = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:853")}
	c.State = filepath.Join(t.TempDir(), "state")
	all := func() string { return strings.Join(remarks(c, now), "\n") }
	if got := all(); !strings.Contains(got, "made at the first start and kept in "+c.State) {
		t.Errorf("before the first start: %q", got)
	}
	if _, err := os.Stat(c.State); err == nil {
		t.Error("looking made the folder")
	}
	state, err := OpenState(c)
	if err != nil {
		t.Fatal(err)
	}
	s, err := tlsconf.New(certificates(c, state, clock.NewReal(), nil))
	if err != nil {
		t.Fatal(err)
	}
	leaf := s.Leaves()[0]
	if got := all(); !strings.Contains(got, leaf.Pin()) || !strings.Contains(got, leaf.Fingerprint()) || strings.Contains(got, "is not for") {
		t.Errorf("after it: %q", got)
	}
	c.TLS.Name = domain.MustParse("new.example.")
	if got := all(); !strings.Contains(got, "made anew at the next start, with the same key, since it is not for new.example") {
		t.Errorf("for another name: %q", got)
	}
	if _, err := Profile(c); err == nil || !strings.Contains(err.Error(), "not for new.example yet") {
		t.Errorf("a profile for another name: %v", err)
	}
	c.State = config.StateOff
	if got := all(); !strings.Contains(got, "made at each start") {
		t.Errorf("without a folder: %q", got)
	}
}

func TestCertificateFigures(t *testing.T) {
	leaf := leafFor(t, []string{"dns.example"}, "192.0.2.1")
	want := fmt.Sprintf("recursor_certificate_end_seconds{certificate=\"0\",names=\"dns.example,192.0.2.1\"} %d\n", leaf.NotAfter.Unix())
	if got := metrics.Text(certificateFigures([]*tlsconf.Leaf{leaf})); !strings.Contains(got, want) {
		t.Errorf("%s", got)
	}
}
