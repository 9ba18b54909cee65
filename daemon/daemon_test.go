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

// running is a Daemon that serves at one address.
type running struct {
	config *config.Config
	at     netip.AddrPort
	log    bytes.Buffer
	cancel context.CancelFunc
	ended  chan error
}

// start runs a Daemon; another address is tried where somebody has taken the port meanwhile.
func start(t *testing.T) *running {
	t.Helper()
	var err error
	for range 3 {
		addr := freeAddr(t)
		r := &running{config: parse(t, "listen: {dns: [\""+addr+"\"]}\nvalidation: {update-anchors: false}\nstate: \"off\"\n"), at: netip.MustParseAddrPort(addr), ended: make(chan error, 1)}
		ready := make(chan []netip.AddrPort, 1)
		d, broken := daemon.New(r.config, daemon.NewLogger(r.config, &r.log), func(addrs []netip.AddrPort) { ready <- addrs })
		if broken != nil {
			t.Fatal(broken)
		}
		var ctx context.Context
		ctx, r.cancel = context.WithCancel(context.Background())
		go func() { r.ended <- d.Run(ctx) }()
		select {
		case addrs := <-ready:
			if len(addrs) != 2 || addrs[0] != r.at || addrs[1] != r.at {
				t.Errorf("ready at %v, want %s twice", addrs, r.at)
			}
			return r
		case err = <-r.ended:
			r.cancel()
		}
	}
	t.Fatal(err)
	return nil
}

// TestAnyPort: port 0 is one port, over UDP and TCP, for each address.
func TestAnyPort(t *testing.T) {
	c := parse(t, "listen: {dns: [\"127.0.0.1:0\", \"127.0.0.2:0\"]}\n")
	ready := make(chan []netip.AddrPort, 1)
	d, err := daemon.New(c, zap.NewNop(), func(addrs []netip.AddrPort) { ready <- addrs })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	select {
	case err := <-ended:
		t.Fatal(err)
	case addrs := <-ready:
		if len(addrs) != 4 || addrs[0] != addrs[2] || addrs[1] != addrs[3] || addrs[0].Port() == 0 || addrs[1].Port() == 0 {
			t.Errorf("UDP and TCP at %v", addrs)
		}
		for _, tcp := range []bool{false, true} {
			q := client.Question{Server: addrs[1], Name: domain.MustParse("localhost."), Type: wire.TypeA, RD: true, TCP: tcp}
			if _, err := new(client.Stub).Ask(t.Context(), q); err != nil {
				t.Error(err)
			}
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestRun serves on sockets what needs no network, and gives everything back.
func TestRun(t *testing.T) {
	d := start(t)
	for _, tcp := range []bool{false, true} {
		q := client.Question{Server: d.at, Name: domain.MustParse("localhost."), Type: wire.TypeA, RD: true, TCP: tcp}
		r, err := new(client.Stub).Ask(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if data, _ := r.Data(); data != "127.0.0.1\n" {
			t.Errorf("by TCP %v: %q", tcp, data)
		}
	}

	// Who comes second is told.
	second, err := daemon.New(d.config, zap.NewNop(), func([]netip.AddrPort) { t.Error("the second is ready") })
	if err != nil {
		t.Fatal(err)
	}
	var taken *frontend.ListenError
	if err := second.Run(t.Context()); !errors.As(err, &taken) || taken.Key != "listen.dns" || !strings.Contains(err.Error(), "choose another port in listen.dns") {
		t.Errorf("the port is taken: %v", err)
	}
	d.cancel()
	if err := <-d.ended; err != nil {
		t.Error(err)
	}
	if d.log.Len() > 0 {
		t.Errorf("logged: %s", d.log.String())
	}
	c, err := net.ListenPacket("udp", d.at.String())
	if err != nil {
		t.Fatalf("the port was not given back: %v", err)
	}
	_ = c.Close()
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
