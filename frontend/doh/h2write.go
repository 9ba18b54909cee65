package doh

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"recursor/clock"
	"recursor/frontend"
)

// Indexes of the static table (RFC 7541, appendix A), as the four bits of a
// literal that is not indexed have them, less the fifteen that fill those.
const (
	nameContentLength = 28 - 15
	nameCacheControl  = 24 - 15
	nameDate          = 33 - 15
)

// date is a field that changes once a second.
type date struct {
	second int64
	field  []byte
}

// appendDate appends the time of a response (RFC 9110 §6.6.1).
func (l *Listener) appendDate(dst []byte, now time.Time) []byte {
	d := l.date.Load()
	if d == nil || d.second != now.Unix() {
		d = &date{now.Unix(), []byte{0x0f, nameDate, byte(len(http.TimeFormat))}}
		d.field = now.UTC().AppendFormat(d.field, http.TimeFormat)
		l.date.Store(d)
	}
	return append(dst, d.field...)
}

// appendNumber appends a field with a name of the static table, and a number
// behind a prefix as its value.
func appendNumber(dst []byte, name byte, prefix string, n uint64) []byte {
	dst = append(dst, 0x0f, name, 0)
	at := len(dst)
	dst = append(dst, prefix...)
	dst = strconv.AppendUint(dst, n, 10)
	dst[at-1] = byte(len(dst) - at) // far below the 127 that seven bits hold
	return dst
}

// appendFields appends fields as literals that are not indexed: the client's
// table stays as it is, so nothing of a connection has to be remembered.
func appendFields(dst []byte, fields ...hpack.HeaderField) []byte {
	queue := &h2queue{octets: dst}
	e := hpack.NewEncoder(queue)
	for _, f := range fields {
		f.Sensitive = f.Name != ":status" // never indexed (RFC 7541 §6.2.3)
		_ = e.WriteField(f)               // to memory
	}
	return queue.octets
}

// answer sends a hit; false ends the connection.
func (c *h2conn) answer(id uint32, s *h2stream, isHead bool, msg []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent := c.respond(id, s, isHead, msg)
	if sent && s != nil {
		c.recycle(s)
	}
	c.full = len(c.out.octets) > h2Write
	if c.held > h2Held {
		c.goAway(http2.ErrCodeEnhanceYourCalm)
		return false
	}
	return true
}

// respond queues the response of a good answer, of which s is the stream where
// it has one; true where all of it is queued. It has c.mu.
func (c *h2conn) respond(id uint32, s *h2stream, isHead bool, msg []byte) bool {
	b := c.l.appendDate(append(c.scratch[:0], c.okay...), c.now)
	b = appendNumber(b, nameContentLength, "", uint64(len(msg)))
	b = appendNumber(b, nameCacheControl, "max-age=", uint64(freshness(msg)))
	c.scratch = b
	_ = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: b, EndStream: isHead, EndHeaders: true})
	return c.body(id, s, isHead, msg)
}

// body queues the body of a response, as far as the windows are open. It has
// c.mu.
func (c *h2conn) body(id uint32, s *h2stream, isHead bool, octets []byte) bool {
	window := c.initial
	if s != nil {
		window = s.window
	}
	sent := 0
	if !isHead {
		sent = c.send(id, window, octets)
	}
	c.out.answers++
	if isHead || sent == len(octets) {
		if s != nil {
			c.drop(s)
		}
		return true
	}
	now := c.l.o.Clock.Now().TTL
	if s == nil {
		s = c.open(id, h2Sending, now)
	}
	s.state, s.since = h2Sending, now
	s.window -= int64(sent)
	s.rest = append([]byte(nil), octets[sent:]...)
	c.held += len(s.rest)
	return false
}

// send queues as much as the windows let through. It has c.mu.
func (c *h2conn) send(id uint32, window int64, octets []byte) int {
	sent := 0
	for sent < len(octets) {
		n := int(min(int64(len(octets)-sent), h2Frame, window, c.window))
		if n <= 0 {
			break
		}
		_ = c.framer.WriteData(id, sent+n == len(octets), octets[sent:sent+n])
		sent += n
		window -= int64(n)
		c.window -= int64(n)
	}
	return sent
}

// advance goes on with the answers that wait for windows. It has c.mu.
func (c *h2conn) advance() {
	for i := 0; i < len(c.streams) && c.window > 0; {
		s := c.streams[i]
		if s.state != h2Sending {
			i++
			continue
		}
		sent := c.send(s.id, s.window, s.rest)
		s.window -= int64(sent)
		s.rest = s.rest[sent:]
		c.held -= sent
		if len(s.rest) > 0 {
			i++
			continue
		}
		c.drop(s)
	}
	c.full = c.full || len(c.out.octets) > h2Write
}

// refuse tells why a request is not served, of a stream that has just begun.
func (c *h2conn) refuse(id uint32, h *head, why status) bool {
	if h.ended {
		return c.say(id, nil, h.method == http.MethodHead, why)
	}
	c.mu.Lock()
	s := c.open(id, h2Receiving, c.query.At)
	c.mu.Unlock()
	s.head, s.refusal, s.length = h.method == http.MethodHead, why, h.length
	return true
}

// settle tells why the request of a stream is not served.
func (c *h2conn) settle(s *h2stream, why status) bool { return c.say(s.id, s, s.head, why) }

// say tells why a request is not served.
func (c *h2conn) say(id uint32, s *h2stream, isHead bool, why status) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.useless++
	c.refusal(id, s, isHead, why)
	c.full = len(c.out.octets) > h2Write
	return true
}

// refusal queues a response that says why there is no other. It has c.mu.
func (c *h2conn) refusal(id uint32, s *h2stream, isHead bool, why status) {
	text := why.text + "\n"
	fields := []hpack.HeaderField{
		{Name: ":status", Value: strconv.Itoa(why.code)},
		{Name: "content-type", Value: "text/plain; charset=utf-8"},
		{Name: "content-length", Value: strconv.Itoa(len(text))},
	}
	switch why.code {
	case http.StatusMethodNotAllowed:
		fields = append(fields, hpack.HeaderField{Name: "allow", Value: allowed})
	case http.StatusServiceUnavailable:
		fields = append(fields, hpack.HeaderField{Name: "retry-after", Value: "1"})
	}
	if c.l.endpoint != nil {
		fields = append(fields, hpack.HeaderField{Name: "alt-svc", Value: alternative(c.query.Local.Port())})
	}
	c.scratch = c.l.appendDate(appendFields(c.scratch[:0], fields...), c.now)
	_ = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.scratch, EndStream: isHead, EndHeaders: true})
	c.body(id, s, isHead, []byte(text))
}

// leaveWith ends the connection, and says why; it returns false.
func (c *h2conn) leaveWith(code http2.ErrCode) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.goAway(code)
	return false
}

// goAway tells the client that the connection ends, and which of its requests are
// served. It has c.mu.
func (c *h2conn) goAway(code http2.ErrCode) {
	if !c.told || code != http2.ErrCodeNo {
		c.told, c.ending = true, true
		_ = c.framer.WriteGoAway(c.last, code, nil)
	}
	if code != http2.ErrCodeNo {
		c.counters.Add(frontend.Broken, 1)
	}
}

// push writes what is queued, in the middle of a batch; false when nothing can be
// written any more.
func (c *h2conn) push() bool {
	c.mu.Lock()
	c.flush()
	for c.writing && !c.broken && len(c.out.octets) > h2Write {
		c.sleep() // somebody else writes to a client that is slow to read
	}
	c.full = false
	ok := !c.broken
	c.mu.Unlock()
	c.query.At = c.l.o.Clock.Now().TTL // that may have taken long
	return ok
}

// flush writes what is queued, or leaves it to who is writing. It has c.mu.
func (c *h2conn) flush() {
	if c.broken || len(c.out.octets) == 0 {
		return
	}
	if c.writing {
		if len(c.out.octets) > h2Held {
			c.breakOff()
		}
		return
	}
	c.writing = true
	for len(c.out.octets) > 0 && !c.broken {
		queue := c.out
		c.out, c.spare = h2queue{octets: c.spare.octets[:0], ends: c.spare.ends[:0]}, h2queue{}
		if !c.write(&queue) {
			c.counters.Add(frontend.Unsent, queue.answers)
		}
		if cap(queue.octets) <= h2Keep {
			c.spare = queue
		}
	}
	c.writing = false
	c.wakeUp()
}

// write writes a queue; false when the client is gone or did not read in time. It
// has c.mu, and leaves it while it writes: c.writing keeps others off.
func (c *h2conn) write(queue *h2queue) bool {
	c.mu.Unlock()
	limit := c.l.o.Limits.Write
	now := c.l.o.Clock.Now().TTL
	if c.writeBy.Sub(now) < limit {
		// A quarter more, so that not every write sets a deadline.
		c.writeBy = now.Add(limit + limit/4)
		_ = c.conn.SetWriteDeadline(c.writeBy) // where it fails, the write does
	}
	err := c.transmit(queue)
	c.mu.Lock()
	if err != nil {
		c.breakOff()
	}
	return err == nil
}

// transmit writes all at once, over TLS in records that end where they are to.
func (c *h2conn) transmit(queue *h2queue) error {
	if c.below == nil || len(queue.ends) == 0 {
		_, err := c.conn.Write(queue.octets)
		return err
	}
	c.below.Cork()
	start := 0
	for _, end := range append(queue.ends, len(queue.octets)) {
		if start == end {
			continue
		}
		if _, err := c.conn.Write(queue.octets[start:end]); err != nil {
			return errors.Join(err, c.below.Uncork())
		}
		start = end
	}
	return c.below.Uncork()
}

// breakOff ends the connection at once, and wakes who reads or writes. It has
// c.mu.
func (c *h2conn) breakOff() {
	if c.broken {
		return
	}
	c.broken = true
	c.counters.Add(frontend.Unsent, c.out.answers)
	c.out = h2queue{}
	_ = c.conn.Close() // an error would change nothing
	c.wakeUp()
}

// sleep lets the reader wait until something changed. It has c.mu.
func (c *h2conn) sleep() {
	c.sleeping = true
	c.mu.Unlock()
	c.wake.Wait(clock.Forever)
	c.mu.Lock()
}

// wakeUp wakes the reader if it sleeps. It has c.mu.
func (c *h2conn) wakeUp() {
	if c.sleeping {
		c.sleeping = false
		c.wake.Set()
	}
}
