package doh

import (
	"strconv"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// head is what is known of a header block.
type head struct {
	stream uint32
	ended  bool // no body follows
	self   bool // the stream depends on itself
	pieces int  // frames that it came in

	method, path, kind string
	pseudo             uint8 // those that came, a bit each
	regular            bool  // a field that is no pseudo-header came
	malformed          bool  // RFC 9113 §8.1.1
	size               int   // of the list, as RFC 9113 §6.5.2 counts
	length             int64 // of the body, -1 where it is not said
	forwarder          string
	forwarded          []string // the values of the field of that name
}

// Pseudo-headers.
const (
	hasMethod = 1 << iota
	hasPath
	hasScheme
	hasAuthority
)

// take takes one field.
func (h *head) take(f *hpack.HeaderField) {
	h.size += int(f.Size())
	if h.size > maxHeader {
		return
	}
	if len(f.Name) > 0 && f.Name[0] == ':' {
		h.takePseudo(f)
		return
	}
	h.regular = true
	switch f.Name {
	case "content-type":
		h.kind = f.Value
	case "content-length":
		n, err := strconv.ParseUint(f.Value, 10, 62)
		if err != nil || h.length >= 0 && h.length != int64(n) { //nolint:gosec // 62 bits
			h.malformed = true
		}
		h.length = int64(n) //nolint:gosec // 62 bits
	case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
		h.malformed = true // RFC 9113 §8.2.2
	case "te":
		h.malformed = h.malformed || f.Value != "trailers"
	default:
		h.malformed = h.malformed || !validName(f.Name)
	}
	if f.Name == h.forwarder {
		h.forwarded = append(h.forwarded, f.Value)
	}
	h.malformed = h.malformed || !validValue(f.Value)
}

// takePseudo takes a pseudo-header: each once, and before all others
// (RFC 9113 §8.3).
func (h *head) takePseudo(f *hpack.HeaderField) {
	var bit uint8
	switch f.Name {
	case ":method":
		bit, h.method = hasMethod, f.Value
	case ":path":
		bit, h.path = hasPath, f.Value
	case ":scheme":
		bit = hasScheme
	case ":authority":
		bit = hasAuthority
	}
	h.malformed = h.malformed || bit == 0 || h.pseudo&bit != 0 || h.regular || !validValue(f.Value)
	h.pseudo |= bit
}

// isRequest reports whether the fields are those of a request (RFC 9113 §8.3.1,
// §8.5).
func (h *head) isRequest() bool {
	if h.malformed {
		return false
	}
	if h.method == "CONNECT" {
		return h.pseudo == hasMethod|hasAuthority
	}
	const needed = hasMethod | hasPath | hasScheme
	return h.pseudo&needed == needed && h.method != "" && h.path != "" && (h.path[0] == '/' || h.path == "*")
}

// validName is RFC 9113 §8.2.1: lower case, and nothing that is not visible.
func validName(name string) bool {
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c >= 0x7f || 'A' <= c && c <= 'Z' || c == ':' {
			return false
		}
	}
	return name != ""
}

// validValue is RFC 9113 §8.2.1.
func validValue(value string) bool {
	for i := range len(value) {
		if c := value[i]; c == 0 || c == '\n' || c == '\r' {
			return false
		}
	}
	if value == "" {
		return true
	}
	first, last := value[0], value[len(value)-1]
	return first != ' ' && first != '\t' && last != ' ' && last != '\t'
}

// headers takes a HEADERS frame.
func (c *h2conn) headers(f *http2.HeadersFrame) bool {
	if f.StreamID%2 == 0 {
		return c.leaveWith(http2.ErrCodeProtocol) // RFC 9113 §5.1.1
	}
	c.head = head{
		stream: f.StreamID, ended: f.StreamEnded(), length: -1, forwarded: c.head.forwarded[:0],
		self: f.HasPriority() && f.Priority.StreamDep == f.StreamID,
	}
	if c.believed {
		c.head.forwarder = c.l.o.ProxyHeader.field()
	}
	c.block = c.block[:0]
	return c.fragment(f.HeaderBlockFragment(), f.HeadersEnded())
}

// continuation takes a CONTINUATION frame; the framer sees to it that it follows
// its HEADERS frame.
func (c *h2conn) continuation(f *http2.ContinuationFrame) bool {
	return c.fragment(f.HeaderBlockFragment(), f.HeadersEnded())
}

// fragment takes a part of a header block. A block is decoded when it is whole.
func (c *h2conn) fragment(part []byte, last bool) bool {
	c.head.pieces++
	if len(c.block)+len(part) > maxHeader || c.head.pieces > h2Pieces {
		return c.leaveWith(http2.ErrCodeEnhanceYourCalm)
	}
	if len(c.block) > 0 || !last {
		c.block = append(c.block, part...)
		part = c.block
	}
	if !last {
		return true
	}
	_, err := c.decoder.Write(part)
	if err == nil {
		err = c.decoder.Close()
	}
	if cap(c.block) > h2Read {
		c.block = nil
	} else {
		c.block = c.block[:0]
	}
	if err != nil {
		return c.leaveWith(http2.ErrCodeCompression)
	}
	return c.opened(&c.head)
}

// opened takes a header block: that of a request, or trailers.
func (c *h2conn) opened(h *head) bool {
	c.mu.Lock()
	s, last := c.stream(h.stream), c.last
	ignored := c.ending && h.stream > last
	most := c.l.o.Limits.Outstanding
	if !c.knows {
		most = max(most, h2Eager)
	}
	crowded := len(c.streams) >= most
	if h.stream > last && !ignored {
		c.last = h.stream
	}
	c.mu.Unlock()
	switch {
	case s != nil && s.gone, s == nil && c.isForgiven(h.stream):
		c.useless++ // it was on its way when the stream was reset
		return true
	case s != nil && s.state == h2Receiving:
		return c.trailers(s, h)
	case s != nil:
		return c.abandon(h.stream, http2.ErrCodeStreamClosed)
	case h.stream <= last:
		return c.leaveWith(http2.ErrCodeStreamClosed) // RFC 9113 §5.1
	case ignored:
		return true // the client was told that it is not served (RFC 9113 §6.8)
	case crowded:
		c.useless++
		return c.abandon(h.stream, http2.ErrCodeRefusedStream)
	case h.size > maxHeader:
		return c.refuse(h.stream, h, tooLarge())
	case h.self, !h.isRequest(), h.ended && h.length > 0:
		c.useless++
		return c.abandon(h.stream, http2.ErrCodeProtocol)
	}
	return c.request(h)
}

// trailers end a body; they say nothing that matters here.
func (c *h2conn) trailers(s *h2stream, h *head) bool {
	if !h.ended || h.malformed || h.pseudo != 0 { // RFC 9113 §8.1
		return c.abandon(s.id, http2.ErrCodeProtocol)
	}
	return c.complete(s)
}
