package doh

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/tcp"
)

// script is a connection whose client has said all that it will.
type script struct {
	net.Conn // nil: what is not here is not used
	in       *bytes.Reader

	mu     sync.Mutex
	out    []byte
	writes int
}

func (s *script) Read(p []byte) (int, error)       { return s.in.Read(p) }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }
func (s *script) Close() error                     { return nil }

func (s *script) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = append(s.out, p...)
	s.writes++
	return len(p), nil
}

// visit serves a script as a connection of HTTP/2.
func visit(tb testing.TB, o Options, octets []byte) *script {
	tb.Helper()
	s := &script{in: bytes.NewReader(octets)}
	l, v := visitorOf(tb, o, s)
	l.serveH2(v, v.Socket, http2.ClientPreface, nil)
	_ = v.Close()
	l.open.Wait()
	if open := l.o.Connections.Open(); open != 0 {
		tb.Errorf("%d connections are open at the end", open)
	}
	return s
}

func visitorOf(tb testing.TB, o Options, conn net.Conn) (*Listener, *visitor) {
	tb.Helper()
	o.Clock = clock.NewReal()
	l := New(o)
	v := &visitor{Socket: tcp.NewSocket(conn, o.Clock), to: l, client: netip.MustParseAddrPort("192.0.2.1:4711")}
	v.lane, v.counters = l.single.Worker()
	slot, ok := l.o.Connections.Admit(v.client.Addr(), o.Clock.Now().TTL, v, &l.tally)
	if !ok {
		tb.Fatal("not admitted")
	}
	v.slot = slot
	l.open.Add(1)
	return l, v
}

// FuzzFrames: whatever a client sends behind the preface, what comes back are
// whole frames that a client may get, and nothing is left behind.
func FuzzFrames(f *testing.F) {
	frames := func(write func(*http2.Framer, *hpack.Encoder, *bytes.Buffer)) []byte {
		var b, block bytes.Buffer
		framer := http2.NewFramer(&b, nil)
		framer.AllowIllegalWrites = true
		_ = framer.WriteSettings()
		write(framer, hpack.NewEncoder(&block), &block)
		return b.Bytes()
	}
	request := func(e *hpack.Encoder, block *bytes.Buffer, fields ...string) []byte {
		block.Reset()
		for i := 0; i < len(fields); i += 2 {
			_ = e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
		}
		return block.Bytes()
	}
	f.Add(frames(func(f *http2.Framer, e *hpack.Encoder, b *bytes.Buffer) {
		block := request(e, b, ":method", "GET", ":scheme", "https", ":path", Path+inURL(query('h')))
		_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndStream: true, EndHeaders: true})
		_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, BlockFragment: block, EndStream: true})
		_ = f.WriteContinuation(3, true, nil)
		_ = f.WritePing(false, [8]byte{1})
		_ = f.WriteRSTStream(3, http2.ErrCodeCancel)
	}))
	f.Add(frames(func(f *http2.Framer, e *hpack.Encoder, b *bytes.Buffer) {
		block := request(e, b, ":method", "POST", ":scheme", "https", ":path", Path, "content-type", mediaType, "content-length", "13")
		_ = f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 3})
		_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true})
		_ = f.WriteDataPadded(1, false, query('m')[:5], []byte{0, 0})
		_ = f.WriteData(1, true, query('m')[5:])
		_ = f.WriteWindowUpdate(1, 100)
		_ = f.WriteGoAway(0, http2.ErrCodeNo, nil)
	}))
	f.Fuzz(func(t *testing.T, octets []byte) {
		s := visit(t, Options{Handler: &echo{}}, append([]byte(http2.ClientPreface), octets...))
		client := http2.NewFramer(io.Discard, bytes.NewReader(s.out))
		client.SetMaxReadFrameSize(h2Frame)
		client.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		for {
			frame, err := client.ReadFrame()
			if err == io.EOF { //nolint:errorlint // the framer's own
				return
			}
			if err != nil {
				t.Fatalf("the server sent what is no frame: %v", err)
			}
			if meta, ok := frame.(*http2.MetaHeadersFrame); ok && meta.PseudoValue("status") == "" {
				t.Error("a response without a status")
			}
		}
	})
}

// FuzzForwarded: whatever a proxy says, it is an address or none.
func FuzzForwarded(f *testing.F) {
	f.Add(`for=192.0.2.60;proto=http;by=203.0.113.43, for="[2001:db8:cafe::17]:4711"`)
	f.Add(`for=unknown, for=_x;ext="a,\"b"`)
	f.Fuzz(func(t *testing.T, list string) {
		l := New(Options{Handler: &echo{}, Clock: clock.NewReal(), Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
		proxy := netip.MustParseAddrPort("10.0.0.1:1")
		for _, field := range []ProxyHeader{XForwardedFor, Forwarded} {
			l.o.ProxyHeader = field
			if got := l.named(proxy, []string{list}); !got.IsValid() || got.Addr().Zone() != "" || got.Addr().Is4In6() {
				t.Errorf("%q names %v", list, got)
			}
		}
	})
}

// answers is a handler that does as little as can be.
type answers struct{}

func (answers) Hit(q *frontend.Query, dst []byte) (int, bool) {
	n := copy(dst, q.Message)
	dst[2] |= 0x80
	return n, true
}

func (answers) Miss(*frontend.Query, func([]byte)) {}

// batch is a connection that has been welcomed, and requests whose streams go on
// with each run: what a client sends on an open connection.
type batch struct {
	c        *h2conn
	octets   []byte
	frames   []int // where in octets the frames begin
	next     uint32
	requests int
}

// newBatch has n requests, which get: as GET, or as POST with a body.
func newBatch(tb testing.TB, n int, method string) *batch {
	tb.Helper()
	s := &script{in: bytes.NewReader(nil)}
	l, v := visitorOf(tb, Options{Handler: answers{}}, s)
	tb.Cleanup(func() { _ = v.Close() })
	l.serveH2(v, v.Socket, http2.ClientPreface, nil) // as far as the end of what there is
	c := v.h2
	c.broken, c.finished, c.greeting, c.settled, c.asked, c.timed = false, false, "", true, true, true
	slot, _ := l.o.Connections.Admit(v.client.Addr(), l.o.Clock.Now().TTL, v, &l.tally)
	c.slot = slot
	c.window = 1 << 40
	b := &batch{c: c, next: 1, requests: n}
	var frames, block bytes.Buffer
	e := hpack.NewEncoder(&block)
	f := http2.NewFramer(&frames, nil)
	msg := query([]byte("\x03www\x07example\x03com\x00\x00\x01\x00\x01")...)
	for i := range n + 1 {
		block.Reset()
		target := Path
		if method == "GET" {
			target += inURL(msg)
		}
		fields := []hpack.HeaderField{
			{Name: ":method", Value: method},
			{Name: ":scheme", Value: "https"},
			{Name: ":authority", Value: "dns.example"},
			{Name: ":path", Value: target, Sensitive: method == "GET"},
			{Name: "accept", Value: mediaType},
			{Name: "user-agent", Value: "a client"},
		}
		if method == "POST" {
			fields = append(fields, hpack.HeaderField{Name: "content-type", Value: mediaType})
		}
		for _, field := range fields {
			_ = e.WriteField(field)
		}
		if i == 0 { // what is to be in the tables
			_, _ = c.decoder.Write(block.Bytes())
			_ = c.decoder.Close()
			continue
		}
		b.frames = append(b.frames, frames.Len())
		_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndStream: method == "GET", EndHeaders: true})
		if method == "POST" {
			b.frames = append(b.frames, frames.Len())
			_ = f.WriteData(1, true, msg)
		}
	}
	b.octets = frames.Bytes()
	return b
}

// serve serves the requests once, and returns how many writes that took.
func (b *batch) serve(tb testing.TB) {
	for i, at := range b.frames {
		id := b.next + 2*uint32(i*b.requests/len(b.frames)) //nolint:gosec // small
		binary.BigEndian.PutUint32(b.octets[at+5:], id)
	}
	if b.next += 2 * uint32(b.requests); b.next > 1<<30 { //nolint:gosec // small
		b.next, b.c.last = 1, 0
	}
	b.c.start, b.c.end = 0, copy(b.c.in, b.octets)
	if !b.c.serve() || b.c.start != b.c.end {
		tb.Fatal("the connection has ended")
	}
}

// A hit allocates what the library does: a frame of headers, and the string of
// its path.
func TestAllocHTTP2(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	const n = 16
	for method, want := range map[string]float64{"GET": 2, "POST": 1} {
		b := newBatch(t, n, method)
		s := b.c.conn.(*tcp.Socket).Conn.(*script)
		got := testing.AllocsPerRun(200, func() {
			s.out, s.writes = s.out[:0], 0
			b.serve(t)
		})
		if s.writes != 1 {
			t.Errorf("%s: %d writes for one batch", method, s.writes)
		}
		if answered := bytes.Count(s.out, []byte("max-age=0")); answered != n {
			t.Errorf("%s: %d of %d are answered", method, answered, n)
		}
		if got != want*n {
			t.Errorf("%s: %.2f allocations for a hit, want %.0f", method, got/n, want)
		}
	}
}

// What a hit costs without TLS and the system.
func BenchmarkHTTP2(b *testing.B) {
	for _, method := range []string{"GET", "POST"} {
		b.Run(method, func(b *testing.B) {
			batch := newBatch(b, 16, method)
			s := batch.c.conn.(*tcp.Socket).Conn.(*script)
			b.ReportAllocs()
			for b.Loop() {
				s.out = s.out[:0]
				batch.serve(b)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/16, "ns/query")
		})
	}
}
