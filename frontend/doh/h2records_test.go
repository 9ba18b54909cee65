package doh

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"golang.org/x/net/http2"
)

// records is a client's socket that counts records of TLS with data, and keeps
// what is written until it is let go.
type records struct {
	net.Conn
	left    int // octets of the record in hand
	data    int
	holding bool
	held    []byte
}

func (r *records) Read(p []byte) (int, error) {
	if r.left > 0 {
		n, err := r.Conn.Read(p[:min(len(p), r.left)])
		r.left -= n
		return n, err
	}
	header := make([]byte, 5)
	if _, err := io.ReadFull(r.Conn, header); err != nil {
		return 0, err
	}
	if header[0] == 23 {
		r.data++
	}
	r.left = int(header[3])<<8 | int(header[4])
	return copy(p, header), nil // the library reads five octets at least
}

func (r *records) Write(p []byte) (int, error) {
	if r.holding {
		r.held = append(r.held, p...)
		return len(p), nil
	}
	return r.Conn.Write(p)
}

// Responses to requests that came in one record of TLS share one; those to
// requests that came in records of their own do not. There are clients that take
// one response from a record (dnsperf).
func TestRecords(t *testing.T) {
	const n = 20
	for name, together := range map[string]bool{"requests in one record": true, "requests in records of their own": false} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, Options{Handler: &echo{}}, secure)
			below := &records{Conn: s.raw()}
			config := s.trust()
			config.ServerName, config.NextProtos, config.MaxVersion = "dns.example", []string{"h2"}, tls.VersionTLS12
			config.DynamicRecordSizingDisabled = true
			c := tls.Client(below, config)
			f := framerOn(t, c)
			f.get(1, Path+inURL(query('h'))) // and what the settings have to say
			if got := f.outcome(1); got != "200" {
				t.Fatal(got)
			}
			f.until(func(frame http2.Frame) bool {
				d, ok := frame.(*http2.DataFrame)
				return ok && d.StreamEnded()
			})
			before := below.data
			below.holding = true
			for id := uint32(3); id < 3+2*n; id += 2 {
				f.ask(id)
				if !together {
					f.send()
				}
			}
			f.send()
			below.holding = false
			if _, err := below.Write(below.held); err != nil {
				t.Fatal(err)
			}
			answered := 0
			f.until(func(frame http2.Frame) bool {
				if d, ok := frame.(*http2.DataFrame); ok && d.StreamEnded() {
					answered++
				}
				return answered == n
			})
			want := n
			if together {
				want = 1
			}
			if got := below.data - before; got != want {
				t.Errorf("answered in %d records, want %d", got, want)
			}
		})
	}
}

// ask writes a request, and sends nothing yet.
func (f *framer) ask(id uint32) {
	f.t.Helper()
	if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: f.good(), EndStream: true, EndHeaders: true}); err != nil {
		f.t.Fatal(err)
	}
}
