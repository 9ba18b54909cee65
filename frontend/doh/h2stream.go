package doh

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http2"

	"recursor/frontend"
)

// h2state is what a stream waits for.
type h2state uint8

const (
	// h2Receiving: the client has not sent all of its request.
	h2Receiving h2state = iota
	// h2Queued: as many misses are in progress as may be. A client may open more
	// streams than that before it knows better.
	h2Queued
	// h2Waiting: the handler has not answered.
	h2Waiting
	// h2Sending: the windows are too small for the answer.
	h2Sending
)

// h2stream is a stream that is open. Those whose answer is at hand when the
// request is whole have none.
type h2stream struct {
	id     uint32
	state  h2state
	since  time.Time // when it came into that state
	window int64     // what the client takes
	gone   bool      // the client, or we, have reset it
	head   bool      // the method is HEAD
	post   bool      // the query is in the body

	// Of a request that is received.
	body          []byte // the query
	got, received int    // octets of the body, and with padding
	length        int64  // of the body as the header has it, or -1
	refusal       status // to be told when it has ended
	query         frontend.Query

	answered bool   // of one that waits
	rest     []byte // of the answer that is sent
}

// stream is an open stream, or nil. It has c.mu.
func (c *h2conn) stream(id uint32) *h2stream {
	for _, s := range c.streams {
		if s.id == id {
			return s
		}
	}
	return nil
}

// open opens a stream. It has c.mu.
func (c *h2conn) open(id uint32, state h2state, since time.Time) *h2stream {
	var s *h2stream
	if n := len(c.free); n > 0 {
		s, c.free = c.free[n-1], c.free[:n-1]
	} else {
		s = new(h2stream)
	}
	*s = h2stream{id: id, state: state, since: since, window: c.initial, length: -1, body: s.body[:0]}
	c.streams = append(c.streams, s)
	return s
}

// drop forgets a stream. It has c.mu.
func (c *h2conn) drop(s *h2stream) {
	i := slices.Index(c.streams, s)
	if i < 0 {
		return
	}
	c.streams = slices.Delete(c.streams, i, i+1)
	c.held -= len(s.rest)
	if s.received > 0 {
		c.credit(s.received)
	}
	s.rest = nil
	c.rest()
	c.wakeUp()
}

// recycle keeps a stream that nobody uses any more. It has c.mu.
func (c *h2conn) recycle(s *h2stream) {
	if len(c.free) < 4 && cap(s.body) <= h2Read {
		c.free = append(c.free, s)
	}
}

// request serves a request whose header is whole.
func (c *h2conn) request(h *head) bool {
	refusal := c.l.target(h.method, h.path)
	c.query.Client = c.client
	if c.believed {
		c.query.Client = c.l.named(c.client, h.forwarded)
	}
	post := h.method == http.MethodPost
	if refusal.code == 0 && post && !isMessage(h.kind) {
		refusal = wrongType()
	}
	if h.ended {
		switch {
		case refusal.code != 0:
			return c.refuse(h.stream, h, refusal)
		case post:
			return c.ask(h.stream, nil, nil, false)
		}
		msg, refusal := c.inPath(h.path)
		if refusal.code != 0 {
			return c.refuse(h.stream, h, refusal)
		}
		return c.ask(h.stream, nil, msg, h.method == http.MethodHead)
	}
	c.mu.Lock()
	s := c.open(h.stream, h2Receiving, c.query.At)
	c.mu.Unlock()
	s.head, s.post, s.length, s.query = h.method == http.MethodHead, post, h.length, c.query
	if refusal.code == 0 && h.length > frontend.MaxMessage {
		refusal = tooLong()
	}
	if refusal.code == 0 && !post {
		var msg []byte
		msg, refusal = c.inPath(h.path)
		s.body = append(s.body, msg...)
	}
	s.refusal = refusal
	return true
}

// inPath is the message in the query of a path.
func (c *h2conn) inPath(path string) ([]byte, status) {
	_, query, _ := strings.Cut(path, "?")
	msg, refusal := fromURL(c.message[:0], query)
	if cap(msg) <= h2Read {
		c.message = msg
	}
	return msg, refusal
}

// complete serves a request whose body is whole.
func (c *h2conn) complete(s *h2stream) bool {
	if s.length >= 0 && int64(s.got) != s.length {
		c.useless++
		return c.abandon(s.id, http2.ErrCodeProtocol) // RFC 9113 §8.1.1
	}
	if s.refusal.code != 0 {
		return c.settle(s, s.refusal)
	}
	c.query.Client = s.query.Client
	return c.ask(s.id, s, s.body, s.head)
}

// dismiss answers a request whose body is longer than any query, before it has
// ended: the client need not send the rest (RFC 9113 §8.1).
func (c *h2conn) dismiss(s *h2stream) bool {
	more := c.settle(s, s.refusal)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stream(s.id) == nil { // the client has all of the response
		_ = c.framer.WriteRSTStream(s.id, http2.ErrCodeNo)
	}
	c.forgive(s.id)
	return more
}

// abandon resets a stream, and forgets it unless its query is in progress.
func (c *h2conn) abandon(id uint32, code http2.ErrCode) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reset(id, code)
	return true
}

// reset resets a stream. It has c.mu.
func (c *h2conn) reset(id uint32, code http2.ErrCode) {
	_ = c.framer.WriteRSTStream(id, code)
	c.forgive(id)
	if s := c.stream(id); s != nil {
		c.giveUp(s)
	}
}

// giveUp is for a stream whose answer nobody wants. A miss goes on: it counts
// among the streams until it is done. It has c.mu.
func (c *h2conn) giveUp(s *h2stream) {
	s.gone = true
	if s.state != h2Waiting {
		c.drop(s)
	}
}

// forgive remembers a stream that was reset: what the client sent before it knew
// is not held against it (RFC 9113 §5.1).
func (c *h2conn) forgive(id uint32) {
	c.forgiven[c.resets%len(c.forgiven)] = id
	c.resets++
}

func (c *h2conn) isForgiven(id uint32) bool { return slices.Contains(c.forgiven[:], id) }

// ask serves a query: s is its stream where it has one.
func (c *h2conn) ask(id uint32, s *h2stream, msg []byte, isHead bool) bool {
	if c.useless -= h2Worth; c.useless < 0 {
		c.useless = 0
	}
	switch frontend.Judge(msg) {
	case frontend.IsShort:
		c.counters.Add(frontend.Short, 1)
		return c.say(id, s, isHead, noQuery())
	case frontend.IsResponse:
		c.counters.Add(frontend.Responses, 1)
		return c.say(id, s, isHead, noQuery())
	case frontend.IsQuery:
	}
	c.asked = true
	c.counters.Add(frontend.Queries, 1)
	c.query.Message = msg
	b := c.l.benches.Get().(*bench)
	n, hit := c.l.o.Handler.Hit(&c.query, b[:]) // a panic costs the bench too
	more := true
	switch {
	case !hit:
		c.miss(id, s, isHead)
	case n == 0:
		c.counters.Add(frontend.Silent, 1)
		more = c.say(id, s, isHead, overloaded())
	default:
		c.counters.Add(frontend.Hits, 1)
		more = c.answer(id, s, isHead, b[:n])
	}
	c.l.benches.Put(b)
	return more
}

// miss hands a copy of the query to the handler's Miss, now or when there is room.
func (c *h2conn) miss(id uint32, s *h2stream, isHead bool) {
	c.mu.Lock()
	if s == nil {
		s = c.open(id, h2Queued, c.query.At)
		s.body = append(s.body, c.query.Message...)
	}
	s.state, s.head, s.query = h2Queued, isHead, c.query
	s.query.Message = s.body
	s = c.dequeue()
	c.mu.Unlock()
	c.resolve(s)
}

// dequeue is the next stream whose miss may begin, or nil. It has c.mu.
func (c *h2conn) dequeue() *h2stream {
	if c.missing >= c.l.o.Limits.Outstanding {
		return nil
	}
	for _, s := range c.streams {
		if s.state == h2Queued {
			s.state = h2Waiting
			c.missing++
			return s
		}
	}
	return nil
}

// resolve begins the miss of a stream that was dequeued, or of the next one where
// there is no room for it.
func (c *h2conn) resolve(s *h2stream) {
	for s != nil && !c.l.o.Misses.Enter() {
		c.counters.Add(frontend.Overload, 1)
		s = c.give(s, overloaded())
	}
	if s == nil {
		return
	}
	c.counters.Add(frontend.Misses, 1)
	c.l.open.Add(1)
	c.l.o.Clock.Go("doh miss", func() {
		defer c.l.open.Done()
		defer func() { c.resolve(c.give(s, noAnswer())) }()
		defer c.l.o.Misses.Leave()
		c.l.o.Handler.Miss(&s.query, func(msg []byte) { c.reply(s, msg) })
	})
}

// reply answers the query of a stream, once.
func (c *h2conn) reply(s *h2stream, msg []byte) {
	if len(msg) == 0 || len(msg) > frontend.MaxMessage {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.answered {
		return
	}
	s.answered = true
	c.counters.Add(frontend.Replies, 1)
	if c.broken || s.gone {
		c.counters.Add(frontend.Unsent, 1)
		c.drop(s)
		return
	}
	c.now = c.l.o.Clock.Now().TTL
	c.out.cut()
	c.respond(s.id, s, s.head, msg)
	c.out.cut()
	c.flush()
}

// give ends the miss of a stream, whatever came of it: where that is no answer,
// it says why. It returns the stream that is next.
func (c *h2conn) give(s *h2stream, why status) *h2stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case s.answered:
	case c.broken || s.gone:
		c.drop(s)
	default:
		c.now = c.l.o.Clock.Now().TTL
		c.out.cut()
		c.refusal(s.id, s, s.head, why)
		c.out.cut()
		c.flush()
	}
	s.answered = true
	c.missing--
	return c.dequeue()
}
