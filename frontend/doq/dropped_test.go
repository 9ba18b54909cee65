package doq

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"recursor/frontend"
)

// silenced is a socket that can be made to lose all that comes.
type silenced struct {
	net.PacketConn
	mu   sync.Mutex
	deaf bool
}

func (s *silenced) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, addr, err := s.PacketConn.ReadFrom(p)
		s.mu.Lock()
		deaf := s.deaf
		s.mu.Unlock()
		if !deaf || err != nil {
			return n, addr, err
		}
	}
}

func (s *silenced) turn(deaf bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf = deaf
}

// Connections that are dropped in each stage leave nothing: no goroutine, which
// TestMain would find, no place, no handshake, no miss. Half of them say that
// they go, the others fall silent.
func TestDroppedInEveryStage(t *testing.T) {
	t.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
	const atOnce = 24 // more at once would not fit the buffers of the sockets
	total := 10_000   // of all stages
	if raceDetector || testing.Short() {
		total = 144
	}
	whole := framed(query(0, 'h'))
	stages := map[string]func(ctx context.Context, conn *quic.Conn){
		"shaken":       func(context.Context, *quic.Conn) {},
		"half a query": func(ctx context.Context, conn *quic.Conn) { begun(ctx, conn, whole[:8]) },
		"asked":        func(ctx context.Context, conn *quic.Conn) { asked(ctx, conn, whole) },
		"missing":      func(ctx context.Context, conn *quic.Conn) { asked(ctx, conn, framed(query(0, 'm'))) },
		"garbage":      func(ctx context.Context, conn *quic.Conn) { asked(ctx, conn, make([]byte, 64)) },
		"first packet": nil,
	}
	for name, stage := range stages {
		t.Run(name, func(t *testing.T) {
			s := serve(t, Options{Handler: forgetful{}, Limits: frontend.Limits{
				Connections: 2 * atOnce, ConnectionsPerClient: 2 * atOnce, Handshakes: 8 * atOnce,
				FirstQuery: 2 * time.Second, Idle: 300 * time.Millisecond,
			}})
			for made := 0; made < total/len(stages); made += atOnce {
				s.drop(t, atOnce, stage)
			}
			t.Parallel() // the stages wait together for those that fell silent
			for tries := 0; s.o.Connections.Open() > 0 || s.endpoint.shaking.Load() > 0 || s.o.Misses.In() > 0; tries++ {
				if tries > 1000 {
					t.Fatalf("%d connections, %d handshakes, %d misses are left", s.o.Connections.Open(), s.endpoint.shaking.Load(), s.o.Misses.In())
				}
				s.o.Clock.NewSignal().Wait(10 * time.Millisecond)
			}
			s.stop()
		})
	}
}

// drop makes connections from one socket, brings each to a stage, and drops them
// all. Without a stage they end before the server's first packet was read.
func (s *served) drop(t *testing.T, n int, stage func(context.Context, *quic.Conn)) {
	t.Helper()
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	near := &silenced{PacketConn: socket, deaf: stage == nil}
	transport := &quic.Transport{Conn: near}
	ctx, cancel := context.WithCancel(context.Background())
	defer s.o.Clock.AfterFunc(time.Minute, cancel).Stop()
	var dials sync.WaitGroup
	var mu sync.Mutex
	var conns []*quic.Conn
	for range n {
		dials.Add(1)
		go func() {
			defer dials.Done()
			conn, err := transport.Dial(ctx, net.UDPAddrFromAddrPort(s.at), s.client(), &quic.Config{})
			if err != nil {
				return // it was to be, or the server has enough of them
			}
			stage(ctx, conn)
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
		}()
	}
	if stage == nil {
		s.o.Clock.NewSignal().Wait(20 * time.Millisecond) // for the first packets to leave
		cancel()
	}
	dials.Wait()
	cancel()
	if stage != nil && len(conns) < n/2 {
		t.Errorf("%d of %d connections were made", len(conns), n)
	}
	for i, conn := range conns {
		if i%2 == 0 {
			_ = conn.CloseWithError(0, "") // and tells the server
		}
	}
	near.turn(true)
	_ = socket.Close() // the others fall silent
	_ = transport.Close()
}

// begun begins a stream, and asked ends it too.
func begun(ctx context.Context, conn *quic.Conn, octets []byte) *quic.Stream {
	str, err := conn.OpenStreamSync(ctx)
	if err != nil {
		return nil
	}
	_, _ = str.Write(octets) // the connection may have ended
	return str
}

func asked(ctx context.Context, conn *quic.Conn, octets []byte) {
	if str := begun(ctx, conn, octets); str != nil {
		_ = str.Close()
	}
}

// forgetful answers with the query and remembers nothing.
type forgetful struct{}

func (forgetful) Hit(q *frontend.Query, dst []byte) (int, bool) {
	if len(q.Message) > 12 && q.Message[12] == 'm' {
		return 0, false
	}
	return copy(dst, q.Message), true
}

func (forgetful) Miss(q *frontend.Query, reply func([]byte)) { reply(q.Message) }
