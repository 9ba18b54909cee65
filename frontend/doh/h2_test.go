package doh

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"recursor/frontend"
)

// outcome is what the server makes of a stream: the status of its response, or
// how the stream or the connection ended.
func (f *framer) outcome(stream uint32) string {
	status := ""
	decoder := hpack.NewDecoder(4096, func(field hpack.HeaderField) {
		if field.Name == ":status" {
			status = field.Value
		}
	})
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return "closed"
		}
		switch frame := frame.(type) {
		case *http2.GoAwayFrame:
			return "GOAWAY " + frame.ErrCode.String()
		case *http2.RSTStreamFrame:
			if frame.StreamID == stream {
				return "RST_STREAM " + frame.ErrCode.String()
			}
		case *http2.HeadersFrame:
			_, _ = decoder.Write(frame.HeaderBlockFragment())
			if frame.StreamID == stream {
				return status
			}
		case *http2.PingFrame:
			if stream == 0 && frame.IsAck() {
				return "PING"
			}
		}
	}
}

// ping asks whether the connection lives.
func (f *framer) ping() string {
	f.send(f.WritePing(false, [8]byte{1}))
	return f.outcome(0)
}

// good is the header block of a request that is answered.
func (f *framer) good() []byte { return f.headers(Path + inURL(query('h'))) }

// begin sends the header of a stream.
func (f *framer) begin(stream uint32, end bool, block []byte) {
	f.send(f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block, EndStream: end, EndHeaders: true}))
}

// h2case is a client that does something, and what becomes of it.
type h2case struct {
	name string
	do   func(f *framer)
	on   uint32 // the stream; 0: whether the connection lives
	want string
}

const (
	protocolError = "PROTOCOL_ERROR"
	sizeError     = "FRAME_SIZE_ERROR"
	flowError     = "FLOW_CONTROL_ERROR"
	closedError   = "STREAM_CLOSED"
)

func (tc h2case) run(t *testing.T, s *served) {
	t.Run(tc.name, func(t *testing.T) {
		f := s.framer()
		f.t = t
		tc.do(f)
		if tc.on == 0 {
			f.send(f.WritePing(false, [8]byte{1}))
		}
		if got := f.outcome(tc.on); got != tc.want {
			t.Errorf("%s, want %s", got, tc.want)
		}
		if strings.HasPrefix(tc.want, "GOAWAY") {
			wantEnd(t, f.conn)
		} else if got := f.ping(); got != "PING" {
			t.Errorf("and then %s", got)
		}
	})
}

// raw is a frame of which the framer knows nothing.
func (f *framer) raw(kind http2.FrameType, flags http2.Flags, stream uint32, payload string) {
	f.AllowIllegalWrites = true
	f.send(f.WriteRawFrame(kind, flags, stream, []byte(payload)))
}

// Frames that break a rule of their own, and those that nobody knows.
func TestFrames(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}}, secure)
	for _, tc := range []h2case{
		// RFC 9113 §4.1, §5.5
		{"an unknown type is ignored", func(f *framer) { f.raw(0x42, 0xff, 0, "x") }, 0, "PING"},
		{"unknown flags are ignored", func(f *framer) { f.raw(http2.FramePing, 0x16, 0, "12345678") }, 0, "PING"},
		{"an unknown type within a header block", func(f *framer) {
			f.send(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: f.good()}))
			f.raw(0x42, 0, 1, "x")
		}, 1, "GOAWAY " + protocolError},
		// §4.2
		{"a frame that is too long", func(f *framer) { f.raw(http2.FrameData, 0, 1, strings.Repeat("x", h2Frame+1)) }, 0, "GOAWAY " + sizeError},
		{"an unknown frame that is too long", func(f *framer) { f.raw(0x42, 0, 0, strings.Repeat("x", h2Frame+1)) }, 0, "GOAWAY " + sizeError},
		// §4.3
		{"a header block that cannot be decoded", func(f *framer) { f.begin(1, true, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0x0f}) }, 1, "GOAWAY COMPRESSION_ERROR"},
		{"a header block that is cut off", func(f *framer) { f.begin(1, true, []byte{0x40, 0x05, 'a'}) }, 1, "GOAWAY COMPRESSION_ERROR"},
		{"a table larger than allowed", func(f *framer) { f.begin(1, true, append([]byte{0x3f, 0xe2, 0x1f}, f.good()...)) }, 1, "GOAWAY COMPRESSION_ERROR"},
		{"a header block in pieces", func(f *framer) {
			block := f.good()
			f.send(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block[:3], EndStream: true}))
			f.send(f.WriteContinuation(1, false, block[3:9]), f.WriteContinuation(1, false, nil), f.WriteContinuation(1, true, block[9:]))
		}, 1, "200"},
		{"another frame within a header block", func(f *framer) {
			f.send(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: f.good()}), f.WritePriority(1, http2.PriorityParam{}))
		}, 1, "GOAWAY " + protocolError},
		{"another stream within a header block", func(f *framer) {
			f.send(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: f.good()}), f.WriteContinuation(3, true, nil))
		}, 1, "GOAWAY " + protocolError},
		// §6.1
		{"DATA on stream 0", func(f *framer) { f.raw(http2.FrameData, 0, 0, "x") }, 0, "GOAWAY " + protocolError},
		{"DATA with too much padding", func(f *framer) {
			f.open(1, "POST", Path, "content-type", mediaType)
			f.raw(http2.FrameData, http2.FlagDataPadded, 1, "\x09x")
		}, 1, "GOAWAY " + protocolError},
		{"DATA with padding", func(f *framer) {
			f.open(1, "POST", Path, "content-type", mediaType)
			f.send(f.WriteDataPadded(1, true, query('h'), make([]byte, 200)))
		}, 1, "200"},
		// §6.2
		{"HEADERS on stream 0", func(f *framer) { f.raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 0, "\x82") }, 0, "GOAWAY " + protocolError},
		{"HEADERS with too much padding", func(f *framer) {
			f.raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders|http2.FlagHeadersPadded, 1, "\x09\x82")
		}, 1, "GOAWAY " + protocolError},
		{"HEADERS with padding and priority", func(f *framer) {
			f.send(f.WriteHeaders(http2.HeadersFrameParam{
				StreamID: 1, BlockFragment: f.good(), EndStream: true, EndHeaders: true, PadLength: 9,
				Priority: http2.PriorityParam{StreamDep: 11, Weight: 7, Exclusive: true},
			}))
		}, 1, "200"},
		// §6.3
		{"PRIORITY on stream 0", func(f *framer) { f.raw(http2.FramePriority, 0, 0, "12345") }, 0, "GOAWAY " + protocolError},
		{"PRIORITY of another length", func(f *framer) { f.raw(http2.FramePriority, 0, 1, "1234") }, 0, "GOAWAY " + sizeError},
		{"PRIORITY on an idle stream", func(f *framer) { f.send(f.WritePriority(7, http2.PriorityParam{StreamDep: 1})) }, 0, "PING"},
		// §6.4
		{"RST_STREAM on stream 0", func(f *framer) { f.raw(http2.FrameRSTStream, 0, 0, "1234") }, 0, "GOAWAY " + protocolError},
		{"RST_STREAM of another length", func(f *framer) { f.raw(http2.FrameRSTStream, 0, 1, "123") }, 0, "GOAWAY " + sizeError},
		{"RST_STREAM on an idle stream", func(f *framer) { f.send(f.WriteRSTStream(1, http2.ErrCodeCancel)) }, 0, "GOAWAY " + protocolError},
		// §6.5
		{"SETTINGS on a stream", func(f *framer) { f.raw(http2.FrameSettings, 0, 1, "") }, 0, "GOAWAY " + protocolError},
		{"SETTINGS of another length", func(f *framer) { f.raw(http2.FrameSettings, 0, 0, "123") }, 0, "GOAWAY " + sizeError},
		{"an acknowledgement that says something", func(f *framer) { f.raw(http2.FrameSettings, http2.FlagSettingsAck, 0, "123456") }, 0, "GOAWAY " + sizeError},
		{"ENABLE_PUSH is 2", func(f *framer) { f.send(f.WriteSettings(http2.Setting{ID: http2.SettingEnablePush, Val: 2})) }, 0, "GOAWAY " + protocolError},
		{"INITIAL_WINDOW_SIZE is too large", func(f *framer) {
			f.send(f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 31}))
		}, 0, "GOAWAY " + flowError},
		{"MAX_FRAME_SIZE is too small", func(f *framer) {
			f.send(f.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1<<14 - 1}))
		}, 0, "GOAWAY " + protocolError},
		{"MAX_FRAME_SIZE is too large", func(f *framer) {
			f.send(f.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 24}))
		}, 0, "GOAWAY " + protocolError},
		{"an unknown setting is ignored", func(f *framer) { f.send(f.WriteSettings(http2.Setting{ID: 0x99, Val: 1})) }, 0, "PING"},
		// §6.6, §8.4
		{"PUSH_PROMISE", func(f *framer) {
			f.send(f.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: f.good(), EndHeaders: true}))
		}, 0, "GOAWAY " + protocolError},
		// §6.7
		{"PING on a stream", func(f *framer) { f.raw(http2.FramePing, 0, 1, "12345678") }, 0, "GOAWAY " + protocolError},
		{"PING of another length", func(f *framer) { f.raw(http2.FramePing, 0, 0, "123") }, 0, "GOAWAY " + sizeError},
		{"an acknowledgement of no PING", func(f *framer) { f.send(f.WritePing(true, [8]byte{})) }, 0, "PING"},
		// §6.8
		{"GOAWAY on a stream", func(f *framer) { f.raw(http2.FrameGoAway, 0, 1, "12345678") }, 0, "GOAWAY " + protocolError},
		{"GOAWAY, and then a PING", func(f *framer) { f.send(f.WriteGoAway(0, http2.ErrCodeNo, nil)) }, 0, "PING"},
		// §6.9
		{"WINDOW_UPDATE of another length", func(f *framer) { f.raw(http2.FrameWindowUpdate, 0, 0, "123") }, 0, "GOAWAY " + sizeError},
		{"WINDOW_UPDATE of nothing", func(f *framer) { f.raw(http2.FrameWindowUpdate, 0, 0, "\x00\x00\x00\x00") }, 0, "GOAWAY " + protocolError},
		{"WINDOW_UPDATE of nothing on a stream", func(f *framer) {
			f.open(1, "POST", Path, "content-type", mediaType)
			f.raw(http2.FrameWindowUpdate, 0, 1, "\x00\x00\x00\x00")
		}, 1, "RST_STREAM " + protocolError},
		{"WINDOW_UPDATE on an idle stream", func(f *framer) { f.send(f.WriteWindowUpdate(1, 1)) }, 0, "GOAWAY " + protocolError},
		{"a window that is too large", func(f *framer) { f.send(f.WriteWindowUpdate(0, h2MaxWindow)) }, 0, "GOAWAY " + flowError},
		{"a stream's window that is too large", func(f *framer) {
			f.open(1, "POST", Path, "content-type", mediaType)
			f.send(f.WriteWindowUpdate(1, h2MaxWindow))
		}, 1, "RST_STREAM " + flowError},
		// §6.10
		{"CONTINUATION of nothing", func(f *framer) { f.raw(http2.FrameContinuation, http2.FlagContinuationEndHeaders, 1, "\x82") }, 0, "GOAWAY " + protocolError},
		{"CONTINUATION behind the end of a block", func(f *framer) {
			f.begin(1, false, f.good())
			f.raw(http2.FrameContinuation, http2.FlagContinuationEndHeaders, 1, "\x82")
		}, 1, "GOAWAY " + protocolError},
	} {
		tc.run(t, s)
	}
}

// The states of a stream (RFC 9113 §5.1).
func TestStreams(t *testing.T) {
	e := &echo{release: make(chan struct{})}
	defer close(e.release)
	s := serve(t, Options{Handler: e, Limits: frontend.Limits{Outstanding: 4}}, secure)
	for _, tc := range []h2case{
		{"DATA on an idle stream", func(f *framer) { f.raw(http2.FrameData, 0, 1, "x") }, 1, "GOAWAY " + protocolError},
		{"an even number", func(f *framer) { f.begin(2, true, f.good()) }, 2, "GOAWAY " + protocolError},
		{"a number that is lower than another", func(f *framer) {
			f.begin(5, true, f.good())
			f.begin(3, true, f.good())
		}, 3, "GOAWAY " + closedError},
		{"DATA behind the end", func(f *framer) {
			f.begin(1, true, f.headers(Path+inURL(query('m'))))
			f.raw(http2.FrameData, 0, 1, "x")
		}, 1, "RST_STREAM " + closedError},
		{"HEADERS behind the end", func(f *framer) {
			f.begin(1, true, f.headers(Path+inURL(query('m'))))
			f.begin(1, true, f.good())
		}, 1, "RST_STREAM " + closedError},
		{"HEADERS on a closed stream", func(f *framer) {
			f.begin(1, true, f.good())
			f.begin(1, true, f.good())
		}, 3, "GOAWAY " + closedError},
		{"what was on its way when a stream was reset is ignored", func(f *framer) {
			f.open(1, "POST", Path, "content-type", mediaType)
			f.raw(http2.FrameWindowUpdate, 0, 1, "\x00\x00\x00\x00") // which resets it
			f.raw(http2.FrameData, 0, 1, "x")
			f.begin(1, true, f.fields("trailer", "x"))
			f.send(f.WriteWindowUpdate(1, 1), f.WriteRSTStream(1, http2.ErrCodeCancel))
		}, 0, "PING"},
		{"a stream that the client has reset", func(f *framer) {
			f.open(1, "POST", Path, "content-type", mediaType)
			f.send(f.WriteRSTStream(1, http2.ErrCodeCancel), f.WriteData(1, true, query('h')))
		}, 1, "RST_STREAM " + closedError},
		{"too many streams", func(f *framer) {
			f.send(f.WriteSettingsAck())
			for id := uint32(1); id <= 9; id += 2 {
				f.open(id, "POST", Path, "content-type", mediaType)
			}
		}, 9, "RST_STREAM REFUSED_STREAM"},
		{"too many streams of a client that does not know", func(f *framer) {
			for id := uint32(1); id <= 2*h2Eager+1; id += 2 {
				f.open(id, "POST", Path, "content-type", mediaType)
			}
		}, 2*h2Eager + 1, "RST_STREAM REFUSED_STREAM"},
		// §5.3.1 of RFC 7540, which clients may still hold to
		{"a stream that depends on itself", func(f *framer) {
			f.send(f.WriteHeaders(http2.HeadersFrameParam{
				StreamID: 1, BlockFragment: f.good(), EndStream: true, EndHeaders: true, Priority: http2.PriorityParam{StreamDep: 1, Weight: 1},
			}))
		}, 1, "RST_STREAM " + protocolError},
		{"PRIORITY of a stream that depends on itself", func(f *framer) {
			f.open(1, "POST", Path, "content-type", mediaType)
			f.raw(http2.FramePriority, 0, 1, "\x00\x00\x00\x01\x01")
		}, 1, "RST_STREAM " + protocolError},
	} {
		tc.run(t, s)
	}
}

// How requests are written (RFC 9113 §8).
func TestFields(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}}, secure)
	path := Path + inURL(query('h'))
	for _, tc := range []struct {
		name   string
		fields []string
		want   string
	}{
		{"what is needed", []string{":method", "GET", ":scheme", "https", ":path", path}, "200"},
		{"a path that is escaped", []string{":method", "GET", ":scheme", "https", ":path", "/dns%2dquery" + inURL(query('h'))}, "200"},
		{"trailers are welcome", []string{":method", "GET", ":scheme", "https", ":path", path, "te", "trailers"}, "200"},
		{"a field in upper case", []string{":method", "GET", ":scheme", "https", ":path", path, "X-Test", "x"}, protocolError},
		{"a field with a space", []string{":method", "GET", ":scheme", "https", ":path", path, "x y", "x"}, protocolError},
		{"a field with a colon", []string{":method", "GET", ":scheme", "https", ":path", path, "x:y", "x"}, protocolError},
		{"a field without a name", []string{":method", "GET", ":scheme", "https", ":path", path, "", "x"}, protocolError},
		{"a value with a line end", []string{":method", "GET", ":scheme", "https", ":path", path, "x", "a\r\nb"}, protocolError},
		{"a value with a NUL", []string{":method", "GET", ":scheme", "https", ":path", path, "x", "\x00"}, protocolError},
		{"a value that ends in a space", []string{":method", "GET", ":scheme", "https", ":path", path, "x", "a "}, protocolError},
		{"an unknown pseudo-header", []string{":method", "GET", ":scheme", "https", ":path", path, ":test", "x"}, protocolError},
		{"a response's pseudo-header", []string{":method", "GET", ":scheme", "https", ":path", path, ":status", "200"}, protocolError},
		{"a pseudo-header behind a field", []string{":method", "GET", ":scheme", "https", "x", "y", ":path", path}, protocolError},
		{"connection", []string{":method", "GET", ":scheme", "https", ":path", path, "connection", "close"}, protocolError},
		{"transfer-encoding", []string{":method", "GET", ":scheme", "https", ":path", path, "transfer-encoding", "chunked"}, protocolError},
		{"te", []string{":method", "GET", ":scheme", "https", ":path", path, "te", "gzip"}, protocolError},
		{"no method", []string{":scheme", "https", ":path", path}, protocolError},
		{"no scheme", []string{":method", "GET", ":path", path}, protocolError},
		{"no path", []string{":method", "GET", ":scheme", "https"}, protocolError},
		{"an empty path", []string{":method", "GET", ":scheme", "https", ":path", ""}, protocolError},
		{"a path that does not begin with a slash", []string{":method", "GET", ":scheme", "https", ":path", "dns-query"}, protocolError},
		{"two methods", []string{":method", "GET", ":method", "GET", ":scheme", "https", ":path", path}, protocolError},
		{"two schemes", []string{":method", "GET", ":scheme", "https", ":scheme", "https", ":path", path}, protocolError},
		{"two paths", []string{":method", "GET", ":scheme", "https", ":path", path, ":path", path}, protocolError},
		{"CONNECT with a path", []string{":method", "CONNECT", ":scheme", "https", ":path", path, ":authority", "a:1"}, protocolError},
		{"CONNECT", []string{":method", "CONNECT", ":authority", "a:1"}, "404"},
		{"OPTIONS", []string{":method", "OPTIONS", ":scheme", "https", ":path", "*"}, "404"},
		{"a length and no body", []string{":method", "POST", ":scheme", "https", ":path", Path, "content-type", mediaType, "content-length", "13"}, protocolError},
		{"two lengths", []string{":method", "GET", ":scheme", "https", ":path", path, "content-length", "0", "content-length", "1"}, protocolError},
		{"a length that is no number", []string{":method", "GET", ":scheme", "https", ":path", path, "content-length", "-1"}, protocolError},
		{"too large a list", []string{":method", "GET", ":scheme", "https", ":path", path, "x", strings.Repeat("a", 16000), "y", strings.Repeat("a", 600)}, "431"},
	} {
		want := tc.want
		if want == protocolError {
			want = "RST_STREAM " + protocolError
		}
		h2case{tc.name, func(f *framer) { f.begin(1, true, f.fields(tc.fields...)) }, 1, want}.run(t, s)
	}
}

// What bodies are, and what follows them.
func TestBodies(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}}, secure)
	post := func(f *framer, fields ...string) {
		f.open(1, "POST", Path, append([]string{"content-type", mediaType}, fields...)...)
	}
	for _, tc := range []h2case{
		{"a body in pieces", func(f *framer) {
			post(f)
			for _, octet := range query('h') {
				f.send(f.WriteData(1, false, []byte{octet}))
			}
			f.send(f.WriteData(1, true, nil))
		}, 1, "200"},
		{"a body and trailers", func(f *framer) {
			post(f)
			f.send(f.WriteData(1, false, query('h')))
			f.begin(1, true, f.fields("x", "y"))
		}, 1, "200"},
		{"trailers that do not end", func(f *framer) {
			post(f)
			f.begin(1, false, f.fields("x", "y"))
		}, 1, "RST_STREAM " + protocolError},
		{"trailers with a pseudo-header", func(f *framer) {
			post(f)
			f.begin(1, true, f.fields(":method", "GET"))
		}, 1, "RST_STREAM " + protocolError},
		{"a body of another length", func(f *framer) {
			post(f, "content-length", "5")
			f.send(f.WriteData(1, true, query('h')))
		}, 1, "RST_STREAM " + protocolError},
		{"a body of the length", func(f *framer) {
			post(f, "content-length", "13")
			f.send(f.WriteData(1, true, query('h')))
		}, 1, "200"},
		{"a body that is too long", func(f *framer) {
			post(f)
			for range 5 {
				f.send(f.WriteData(1, false, make([]byte, 16000)))
			}
		}, 1, "413"},
		{"a body that says it is too long", func(f *framer) {
			post(f, "content-length", "70000")
			for range 5 {
				f.send(f.WriteData(1, false, make([]byte, 14000)))
			}
		}, 1, "413"},
		{"a GET with a body", func(f *framer) {
			f.begin(1, false, f.good())
			f.send(f.WriteData(1, true, []byte("x")))
		}, 1, "200"},
		{"another path with a body", func(f *framer) {
			f.open(1, "POST", "/")
			f.send(f.WriteData(1, true, []byte("x")))
		}, 1, "404"},
		{"another type with a body", func(f *framer) {
			f.open(1, "POST", Path, "content-type", "text/plain")
			f.send(f.WriteData(1, true, []byte("x")))
		}, 1, "415"},
	} {
		tc.run(t, s)
	}
}

// Answers go as far as the windows are open, and on when they open
// (RFC 9113 §6.9).
func TestWindows(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}}, secure)
	f := s.framer()
	f.send(f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1}))
	f.get(1, Path+inURL(query('h')))
	data := func() (n int, end bool) {
		f.until(func(frame http2.Frame) bool {
			d, ok := frame.(*http2.DataFrame)
			if ok {
				n, end = len(d.Data()), d.StreamEnded()
			}
			return ok
		})
		return n, end
	}
	if n, end := data(); n != 1 || end {
		t.Errorf("%d octets, %v: want 1 of 13", n, end)
	}
	f.send(f.WriteWindowUpdate(1, 2))
	if n, end := data(); n != 2 || end {
		t.Errorf("%d octets, %v: want 2 more", n, end)
	}
	f.send(f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 5}))
	if n, end := data(); n != 4 || end {
		t.Errorf("%d octets, %v: want the 4 by which all windows grew", n, end)
	}
	f.send(f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}), f.WriteWindowUpdate(1, 5))
	f.send(f.WritePing(false, [8]byte{})) // a window may be below zero (§6.9.2): nothing is to come
	if got := f.outcome(0); got != "PING" {
		t.Errorf("%s, want no more than the answer to a PING", got)
	}
	f.send(f.WriteWindowUpdate(1, 100))
	if n, end := data(); n != 6 || !end {
		t.Errorf("%d octets, %v: want the other 6", n, end)
	}
	_ = f.conn.Close() // or the end waits for it
	if got := s.stop(); got.Of(frontend.Unsent) != 0 {
		t.Errorf("counted %v", got)
	}
}

// A body is taken whose client waits for credit, and credit comes back for all
// that was taken.
func TestCreditComesBack(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}}, secure)
	f := s.framer()
	window, long := int64(65535), query([]byte(strings.Repeat("s", 40000))...) // whose answers are short
	for id := uint32(1); id < 60; id += 2 {
		f.open(id, "POST", Path, "content-type", mediaType)
		for rest := long; len(rest) > 0; {
			n := min(len(rest), 10000)
			for window < int64(n) {
				if !f.until(func(frame http2.Frame) bool {
					update, ok := frame.(*http2.WindowUpdateFrame)
					if ok && update.StreamID == 0 {
						window += int64(update.Increment)
					}
					return ok
				}) {
					t.Fatalf("stream %d: the connection ended", id)
				}
			}
			window -= int64(n)
			f.send(f.WriteData(id, n == len(rest), rest[:n]))
			rest = rest[n:]
		}
	}
	if got := f.outcome(59); got != "503" {
		t.Errorf("the last request: %s", got)
	}
	_ = f.conn.Close() // or the end waits for it
	if stats := s.stop(); stats.Of(frontend.Queries) != 30 {
		t.Errorf("counted %v", stats)
	}
}

// What is no preface is told so (RFC 9113 §3.4).
func TestPreface(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{FirstQuery: 5 * time.Second}}, secure)
	for name, octets := range map[string]string{
		"HTTP/1.1":      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"almost":        http2.ClientPreface[:23] + "x",
		"no SETTINGS":   http2.ClientPreface + "\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678",
		"an ACK before": http2.ClientPreface + "\x00\x00\x00\x04\x01\x00\x00\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			c := s.dial("h2")
			if _, err := c.Write([]byte(octets)); err != nil {
				t.Fatal(err)
			}
			f := http2.NewFramer(nil, c)
			for {
				frame, err := f.ReadFrame()
				if err != nil {
					t.Fatalf("no GOAWAY: %v", err)
				}
				if away, ok := frame.(*http2.GoAwayFrame); ok {
					if away.ErrCode != http2.ErrCodeProtocol {
						t.Errorf("GOAWAY %v", away.ErrCode)
					}
					return
				}
			}
		})
	}
	t.Run("in pieces", func(t *testing.T) {
		c := s.dial("h2")
		all := http2.ClientPreface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00" + "\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678"
		for i := range len(all) {
			if _, err := c.Write([]byte{all[i]}); err != nil {
				t.Fatal(err)
			}
		}
		f := &framer{t: t, conn: c, Framer: http2.NewFramer(c, c)}
		if got := f.outcome(0); got != "PING" {
			t.Error(got)
		}
	})
	if stats := s.stop(); stats.Of(frontend.Broken) != 4 {
		t.Errorf("counted %v", stats)
	}
}

// The settings say what is allowed.
func TestSettingsAreAnnounced(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{Outstanding: 7}}, secure)
	f := s.framer()
	got := map[http2.SettingID]uint32{}
	window := uint32(65535)
	f.until(func(frame http2.Frame) bool {
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			_ = frame.ForeachSetting(func(s http2.Setting) error {
				got[s.ID] = s.Val
				return nil
			})
		case *http2.WindowUpdateFrame:
			window += frame.Increment
			return true
		}
		return false
	})
	if got[http2.SettingMaxConcurrentStreams] != 7 || got[http2.SettingInitialWindowSize] != h2StreamWindow ||
		got[http2.SettingMaxHeaderListSize] != maxHeader || window != h2Window {
		t.Errorf("announced %v and a window of %d", got, window)
	}
}

// A client that is told to go has answers to all up to the stream that is named.
func TestGoAwayNamesTheLastStream(t *testing.T) {
	e := &echo{release: make(chan struct{}), entered: make(chan struct{})}
	s := serve(t, Options{Handler: e}, secure)
	f := s.framer()
	f.get(1, Path+inURL(query('h')))
	f.get(5, Path+inURL(query('m')))
	<-e.entered
	ended := make(chan struct{})
	go func() { s.stop(); close(ended) }()
	last := uint32(0)
	f.until(func(frame http2.Frame) bool {
		away, ok := frame.(*http2.GoAwayFrame)
		if ok {
			last = away.LastStreamID
		}
		return ok
	})
	if last != 5 {
		t.Errorf("GOAWAY names %d", last)
	}
	f.open(7, "POST", Path, "content-type", mediaType) // too late
	f.send(f.WriteData(7, true, query('h')), f.WriteWindowUpdate(7, 1), f.WriteRSTStream(7, http2.ErrCodeCancel))
	close(e.release)
	if got := f.outcome(5); got != "200" {
		t.Errorf("stream 5: %s", got)
	}
	if got := f.outcome(7); got != "closed" {
		t.Errorf("stream 7: %s", got)
	}
	<-ended
}

// A client that does not know yet how many streams it may open may open some
// more: their misses wait for each other.
func TestEagerClients(t *testing.T) {
	const misses, streams = 4, 20
	e := &echo{release: make(chan struct{}), entered: make(chan struct{}, streams)}
	s := serve(t, Options{Handler: e, Limits: frontend.Limits{Outstanding: misses}}, secure)
	f := s.framer()
	for id := uint32(1); id < 2*streams; id += 2 {
		f.get(id, Path+inURL(query('m')))
	}
	if got := f.ping(); got != "PING" {
		t.Fatal(got)
	}
	for range misses {
		<-e.entered
	}
	if stats := s.Stats(); stats.Of(frontend.Misses) != misses {
		t.Errorf("%d misses are in progress, %d are allowed", stats.Of(frontend.Misses), misses)
	}
	f.send(f.WriteRSTStream(2*streams-1, http2.ErrCodeCancel)) // which still waits for its turn
	if got := f.ping(); got != "PING" {
		t.Fatal(got)
	}
	close(e.release)
	answered := 0
	f.until(func(frame http2.Frame) bool {
		if d, ok := frame.(*http2.DataFrame); ok && d.StreamEnded() {
			answered++
		}
		return answered == streams-1
	})
	_ = f.conn.Close() // or the end waits for it
	if stats := s.stop(); stats.Of(frontend.Misses) != streams-1 || stats.Of(frontend.Replies) != streams-1 {
		t.Errorf("counted %v", stats)
	}
}
