package tcp_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"testing"

	"recursor/clock"
	"recursor/frontend/tcp"
)

// line is a connection that says what is read and written on it.
type line struct {
	net.Conn
	reads  []string
	writes []string
}

func (l *line) Read(p []byte) (int, error) {
	if len(l.reads) == 0 {
		return 0, io.EOF
	}
	n := copy(p, l.reads[0])
	l.reads[0] = l.reads[0][n:]
	if l.reads[0] == "" {
		l.reads = l.reads[1:]
	}
	return n, nil
}

func (l *line) Write(p []byte) (int, error) {
	l.writes = append(l.writes, string(p))
	return len(p), nil
}

// Octets that one read of the system brought are there without another, and who
// gathers is not kept waiting.
func TestSocketGathers(t *testing.T) {
	s := tcp.NewSocket(&line{reads: []string{"abcdef", "ghi"}}, clock.NewReal())
	p := make([]byte, 4)
	if n := s.Gather(s, p); n != 0 {
		t.Errorf("%d octets, and nobody has read any", n)
	}
	if n, err := s.Read(p); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	if n := s.Gather(s, p); n != 2 || string(p[:2]) != "ef" {
		t.Errorf("gathered %q", p[:n])
	}
	if n := s.Gather(s, p); n != 0 {
		t.Errorf("gathered %q", p[:n])
	}
	if n, err := s.Read(p); n != 3 || err != nil {
		t.Error(n, err)
	}
	if n := s.Gather(s, p); n != 0 {
		t.Error("gathered the end")
	}
	if _, err := s.Read(p); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// A read that is long enough has the system's octets without a copy.
func TestSocketReadsLong(t *testing.T) {
	long := string(bytes.Repeat([]byte("x"), 9000))
	s := tcp.NewSocket(&line{reads: []string{long}}, clock.NewReal())
	if n, err := s.Read(make([]byte, 9000)); n != 9000 || err != nil {
		t.Error(n, err)
	}
}

// What is written while a socket is corked leaves in one write.
func TestSocketCork(t *testing.T) {
	l := &line{}
	s := tcp.NewSocket(l, clock.NewReal())
	write := func(text string) {
		t.Helper()
		if n, err := io.WriteString(s, text); n != len(text) || err != nil {
			t.Fatal(n, err)
		}
	}
	write("a")
	s.Cork()
	write("b")
	write("c")
	if err := s.Uncork(); err != nil {
		t.Fatal(err)
	}
	s.Cork()
	if err := s.Uncork(); err != nil { // nothing
		t.Fatal(err)
	}
	write("d")
	if !slices.Equal(l.writes, []string{"a", "bc", "d"}) {
		t.Errorf("wrote %q", l.writes)
	}
}
