package doh

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/quic-go/quic-go/http3"

	"recursor/clock"
	"recursor/frontend/tlsconf"
	"recursor/random"
)

// serverVariable makes the test binary a server; its value is the file for a
// profile of it, or a dash.
const serverVariable = "RECURSOR_BENCHMARK_SERVER"

// libraryVariable, where it is not empty, has the server serve HTTP/2 by the
// library.
const libraryVariable = "RECURSOR_BENCHMARK_LIBRARY"

// server serves until its input ends.
func server(profile string) error {
	c := clock.NewReal()
	source, err := tlsconf.New(tlsconf.Options{Clock: c, Seeds: random.Secure{}, Names: []string{"dns.example"}})
	if err != nil {
		return err
	}
	overTCP, overQUIC := Protocols()
	o := Options{
		Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Handler: answers{}, Clock: c,
		Seeds: random.Secure{}, TLS: source.Config(overTCP...), QUIC: source.Config(overQUIC...),
	}
	if os.Getenv(libraryVariable) != "" {
		o.HTTP2 = Library
	}
	l := New(o)
	if err := l.Listen(); err != nil {
		return err
	}
	if profile != "-" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if _, err := fmt.Fprintln(os.Stdout, l.Addrs()[0]); err != nil {
		return err
	}
	return l.Run(ctx)
}

// BenchmarkServer measures the processor time of a server, in a process of its
// own on one processor, for queries on open connections.
func BenchmarkServer(b *testing.B) {
	insecure := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // our own child
	overTCP := func(two bool) http.RoundTripper {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(!two)
		protocols.SetHTTP2(two)
		return &http.Transport{TLSClientConfig: insecure.Clone(), Protocols: protocols, MaxIdleConnsPerHost: 16, MaxConnsPerHost: 16}
	}
	for _, v := range []struct {
		name, library string
		client        func() http.RoundTripper
	}{
		{"HTTP1", "", func() http.RoundTripper { return overTCP(false) }},
		{"HTTP2", "", func() http.RoundTripper { return overTCP(true) }},
		{"HTTP2-library", "yes", func() http.RoundTripper { return overTCP(true) }},
		{"HTTP3", "", func() http.RoundTripper { return &http3.Transport{TLSClientConfig: insecure.Clone()} }},
	} {
		b.Run(v.name, func(b *testing.B) { load(b, v.library, v.client) })
	}
}

// load has clients with a connection each, or sixteen over HTTP/1.1, ask sixteen
// queries at a time.
func load(b *testing.B, library string, client func() http.RoundTripper) {
	const clients, streams = 4, 16
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	profile := "-"
	if name := os.Getenv("PROFILE"); name != "" {
		profile = name
	}
	cmd.Env = append(os.Environ(), serverVariable+"="+profile, libraryVariable+"="+library, "GOMAXPROCS=1", "QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING=true")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	at, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	url := "https://" + strings.TrimSpace(at) + Path + inURL(query([]byte("\x03www\x07example\x03com\x00\x00\x01\x00\x01")...))
	var left atomic.Int64
	left.Store(int64(b.N))
	var work sync.WaitGroup
	for range clients {
		transport := client()
		c := &http.Client{Transport: transport}
		for range streams {
			work.Go(func() {
				for left.Add(-1) >= 0 {
					if err := once(c, url); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		defer c.CloseIdleConnections()
		if closer, ok := transport.(io.Closer); ok {
			defer closer.Close()
		}
	}
	work.Wait()
	b.StopTimer() // the library takes a second to end
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	b.ReportMetric(float64(used.Microseconds())/float64(b.N), "server-µs/query")
}

// once asks once.
func once(c *http.Client, url string) error {
	got, err := c.Get(url)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if _, err := io.Copy(io.Discard, got.Body); err != nil {
		return err
	}
	if got.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", got.StatusCode)
	}
	return nil
}
