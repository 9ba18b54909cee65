package doh

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"recursor/clock"
	"recursor/frontend"
)

// raw is a connection without TLS.
func (s *served) raw() net.Conn {
	s.t.Helper()
	raw, err := net.Dial("tcp", s.at.String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { raw.Close() })
	// What a client does not read shall not get lost in the kernel's megabytes.
	if err := raw.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		s.t.Fatal(err)
	}
	if err := raw.SetDeadline(clock.NewReal().Now().TTL.Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	return raw
}

// dial is a connection over TLS that speaks a protocol.
func (s *served) dial(protocol string) *tls.Conn {
	s.t.Helper()
	config := s.trust()
	config.ServerName, config.NextProtos = "dns.example", []string{protocol}
	c := tls.Client(s.raw(), config)
	if err := c.Handshake(); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// wantEnd wants the server to close the connection, and returns what it said.
func wantEnd(t *testing.T, c net.Conn) string {
	t.Helper()
	said, err := io.ReadAll(c)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Error("the connection is open")
	}
	return string(said)
}

// A client that is slow in any part of its request loses its connection when
// the time of a first query is over.
func TestSlowRequests(t *testing.T) {
	t.Parallel() // it waits
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{FirstQuery: 2 * time.Second, Idle: 100 * time.Millisecond}}, secure)
	var waiting sync.WaitGroup
	for name, request := range map[string]string{
		"nothing":             "",
		"a part of a header":  "POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-",
		"a part of a body":    "POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Type: application/dns-message\r\nContent-Length: 13\r\n\r\n\x00",
		"a part of a chunk":   "POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Type: application/dns-message\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\x00\r\nd",
		"nothing after a 200": "GET /dns-query" + inURL(query('h')) + " HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		waiting.Go(func() {
			c := s.dial("http/1.1")
			if _, err := io.WriteString(c, request); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			said := wantEnd(t, c)
			if strings.Contains(said, " 200 ") != strings.Contains(name, "200") {
				t.Errorf("%s: the server said %q", name, said)
			}
		})
	}
	wantEnd(t, s.raw()) // and one that makes no handshake
	waiting.Wait()
	if stats := s.stop(); stats.Of(frontend.Queries) != 1 {
		t.Errorf("counted %v", stats)
	}
}

// Drops of a body do not prolong the time for it.
func TestDrippingBody(t *testing.T) {
	t.Parallel() // it waits
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{FirstQuery: time.Second}}, secure)
	c := s.dial("http/1.1")
	if _, err := io.WriteString(c, "POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Type: application/dns-message\r\nContent-Length: 60000\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	k := clock.NewReal()
	begin, pause := k.Now().TTL, k.NewSignal()
	for range 1000 {
		if _, err := c.Write([]byte{0}); err != nil {
			break
		}
		pause.Wait(10 * time.Millisecond)
	}
	if took := k.Now().TTL.Sub(begin); took > 5*time.Second {
		t.Errorf("a body was taken for %v", took)
	}
}

func TestHeaderSize(t *testing.T) { overBoth(t, testHeaderSize) }

func testHeaderSize(t *testing.T, by HTTP2) {
	s := serve(t, Options{Handler: &echo{}, HTTP2: by}, secure)
	for _, v := range []version{one, two, three} {
		r := s.request("GET", Path+inURL(query('h')), nil, "X-Long", strings.Repeat("x", 2*maxHeader))
		got, err := s.client(v).Do(r)
		if err != nil {
			continue // refused with the connection or the stream
		}
		got.Body.Close()
		if got.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: a header of %d octets was answered with %d", v, 2*maxHeader, got.StatusCode)
		}
	}
	if stats := s.stop(); stats.Of(frontend.Queries) != 0 {
		t.Error("the handler was asked")
	}
}

// framer is a client of HTTP/2 that sends what it likes.
type framer struct {
	*http2.Framer
	t      *testing.T
	conn   net.Conn
	buffer *bufio.Writer
	block  strings.Builder
	hpack  *hpack.Encoder
}

func (s *served) framer() *framer {
	s.t.Helper()
	if s.o.TLS == nil {
		return framerOn(s.t, s.raw())
	}
	return framerOn(s.t, s.dial("h2"))
}

// framerOn begins HTTP/2 on a connection.
func framerOn(t *testing.T, c net.Conn) *framer {
	f := &framer{t: t, conn: c, buffer: bufio.NewWriter(c)}
	f.Framer = http2.NewFramer(f.buffer, bufio.NewReader(c))
	f.hpack = hpack.NewEncoder(&f.block)
	_, _ = f.buffer.WriteString(http2.ClientPreface)
	f.send(f.WriteSettings())
	return f
}

// send flushes; a connection that the server has closed is what tests look for.
func (f *framer) send(errs ...error) bool {
	return errors.Join(append(errs, f.buffer.Flush())...) == nil
}

// fields is a header block.
func (f *framer) fields(fields ...string) []byte {
	f.block.Reset()
	for i := 0; i+1 < len(fields); i += 2 {
		_ = f.hpack.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return []byte(f.block.String())
}

func (f *framer) headers(target string) []byte {
	return f.fields(":method", "GET", ":scheme", "https", ":authority", "dns.example", ":path", target)
}

// open begins a request that a body follows.
func (f *framer) open(stream uint32, method, target string, fields ...string) bool {
	all := append([]string{":method", method, ":scheme", "https", ":authority", "dns.example", ":path", target}, fields...)
	return f.send(f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: f.fields(all...), EndHeaders: true}))
}

func (f *framer) get(stream uint32, target string) bool {
	block := f.headers(target)
	return f.send(f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block, EndStream: true, EndHeaders: true}))
}

// overBoth runs a test over both servers of HTTP/2.
func overBoth(t *testing.T, test func(*testing.T, HTTP2)) {
	t.Run("responder", func(t *testing.T) { test(t, Responder) })
	t.Run("library", func(t *testing.T) { test(t, Library) })
}

// until reads frames until found says so; false where the connection ended.
func (f *framer) until(found func(http2.Frame) bool) bool {
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return false
		}
		if found(frame) {
			return true
		}
	}
}

func (f *framer) goAway() (http2.ErrCode, bool) {
	code := http2.ErrCode(0)
	ok := f.until(func(frame http2.Frame) bool {
		away, ok := frame.(*http2.GoAwayFrame)
		if ok {
			code = away.ErrCode
		}
		return ok && code != http2.ErrCodeNo
	})
	return code, ok
}

// A client that resets its requests has no more in progress than the streams
// that it may open, and is sent away (CVE-2023-44487).
func TestRapidReset(t *testing.T) { overBoth(t, testRapidReset) }

func testRapidReset(t *testing.T, by HTTP2) {
	const streams = 8
	e := &echo{release: make(chan struct{})}
	s := serve(t, Options{Handler: e, Limits: frontend.Limits{Outstanding: streams}, HTTP2: by}, secure)
	f := s.framer()
	sent := 0
	for id := uint32(1); id < 2000; id += 2 {
		if !f.get(id, Path+inURL(query('m'))) || !f.send(f.WriteRSTStream(id, http2.ErrCodeCancel)) {
			break
		}
		sent++
	}
	if code, ok := f.goAway(); ok && code != http2.ErrCodeEnhanceYourCalm {
		t.Errorf("sent away with %v", code)
	} else if !ok && sent == 1000 {
		t.Error("a thousand resets were taken")
	}
	close(e.release)
	// Others are served.
	if got := s.do(s.client(two), s.request("GET", Path+inURL(query('h')), nil)); got.status != 200 {
		t.Errorf("another client is answered %d", got.status)
	}
	if stats := s.stop(); stats.Of(frontend.Misses) > streams {
		t.Errorf("%d misses of one connection, %d streams are allowed", stats.Of(frontend.Misses), streams)
	}
}

// Floods that ask for nothing end the connection.
func TestFloods(t *testing.T) { overBoth(t, testFloods) }

func testFloods(t *testing.T, by HTTP2) {
	const most = 3_000_000 // more than all buffers on the way hold
	for name, flood := range map[string]func(f *framer) bool{
		"CONTINUATION": func(f *framer) bool {
			block := f.headers(Path + inURL(query('h')))
			ok := f.send(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndStream: true}))
			filler := []byte(strings.Repeat("\x00\x01x\x01y", 200))
			for range most {
				if ok = ok && f.WriteContinuation(1, false, filler) == nil; !ok {
					break
				}
			}
			return ok
		},
		"PING": func(f *framer) bool {
			ok := true
			for range most {
				if ok = ok && f.WritePing(false, [8]byte{}) == nil; !ok {
					break
				}
			}
			return ok
		},
		"SETTINGS": func(f *framer) bool {
			// The library acknowledges one before it reads the next: such a flood
			// ends where the acknowledgements are not read, and gathers nothing.
			for range most / 100 {
				if f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1}) != nil {
					break
				}
			}
			return false
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{Write: 200 * time.Millisecond}, HTTP2: by}, secure)
			f := s.framer() // which reads nothing
			// A connection that the server has closed while what it said is not read may hang in the kernel.
			if err := f.conn.SetDeadline(clock.NewReal().Now().TTL.Add(2 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if flood(f) {
				t.Error("the whole flood was taken")
			}
			if got := s.do(s.client(two), s.request("GET", Path+inURL(query('h')), nil)); got.status != 200 {
				t.Errorf("another client is answered %d", got.status)
			}
		})
	}
}

// A client that takes no answers is left when the time for writing is over.
func TestUnreadAnswers(t *testing.T) { overBoth(t, testUnreadAnswers) }

func testUnreadAnswers(t *testing.T, by HTTP2) {
	t.Parallel() // it waits
	e := &echo{}
	s := serve(t, Options{Handler: e, Limits: frontend.Limits{Write: 100 * time.Millisecond, Idle: 100 * time.Millisecond}, HTTP2: by}, secure)
	f := s.framer()
	f.send(f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}))
	if !f.get(1, Path+inURL(query('h'))) {
		t.Fatal("not sent")
	}
	if !f.until(func(frame http2.Frame) bool {
		reset, ok := frame.(*http2.RSTStreamFrame)
		return ok && reset.StreamID == 1
	}) {
		return // the connection went with it
	}
	if stats := s.stop(); stats.Of(frontend.Queries) != 1 {
		t.Errorf("counted %v", stats)
	}
}

// RFC: X.7
func TestConnectionLimits(t *testing.T) {
	t.Run("per client", func(t *testing.T) {
		s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{ConnectionsPerClient: 2}}, secure)
		first := s.dial("http/1.1")
		for range 2 {
			c := s.dial("http/1.1")
			if _, err := fmt.Fprintf(c, "GET %s%s HTTP/1.1\r\nHost: a\r\n\r\n", Path, inURL(query('h'))); err != nil {
				t.Fatal(err)
			}
			if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(line, " 200 ") {
				t.Errorf("%q, %v", line, err)
			}
		}
		wantEnd(t, first)
	})
	t.Run("handshakes", func(t *testing.T) {
		s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{Handshakes: 2}}, secure)
		var slow []net.Conn
		for range 3 {
			c, err := net.Dial("tcp", s.at.String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			slow = append(slow, c)
		}
		if err := slow[0].SetDeadline(clock.NewReal().Now().TTL.Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		wantEnd(t, slow[0])
		if got := s.do(s.client(two), s.request("GET", Path+inURL(query('h')), nil)); got.status != 200 {
			t.Errorf("a client that makes its handshake is answered %d", got.status)
		}
	})
}

// What waits when all is to end is answered.
func TestEndsInGoodOrder(t *testing.T) { overBoth(t, testEndsInGoodOrder) }

func testEndsInGoodOrder(t *testing.T, by HTTP2) {
	for _, v := range []version{one, two, three} {
		t.Run(string(v), func(t *testing.T) {
			e := &echo{release: make(chan struct{}), entered: make(chan struct{})}
			s := serve(t, Options{Handler: e, HTTP2: by}, secure)
			answered := make(chan error, 1)
			c := s.client(v)
			r := s.request("GET", Path+inURL(query('m')), nil)
			go func() {
				got, err := c.Do(r)
				if err == nil {
					_, err = io.ReadAll(got.Body)
					got.Body.Close()
				}
				answered <- err
			}()
			<-e.entered
			ended := make(chan frontend.Stats, 1)
			go func() { ended <- s.stop() }()
			clock.NewReal().NewSignal().Wait(50 * time.Millisecond)
			close(e.release)
			if err := <-answered; err != nil {
				t.Errorf("what waited was not answered: %v", err)
			}
			if v == three {
				c.CloseIdleConnections()
			}
			<-ended
		})
	}
}

// The bodies that a client leaves unfinished hold no more than is allowed,
// whoever serves HTTP; those that end are answered.
func TestUnfinishedBodies(t *testing.T) {
	for _, v := range []version{two, three} {
		t.Run(string(v), func(t *testing.T) {
			s := serve(t, Options{Handler: &echo{}, HTTP2: Library, Limits: frontend.Limits{FirstQuery: 15 * time.Second}}, secure)
			c := s.client(v)
			long := query([]byte(strings.Repeat("h", 60_000))...)
			const n = 8
			var writers []*io.PipeWriter
			statuses := make(chan int, n)
			for range n {
				body, writer := io.Pipe()
				r := s.request("POST", Path, nil, "Content-Type", mediaType)
				r.Body, r.ContentLength = body, -1
				go func() {
					got, err := c.Do(r)
					if err != nil {
						statuses <- 0
						return
					}
					got.Body.Close()
					statuses <- got.StatusCode
				}()
				go func() { _, _ = writer.Write(long[:len(long)-1]) }() // as far as it is taken
				writers = append(writers, writer)
			}
			count := map[int]int{}
			for range n - 4 { // those for which there is no room
				count[<-statuses]++
			}
			for _, writer := range writers {
				go func() {
					_, _ = writer.Write(long[len(long)-1:])
					writer.Close()
				}()
			}
			for range 4 {
				count[<-statuses]++
			}
			if count[200] == 0 || count[200] > 4 || count[503] < n-4 {
				t.Errorf("statuses %v", count)
			}
		})
	}
}
