package doh

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"recursor/clock"
	"recursor/frontend"
)

const (
	wholeHeader = "GET /dns-query?dns=AAAAAAAAAAAAAAAAaA HTTP/1.1\r\nHost: dns.example\r\n\r\n"
	halfHeader  = "GET /dns-query?dns=AAAAAAAAAAAAAAAAaA HTTP/1.1\r\nHost: dns"
)

// slowHeaders are what clients of HTTP/1.1 leave unfinished, and what it counts for.
func slowHeaders() []slowHeader {
	return []slowHeader{
		{"nothing at all", func(*testing.T, net.Conn) {}, 1},
		{"half a header", func(t *testing.T, c net.Conn) { say(t, c, halfHeader) }, 1},
		{"half the preface of HTTP/2", func(t *testing.T, c net.Conn) { say(t, c, preface[:9]) }, 1},
		{"a header in drops", drip, 1},
		{"half of the next header", func(t *testing.T, c net.Conn) { take(t, c, wholeHeader); say(t, c, halfHeader) }, 1},
		{"half of the next header with the first", func(t *testing.T, c net.Conn) { take(t, c, wholeHeader+halfHeader) }, 1},
		{"two octets of the next header", func(t *testing.T, c net.Conn) { take(t, c, wholeHeader); say(t, c, "GE") }, 1},
		{"nothing of a next header", func(t *testing.T, c net.Conn) { take(t, c, wholeHeader) }, 0},
		{"nothing after a request for the server", func(t *testing.T, c net.Conn) { take(t, c, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n") }, 0},
		{"nothing after an error", func(t *testing.T, c net.Conn) { take(t, c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n") }, 0},
		{"what is no header", func(t *testing.T, c net.Conn) { take(t, c, "this is no header\r\n\r\n") }, 0},
		{"the last request", func(t *testing.T, c net.Conn) { take(t, c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") }, 0},
		{"half a header, and leaves", func(t *testing.T, c net.Conn) { say(t, c, halfHeader); _ = c.Close() }, 0},
		{"half a body", func(t *testing.T, c net.Conn) {
			say(t, c, "POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Type: application/dns-message\r\nContent-Length: 13\r\n\r\n\x00")
		}, 1},
		{"half a body, which nobody wants", func(t *testing.T, c net.Conn) {
			take(t, c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\n\r\n\x00")
		}, 1},
	}
}

type slowHeader struct {
	name string
	do   func(*testing.T, net.Conn)
	late uint64 // frontend.TimedOut
}

func say(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
}

// take says something and takes the response.
func take(t *testing.T, c net.Conn, s string) {
	t.Helper()
	say(t, c, s)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		t.Fatal(err)
	}
}

// drip sends a header that does not end, an octet at a time, for ten seconds.
func drip(t *testing.T, c net.Conn) {
	t.Helper()
	ended := make(chan struct{})
	t.Cleanup(func() { _ = c.Close(); <-ended })
	go func() {
		defer close(ended)
		pause := clock.NewReal().NewSignal()
		_, err := io.WriteString(c, halfHeader)
		for n := 0; err == nil && n < 1000; n++ {
			pause.Wait(10 * time.Millisecond)
			_, err = c.Write([]byte{'a'})
		}
	}()
}

// Over HTTP/1.1 a header has its time, whatever parts of it have come, and is
// counted where it does not end within it; as are connections on which nothing
// came. Those that have asked and are idle are not.
func TestSlowHeaders(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"TLS": secure, "in the clear": plain} {
		for server, by := range map[string]HTTP2{"responder": Responder, "library": Library} {
			t.Run(name+", "+server, func(t *testing.T) { t.Parallel(); testSlowHeaders(t, k, by) })
		}
	}
}

func testSlowHeaders(t *testing.T, k kind, by HTTP2) {
	limits := frontend.Limits{FirstQuery: 2 * time.Second, Idle: 2 * time.Second}
	now := clock.NewReal().Now
	var ends []func()
	for _, test := range slowHeaders() { // all wait together
		s := serve(t, Options{Handler: &echo{}, Limits: limits, HTTP2: by}, k)
		var c net.Conn
		if k == plain {
			c = s.raw()
		} else {
			c = s.dial("http/1.1")
		}
		begin := now().TTL
		test.do(t, c)
		ends = append(ends, func() {
			t.Helper()
			wantEnd(t, c)
			if took := now().TTL.Sub(begin); took > 8*time.Second {
				t.Errorf("%s: it was open for %v", test.name, took)
			}
			shaken := uint64(0)
			if k == secure {
				shaken = 1
			}
			stats := s.stop()
			if stats.Of(frontend.TimedOut) != test.late || stats.Of(frontend.Handshakes) != shaken || stats.Of(frontend.Unshaken) != 0 {
				t.Errorf("%s: counted %v", test.name, stats)
			}
		})
	}
	for _, end := range ends {
		end()
	}
}

// A handshake that does not end in time is counted as such, and not as a header.
func TestSlowHandshake(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{FirstQuery: 300 * time.Millisecond}}, secure)
	c := s.raw()
	say(t, c, "\x16\x03\x01")
	wantEnd(t, c)
	stats := s.stop()
	if stats.Of(frontend.Unshaken) != 1 || stats.Of(frontend.TimedOut) != 0 || stats.Of(frontend.Handshakes) != 0 {
		t.Errorf("counted %v", stats)
	}
}

// Idle connections of HTTP/2 are not slow headers, whoever serves them.
func TestIdleHTTP2IsNoSlowHeader(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"TLS": secure, "in the clear": plain} {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, by HTTP2) {
				t.Parallel()
				s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{FirstQuery: time.Second, Idle: 2 * time.Second}, HTTP2: by}, k)
				f := s.framer()
				f.get(1, Path+inURL(query('h')))
				wantEnd(t, f.conn)
				if stats := s.stop(); stats.Of(frontend.TimedOut) != 0 || stats.Of(frontend.Queries) != 1 {
					t.Errorf("counted %v", stats)
				}
			})
		})
	}
}

// Where connections are not to be idle at all, they end with the last answer.
func TestNoIdleness(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"TLS": secure, "in the clear": plain} {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, by HTTP2) {
				t.Parallel()
				s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{Idle: -1}, HTTP2: by}, k)
				var c net.Conn
				if k == plain {
					c = s.raw()
				} else {
					c = s.dial("http/1.1")
				}
				begin := clock.NewReal().Now().TTL
				take(t, c, wholeHeader)
				wantEnd(t, c)
				f := s.framer()
				f.get(1, Path+inURL(query('h')))
				wantEnd(t, f.conn)
				if took := clock.NewReal().Now().TTL.Sub(begin); took > 9*time.Second {
					t.Errorf("they were open for %v", took)
				}
				if stats := s.stop(); stats.Of(frontend.TimedOut) != 0 || stats.Of(frontend.Queries) != 2 {
					t.Errorf("counted %v", stats)
				}
			})
		})
	}
}
