package doh

// This file and those whose names begin with h2 are hot: beyond what the library
// allocates for a frame of headers and a string of its own, a hit allocates
// nothing.

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/tcp"
)

const (
	// h2Frame is the longest frame that is taken: the least that a server may
	// offer (RFC 9113 §4.2).
	h2Frame = 16 << 10
	// h2StreamWindow is what a client may send ahead of one request: the longest
	// query, and padding.
	h2StreamWindow = 96 << 10
	// h2Window is what it may send ahead of all, and so the most that bodies hold.
	h2Window = 256 << 10
	// h2Pieces is the most frames of one header block (CVE-2024-27316).
	h2Pieces = 16
	// h2Allowance is how many frames that ask for nothing are borne, more than
	// queries pay for.
	h2Allowance = 1000
	// h2Worth is how many of them a query pays for: it comes with a window or two,
	// and perhaps a PING.
	h2Worth = 5
	// h2Reset is for how many of them a reset request counts (CVE-2023-44487):
	// more than it paid for.
	h2Reset = 10
	// h2Held is the most octets of answers that wait for windows or for the client
	// to read.
	h2Held = 256 << 10
	// h2Eager is how many streams a client may open before it has acknowledged what
	// it may: no fewer than clients take for granted (RFC 9113 §6.5.2).
	h2Eager = 100
	// h2Read is the room for what a read brings.
	h2Read = 4096
	// h2Write is the most that answers are gathered into one write: what a record
	// of TLS carries.
	h2Write = 16384
	// h2Linger is the time for a client to take its last answers.
	h2Linger = time.Second
	// h2Keep is the largest buffer that is kept between writes.
	h2Keep = 2 * h2Write
)

// h2conn serves one connection of HTTP/2.
type h2conn struct {
	l        *Listener
	conn     net.Conn
	below    *tcp.Socket // nil where there is no TLS
	slot     *frontend.Connection
	counters *frontend.Counters
	wake     clock.Signal // for the reader, when it sleeps
	client   netip.AddrPort
	believed bool // the client is a proxy that may name its own

	// The reader's own.
	query      frontend.Query
	in         []byte // in[start:end] was read and not taken
	start, end int
	records    []int  // where in it records of TLS begin
	greeting   string // what is left of the preface
	settled    bool   // the client's first SETTINGS came
	knows      bool   // it has acknowledged ours
	asked      bool   // a whole query came
	block      []byte // of headers, while it comes in pieces
	head       head
	decoder    *hpack.Decoder
	message    []byte     // of a URL
	useless    int        // frames that ask for nothing, beyond what queries pay for
	forgiven   [16]uint32 // streams that we reset before they ended, in turn
	resets     int        // of them
	full       bool       // enough is gathered for a write
	timed      bool       // the deadline is that of a connection that has asked
	linger     bool       // before closing
	finished   bool       // the reader ended, and not by a panic

	mu       sync.Mutex
	framer   *http2.Framer // the reader reads by it, who has mu writes by it
	out      h2queue       // what is to be written
	spare    h2queue       // its other buffers
	okay     []byte        // the part of a good response's header block that never changes
	scratch  []byte        // a header block in the making
	streams  []*h2stream   // open ones, in the order of their numbers
	free     []*h2stream   // to be used again
	last     uint32        // the highest stream that the client opened
	window   int64         // what the client takes on the connection
	initial  int64         // what it takes on a new stream
	now      time.Time     // of the responses that are written
	missing  int           // streams whose misses are in progress
	held     int           // octets of answers that wait for windows
	received int           // octets of DATA for which the client has no credit again
	owed     int           // of these, what it is to be given
	begun    bool          // between Begin and Done
	serving  bool          // the reader has a batch in hand
	writing  bool          // somebody writes
	ending   bool          // no more requests are taken
	told     bool          // the client has been told so
	endBy    time.Time     // when the last request is to be served, where ending
	broken   bool          // nothing is written any more
	sleeping bool          // the reader waits for wake

	writeBy time.Time // the write deadline; belongs to the writer
}

// h2queue is what is to be written; the framer writes to it.
type h2queue struct {
	octets  []byte
	ends    []int // where in octets a record of TLS is to end, beside the end
	answers int
}

// cut ends a record of TLS.
func (q *h2queue) cut() {
	if n := len(q.octets); n > 0 && (len(q.ends) == 0 || q.ends[len(q.ends)-1] < n) {
		q.ends = append(q.ends, n)
	}
}

// Write implements io.Writer.
func (q *h2queue) Write(p []byte) (int, error) {
	q.octets = append(q.octets, p...)
	return len(p), nil
}

// overTLS takes a connection that negotiated HTTP/2 (http.Server.TLSNextProto).
func (l *Listener) overTLS(_ *http.Server, conn *tls.Conn, _ http.Handler) {
	v, ok := conn.NetConn().(*visitor)
	if !ok {
		return
	}
	l.serveH2(v, &farewell{conn, v.Socket}, http2.ClientPreface, nil)
}

// farewell closes TLS without waiting for the client.
type farewell struct {
	*tls.Conn
	below *tcp.Socket
}

// Close implements net.Conn.
func (f *farewell) Close() error {
	f.below.Closing()
	return f.Conn.Close()
}

// preface is how a client begins HTTP/2 without TLS, as HTTP/1.1 reads it: a
// request with this method (RFC 9113 §3.3).
const preface = "PRI * HTTP/2.0\r\n\r\n"

// isPreface tells such a request from others.
func isPreface(r *http.Request) bool {
	return r.Method == "PRI" && r.RequestURI == "*" && r.ProtoMajor == 2 && len(r.Header) == 0
}

// overPlain takes a connection that began with the preface.
func (l *Listener) overPlain(w http.ResponseWriter, v *visitor) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "no HTTP/2 here", http.StatusHTTPVersionNotSupported)
		return
	}
	ahead, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	l.serveH2(v, conn, http2.ClientPreface[len(preface):], ahead)
}

// serveH2 serves a connection until it ends. Of the preface, rest is to come;
// ahead was read already.
func (l *Listener) serveH2(v *visitor, conn net.Conn, rest string, ahead []byte) {
	c := &h2conn{
		l: l, conn: conn, slot: v.slot, counters: v.counters, wake: l.o.Clock.NewSignal(), believed: l.believed(v.client.Addr()),
		greeting: rest, in: make([]byte, max(h2Read, len(ahead))), window: 65535, initial: 65535, // RFC 9113 §6.9.2
	}
	if l.o.TLS != nil {
		c.below = v.Socket
	}
	c.end = copy(c.in, ahead)
	c.client = v.client
	c.query = frontend.Query{Client: v.client, Local: v.local, Transport: frontend.DoH, Lane: v.lane}
	c.framer = http2.NewFramer(&c.out, (*h2input)(c))
	c.framer.SetReuseFrames()
	c.framer.SetMaxReadFrameSize(h2Frame)
	c.decoder = hpack.NewDecoder(4096, func(f hpack.HeaderField) { c.head.take(&f) })
	c.decoder.SetMaxStringLength(maxHeader)
	c.okay = l.okay(v.local)
	v.carry(c)
	c.run()
}

// h2input is where the framer reads from: whole frames that are there already.
type h2input h2conn

// Read implements io.Reader.
func (i *h2input) Read(p []byte) (int, error) {
	if i.start == i.end {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, i.in[i.start:i.end])
	i.start += n
	return n, nil
}

// run reads and serves until the connection ends, and closes it when nothing
// waits any more.
func (c *h2conn) run() {
	defer c.leave()
	if !c.welcome() {
		c.linger, c.finished = true, true
		return
	}
	if c.start == c.end || c.serve() {
		for c.read() && c.serve() {
		}
	}
	c.finished = true
}

// welcome sends the server's part of the preface (RFC 9113 §3.4); false where no
// HTTP/2 can be spoken.
func (c *h2conn) welcome() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.framer.WriteSettings( // writing to memory does not fail, here and below
		http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: uint32(c.l.o.Limits.Outstanding)}, //nolint:gosec // a limit of ours
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: h2StreamWindow},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: maxHeader},
	)
	_ = c.framer.WriteWindowUpdate(0, h2Window-65535)
	weak := c.tooWeak()
	if weak {
		c.goAway(http2.ErrCodeInadequateSecurity)
	}
	c.flush()
	c.arm(c.l.o.Clock.Now().TTL)
	return !weak && !c.broken
}

// tooWeak reports whether TLS has come to terms that are none for HTTP/2
// (RFC 9113 §9.2.2).
func (c *h2conn) tooWeak() bool {
	s, ok := c.conn.(*farewell)
	if !ok {
		return false
	}
	state := s.ConnectionState()
	if state.Version >= tls.VersionTLS13 {
		return false
	}
	switch state.CipherSuite {
	case tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256:
		return false
	default:
		return true
	}
}

// okay is what every good response's header block begins with.
func (l *Listener) okay(local netip.AddrPort) []byte {
	fields := []hpack.HeaderField{{Name: ":status", Value: "200"}, {Name: "content-type", Value: mediaType}}
	if l.endpoint != nil {
		fields = append(fields, hpack.HeaderField{Name: "alt-svc", Value: alternative(local.Port())})
	}
	return appendFields(nil, fields...)
}
