package tcp

import (
	"io"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/stream"
)

// stages are the moments at which a client can leave.
func stages() map[string]func(c *net.TCPConn, buffer []byte) {
	write := func(c *net.TCPConn, octets []byte) { _, _ = c.Write(octets) } // the server may be gone: that is a stage too
	whole := stream.Append(nil, query(1, wantHit))
	return map[string]func(c *net.TCPConn, buffer []byte){
		"connected":     func(*net.TCPConn, []byte) {},
		"half a length": func(c *net.TCPConn, _ []byte) { write(c, whole[:1]) },
		"half a query":  func(c *net.TCPConn, _ []byte) { write(c, whole[:8]) },
		"asked":         func(c *net.TCPConn, _ []byte) { write(c, whole) },
		"answered": func(c *net.TCPConn, buffer []byte) {
			write(c, whole)
			_, _ = c.Read(buffer)
		},
		"half closed": func(c *net.TCPConn, buffer []byte) {
			write(c, whole)
			_ = c.CloseWrite()
			_, _ = c.Read(buffer)
		},
		"missing": func(c *net.TCPConn, _ []byte) { write(c, stream.Append(nil, query(1, wantMiss))) },
		"garbage": func(c *net.TCPConn, _ []byte) { write(c, make([]byte, 64)) },
	}
}

// Ten thousand clients that leave at any moment, rudely, leave nothing behind:
// no goroutine (TestMain), no place, no miss, no descriptor.
func TestClientsThatLeave(t *testing.T) {
	const total = 10_000
	connections := frontend.NewConnections(frontend.Limits{}, clock.NewReal())
	misses := frontend.NewGate(1000)
	s := serve(t, Options{Handler: &quiet{}, Connections: connections, Misses: misses})
	before, _ := descriptors(t) // the listener's own among them
	all := stages()
	var work sync.WaitGroup
	for stage, leave := range all {
		work.Go(func() {
			buffer := make([]byte, 512)
			for range total / len(all) {
				c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(s.Addrs()[0]))
				if err != nil {
					t.Errorf("%s: %v", stage, err)
					return
				}
				_ = c.SetLinger(0) // a reset: it frees the port at once, and is the ruder way
				_ = c.SetDeadline(soon())
				leave(c, buffer)
				_ = c.Close()
			}
		})
	}
	work.Wait()
	stats := s.stop()
	if stats.Of(frontend.Hits) == 0 || stats.Of(frontend.Misses) == 0 || stats.Of(frontend.Short) == 0 {
		t.Errorf("counted %v", stats)
	}
	if after, known := descriptors(t); known && after >= before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	if connections.Open() != 0 || misses.In() != 0 {
		t.Errorf("%d connections, %d misses at the end", connections.Open(), misses.In())
	}
}

// quiet answers as scripted does and remembers nothing.
type quiet struct{ scripted }

func (h *quiet) Hit(q *frontend.Query, dst []byte) (int, bool) {
	if isMiss(q.Message) {
		return 0, false
	}
	n := copy(dst, q.Message)
	dst[2] |= 0x80
	return n, true
}

// From read to write a hit on an open connection allocates nothing.
func TestHitsDoNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	s := serve(t, Options{Handler: &quiet{}})
	c := dial(t, s.Addrs()[0])
	const batch, rounds = 32, 5_000
	var octets []byte
	for i := range uint16(batch) {
		octets = stream.Append(octets, query(i, wantHit))
	}
	answers := make([]byte, len(octets))
	round := func() {
		if _, err := c.Write(octets); err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(answers); {
			k, err := c.Read(answers[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += k
		}
	}
	for range 100 {
		round() // warm up: buffers, goroutines, pollers
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range rounds {
		round()
	}
	runtime.ReadMemStats(&after)
	got := after.Mallocs - before.Mallocs
	t.Logf("%d allocations for %d queries", got, rounds*batch)
	if got > 50 {
		t.Errorf("%d allocations for %d queries, want none but the runtime's own", got, rounds*batch)
	}
}

// A round is a write of so many queries and the reading of their answers, the
// client's work included.
func BenchmarkRound(b *testing.B) {
	for _, batch := range []int{1, 32} {
		b.Run(strconv.Itoa(batch), func(b *testing.B) {
			l := New(Options{Handler: &quiet{}, Clock: clock.NewReal(), Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}})
			if err := l.Listen(); err != nil {
				b.Fatal(err)
			}
			ended := make(chan error)
			go func() { ended <- l.Run(b.Context()) }()
			b.Cleanup(func() { <-ended })
			c, err := net.Dial("tcp", l.Addrs()[0].String())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			var octets []byte
			for i := range batch {
				octets = stream.Append(octets, query(uint16(i), wantHit))
			}
			answers := make([]byte, len(octets))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(octets); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(c, answers); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/query")
		})
	}
}
