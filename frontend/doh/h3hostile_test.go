package doh

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"recursor/frontend"
)

// A client that resets its requests over QUIC has no more in progress than the
// streams that it may open: the work of a stream counts until it is done.
func TestRapidResetOverQUIC(t *testing.T) {
	const streams = 8
	e := &echo{release: make(chan struct{}), entered: make(chan struct{}, 1000)}
	s := serve(t, Options{Handler: e, Limits: frontend.Limits{Outstanding: streams}}, secure)
	c := s.client(three)
	// begin asks for a miss until ctx ends.
	begin := func(ctx context.Context) (ended chan struct{}) {
		r := s.request("GET", Path+inURL(query('m')), nil).WithContext(ctx)
		ended = make(chan struct{})
		go func() {
			defer close(ended)
			if got, err := c.Do(r); err == nil {
				_ = got.Body.Close()
				t.Errorf("answered %d", got.StatusCode)
			}
		}()
		return ended
	}
	for range streams {
		ctx, cancel := context.WithCancel(t.Context())
		ended := begin(ctx)
		<-e.entered
		cancel()
		<-ended
	}
	short, cancel := context.WithCancel(t.Context())
	defer s.o.Clock.AfterFunc(100*time.Millisecond, cancel).Stop()
	<-begin(short)
	close(e.release)
	if got := s.do(c, s.request("GET", Path+inURL(query('h')), nil)); got.status != 200 {
		t.Errorf("the connection is answered %d afterwards", got.status)
	}
	if stats := s.stop(); stats.Of(frontend.Misses) != streams || stats.Of(frontend.Handshakes) != 1 {
		t.Errorf("counted %v", stats)
	}
}

// Who does not end a body over QUIC is told when its time is over, though other
// requests keep the connection from being idle.
func TestStalledBodiesOverQUIC(t *testing.T) {
	t.Parallel() // it waits
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{FirstQuery: time.Second, Idle: time.Minute}}, secure)
	c := s.client(three)
	if got := s.do(c, s.request("GET", Path+inURL(query('h')), nil)); got.status != 200 {
		t.Fatalf("answered %d", got.status)
	}
	body, writer := io.Pipe()
	defer writer.Close()
	r := s.request("POST", Path, nil, "Content-Type", mediaType)
	r.Body, r.ContentLength = body, 13
	go func() { _, _ = writer.Write(query()) }() // an octet is missing
	got, err := c.Do(r)
	var reset *quic.StreamError
	switch {
	case errors.As(err, &reset): // its own half was still open
	case err != nil:
		t.Error(err)
	default:
		_ = got.Body.Close()
		if got.StatusCode != http.StatusRequestTimeout {
			t.Errorf("answered %d, want %d", got.StatusCode, http.StatusRequestTimeout)
		}
	}
	if got := s.do(c, s.request("GET", Path+inURL(query('h')), nil)); got.status != 200 {
		t.Errorf("another request is answered %d", got.status)
	}
	if stats := s.stop(); stats.Of(frontend.TimedOut) != 1 || stats.Of(frontend.Handshakes) != 1 {
		t.Errorf("counted %v", stats)
	}
}
