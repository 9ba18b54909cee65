package doh

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"flag"
	"io"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"
	"go.uber.org/goleak"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/tlsconf"
	"recursor/random"
)

func TestMain(m *testing.M) {
	if profile := os.Getenv(serverVariable); profile != "" {
		if err := server(profile); err != nil {
			panic(err)
		}
		return
	}
	flag.Parse()
	// What is parallel waits, and hardly computes.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// echo answers with the query, QR set. The octet behind the header says how: m
// is a miss, which waits for a value of release; s is silence; n no answer; p a
// panic.
type echo struct {
	release chan struct{}
	entered chan struct{}

	mu   sync.Mutex
	seen []frontend.Query
}

func (e *echo) Hit(q *frontend.Query, dst []byte) (int, bool) {
	e.mu.Lock()
	e.seen = append(e.seen, *q)
	e.mu.Unlock()
	if len(q.Message) > 12 {
		switch q.Message[12] {
		case 'm', 'n', 'q':
			return 0, false
		case 's':
			return 0, true
		case 'p':
			panic("a broken handler")
		}
	}
	n := copy(dst, q.Message)
	dst[2] |= 0x80
	return n, true
}

func (e *echo) Miss(q *frontend.Query, reply func([]byte)) {
	if e.entered != nil {
		e.entered <- struct{}{}
	}
	if e.release != nil {
		<-e.release
	}
	switch q.Message[12] {
	case 'n':
		return
	case 'q':
		panic("a broken resolver")
	}
	msg := slices.Clone(q.Message)
	msg[2] |= 0x80
	reply(msg)
}

// query is a message with octets behind its header.
func query(behind ...byte) []byte { return append(make([]byte, 12), behind...) }

func inURL(msg []byte) string { return "?dns=" + base64.RawURLEncoding.EncodeToString(msg) }

// served is a running Listener and what clients need to know.
type served struct {
	*Listener
	t      *testing.T
	source *tlsconf.Source
	at     netip.AddrPort
	url    string
	stop   func() frontend.Stats
}

// kind is what is spoken.
type kind uint8

const (
	secure kind = iota
	plain
)

func serve(t *testing.T, o Options, k kind) *served {
	t.Helper()
	c := clock.NewReal()
	c.OnPanic = func(string, any, []byte) {} // those of echo
	source, err := tlsconf.New(tlsconf.Options{
		Clock: c, Seeds: random.Secure{}, Names: []string{"dns.example"}, Addrs: []netip.Addr{netip.MustParseAddr("127.0.0.1")},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &served{t: t, source: source, url: "http://"}
	if k == secure {
		overTCP, overQUIC := Protocols()
		o.TLS, o.QUIC, s.url = source.Config(overTCP...), source.Config(overQUIC...), "https://"
	}
	o.Clock, o.Seeds = c, random.Secure{}
	o.Addrs = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	s.Listener = New(o)
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	s.at = s.Addrs()[0]
	s.url += s.at.String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	s.stop = sync.OnceValue(func() frontend.Stats {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		return s.Stats()
	})
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *served) trust() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(s.source.Leaves()[0].Certificate)
	return &tls.Config{RootCAs: pool}
}

// version is one of HTTP.
type version string

const (
	one   version = "HTTP/1.1"
	two   version = "HTTP/2.0"
	three version = "HTTP/3.0"
)

// client speaks one version of HTTP, and no other.
func (s *served) client(v version) *http.Client {
	c := &http.Client{Timeout: 20 * time.Second}
	if v == three {
		t := &http3.Transport{TLSClientConfig: s.trust()}
		s.t.Cleanup(func() { t.Close() })
		c.Transport = t
		return c
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(v == one)
	protocols.SetHTTP2(v == two && s.o.TLS != nil)
	protocols.SetUnencryptedHTTP2(v == two && s.o.TLS == nil)
	t := &http.Transport{TLSClientConfig: s.trust(), Protocols: protocols}
	s.t.Cleanup(t.CloseIdleConnections)
	c.Transport = t
	return c
}

// response is what came of a request.
type response struct {
	status int
	header http.Header
	body   []byte
	proto  string
}

func (s *served) do(c *http.Client, r *http.Request) response {
	s.t.Helper()
	got, err := c.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response{got.StatusCode, got.Header, body, got.Proto}
}

func (s *served) request(method, target string, body []byte, header ...string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+target, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}
