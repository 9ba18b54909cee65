package doh

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"recursor/frontend"
)

// mediaType of queries and answers (RFC 8484 §6).
const mediaType = "application/dns-message"

// place is a connection's among the others.
type place interface {
	Begin() bool
	Done(now time.Time)
	// Hold and Free count what requests hold that are not whole.
	Hold(n int) bool
	Free(n int)
}

// peer is who asks.
type peer struct {
	client, local netip.AddrPort
	place         place
	lane          uint8
	counters      *frontend.Counters
}

// status is why a request is not served.
type status struct {
	code int
	text string
}

func noQuery() status { return status{http.StatusBadRequest, "not a DNS query"} }
func tooLong() status { return status{http.StatusRequestEntityTooLarge, "the message is too long"} }

func tooLarge() status {
	return status{http.StatusRequestHeaderFieldsTooLarge, "the header is too large"}
}
func wrongType() status { return status{http.StatusUnsupportedMediaType, "wanted: " + mediaType} }
func tooSlow() status   { return status{http.StatusRequestTimeout, "the body took too long"} }
func noAnswer() status  { return status{http.StatusInternalServerError, "no answer"} }

// overloaded is told together with a time for another try.
func overloaded() status { return status{http.StatusServiceUnavailable, "overloaded"} }

// allowed are the methods.
const allowed = "GET, HEAD, POST"

// target is why a resource or method is none of ours.
func (l *Listener) target(method, path string) status {
	path, _, _ = strings.Cut(path, "?")
	if path != l.o.Path && !(strings.Contains(path, "%") && unescaped(path) == l.o.Path) {
		return status{http.StatusNotFound, "queries are taken at " + l.o.Path}
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
		return status{}
	default:
		return status{http.StatusMethodNotAllowed, "allowed: " + allowed}
	}
}

func unescaped(path string) string {
	plain, err := url.PathUnescape(path)
	if err != nil {
		return path
	}
	return plain
}

// isMessage reports whether a Content-Type is that of queries.
func isMessage(kind string) bool {
	if kind == mediaType {
		return true
	}
	kind, _, err := mime.ParseMediaType(kind)
	return err == nil && kind == mediaType
}

// request serves one request.
func (l *Listener) request(w http.ResponseWriter, r *http.Request, p peer) {
	msg, refusal := l.query(w, r, p.place)
	defer p.place.Free(cap(msg))
	if refusal.code != 0 {
		switch refusal.code {
		case http.StatusMethodNotAllowed:
			w.Header().Set("Allow", allowed)
		case http.StatusServiceUnavailable:
			w.Header().Set("Retry-After", "1")
		case http.StatusRequestTimeout:
			p.counters.Add(frontend.TimedOut, 1)
		}
		if r.ProtoMajor == 1 && r.ContentLength != 0 {
			// Else the library would wait for the whole body before it answers.
			w.Header().Set("Connection", "close")
		}
		l.refuse(w, refusal)
		return
	}
	alive := p.place.Begin()
	defer func() { p.place.Done(l.o.Clock.Now().TTL) }()
	if !alive {
		panic(http.ErrAbortHandler) // the connection has given way
	}
	q := frontend.Query{
		Message: msg, Client: p.client, Local: p.local, Transport: frontend.DoH, Lane: p.lane,
	}
	if len(l.o.Proxies) > 0 {
		q.Client = l.named(p.client, r.Header.Values(l.o.ProxyHeader.field()))
	}
	answer, outcome := l.single.Serve(&q, p.counters, nil)
	switch outcome {
	case frontend.Answered:
	case frontend.Malformed:
		l.refuse(w, noQuery())
		return
	case frontend.Overloaded, frontend.Unanswered:
		w.Header().Set("Retry-After", "1")
		l.refuse(w, overloaded())
		return
	default:
		l.refuse(w, noAnswer())
		return
	}
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(len(answer)))
	h.Set("Cache-Control", "max-age="+strconv.FormatUint(uint64(freshness(answer)), 10))
	l.deadline(w)
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write(answer); err != nil {
		p.counters.Add(frontend.Unsent, 1)
	}
}

// refuse says why.
func (l *Listener) refuse(w http.ResponseWriter, s status) {
	l.deadline(w)
	http.Error(w, s.text, s.code)
}

// deadline gives the client its time to take the response.
func (l *Listener) deadline(w http.ResponseWriter) {
	// Where it cannot be set the stream is closed, and writing says so.
	_ = http.NewResponseController(w).SetWriteDeadline(l.o.Clock.Now().TTL.Add(l.o.Limits.Write))
}

// query is the DNS message of a request, or why there is none (RFC 8484 §4.1).
// The message holds what it has room for.
func (l *Listener) query(w http.ResponseWriter, r *http.Request, hold place) ([]byte, status) {
	if refusal := l.target(r.Method, r.URL.EscapedPath()); refusal.code != 0 {
		return nil, refusal
	}
	if r.Method == http.MethodPost {
		return fromBody(w, r, hold)
	}
	msg, refusal := fromURL(nil, r.URL.RawQuery)
	if !hold.Hold(cap(msg)) {
		return nil, overloaded()
	}
	return msg, refusal
}

// maxParameter is the longest message in base64url.
var maxParameter = base64.RawURLEncoding.EncodedLen(frontend.MaxMessage) //nolint:gochecknoglobals // a constant that needs a call

// base64url is RFC 4648 §5, without padding (RFC 8484 §6).
var base64url = base64.RawURLEncoding.Strict() //nolint:gochecknoglobals // a constant that needs a call

// fromURL appends the message in the variable dns of the URI template.
func fromURL(dst []byte, raw string) ([]byte, status) {
	text, found := parameter(raw)
	switch {
	case !found:
		return dst, status{http.StatusBadRequest, "the parameter dns is missing"}
	case len(text) > maxParameter:
		return dst, tooLong()
	}
	// There are clients that pad.
	msg, err := base64url.AppendDecode(dst, []byte(strings.TrimRight(text, "=")))
	if err != nil {
		return dst, status{http.StatusBadRequest, "the parameter dns is not base64url"}
	}
	return msg, status{}
}

// parameter finds dns among the variables, without making a map of all.
func parameter(raw string) (string, bool) {
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		if name != "dns" {
			continue
		}
		if !strings.Contains(value, "%") {
			return value, true
		}
		plain, err := url.QueryUnescape(value)
		return plain, err == nil
	}
	return "", false
}

// fromBody is the message that a POST carries.
func fromBody(w http.ResponseWriter, r *http.Request, hold place) ([]byte, status) {
	if !isMessage(r.Header.Get("Content-Type")) {
		return nil, wrongType()
	}
	if r.ContentLength > frontend.MaxMessage {
		return nil, tooLong()
	}
	body := http.MaxBytesReader(w, r.Body, frontend.MaxMessage)
	var msg []byte
	for {
		if len(msg) == cap(msg) { // a length alone, which costs its sender nothing, reserves nothing
			room := max(512, 2*cap(msg))
			if !hold.Hold(room) {
				return msg, overloaded()
			}
			longer := make([]byte, len(msg), room)
			copy(longer, msg)
			hold.Free(cap(msg))
			msg = longer
		}
		n, err := body.Read(msg[len(msg):cap(msg)])
		msg = msg[:len(msg)+n]
		var long *http.MaxBytesError
		switch {
		case errors.Is(err, io.EOF):
			return msg, status{}
		case errors.As(err, &long):
			return msg, tooLong()
		case errors.Is(err, os.ErrDeadlineExceeded):
			return msg, tooSlow()
		case err != nil:
			return msg, status{http.StatusBadRequest, "the body did not arrive"}
		}
	}
}
