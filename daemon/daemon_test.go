package daemon_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"go.uber.org/zap"

	"recursor/client"
	"recursor/daemon"
	"recursor/daemon/config"
	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/frontend"
)

// freeAddr is an address of this machine whose port was free a moment ago, over UDP and TCP.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 20 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		c, err := net.ListenPacket("udp", addr)
		_ = l.Close()
		if err == nil {
			_ = c.Close()
			return addr
		}
	}
	t.Fatal("no port is free over UDP and TCP")
	return ""
}

func parse(t *testing.T, lines string) *config.Config {
	t.Helper()
	c, err := config.Parse("c.yaml", []byte(lines))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRun serves on sockets what needs no network, and gives everything back.
func TestRun(t *testing.T) {
	addr := freeAddr(t)
	var log bytes.Buffer
	c := parse(t, "listen: {dns: [\""+addr+"\"]}\n")
	ready := make(chan []netip.AddrPort, 1)
	d, err := daemon.New(c, daemon.NewLogger(c, &log), func(addrs []netip.AddrPort) { ready <- addrs })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	var at netip.AddrPort
	select {
	case addrs := <-ready:
		if at = netip.MustParseAddrPort(addr); len(addrs) != 2 || addrs[0] != at || addrs[1] != at {
			t.Errorf("ready at %v, want %s twice", addrs, addr)
		}
	case err := <-ended:
		cancel()
		t.Fatal(err)
	}
	for _, tcp := range []bool{false, true} {
		q := client.Question{Server: at, Name: domain.MustParse("localhost."), Type: wire.TypeA, RD: true, TCP: tcp}
		r, err := new(client.Stub).Ask(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if data, _ := r.Data(); data != "127.0.0.1\n" {
			t.Errorf("by TCP %v: %q", tcp, data)
		}
	}

	// Who comes second is told.
	second, err := daemon.New(c, zap.NewNop(), func([]netip.AddrPort) { t.Error("the second is ready") })
	if err != nil {
		t.Fatal(err)
	}
	var taken *frontend.ListenError
	if err := second.Run(t.Context()); !errors.As(err, &taken) || taken.Key != "listen.dns" || !strings.Contains(err.Error(), "choose another port in listen.dns") {
		t.Errorf("the port is taken: %v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if log.Len() > 0 {
		t.Errorf("logged: %s", log.String())
	}
	c2, err := net.ListenPacket("udp", addr)
	if err != nil {
		t.Fatalf("the port was not given back: %v", err)
	}
	_ = c2.Close()
}

// TestNew: what cannot be made is told before anything runs.
func TestNew(t *testing.T) {
	for lines, want := range map[string]string{
		"root-hints: /nowhere/hints\n":     "root-hints: ",
		"trust-anchors: [/nowhere/keys]\n": "trust-anchors: ",
	} {
		if _, err := daemon.New(parse(t, lines), zap.NewNop(), nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", lines, err)
		}
	}
}
