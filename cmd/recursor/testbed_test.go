package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/daemon"
)

// startTestbed runs the command until the test ends and returns what it prints
// up to the line that says it is ready.
func startTestbed(t *testing.T, args ...string) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8 on its loopback interface")
	}
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	var errs strings.Builder
	code := make(chan int)
	go func() {
		code <- testbed(ctx, append([]string{"--port", "0"}, args...), stdio{nil, in, &errs})
		_ = in.Close()
	}()
	var said strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "ready") {
			break
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	t.Cleanup(func() {
		cancel()
		if c := <-code; c != exitOK {
			t.Errorf("exit code %d: %s", c, errs.String())
		}
	})
	return said.String()
}

// TestTestbedAnswers asks the resolver for a name as the printed line has it.
func TestTestbedAnswers(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := c.LocalAddr().String()
	_ = c.Close()
	said := startTestbed(t, "--listen", addr)
	host, port, _ := net.SplitHostPort(addr)
	for _, want := range []string{
		"dig @" + host + " -p " + port + " +dnssec www.chain.com. A\n    NOERROR ad 192.0.2.15: an alias to org.",
		"the resolver at " + addr,
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the output lacks %q:\n%s", want, said)
		}
	}
	for _, network := range []string{"udp", "tcp"} {
		q := new(dns.Msg)
		q.SetQuestion("www.chain.com.", dns.TypeA)
		m, _, err := (&dns.Client{Net: network, Timeout: 10 * time.Second}).Exchange(q, addr)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Answer) != 3 || !strings.HasSuffix(m.Answer[2].String(), "\t192.0.2.15") {
			t.Errorf("%s: %v", network, m)
		}
	}
}

// TestTestbedWritesAConfiguration that recursor serve takes.
func TestTestbedWritesAConfiguration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.yaml")
	said := startTestbed(t, "--write-config", path)
	if !strings.HasSuffix(said, "servers are ready. Run beside them: recursor serve --config "+path+"\n") {
		t.Errorf("output\n%s", said)
	}
	c, err := daemon.Check(path)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Upstream.AllowSpecialAddresses || c.Upstream.Port == 53 || len(c.TrustAnchors) != 1 {
		t.Errorf("configuration %+v", c.Upstream)
	}
	hints, err := os.ReadFile(c.RootHints)
	if err != nil || !strings.Contains(string(hints), "a.root-servers.net.\t3600000\tA\t127.53.0.1\n") {
		t.Errorf("hints %q, %v", hints, err)
	}
}
