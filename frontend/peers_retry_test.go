package frontend_test

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/doq"
	"recursor/frontend/tlsconf"
	"recursor/random"
)

// relay passes packets between one client and a server, and counts the Retry
// packets of the server.
func relay(t *testing.T, to netip.AddrPort) (at netip.AddrPort, retries *atomic.Int64) {
	t.Helper()
	near, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	far, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	var client atomic.Pointer[netip.AddrPort]
	retries = new(atomic.Int64)
	ended := make(chan struct{}, 2)
	go func() {
		defer func() { ended <- struct{}{} }()
		p := make([]byte, 2048)
		for {
			n, from, err := near.ReadFromUDPAddrPort(p)
			if err != nil {
				return
			}
			client.Store(&from)
			_, _ = far.Write(p[:n])
		}
	}()
	go func() {
		defer func() { ended <- struct{}{} }()
		p := make([]byte, 2048)
		for {
			n, err := far.Read(p)
			if err != nil {
				return
			}
			if p[0]&0xf0 == 0xf0 { // long header, type 3 (RFC 9000 §17.2.5)
				retries.Add(1)
			}
			_, _ = near.WriteToUDPAddrPort(p[:n], *client.Load())
		}
	}()
	t.Cleanup(func() {
		_ = near.Close()
		_ = far.Close()
		<-ended
		<-ended
	})
	return near.LocalAddr().(*net.UDPAddr).AddrPort(), retries
}

// deaf is a socket that everything is lost on its way to.
type deaf struct{ net.PacketConn }

func (d deaf) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		if n, addr, err := d.PacketConn.ReadFrom(p); err != nil {
			return n, addr, err
		}
	}
}

// While the handshakes of others are in progress, kdig proves its address, and is
// answered.
//
// RFC: 9250.3
func TestPeersEncryptedRetry(t *testing.T) {
	t.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
	c := clock.NewReal()
	at := netip.MustParseAddrPort("127.0.0.1:0")
	source, err := tlsconf.New(tlsconf.Options{Clock: c, Seeds: random.Secure{}, Names: []string{"dns.example"}})
	if err != nil {
		t.Fatal(err)
	}
	l := doq.New(doq.Options{
		Addrs: []netip.AddrPort{at}, Handler: &zone{}, Clock: c, Seeds: random.Secure{}, TLS: source.Config(doq.Protocol),
		Limits: frontend.Limits{Handshakes: 4}, // one in progress is load
	})
	if err := l.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	through, retries := relay(t, l.Addrs()[0])
	kdig := func() {
		wantAnswers(t, ask(t, "kdig", through.Addr(), through.Port(), "+quic", "+noedns", "a.example.", "A"), 1)
	}
	kdig()
	if n := retries.Load(); n != 0 {
		t.Errorf("%d Retry packets, and nothing is in progress", n)
	}
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	transport := &quic.Transport{Conn: deaf{socket}}
	dialed := make(chan struct{})
	go func() {
		defer close(dialed)
		_, _ = transport.Dial(ctx, net.UDPAddrFromAddrPort(l.Addrs()[0]), trusting(new(link), doq.Protocol), nil)
	}()
	defer func() {
		cancel()
		<-dialed
		_ = socket.Close()
		_ = transport.Close()
	}()
	pause := c.NewSignal()
	for tries := 0; retries.Load() == 0; tries++ {
		if tries > 20 {
			t.Fatal("no Retry packet")
		}
		// The deaf client has to come when kdig's own handshake is not in progress:
		// else it is the one that is sent a Retry, and never counts.
		pause.Wait(100 * time.Millisecond)
		kdig()
	}
}
