package doh

import (
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"recursor/clock"
	"recursor/frontend"
)

// Frames that ask for nothing are borne as far as queries pay for them.
func TestUselessFrames(t *testing.T) {
	const most = 100_000
	for name, frame := range map[string]func(f *framer, i int) error{
		"PING":         func(f *framer, _ int) error { return f.WritePing(false, [8]byte{}) },
		"PING's ACK":   func(f *framer, _ int) error { return f.WritePing(true, [8]byte{}) },
		"SETTINGS":     func(f *framer, _ int) error { return f.WriteSettings() },
		"SETTINGS ACK": func(f *framer, _ int) error { return f.WriteSettingsAck() },
		"PRIORITY": func(f *framer, i int) error {
			return f.WritePriority(uint32(2*i+1), http2.PriorityParam{}) //nolint:gosec // small
		},
		"WINDOW_UPDATE": func(f *framer, _ int) error { return f.WriteWindowUpdate(0, 1) },
		"unknown":       func(f *framer, _ int) error { return f.WriteRawFrame(0x42, 0, 0, nil) },
		"empty DATA":    func(f *framer, _ int) error { return f.WriteData(1, false, nil) },
		"DATA on a closed stream": func(f *framer, _ int) error {
			return f.WriteData(3, false, []byte{0})
		},
		"RST_STREAM on a closed stream": func(f *framer, _ int) error { return f.WriteRSTStream(3, http2.ErrCodeCancel) },
		"requests and their resets": func(f *framer, i int) error {
			id := uint32(2*i + 5) //nolint:gosec // small
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: f.good(), EndStream: true, EndHeaders: true})
			return f.WriteRSTStream(id, http2.ErrCodeCancel)
		},
		"malformed requests": func(f *framer, i int) error {
			id := uint32(2*i + 5) //nolint:gosec // small
			return f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0x82}, EndStream: true, EndHeaders: true})
		},
		"requests for what is not there": func(f *framer, i int) error {
			id := uint32(2*i + 5) //nolint:gosec // small
			return f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: f.headers("/"), EndStream: true, EndHeaders: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, Options{Handler: &echo{}}, plain)
			f := s.framer()
			f.AllowIllegalWrites = true
			f.open(1, "POST", Path, "content-type", mediaType)
			f.open(3, "POST", Path, "content-type", mediaType)
			f.send(f.WriteData(3, true, query('h')))
			said := make(chan http2.ErrCode, 1)
			go func() {
				code, _ := f.goAway()
				said <- code
			}()
			sent := 0
			for sent < most && frame(f, sent) == nil {
				sent++
			}
			_ = f.buffer.Flush() // the server may have closed the connection
			// What is said to a client that goes on sending may get lost.
			if code := <-said; code != http2.ErrCodeEnhanceYourCalm && code != 0 {
				t.Errorf("after %d frames: GOAWAY %v", sent, code)
			}
			if stats := s.stop(); stats.Of(frontend.Broken) != 1 {
				t.Errorf("counted %v", stats)
			}
		})
	}
}

// Queries pay for the windows, PINGs and few resets that come with them.
func TestUsefulClientsStay(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}}, plain)
	f := s.framer()
	for id := uint32(1); id < 6000; id += 2 {
		f.get(id, Path+inURL(query('h')))
		f.send(f.WriteWindowUpdate(0, 100), f.WriteWindowUpdate(0, 100), f.WritePing(false, [8]byte{}))
		if id%16 == 1 {
			f.send(f.WriteRSTStream(id, http2.ErrCodeCancel)) // too late
		}
		if got := f.outcome(id); got != "200" {
			t.Fatalf("stream %d: %s", id, got)
		}
	}
}

// A header block has no more than so many pieces and octets, whatever they say
// (CVE-2024-27316).
func TestHeaderBlocksAreBounded(t *testing.T) {
	for name, piece := range map[string][]byte{"empty": nil, "short": {0x82}, "long": make([]byte, 8000)} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, Options{Handler: &echo{}}, plain)
			f := s.framer()
			f.send(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: piece}))
			for range 2 * h2Pieces {
				if !f.send(f.WriteContinuation(1, false, piece)) {
					break
				}
			}
			if code, _ := f.goAway(); code != http2.ErrCodeEnhanceYourCalm {
				t.Errorf("GOAWAY %v", code)
			}
		})
	}
}

// A block of few octets can name a large field a thousand times. None of it is
// copied, and the request is refused.
func TestHeaderBomb(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}}, plain)
	f := s.framer()
	bomb := f.fields(":method", "GET", ":scheme", "https", ":path", Path, "x", strings.Repeat("a", 3900))
	for range 4000 {
		bomb = append(bomb, 0x80|62) // the newest field of the table
	}
	f.begin(1, true, bomb)
	if got := f.outcome(1); got != "431" {
		t.Errorf("%s, want 431", got)
	}
	f.begin(3, true, f.good())
	if got := f.outcome(3); got != "200" {
		t.Errorf("%s, want 200: the table is not as it should be", got)
	}
}

// Who does not end a request loses it when its time is over, drops or not; other
// requests of the connection are served.
func TestStalledBodies(t *testing.T) {
	t.Parallel() // it waits
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{FirstQuery: time.Second, Idle: time.Minute}}, secure)
	f := s.framer()
	f.get(1, Path+inURL(query('h')))
	if got := f.outcome(1); got != "200" {
		t.Fatal(got)
	}
	next := uint32(3)
	for name, drip := range map[string]bool{"silent": false, "in drops": true} {
		id := next
		next += 2
		t.Run(name, func(t *testing.T) {
			f.open(id, "POST", Path, "content-type", mediaType)
			ended := make(chan struct{})
			if drip {
				go func() {
					defer close(ended)
					pause := clock.NewReal().NewSignal()
					for range 150 {
						f.send(f.WriteData(id, false, []byte{0}))
						pause.Wait(10 * time.Millisecond)
					}
				}()
			} else {
				close(ended)
			}
			if got := f.outcome(id); got != "RST_STREAM CANCEL" {
				t.Errorf("%s, want RST_STREAM CANCEL", got)
			}
			<-ended
		})
	}
	f.get(7, Path+inURL(query('h')))
	if got := f.outcome(7); got != "200" {
		t.Errorf("another request: %s", got)
	}
	_ = f.conn.Close() // or the end waits for it
	if stats := s.stop(); stats.Of(frontend.TimedOut) != 2 {
		t.Errorf("counted %v", stats)
	}
}

// What does not make a whole request does not prolong a connection.
func TestIdleHTTP2(t *testing.T) {
	limits := frontend.Limits{FirstQuery: 2 * time.Second, Idle: 300 * time.Millisecond}
	for name, do := range map[string]func(f *framer){
		"nothing": func(*framer) {},
		"PINGs":   func(f *framer) { f.send(f.WritePing(false, [8]byte{})) },
		"a header block that goes on": func(f *framer) {
			f.send(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x82}}))
		},
		"a part of a frame":            func(f *framer) { _, _ = f.buffer.WriteString("\x00\x00\x10\x01"); f.send() },
		"nothing more after an answer": func(f *framer) { f.get(1, Path+inURL(query('h'))) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, Options{Handler: &echo{}, Limits: limits}, secure)
			f := s.framer()
			do(f)
			k := clock.NewReal()
			begin := k.Now().TTL
			if !f.until(func(frame http2.Frame) bool {
				away, ok := frame.(*http2.GoAwayFrame)
				if ok && away.ErrCode != http2.ErrCodeNo {
					t.Errorf("GOAWAY %v", away.ErrCode)
				}
				return ok
			}) {
				t.Error("no GOAWAY")
			}
			if took := k.Now().TTL.Sub(begin); took > 10*time.Second {
				t.Errorf("it was open for %v", took)
			}
			wantEnd(t, f.conn)
			stats := s.stop()
			if want := strings.HasPrefix(name, "nothing more"); (stats.Of(frontend.TimedOut) == 0) != want {
				t.Errorf("counted %v", stats)
			}
		})
	}
}

// bulk answers with as many octets as fit.
type bulk struct{ echo }

func (b *bulk) Hit(q *frontend.Query, dst []byte) (int, bool) {
	copy(dst, q.Message)
	dst[2] |= 0x80
	return 60_000, true
}

// Answers that the client does not let go hold no more than is allowed, and no
// longer, though it opens its windows by an octet at a time.
func TestClosedWindows(t *testing.T) {
	t.Parallel() // it waits
	closed := http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}
	t.Run("many answers", func(t *testing.T) {
		s := serve(t, Options{Handler: &bulk{}}, plain)
		f := s.framer()
		f.send(f.WriteSettings(closed))
		for id := uint32(1); id < 20; id += 2 {
			f.get(id, Path+inURL(query('h')))
		}
		if code, _ := f.goAway(); code != http2.ErrCodeEnhanceYourCalm {
			t.Errorf("GOAWAY %v", code)
		}
	})
	t.Run("an octet at a time", func(t *testing.T) {
		s := serve(t, Options{Handler: &bulk{}, Limits: frontend.Limits{Write: 200 * time.Millisecond}}, plain)
		f := s.framer()
		f.send(f.WriteSettings(closed))
		f.get(1, Path+inURL(query('h')))
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			pause := clock.NewReal().NewSignal()
			for range 60 {
				f.send(f.WriteWindowUpdate(1, 1))
				pause.Wait(10 * time.Millisecond)
			}
		}()
		if !f.until(func(frame http2.Frame) bool {
			reset, ok := frame.(*http2.RSTStreamFrame)
			return ok && reset.ErrCode == http2.ErrCodeCancel
		}) {
			t.Error("it is not reset")
		}
		<-ended
		f.get(3, Path+inURL(query('h'))) // the connection lives
		if got := f.outcome(3); got != "200" {
			t.Errorf("another request: %s", got)
		}
		if stats := s.stop(); stats.Of(frontend.Unsent) == 0 {
			t.Errorf("counted %v", stats)
		}
	})
	t.Run("a client that does not read", func(t *testing.T) {
		s := serve(t, Options{Handler: &bulk{}, Limits: frontend.Limits{Write: 100 * time.Millisecond}}, plain)
		raw, err := net.Dial("tcp", s.at.String())
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		_ = raw.(*net.TCPConn).SetReadBuffer(4096)
		f := framerOn(t, raw)
		f.send(f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: h2MaxWindow}), f.WriteWindowUpdate(0, h2MaxWindow-65535))
		id, begin := uint32(1), clock.NewReal().Now().TTL
		for ; f.get(id, Path+inURL(query('h'))); id += 2 {
			if clock.NewReal().Now().TTL.Sub(begin) > 15*time.Second {
				t.Fatal("it is served without end")
			}
		}
		if stats := s.stop(); stats.Of(frontend.Unsent) == 0 {
			t.Errorf("counted %v", stats)
		}
	})
}

// A connection that was idle gives way, and is told nothing that it would have to
// wait for.
func TestIdleHTTP2GivesWay(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{ConnectionsPerClient: 2}}, secure)
	var all []*framer
	for range 3 {
		f := s.framer()
		f.get(1, Path+inURL(query('h')))
		if got := f.outcome(1); got != "200" {
			t.Fatal(got)
		}
		all = append(all, f)
	}
	// Which of the first two gave way depends on when the server saw that they were
	// idle: an answer arrives before that.
	var said []string
	for _, f := range all {
		said = append(said, f.ping())
	}
	if slices.Sort(said[:2]); !slices.Equal(said, []string{"PING", "closed", "PING"}) {
		t.Errorf("the connections: %v", said)
	}
	if stats := s.stop(); stats.Of(frontend.Evicted) != 1 || stats.Of(frontend.Handshakes) != 3 {
		t.Errorf("counted %v", stats)
	}
}

// A connection whose misses are in progress keeps its place, though the client
// has gone: so coming again does not multiply the work.
func TestPlaceIsKept(t *testing.T) {
	e := &echo{release: make(chan struct{}), entered: make(chan struct{}, 1)}
	s := serve(t, Options{Handler: e, Limits: frontend.Limits{ConnectionsPerClient: 1}}, secure)
	f := s.framer()
	f.get(1, Path+inURL(query('m')))
	<-e.entered
	f.conn.Close()
	c, err := tls.Dial("tcp", s.at.String(), s.trust())
	if err == nil {
		t.Error("another connection was admitted")
		c.Close()
	}
	close(e.release)
	s.stop()
	if open := s.o.Connections.Open(); open != 0 {
		t.Errorf("%d connections are open at the end", open)
	}
}

// TLS that is too weak for HTTP/2 is told so (RFC 9113 §9.2.2).
func TestWeakTLS(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}}, secure)
	config := s.trust()
	config.NextProtos, config.MaxVersion = []string{"h2"}, tls.VersionTLS12
	config.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}
	c, err := tls.Dial("tcp", s.at.String(), config)
	if err != nil {
		t.Skip("the server's TLS refuses it already")
	}
	defer c.Close()
	if code, _ := framerOn(t, c).goAway(); code != http2.ErrCodeInadequateSecurity {
		t.Errorf("GOAWAY %v", code)
	}
}
