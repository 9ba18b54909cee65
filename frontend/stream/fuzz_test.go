package stream

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"recursor/clock"
	"recursor/frontend"
)

// pieces is a Conn that brings octets in pieces, and keeps what is written.
type pieces struct {
	octets  []byte
	sizes   []byte // of the pieces, again and again
	read    int
	written bytes.Buffer
	closed  bool
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.closed {
		return 0, net.ErrClosed
	}
	if len(p.octets) == 0 {
		return 0, io.EOF
	}
	size := 1
	if len(p.sizes) > 0 {
		size = 1 + int(p.sizes[p.read%len(p.sizes)])
	}
	p.read++
	n := copy(b, p.octets[:min(size, len(p.octets))])
	p.octets = p.octets[n:]
	return n, nil
}

func (p *pieces) Write(b []byte) (int, error)      { return p.written.Write(b) }
func (p *pieces) Close() error                     { p.closed = true; return nil }
func (p *pieces) SetReadDeadline(time.Time) error  { return nil }
func (p *pieces) SetWriteDeadline(time.Time) error { return nil }

// inPlace is a clock that runs goroutines at once, in the caller.
type inPlace struct{ *clock.Real }

func (inPlace) Go(_ string, f func()) { f() }

// mirror answers all queries, those with an odd ID as misses.
type mirror struct{}

func (mirror) Hit(q *frontend.Query, dst []byte) (int, bool) {
	if q.Message[1]&1 == 1 {
		return 0, false
	}
	return copy(dst, response(q.Message)), true
}

func (mirror) Miss(q *frontend.Query, reply func([]byte)) { reply(response(q.Message)) }

// plain is what a connection answers, without buffers, pieces and deadlines:
// all queries up to the first that is none, hits and misses by themselves.
func plain(octets []byte) (hits, misses [][]byte) {
	for len(octets) >= 2 {
		n := int(binary.BigEndian.Uint16(octets))
		if len(octets) < 2+n || n < 12 || octets[4]&0x80 != 0 {
			break
		}
		msg := octets[2 : 2+n]
		octets = octets[2+n:]
		if msg[1]&1 == 1 {
			misses = append(misses, response(msg))
		} else {
			hits = append(hits, response(msg))
		}
	}
	return hits, misses
}

// FuzzStream holds a connection to its plain twin: whatever the octets, and in
// whatever pieces they come, the same queries get the same answers.
func FuzzStream(f *testing.F) {
	long := append(query(2, wantHit), make([]byte, 9000)...)
	f.Add(queries(1, 5, wantHit), []byte{0})
	f.Add(queries(1, 100, wantHit), []byte{255, 3})
	f.Add(frames(long, query(1, 0), long), []byte{255})
	f.Add(append(queries(1, 2, 0), 0, 0, 1), []byte{7})
	f.Add(append(queries(1, 2, 0), 0xff, 0xff, 1), []byte{7})
	f.Add(frames(query(1, 0), response(query(2, 0)), query(3, 0)), []byte{40})
	f.Fuzz(func(t *testing.T, octets, sizes []byte) {
		conn := &pieces{octets: slices.Clone(octets), sizes: sizes}
		s := New(Options{Handler: mirror{}, Clock: inPlace{clock.NewReal()}, Transport: frontend.TCP})
		s.Take(conn, client(), client())
		hits, misses := plain(octets)
		written := conn.written.Bytes()
		for len(written) > 0 {
			msg, rest, whole := Next(written)
			if !whole || len(msg) < 12 {
				t.Fatalf("wrote %x, which is no frame", written)
			}
			written = rest
			queue := &hits
			if msg[1]&1 == 1 {
				queue = &misses
			}
			if len(*queue) == 0 || !bytes.Equal((*queue)[0], msg) {
				t.Fatalf("answered %x out of turn", msg)
			}
			*queue = (*queue)[1:]
		}
		if len(hits)+len(misses) > 0 {
			t.Fatalf("%d hits and %d misses were not answered", len(hits), len(misses))
		}
		if !conn.closed || s.o.Connections.Open() != 0 || s.o.Misses.In() != 0 {
			t.Errorf("closed %t, %d connections, %d misses at the end", conn.closed, s.o.Connections.Open(), s.o.Misses.In())
		}
	})
}
