package doq

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/quic-go/quic-go"

	"recursor/clock"
	"recursor/frontend"
	"recursor/frontend/tlsconf"
	"recursor/random"
)

// serverVariable makes the test binary a server; its value is the file for a
// profile of it, or a dash.
const serverVariable = "RECURSOR_BENCHMARK_SERVER"

// answers is a handler that does as little as can be.
type answers struct{}

func (answers) Hit(q *frontend.Query, dst []byte) (int, bool) {
	n := copy(dst, q.Message)
	dst[2] |= 0x80
	return n, true
}

func (answers) Miss(*frontend.Query, func([]byte)) {}

// server serves until its input ends.
func server(profile string) error {
	c := clock.NewReal()
	source, err := tlsconf.New(tlsconf.Options{Clock: c, Seeds: random.Secure{}, Names: []string{"dns.example"}})
	if err != nil {
		return err
	}
	l := New(Options{
		Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Handler: answers{}, Clock: c,
		Seeds: random.Secure{}, TLS: source.Config(Protocol),
	})
	if err := l.Listen(); err != nil {
		return err
	}
	if profile != "-" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if _, err := fmt.Fprintln(os.Stdout, l.Addrs()[0]); err != nil {
		return err
	}
	return l.Run(ctx)
}

// BenchmarkServer measures the processor time of a server, in a process of its
// own on one processor, for queries on open connections.
func BenchmarkServer(b *testing.B) {
	const connections, streams = 4, 16
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	profile := "-"
	if name := os.Getenv("PROFILE"); name != "" {
		profile = name
	}
	cmd.Env = append(os.Environ(), serverVariable+"="+profile, "GOMAXPROCS=1", "QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING=true")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	at, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	octets := framed(query(0, []byte("\x03www\x07example\x03com\x00\x00\x01\x00\x01")...))
	var left atomic.Int64
	left.Store(int64(b.N))
	var work sync.WaitGroup
	for range connections {
		config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{Protocol}} //nolint:gosec // our own child
		conn, err := quic.DialAddr(b.Context(), strings.TrimSpace(at), config, nil)
		if err != nil {
			b.Fatal(err)
		}
		defer func() {
			_ = conn.CloseWithError(0, "")
			<-conn.Context().Done()
		}()
		for range streams {
			work.Go(func() {
				for left.Add(-1) >= 0 {
					if err := once(b.Context(), conn, octets); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
	}
	work.Wait()
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	b.ReportMetric(float64(used.Microseconds())/float64(b.N), "server-µs/query")
}

// once asks once.
func once(ctx context.Context, conn *quic.Conn, octets []byte) error {
	s, err := conn.OpenStreamSync(ctx)
	if err != nil {
		return err
	}
	if _, err := s.Write(octets); err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	got, err := io.ReadAll(s)
	if err == nil && len(got) != len(octets) {
		err = fmt.Errorf("%d octets came back, want %d", len(got), len(octets))
	}
	return err
}
