package dot

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"recursor/clock"
	"recursor/frontend"
)

// RFC: 7858.2, 8310.4
func TestAnswersOverTLS(t *testing.T) {
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			e := &echo{release: make(chan struct{}, 1)}
			s := serve(t, Options{Handler: e})
			config := s.client()
			config.MinVersion, config.MaxVersion = version, version
			c := s.dial(config)
			if got := c.ConnectionState().NegotiatedProtocol; got != Protocol {
				t.Errorf("negotiated %q, want %q", got, Protocol)
			}
			// Pipelined, and answered out of order.
			send(t, c, query(1, 'm'), query(2, 'h'))
			want(t, c, 2)
			e.release <- struct{}{}
			want(t, c, 1)
			stats := s.stop()
			if stats.Transport != frontend.DoT || stats.Of(frontend.Handshakes) != 1 || stats.Of(frontend.Queries) != 2 {
				t.Errorf("counted %v", stats)
			}
			q := e.seen[0]
			if q.Transport != frontend.DoT || q.Client.Addr() != netip.MustParseAddr("127.0.0.1") || q.Local != s.at {
				t.Errorf("the handler saw %v from %v at %v", q.Transport, q.Client, q.Local)
			}
		})
	}
}

// RFC: 7858.1, 8310.4
func TestRefusesWhatIsNoDoT(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}})
	t.Run("TLS 1.1", func(t *testing.T) {
		config := s.client()
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		if tls.Client(s.raw(), config).Handshake() == nil {
			t.Error("a handshake of TLS 1.1 was taken")
		}
	})
	t.Run("another protocol", func(t *testing.T) {
		config := s.client()
		config.NextProtos = []string{"h2"}
		if tls.Client(s.raw(), config).Handshake() == nil {
			t.Error("a client that speaks h2 alone was taken")
		}
	})
	t.Run("no ALPN", func(t *testing.T) { // older clients send none
		config := s.client()
		config.NextProtos = nil
		c := s.dial(config)
		send(t, c, query(3, 'h'))
		want(t, c, 3)
	})
	t.Run("cleartext", func(t *testing.T) {
		c := s.raw()
		send(t, c, query(4, 'h'))
		octets, _ := io.ReadAll(c) // a reset is an end as well
		if len(octets) > 7 {       // an alert is seven octets
			t.Errorf("%d octets came back to a query in the clear: %x", len(octets), octets)
		}
	})
	if stats := s.stop(); stats.Of(frontend.Unshaken) != 3 || stats.Of(frontend.Queries) != 1 {
		t.Errorf("counted %v", stats)
	}
}

// records counts the TLS records of application data that are read.
type records struct {
	net.Conn
	left int // octets of the record in hand
	data int
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

// held keeps what is written until it is let go.
type held struct {
	net.Conn
	holding bool
	octets  []byte
}

func (h *held) Write(p []byte) (int, error) {
	if h.holding {
		h.octets = append(h.octets, p...)
		return len(p), nil
	}
	return h.Conn.Write(p)
}

// So are those that came each in a record of its own.
func TestRecordsOfOneReadAreABatch(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}})
	config := s.client()
	config.MaxVersion = tls.VersionTLS12
	above := &held{Conn: s.raw()}
	below := &records{Conn: above}
	c := tls.Client(below, config)
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	above.holding = true
	var ids []uint16
	for id := range uint16(30) { // fewer octets than a read takes
		send(t, c, query(id, 'h'))
		ids = append(ids, id)
	}
	above.holding = false
	if _, err := above.Write(above.octets); err != nil {
		t.Fatal(err)
	}
	want(t, c, ids...)
	if below.data != 1 {
		t.Errorf("answered in %d records, want 1", below.data)
	}
}

// All queries of one read are answered in one record.
func TestBatchIsOneRecord(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}})
	config := s.client()
	config.MaxVersion = tls.VersionTLS12      // which has no tickets among its data
	config.DynamicRecordSizingDisabled = true // one record is one read
	below := &records{Conn: s.raw()}
	c := tls.Client(below, config)
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	var ids []uint16
	for id := range uint16(120) { // 1,800 octets: more than a packet
		all, ids = append(all, query(id, 'h')), append(ids, id)
	}
	send(t, c, all...)
	want(t, c, ids...)
	if below.data != 1 {
		t.Errorf("answered in %d records, want 1", below.data)
	}
}

// RFC: 7858.3
func TestEndsWithCloseNotify(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{Idle: 20 * time.Millisecond}})
	c := s.dial(s.client())
	send(t, c, query(1, 'h'))
	want(t, c, 1)
	// Without the alert the library reports an unexpected end.
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("an idle connection ended with %v", err)
	}
}

// RFC: 7858.3
func TestResumes(t *testing.T) {
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, Options{Handler: &echo{}})
			config := s.client()
			config.MaxVersion, config.ClientSessionCache = version, tls.NewLRUClientSessionCache(1)
			for i := range 3 {
				c := s.dial(config)
				send(t, c, query(uint16(i), 'h'))
				want(t, c, uint16(i)) // a ticket of 1.3 is read before it
				if got := c.ConnectionState().DidResume; got != (i > 0) {
					t.Errorf("connection %d resumed: %t", i, got)
				}
				c.Close()
			}
		})
	}
}

// A client that does not make its handshake is gone when the time of a first
// query is over, however it spends it.
func TestHandshakeDeadline(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{FirstQuery: 60 * time.Millisecond}})
	for name, begin := range map[string][]byte{
		"silent":              nil,
		"a part of a record":  {22, 3, 1, 0x40, 0},
		"a part of a message": {22, 3, 1, 0, 4, 1, 0, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.raw()
			if _, err := c.Write(begin); err != nil {
				t.Fatal(err)
			}
			_, err := io.Copy(io.Discard, c)
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				t.Error("the connection is open")
			}
		})
	}
	if stats := s.stop(); stats.Of(frontend.Unshaken) != 3 {
		t.Errorf("counted %v", stats)
	}
}

// Of too many handshakes the oldest gives way; who has made its own stays.
//
// RFC: X.7
func TestHandshakesAreBounded(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{Handshakes: 2, FirstQuery: time.Minute}})
	done := s.dial(s.client())
	send(t, done, query(3, 'h'))
	want(t, done, 3) // the client's part of a handshake ends before ours
	slow := make([]net.Conn, 4)
	for i := range slow {
		slow[i] = s.raw()
		if i >= 2 { // the one before the last must have gone
			if _, err := io.Copy(io.Discard, slow[i-2]); err != nil && isTimeout(err) {
				t.Fatalf("connection %d is open", i-2)
			}
		}
	}
	c := s.dial(s.client())
	send(t, c, query(1, 'h'))
	want(t, c, 1)
	send(t, done, query(2, 'h'))
	want(t, done, 2)
	if stats := s.stop(); stats.Of(frontend.Evicted) != 3 {
		t.Errorf("%d gave way, want 3", stats.Of(frontend.Evicted))
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// A client has so many connections, whatever stage they are in.
func TestConnectionsPerClient(t *testing.T) {
	s := serve(t, Options{Handler: &echo{release: make(chan struct{})}, Limits: frontend.Limits{ConnectionsPerClient: 3}})
	first := s.dial(s.client())
	for i := range 3 {
		c := s.dial(s.client())
		send(t, c, query(uint16(i), 'h'))
		want(t, c, uint16(i))
	}
	if _, err := first.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("the oldest of four connections has not given way: %v", err)
	}
}

// Connections opened and dropped at every stage leave nothing behind: neither a
// place nor, as TestMain would find, a goroutine.
func TestChurn(t *testing.T) {
	limits := frontend.Limits{Connections: 64, ConnectionsPerClient: 64}
	places := frontend.NewConnections(limits, clock.NewReal())
	e := &echo{}
	s := serve(t, Options{Handler: e, Limits: limits, Connections: places})
	n := 10_000
	if raceDetector || testing.Short() {
		n = 400
	}
	config := s.client()
	config.ClientSessionCache = tls.NewLRUClientSessionCache(1) // to have more of them in the time
	for i := range n {
		raw, err := net.Dial("tcp", s.at.String())
		if err != nil {
			t.Fatal(err)
		}
		c := tls.Client(raw, config)
		switch i % 7 {
		case 0: // before the handshake
		case 1: // within it
			_, _ = raw.Write([]byte{22, 3, 1, 2, 0})
		case 2: // after it
			_ = c.Handshake()
		case 3: // with an answer on its way
			_ = c.Handshake()
			send(t, c, query(1, 'h'))
		case 4: // with a miss in progress
			_ = c.Handshake()
			send(t, c, query(1, 'm'))
		case 5: // within a query
			_ = c.Handshake()
			_, _ = c.Write([]byte{0, 13, 0})
		case 6: // in good order
			_ = c.Handshake()
			send(t, c, query(1, 'h'))
			want(t, c, 1)
			c.Close()
		}
		raw.Close()
	}
	stats := s.stop()
	if got := stats.Of(frontend.Accepted) + stats.Of(frontend.Refused); got != uint64(n) || places.Open() != 0 {
		t.Errorf("%d of %d came, %d are open", got, n, places.Open())
	}
}

// Connections that are idle when many are open are closed before their time.
func TestIdleTimesShrinkUnderLoad(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{Connections: 10, ConnectionsPerClient: 10, Idle: time.Minute}})
	var all []net.Conn
	for i := range uint16(9) {
		c := s.dial(s.client())
		send(t, c, query(i, 'h'))
		want(t, c, i)
		all = append(all, c)
	}
	clock.NewReal().NewSignal().Wait(time.Second) // a tenth of the places would leave them 12 s, none leaves them less
	c := s.dial(s.client())
	send(t, c, query(1, 'h'))
	want(t, c, 1)
	for _, c := range all {
		if _, err := c.Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Errorf("an idle connection is open: %v", err)
		}
	}
	if stats := s.stop(); stats.Of(frontend.Hurried) != 9 {
		t.Errorf("counted %v", stats)
	}
}
