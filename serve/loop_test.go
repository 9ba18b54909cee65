package serve_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/tcp"
	"recursor/frontend/udp"
	"recursor/observe/log"
	"recursor/serve"
)

// listening is a world behind a listener, with the Observer that the daemon has.
func listening(t *testing.T, make func(frontend.Handler, clock.Clock) frontend.Listener) (*world, netip.AddrPort) {
	t.Helper()
	real := clock.NewReal()
	w := finishing(t, func(o *serve.Options) {
		o.Clock = real
		o.NSID = []byte("here")
		o.Observer = log.New(zap.New(zapcore.NewCore(
			zapcore.NewConsoleEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zap.InfoLevel)), real)
	})
	w.resolver.answer = newShelf(t, func() time.Time { return real.Now().TTL }).resolve
	l := make(w.Handler, real)
	if err := l.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := real.NewSignal()
	real.Go("listener", func() {
		if err := l.Run(ctx); err != nil {
			t.Error(err)
		}
		ended.Set()
	})
	t.Cleanup(func() {
		cancel()
		ended.Wait(clock.Forever)
	})
	return w, l.Addrs()[0]
}

// popular are queries whose answers are finished ones once the listener was
// asked for them twice.
func popular(t *testing.T, w *world) [][]byte {
	t.Helper()
	good := cookieOf(w.ask(t, withEDNS(question("localhost.", dns.TypeTXT), cookie("0102030405060708"))))
	upper := question("WWW.Example.", dns.TypeA)
	upper.CheckingDisabled, upper.AuthenticatedData = true, true
	all := [][]byte{
		pack(t, question("www.example.", dns.TypeA)),
		pack(t, upper),
		pack(t, withDO(question("www.example.", dns.TypeA))),
		pack(t, withEDNS(question("alias.example.", dns.TypeA))),
		pack(t, withEDNS(question("mx.example.", dns.TypeMX), cookie(good))),
		pack(t, withEDNS(question("www.example.", dns.TypeA), cookie("0102030405060708"), &dns.EDNS0_NSID{Code: dns.EDNS0NSID},
			&dns.EDNS0_TCP_KEEPALIVE{Code: dns.EDNS0TCPKEEPALIVE})),
		pack(t, withDO(question("no.example.", dns.TypeA))),
		pack(t, question("none.example.", dns.TypeAAAA)),
	}
	for _, msg := range all {
		q := query(msg)
		q.At = clock.NewReal().Now().TTL
		w.finish(q)
	}
	return all
}

// nothingAllocated holds a million queries to no allocation and to finished
// answers alone, client included. `make test` has a pass for it without the race
// detector.
func nothingAllocated(t *testing.T, w *world, round func(), each int) {
	t.Helper()
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	for range 50 {
		round() // warm up: goroutines, pollers, buffers
	}
	const queries = 1_000_000
	var before, after runtime.MemStats
	finished := w.count(serve.Finished)
	runtime.ReadMemStats(&before)
	for range queries / each {
		round()
	}
	runtime.ReadMemStats(&after)
	got := after.Mallocs - before.Mallocs
	t.Logf("%d allocations for %d queries", got, queries)
	if got >= 100 {
		t.Errorf("%d allocations for %d queries, want none but the runtime's own", got, queries)
	}
	if n := w.count(serve.Finished) - finished; n != queries {
		t.Errorf("%d of %d answers were finished ones", n, queries)
	}
}

// From datagram in to datagram out, over the real receive loop, a cached answer
// costs no allocation.
func TestAllocationsOverUDP(t *testing.T) {
	w, addr := listening(t, func(h frontend.Handler, c clock.Clock) frontend.Listener {
		return udp.New(udp.Options{Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Handler: h, Clock: c, Workers: 1})
	})
	queries := popular(t, w)
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	buffer := make([]byte, 2048)
	nothingAllocated(t, w, func() {
		for _, msg := range queries {
			if _, err := conn.Write(msg); err != nil {
				t.Fatal(err)
			}
		}
		if err := conn.SetReadDeadline(soon()); err != nil {
			t.Fatal(err)
		}
		for range queries {
			if n, err := conn.Read(buffer); err != nil || buffer[3]&0xf == dns.RcodeServerFailure {
				t.Fatalf("%x, %v", buffer[:n], err)
			}
		}
	}, len(queries))
}

// The same over an open connection.
func TestAllocationsOverTCP(t *testing.T) {
	w, addr := listening(t, func(h frontend.Handler, c clock.Clock) frontend.Listener {
		return tcp.New(tcp.Options{Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Handler: h, Clock: c})
	})
	queries := popular(t, w)
	conn, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var octets []byte
	for _, msg := range queries {
		octets = append(binary.BigEndian.AppendUint16(octets, uint16(len(msg))), msg...)
	}
	buffer := make([]byte, 1<<16)
	nothingAllocated(t, w, func() {
		if _, err := conn.Write(octets); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(soon()); err != nil {
			t.Fatal(err)
		}
		for range queries {
			if _, err := io.ReadFull(conn, buffer[:2]); err != nil {
				t.Fatal(err)
			}
			n := int(binary.BigEndian.Uint16(buffer))
			if _, err := io.ReadFull(conn, buffer[:n]); err != nil || buffer[3]&0xf == dns.RcodeServerFailure {
				t.Fatalf("%x, %v", buffer[:n], err)
			}
		}
	}, len(queries))
}

// soon is when a test that waits for something is lost.
func soon() time.Time { return clock.NewReal().Now().TTL.Add(20 * time.Second) }
