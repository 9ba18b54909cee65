package doq

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"recursor/clock"
	"recursor/frontend"
)

// stall opens a stream and sends octets, and no end.
func (s *served) stall(conn *quic.Conn, octets []byte) *quic.Stream {
	s.t.Helper()
	str, err := conn.OpenStreamSync(s.ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { str.CancelWrite(0) })
	if _, err := str.Write(octets); err != nil {
		s.t.Fatal(err)
	}
	return str
}

// A client that leaves all its streams unfinished has them until its time is
// over, and no more of them; another is served meanwhile.
func TestStreamExhaustion(t *testing.T) {
	const streams = 16
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{Outstanding: streams, FirstQuery: 2 * time.Second}})
	conn, other := s.dial(), s.dial()
	s.answer(s.ask(other, framed(query(0, 'h'))))
	var all []*quic.Stream
	for range streams {
		all = append(all, s.stall(conn, []byte{0, 13, 0}))
	}
	short, cancel := context.WithCancel(s.ctx)
	defer clock.NewReal().AfterFunc(100*time.Millisecond, cancel).Stop()
	if _, err := conn.OpenStreamSync(short); err == nil {
		t.Errorf("a stream was opened beyond %d that are unfinished", streams)
	}
	s.answer(s.ask(other, framed(query(0, 'h'))))
	for _, str := range all {
		s.wantReset(str, UnspecifiedError)
	}
	s.answer(s.ask(conn, framed(query(0, 'h')))) // there is room again
	if stats := s.stop(); stats.Of(frontend.TimedOut) != streams || stats.Of(frontend.Handshakes) != 2 {
		t.Errorf("counted %v", stats)
	}
}

// The long messages that a client leaves unfinished hold no more than is allowed:
// the streams beyond are reset, and those that end are answered.
func TestBufferExhaustion(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{Outstanding: 64, FirstQuery: 10 * time.Second}})
	conn := s.dial()
	long := framed(append(query(0, 'h'), make([]byte, 60_000)...))
	var all []*quic.Stream
	refused := 0
	for range 20 {
		str, err := conn.OpenStreamSync(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		_ = str.SetWriteDeadline(clock.NewReal().Now().TTL.Add(5 * time.Second)) // where it fails, writing does
		_, err = str.Write(long[:len(long)-1])
		var reset *quic.StreamError
		switch {
		case errors.As(err, &reset):
			refused++
			continue
		case err != nil:
			t.Fatal(err)
		}
		all = append(all, str)
	}
	answered := 0
	for _, str := range all {
		if _, err := str.Write(long[len(long)-1:]); err == nil {
			_ = str.Close() // it may have been reset
		}
		octets, err := io.ReadAll(str)
		var reset *quic.StreamError
		switch {
		case err == nil && len(octets) == len(long):
			answered++
		case errors.As(err, &reset) && Code(reset.ErrorCode) == ExcessiveLoad:
			refused++
		default:
			t.Errorf("%d octets, %v", len(octets), err)
		}
	}
	if answered == 0 || answered > 4 || answered+refused != 20 {
		t.Errorf("%d of 20 were answered, %d reset", answered, refused)
	}
	s.answer(s.ask(conn, long)) // what was held is free again
	if stats := s.stop(); stats.Of(frontend.Overload) == 0 {
		t.Errorf("counted %v", stats)
	}
}

// What is sent beyond the windows that were given ends the connection: the
// library keeps to them, so this one sends as much as it may and gets no credit
// for what nobody reads.
func TestWindowsAreBounded(t *testing.T) {
	e := &echo{release: make(chan struct{}), entered: make(chan struct{}, 1)}
	s := serve(t, Options{Handler: e})
	conn := s.dial()
	waits := s.ask(conn, framed(query(0, 'm')))
	<-e.entered
	// Behind a query on the same stream nothing is taken: it is an error.
	str, err := conn.OpenStreamSync(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	_ = str.SetWriteDeadline(clock.NewReal().Now().TTL.Add(2 * time.Second)) // where it fails, writing does
	n, err := str.Write(make([]byte, 1<<20))
	if err == nil || n > 256<<10 {
		t.Errorf("%d octets were taken of a stream that has no query", n)
	}
	close(e.release)
	if _, err := io.ReadAll(waits); err == nil {
		t.Error("the connection lives on after a breach of the protocol")
	}
}
