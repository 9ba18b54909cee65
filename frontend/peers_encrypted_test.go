package frontend_test

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/doh"
	"recursor/frontend/doq"
	"recursor/frontend/dot"
	"recursor/frontend/tlsconf"
	"recursor/random"
)

// encrypted are the three transports, served, and what strict clients need.
type encrypted struct {
	dot, doh, doq netip.AddrPort
	pin           string
	authority     string // file with the certificate
	stop          func() []frontend.Stats
}

func serveEncrypted(t *testing.T, h frontend.Handler) encrypted {
	t.Helper()
	t.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
	c := clock.NewReal()
	at := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	source, err := tlsconf.New(tlsconf.Options{
		Clock: c, Seeds: random.Secure{}, Names: []string{"dns.example"}, Addrs: []netip.Addr{at[0].Addr()},
	})
	if err != nil {
		t.Fatal(err)
	}
	overTCP, overQUIC := doh.Protocols()
	g := frontend.Group{Clock: c, Listeners: []frontend.Listener{
		dot.New(dot.Options{Addrs: at, Handler: h, Clock: c, TLS: source.Config(dot.Protocol)}),
		doh.New(doh.Options{Addrs: at, Handler: h, Clock: c, Seeds: random.Secure{}, TLS: source.Config(overTCP...), QUIC: source.Config(overQUIC...)}),
		doq.New(doq.Options{Addrs: at, Handler: h, Clock: c, Seeds: random.Secure{}, TLS: source.Config(doq.Protocol)}),
	}}
	if err := g.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	leaf := source.Leaves()[0]
	e := encrypted{
		dot: g.Addrs()[0], doh: g.Addrs()[1], doq: g.Addrs()[2],
		pin: leaf.Pin(), authority: filepath.Join(t.TempDir(), "authority.pem"),
	}
	if err := os.WriteFile(e.authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	e.stop = func() []frontend.Stats {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		return g.Stats()
	}
	return e
}

// run runs a program, and skips where it is not installed.
func run(t *testing.T, peer string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(peer)
	if err != nil {
		t.Skip(peer + " is not installed")
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	return string(out), err
}

// RFC: 7858.2, 7858.5, 8310.2, 8484.1, 9250.1
func TestPeersEncryptedKdig(t *testing.T) {
	e := serveEncrypted(t, &zone{})
	kdig := func(t *testing.T, at netip.AddrPort, args ...string) string {
		t.Helper()
		return ask(t, "kdig", at.Addr(), at.Port(), append(args, "+noedns", "a.example.", "A")...)
	}
	for _, tc := range []struct {
		name string
		at   netip.AddrPort
		args []string
		says string
	}{
		{"DoT", e.dot, []string{"+tls"}, "TLS1.3"},
		{"DoT, pinned", e.dot, []string{"+tls-pin=" + e.pin}, "TLS1.3"},
		{"DoT, by name", e.dot, []string{"+tls-ca=" + e.authority, "+tls-hostname=dns.example"}, "TLS1.3"},
		{"DoT, a miss", e.dot, []string{"+tls", "+keepopen", "slow.example.", "A"}, "TLS1.3"},
		{"DoH", e.doh, []string{"+https"}, "HTTP/2-POST"},
		{"DoH, GET", e.doh, []string{"+https-get"}, "HTTP/2-GET"},
		{"DoH, by name", e.doh, []string{"+https", "+tls-ca=" + e.authority, "+tls-hostname=dns.example"}, "HTTP/2-POST"},
		{"DoQ", e.doq, []string{"+quic"}, "QUICv1"},
		{"DoQ, pinned", e.doq, []string{"+tls-pin=" + e.pin, "+quic"}, "QUICv1"},
		{"DoQ, by name", e.doq, []string{"+tls-ca=" + e.authority, "+tls-hostname=dns.example", "+quic"}, "QUICv1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := kdig(t, tc.at, tc.args...)
			wantAnswers(t, out, 1+strings.Count(strings.Join(tc.args, " "), "slow."))
			if !strings.Contains(out, tc.says) {
				t.Errorf("the client does not say %s:\n%s", tc.says, out)
			}
		})
	}
	wrong := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for name, args := range map[string][]string{
		"another pin":  {"+tls-pin=" + wrong},
		"another name": {"+tls-ca=" + e.authority, "+tls-hostname=other.example"},
	} {
		t.Run(name, func(t *testing.T) {
			args = append([]string{"@" + e.dot.Addr().String(), "-p", strconv.Itoa(int(e.dot.Port())), "+retry=0"}, args...)
			if out, err := run(t, "kdig", append(args, "a.example.", "A")...); err == nil && strings.Contains(out, "192.0.2.1") {
				t.Errorf("the client took it:\n%s", out)
			}
		})
	}
	e.stop()
}

// RFC: 7858.2, 8484.1
func TestPeersEncryptedDig(t *testing.T) {
	e := serveEncrypted(t, &zone{})
	for name, args := range map[string][]string{
		"DoT":          {"+tls"},
		"DoT, by name": {"+tls-ca=" + e.authority, "+tls-hostname=dns.example"},
		"DoH":          {"+https"},
		"DoH, GET":     {"+https-get"},
	} {
		t.Run(name, func(t *testing.T) {
			at := e.dot
			if strings.Contains(args[0], "https") {
				at = e.doh
			}
			wantAnswers(t, ask(t, "dig", at.Addr(), at.Port(), append(args, "+noedns", "a.example.", "A")...), 1)
		})
	}
	e.stop()
}

// RFC: 8484.1, 8484.3
func TestPeersEncryptedCurl(t *testing.T) {
	e := serveEncrypted(t, &zone{})
	url := "https://" + e.doh.String() + "/dns-query"
	const dns = "?dns=AAABAAABAAAAAAAAAWEHZXhhbXBsZQAAAQAB" // a.example. A
	for _, v := range []string{"--http1.1", "--http2"} {
		t.Run(v, func(t *testing.T) {
			out, err := run(t, "curl", "-s", "--cacert", e.authority, v, "-o", "/dev/null", "-D", "-", url+dns, url)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, want := range []string{" 200", "content-type: application/dns-message", "cache-control: max-age=300", " 400"} {
				if !strings.Contains(strings.ToLower(out), want) {
					t.Errorf("%q is missing:\n%s", want, out)
				}
			}
		})
	}
	t.Run("--doh-url", func(t *testing.T) {
		out, _ := run(t, "curl", "-sv", "--cacert", e.authority, "--doh-url", url, "--connect-timeout", "1", "http://a.example:1/")
		if !strings.Contains(out, "192.0.2.1") {
			t.Errorf("the client did not learn the address:\n%s", out)
		}
	})
	e.stop()
}

// Programs that know HTTP/2 and nothing of DNS.
func TestPeersEncryptedHTTP2(t *testing.T) {
	e := serveEncrypted(t, &zone{})
	url := "https://" + e.doh.String() + "/dns-query?dns=AAABAAABAAAAAAAAAWEHZXhhbXBsZQAAAQAB"
	t.Run("nghttp", func(t *testing.T) {
		out, err := run(t, "nghttp", "-nv", "-y", url)
		if err != nil || !strings.Contains(out, ":status: 200") {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("h2load", func(t *testing.T) {
		out, err := run(t, "h2load", "-n", "500", "-c", "5", "-m", "20", url)
		if err != nil || !strings.Contains(out, "500 succeeded, 0 failed") {
			t.Errorf("%v\n%s", err, out)
		}
	})
	for _, s := range e.stop() {
		if s.Transport == frontend.DoH && s.Of(frontend.Unsent) != 0 {
			t.Errorf("counted %v", s)
		}
	}
}
