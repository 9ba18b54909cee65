package frontend_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/doh"
	"recursor/frontend/doq"
	"recursor/frontend/dot"
	"recursor/frontend/stream"
	"recursor/frontend/tlsconf"
	"recursor/random"
)

// certify writes a pair of files.
func certify(t *testing.T, name string) (tlsconf.Pair, *tlsconf.Leaf) {
	t.Helper()
	dir := t.TempDir()
	_, err := tlsconf.New(tlsconf.Options{Clock: clock.NewReal(), Seeds: random.Secure{}, Folder: dir, Names: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	files := tlsconf.Pair{Certificate: filepath.Join(dir, tlsconf.KeptFile), Key: filepath.Join(dir, "self-signed.key")}
	leaf, err := tlsconf.Check(files)
	if err != nil {
		t.Fatal(err)
	}
	return files, leaf
}

// link asks over one connection, and tells what certificate it was shown.
type link struct {
	pin string
	ask func() bool
	end func()
}

// A certificate is exchanged while clients of all encrypted transports are
// connected: those are served on, over the connections they have, and who comes
// next is shown the new one.
func TestCertificateIsExchanged(t *testing.T) {
	t.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
	files, before := certify(t, "a.example")
	c := clock.NewReal()
	source, err := tlsconf.New(tlsconf.Options{Clock: c, Pairs: []tlsconf.Pair{files}})
	if err != nil {
		t.Fatal(err)
	}
	at := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	overTCP, overQUIC := doh.Protocols()
	g := frontend.Group{Clock: c, Listeners: []frontend.Listener{
		dot.New(dot.Options{Addrs: at, Handler: &zone{}, Clock: c, TLS: source.Config(dot.Protocol)}),
		doh.New(doh.Options{Addrs: at, Handler: &zone{}, Clock: c, Seeds: random.Secure{}, TLS: source.Config(overTCP...), QUIC: source.Config(overQUIC...)}),
		doq.New(doq.Options{Addrs: at, Handler: &zone{}, Clock: c, Seeds: random.Secure{}, TLS: source.Config(doq.Protocol)}),
	}}
	if err := g.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	dials := map[string]func() *link{
		"DoT":    func() *link { return overDoT(t, g.Addrs()[0].String()) },
		"HTTP/2": func() *link { return overHTTP(t, g.Addrs()[1].String(), "h2") },
		"HTTP/3": func() *link { return overHTTP(t, g.Addrs()[1].String(), "h3") },
		"DoQ":    func() *link { return overDoQ(t, g.Addrs()[2].String()) },
	}
	old := map[string]*link{}
	for name, dial := range dials {
		old[name] = dial()
		if !old[name].ask() || old[name].pin != before.Pin() {
			t.Fatalf("%s: no answer before the exchange", name)
		}
		defer old[name].end()
	}
	others, after := certify(t, "a.example")
	for from, to := range map[string]string{others.Certificate: files.Certificate, others.Key: files.Key} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	source.Look()
	for name, dial := range dials {
		if !old[name].ask() {
			t.Errorf("%s: the connection is lost", name)
		}
		fresh := dial()
		if !fresh.ask() || fresh.pin != after.Pin() {
			t.Errorf("%s: who comes next is shown %s, want %s", name, fresh.pin, after.Pin())
		}
		fresh.end()
	}
}

// trusting takes any certificate, and notes its pin.
func trusting(l *link, protocol string) *tls.Config {
	return &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // it is compared
		ServerName:         "a.example", NextProtos: []string{protocol}, MinVersion: tls.VersionTLS13,
		VerifyConnection: func(s tls.ConnectionState) error {
			l.pin = (&tlsconf.Leaf{Certificate: s.PeerCertificates[0]}).Pin()
			return nil
		},
	}
}

// aQuery asks for a.example. A.
const aQuery = "\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x07example\x00\x00\x01\x00\x01"

// over sends the query and reads the one answer.
func over(rw io.ReadWriter, sent func() error) bool {
	_, err := rw.Write(stream.Append(nil, []byte(aQuery)))
	if err == nil {
		err = sent()
	}
	octets := make([]byte, 2+len(aQuery)+16)
	if err == nil {
		_, err = io.ReadFull(rw, octets)
	}
	return err == nil && bytes.HasSuffix(octets, []byte{192, 0, 2, 1})
}

func overDoT(t *testing.T, at string) *link {
	t.Helper()
	l := new(link)
	conn, err := tls.Dial("tcp", at, trusting(l, dot.Protocol))
	if err != nil {
		t.Fatal(err)
	}
	l.ask = func() bool { return over(conn, func() error { return nil }) }
	l.end = func() { _ = conn.Close() }
	return l
}

func overDoQ(t *testing.T, at string) *link {
	t.Helper()
	l := new(link)
	conn, err := quic.DialAddr(t.Context(), at, trusting(l, doq.Protocol), nil)
	if err != nil {
		t.Fatal(err)
	}
	l.ask = func() bool {
		s, err := conn.OpenStreamSync(t.Context())
		return err == nil && over(s, s.Close)
	}
	l.end = func() { _ = conn.CloseWithError(0, "") }
	return l
}

func overHTTP(t *testing.T, at, protocol string) *link {
	t.Helper()
	l := new(link)
	var dials int
	count := func(s tls.ConnectionState) error {
		dials++
		l.pin = (&tlsconf.Leaf{Certificate: s.PeerCertificates[0]}).Pin()
		return nil
	}
	config := trusting(l, protocol)
	config.VerifyConnection = count
	var transport http.RoundTripper
	if protocol == "h3" {
		three := &http3.Transport{TLSClientConfig: config}
		transport, l.end = three, func() { _ = three.Close() }
	} else {
		two := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
		transport, l.end = two, two.CloseIdleConnections
	}
	client := &http.Client{Transport: transport}
	l.ask = func() bool {
		r, err := client.Post("https://"+at+doh.Path, "application/dns-message", bytes.NewReader([]byte(aQuery)))
		if err != nil {
			return false
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		return err == nil && dials == 1 && bytes.HasSuffix(body, []byte{192, 0, 2, 1})
	}
	return l
}
