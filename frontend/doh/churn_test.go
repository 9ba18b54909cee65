package doh

import (
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"recursor/frontend"
)

// churned is how many connections are dropped, in all stages together.
func churned(by HTTP2) int {
	switch {
	case testing.Short():
		return 40
	case by == Library: // whose own tests are elsewhere
		return 400
	case raceDetector:
		return 500
	default:
		return 10_000
	}
}

// Connections dropped at every stage leave nothing behind: neither a place, nor
// a goroutine (TestMain), nor memory.
func TestChurn(t *testing.T) { overBoth(t, testChurn) }

func testChurn(t *testing.T, by HTTP2) {
	limits := frontend.Limits{Connections: 64, ConnectionsPerClient: 64, FirstQuery: time.Second}
	s := serve(t, Options{Handler: &echo{}, Limits: limits, HTTP2: by}, secure)
	config := s.trust()
	config.ServerName, config.ClientSessionCache = "dns.example", tls.NewLRUClientSessionCache(4) // to have more of them in the time
	get := "GET " + Path + inURL(query('h')) + " HTTP/1.1\r\nHost: a\r\n\r\n"
	before := heap()
	for i := range churned(by) {
		raw, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s.at.String())))
		if err != nil {
			t.Fatal(err)
		}
		config.NextProtos = []string{"h2", "http/1.1"}[i%2:][:1]
		c := tls.Client(raw, config.Clone())
		switch i / 2 % 8 {
		case 1:
			_, _ = raw.Write([]byte{22, 3, 1, 2, 0})
		case 2:
			_ = c.Handshake()
		case 3:
			_ = c.Handshake()
			_, _ = io.WriteString(c, http2.ClientPreface)
		case 4:
			_ = c.Handshake()
			_, _ = io.WriteString(c, "POST /dns-query HTTP/1.1\r\nHost: a\r\n")
		case 5: // a body that does not end
			f := framerOn(t, c)
			f.open(1, "POST", Path, "content-type", mediaType)
			f.send(f.WriteData(1, false, make([]byte, 5)))
		case 6: // an answer that is not read
			f := framerOn(t, c)
			f.get(1, Path+inURL(query('h')))
		case 7:
			_ = c.Handshake()
			_, _ = io.WriteString(c, get)
		}
		raw.Close()
	}
	s.stop()
	if open := s.o.Connections.Open(); open != 0 {
		t.Errorf("%d connections are open at the end", open)
	}
	if grown := heap() - before; grown > 8<<20 {
		t.Errorf("%d MiB more are in use", grown>>20)
	}
}

func heap() int {
	runtime.GC()
	runtime.GC() // what pools kept is gone
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc) //nolint:gosec // no more than the memory of this machine
}
