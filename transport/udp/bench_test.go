package udp

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"testing"

	"recursor/clock"
	"recursor/random"
	"recursor/transport"
)

// echoProcess starts this test binary once more as an echo server, so that
// the server's time is not counted as ours.
func echoProcess(b *testing.B) netip.AddrPort {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestEchoProcess$")
	cmd.Env = append(os.Environ(), "UDP_ECHO=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	in, err := cmd.StdinPipe() // it ends when we do
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return netip.MustParseAddrPort(line[:len(line)-1])
}

// TestEchoProcess is the echo server of the benchmarks, and no test.
func TestEchoProcess(t *testing.T) {
	if os.Getenv("UDP_ECHO") == "" {
		return
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(os.Stdout, conn.LocalAddr())
	go func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			buf[2] |= 0x80
			_, _ = conn.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	_, _ = os.Stdin.Read(make([]byte, 1))
	conn.Close()
}

// BenchmarkExchange is one UDP exchange with an echo server in another
// process; cpu-ns is what this process used, the system's part included. The
// number is how many are under way at a time.
func BenchmarkExchange(b *testing.B) {
	for _, way := range []struct {
		name string
		way  func(*Exchanger) sockets
	}{{"native", newSockets}, {"portable", newPortable}} {
		for _, together := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("%s/%d", way.name, together), func(b *testing.B) {
				x := build(Options{}, way.way)
				run(b, x)
				exchanges(b, x, echoProcess(b), together)
			})
		}
	}
}

func exchanges(b *testing.B, x *Exchanger, to netip.AddrPort, together int) {
	b.Helper()
	message := question(0xbeef)
	done := clock.NewReal().NewSignal()
	stream := random.Secure{}.Stream()
	under := make([]transport.Exchange, 0, together)
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime()
	for n := 0; n < b.N; {
		for len(under) < together && n+len(under) < b.N {
			q := transport.Query{To: transport.Endpoint{Addr: to}, Message: message, Random: stream}
			under = append(under, x.Start(q, done))
		}
		if !done.Wait(patience) {
			b.Fatal("no outcome")
		}
		rest := under[:0]
		for _, e := range under {
			o, ok := e.Outcome()
			switch {
			case !ok:
				rest = append(rest, e)
			case o.Kind != transport.Reply:
				b.Fatalf("%+v", o)
			default:
				n++
			}
		}
		under = rest
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}
