package udp

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"recursor/clock"
	"recursor/random"
	"recursor/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// ways are the implementations under test: whatever holds for one must for
// the other.
func ways() map[string]func(*Exchanger) sockets {
	return map[string]func(*Exchanger) sockets{"native": newSockets, "portable": newPortable}
}

// run runs x for the rest of the test and checks then that nothing is left.
func run(t testing.TB, x *Exchanger) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- x.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		wantIdle(t, x)
	})
	until(t, "Run", func() bool { x.mu.Lock(); defer x.mu.Unlock(); return x.stage == running })
}

// wantIdle checks that no exchange holds anything.
func wantIdle(t testing.TB, x *Exchanger) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.open != 0 || x.waiting.n != 0 || x.active.n != 0 {
		t.Errorf("left over: %d open, %d waiting, %d active", x.open, x.waiting.n, x.active.n)
	}
	if got, want := x.ports.count(), newPorts(DefaultAvoid()).count(); got != want {
		t.Errorf("%d ports are free, want %d", got, want)
	}
}

// packet is a query that a server received.
type packet struct {
	message []byte
	from    netip.AddrPort
}

// server is a UDP socket on loopback; handle runs for each packet, in order.
type server struct {
	conn *net.UDPConn
	at   netip.AddrPort
}

func serve(t testing.TB, host string, handle func(*server, packet)) *server {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(host), 0)))
	if err != nil {
		t.Skipf("no UDP on %s: %v", host, err)
	}
	s := &server{conn: conn, at: conn.LocalAddr().(*net.UDPAddr).AddrPort()}
	var reader sync.WaitGroup
	reader.Go(func() {
		buf := make([]byte, 65536)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
			handle(s, packet{append([]byte(nil), buf[:n]...), from})
		}
	})
	t.Cleanup(func() { conn.Close(); reader.Wait() })
	return s
}

func (s *server) send(to netip.AddrPort, message []byte) {
	_, _ = s.conn.WriteToUDPAddrPort(message, to) // a client that has gone is the test's business
}

// echo answers each query with itself and QR set.
func echo(s *server, p packet) { s.send(p.from, response(p.message)) }

// silent receives and says nothing.
func silent(*server, packet) {}

func response(query []byte) []byte {
	r := append([]byte(nil), query...)
	r[2] |= 0x80
	return r
}

// changed is a response to query with the octet at off turned into b.
func changed(query []byte, off int, b byte) []byte {
	r := response(query)
	r[off] = b
	return r
}

// question is a query for wWw.eXample.com. A.
func question(id uint16) []byte {
	m := binary.BigEndian.AppendUint16(nil, id)
	m = append(m, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	m = append(m, "\x03wWw\x07eXample\x03com\x00\x00\x01\x00\x01"...)
	return m
}

// asking is one exchange of a test.
type asking struct {
	transport.Exchange
	done clock.Signal
}

func ask(x *Exchanger, to netip.AddrPort, message []byte) asking {
	return start(x, transport.Query{To: transport.Endpoint{Addr: to}, Message: message})
}

func start(x *Exchanger, q transport.Query) asking {
	if q.Random == nil {
		q.Random = random.Secure{}.Stream()
	}
	done := clock.NewReal().NewSignal()
	return asking{x.Start(q, done), done}
}

// outcome waits for what comes of a.
func (a asking) outcome(t testing.TB) transport.Outcome {
	t.Helper()
	if !a.done.Wait(patience) {
		t.Fatal("no outcome")
	}
	o, ok := a.Outcome()
	if !ok {
		t.Fatal("signalled without an outcome")
	}
	return o
}

// wantNone checks that a, which was cancelled, has no outcome.
func (a asking) wantNone(t testing.TB) {
	t.Helper()
	if a.done.Wait(0) {
		t.Error("a cancelled exchange was signalled")
	}
	if o, ok := a.Outcome(); ok {
		t.Errorf("a cancelled exchange has the outcome %+v", o)
	}
}

// until waits for ok, looking every millisecond.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	never := clock.NewReal().NewSignal()
	for range int(patience / time.Millisecond) {
		if ok() {
			return
		}
		never.Wait(time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

// is reports whether e is in a state.
func (x *Exchanger) is(a asking, s state) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return a.Exchange.(*exchange).state == s
}
