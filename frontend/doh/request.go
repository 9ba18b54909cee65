package doh

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
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
}

// peer is who asks.
type peer struct {
	client, local netip.AddrPort
	place         place
	counters      *frontend.Counters
}

// status is why a request is not served.
type status struct {
	code int
	text string
}

// request serves one request.
func (l *Listener) request(w http.ResponseWriter, r *http.Request, p peer) {
	msg, refusal := l.query(w, r)
	if refusal.code != 0 {
		if refusal.code == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "GET, HEAD, POST")
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
		Message: msg, Client: l.clientOf(r, p.client), Local: p.local, Transport: frontend.DoH,
	}
	answer, outcome := l.single.Serve(&q, p.counters, nil)
	switch outcome {
	case frontend.Answered:
	case frontend.Malformed:
		l.refuse(w, status{http.StatusBadRequest, "not a DNS query"})
		return
	case frontend.Overloaded, frontend.Unanswered:
		w.Header().Set("Retry-After", "1")
		l.refuse(w, status{http.StatusServiceUnavailable, "overloaded"})
		return
	default:
		l.refuse(w, status{http.StatusInternalServerError, "no answer"})
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
func (l *Listener) query(w http.ResponseWriter, r *http.Request) ([]byte, status) {
	if r.URL.Path != l.o.Path {
		return nil, status{http.StatusNotFound, "queries are taken at " + l.o.Path}
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return fromURL(r.URL.RawQuery)
	case http.MethodPost:
		return fromBody(w, r)
	default:
		return nil, status{http.StatusMethodNotAllowed, "allowed: GET and POST"}
	}
}

// maxParameter is the longest message in base64url.
var maxParameter = base64.RawURLEncoding.EncodedLen(frontend.MaxMessage) //nolint:gochecknoglobals // a constant that needs a call

// fromURL is the message in the variable dns of the URI template.
func fromURL(raw string) ([]byte, status) {
	text, found := parameter(raw)
	switch {
	case !found:
		return nil, status{http.StatusBadRequest, "the parameter dns is missing"}
	case len(text) > maxParameter:
		return nil, status{http.StatusRequestEntityTooLarge, "the message is too long"}
	}
	// RFC 8484 §6: without padding. There are clients that pad.
	msg, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, status{http.StatusBadRequest, "the parameter dns is not base64url"}
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
func fromBody(w http.ResponseWriter, r *http.Request) ([]byte, status) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != mediaType {
		return nil, status{http.StatusUnsupportedMediaType, "wanted: " + mediaType}
	}
	if r.ContentLength > frontend.MaxMessage {
		return nil, status{http.StatusRequestEntityTooLarge, "the message is too long"}
	}
	msg, err := io.ReadAll(http.MaxBytesReader(w, r.Body, frontend.MaxMessage))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return nil, status{http.StatusRequestEntityTooLarge, "the message is too long"}
	case err != nil:
		return nil, status{http.StatusBadRequest, "the body did not arrive"}
	}
	return msg, status{}
}
