package doh

import (
	"golang.org/x/net/http2"

	"recursor/frontend"
)

// frame takes one frame; false ends the connection.
func (c *h2conn) frame(frame http2.Frame) bool {
	if !c.settled {
		// RFC 9113 §3.4: the client's preface ends with a SETTINGS frame.
		settings, ok := frame.(*http2.SettingsFrame)
		if !ok || settings.IsAck() {
			return c.leaveWith(http2.ErrCodeProtocol)
		}
		c.settled = true
	}
	switch f := frame.(type) {
	case *http2.HeadersFrame:
		return c.headers(f)
	case *http2.ContinuationFrame:
		return c.continuation(f)
	case *http2.DataFrame:
		return c.data(f)
	case *http2.WindowUpdateFrame:
		c.useless++
		return c.windowUpdate(f)
	case *http2.SettingsFrame:
		c.useless++
		return c.settings(f)
	case *http2.PingFrame:
		c.useless++
		if !f.IsAck() {
			c.mu.Lock()
			_ = c.framer.WritePing(true, f.Data)
			c.mu.Unlock()
		}
		return true
	case *http2.RSTStreamFrame:
		c.useless += h2Reset
		return c.rstStream(f)
	case *http2.PushPromiseFrame:
		return c.leaveWith(http2.ErrCodeProtocol) // RFC 9113 §8.4: only servers push
	case *http2.PriorityFrame:
		c.useless++
		if f.StreamDep == f.StreamID {
			return c.abandon(f.StreamID, http2.ErrCodeProtocol)
		}
		return true
	default:
		// GOAWAY: the client opens no more streams, and closes when it has its
		// answers. Others: RFC 9113 §4.1 has them ignored.
		c.useless++
		return true
	}
}

// settings takes the client's settings and acknowledges them.
func (c *h2conn) settings(f *http2.SettingsFrame) bool {
	if f.IsAck() {
		c.knows = true
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// What the responses are compressed with and how long their frames are is
	// within every limit that a client may set; it pushes nothing.
	for i := range f.NumSettings() {
		setting := f.Setting(i)
		if err := setting.Valid(); err != nil {
			code := http2.ErrCodeProtocol
			if setting.ID == http2.SettingInitialWindowSize {
				code = http2.ErrCodeFlowControl // RFC 9113 §6.5.2
			}
			c.goAway(code)
			return false
		}
		if setting.ID == http2.SettingInitialWindowSize && !c.resize(int64(setting.Val)) {
			c.goAway(http2.ErrCodeFlowControl)
			return false
		}
	}
	_ = c.framer.WriteSettingsAck()
	c.advance()
	return true
}

// h2MaxWindow is the largest window (RFC 9113 §6.9.1).
const h2MaxWindow = 1<<31 - 1

// resize changes the windows of all streams (RFC 9113 §6.9.2). It has c.mu.
func (c *h2conn) resize(initial int64) bool {
	delta := initial - c.initial
	c.initial = initial
	for _, s := range c.streams {
		if s.window += delta; s.window > h2MaxWindow {
			return false
		}
	}
	return true
}

func (c *h2conn) windowUpdate(f *http2.WindowUpdateFrame) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.StreamID == 0 {
		if c.window += int64(f.Increment); c.window > h2MaxWindow {
			c.goAway(http2.ErrCodeFlowControl)
			return false
		}
		c.advance()
		return true
	}
	s := c.stream(f.StreamID)
	switch {
	case s != nil:
		if s.window += int64(f.Increment); s.window > h2MaxWindow {
			c.reset(f.StreamID, http2.ErrCodeFlowControl)
			return true
		}
		c.advance()
	case c.isIdle(f.StreamID):
		c.goAway(http2.ErrCodeProtocol)
		return false
	}
	return true
}

// isIdle tells a stream that was never opened, of which nothing can be said but
// HEADERS and PRIORITY (RFC 9113 §5.1). Those that are opened when the client was
// told to go are as if they were not there. It has c.mu.
func (c *h2conn) isIdle(id uint32) bool { return id > c.last && !c.ending }

// rstStream is a client that gives a request up. Its miss goes on and counts
// among the streams until it is done.
func (c *h2conn) rstStream(f *http2.RSTStreamFrame) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isIdle(f.StreamID) {
		c.goAway(http2.ErrCodeProtocol)
		return false
	}
	if s := c.stream(f.StreamID); s != nil {
		c.giveUp(s)
	}
	return true
}

// data takes a part of a body.
func (c *h2conn) data(f *http2.DataFrame) bool {
	length := int(f.Length) // padding counts (RFC 9113 §6.9.1)
	c.mu.Lock()
	s := c.stream(f.StreamID)
	idle, unseen := c.isIdle(f.StreamID), f.StreamID > c.last
	c.received += length
	over := c.received > h2Window
	if s == nil || s.state != h2Receiving || s.gone {
		c.credit(length)
	}
	c.mu.Unlock()
	switch {
	case over:
		return c.leaveWith(http2.ErrCodeFlowControl)
	case idle:
		return c.leaveWith(http2.ErrCodeProtocol)
	case unseen, s == nil && c.isForgiven(f.StreamID), s != nil && s.gone:
		c.useless++ // it was on its way when the stream was reset
		return true
	case s == nil || s.state != h2Receiving:
		c.useless++
		return c.abandon(f.StreamID, http2.ErrCodeStreamClosed)
	}
	s.received += length
	if s.received > h2StreamWindow {
		return c.abandon(f.StreamID, http2.ErrCodeFlowControl)
	}
	if len(f.Data()) == 0 && !f.StreamEnded() {
		c.useless++ // CVE-2019-9518
	}
	s.got += len(f.Data())
	switch {
	case s.refusal.code != 0:
	case s.got > frontend.MaxMessage:
		s.refusal = tooLong()
	case s.post:
		s.body = append(s.body, f.Data()...)
	}
	switch {
	case f.StreamEnded():
		return c.complete(s)
	case s.got > frontend.MaxMessage:
		return c.dismiss(s)
	}
	return true
}

// credit gives the client credit for n more octets, in large portions. It has
// c.mu.
func (c *h2conn) credit(n int) {
	c.owed += n
	if c.owed >= h2Window/4 {
		_ = c.framer.WriteWindowUpdate(0, uint32(c.owed)) //nolint:gosec // no more than the window
		c.received -= c.owed
		c.owed = 0
	}
}
