package doh

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"recursor/frontend"
)

// HTTP/3 connections that are dropped in each stage leave nothing: neither a
// place, nor a miss, nor a goroutine, which TestMain would find. Half of them
// say that they go, the others fall silent.
func TestDroppedOverQUIC(t *testing.T) {
	t.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
	const atOnce = 24 // more at once would not fit the buffers of the sockets
	total := 10_000   // of all stages
	if raceDetector || testing.Short() {
		total = 96
	}
	stages := map[string]func(ctx context.Context, s *served, conn *quic.Conn){
		"shaken": func(context.Context, *served, *quic.Conn) {},
		"half a request": func(ctx context.Context, _ *served, conn *quic.Conn) {
			if str, err := conn.OpenStreamSync(ctx); err == nil {
				_, _ = str.Write([]byte{1, 40, 0, 0}) // a HEADERS frame that does not end
			}
		},
		"asked": func(ctx context.Context, s *served, conn *quic.Conn) {
			r := s.request(http.MethodGet, Path+inURL(query('h')), nil)
			if got, err := new(http3.Transport).NewClientConn(conn).RoundTrip(r.WithContext(ctx)); err == nil {
				_, _ = io.Copy(io.Discard, got.Body)
				_ = got.Body.Close()
			}
		},
		"missing": func(ctx context.Context, s *served, conn *quic.Conn) {
			ctx, cancel := context.WithCancel(ctx)
			cancelled := s.o.Clock.AfterFunc(2*time.Millisecond, cancel)
			defer cancelled.Stop()
			r := s.request(http.MethodGet, Path+inURL(query('m')), nil)
			if got, err := new(http3.Transport).NewClientConn(conn).RoundTrip(r.WithContext(ctx)); err == nil {
				_ = got.Body.Close()
			}
			cancel()
		},
	}
	for name, stage := range stages {
		t.Run(name, func(t *testing.T) {
			s := serve(t, Options{Handler: &echo{}, Limits: frontend.Limits{
				Connections: 2 * atOnce, ConnectionsPerClient: 2 * atOnce, Handshakes: 8 * atOnce,
				FirstQuery: 2 * time.Second, Idle: 300 * time.Millisecond,
			}}, secure)
			for made := 0; made < total/len(stages); made += atOnce {
				s.drop(t, atOnce, stage)
			}
			t.Parallel() // the stages wait together for those that fell silent
			for tries := 0; s.o.Connections.Open() > 0 || s.o.Misses.In() > 0; tries++ {
				if tries > 1000 {
					t.Fatalf("%d connections and %d misses are left", s.o.Connections.Open(), s.o.Misses.In())
				}
				s.o.Clock.NewSignal().Wait(10 * time.Millisecond)
			}
			s.stop()
		})
	}
}

// drop makes connections from one socket, brings each to a stage, and drops them
// all.
func (s *served) drop(t *testing.T, n int, stage func(context.Context, *served, *quic.Conn)) {
	t.Helper()
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	transport := &quic.Transport{Conn: socket}
	ctx, cancel := context.WithCancel(context.Background())
	defer s.o.Clock.AfterFunc(time.Minute, cancel).Stop()
	_, overQUIC := Protocols()
	config := s.trust()
	config.ServerName, config.NextProtos = "dns.example", overQUIC
	var dials sync.WaitGroup
	var mu sync.Mutex
	var conns []*quic.Conn
	for range n {
		dials.Add(1)
		go func() {
			defer dials.Done()
			conn, err := transport.Dial(ctx, net.UDPAddrFromAddrPort(s.at), config, &quic.Config{MaxIncomingUniStreams: 4})
			if err != nil {
				return // the server has enough of them
			}
			stage(ctx, s, conn)
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
		}()
	}
	dials.Wait()
	cancel()
	if len(conns) < n/2 {
		t.Errorf("%d of %d connections were made", len(conns), n)
	}
	for i, conn := range conns {
		if i%2 == 0 {
			_ = conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "") // and tells the server
		}
	}
	_ = socket.Close() // the others fall silent
	_ = transport.Close()
}
