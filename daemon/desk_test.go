package daemon_test

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"go.uber.org/zap"

	"recursor/client"
	"recursor/daemon"
	"recursor/dns/domain"
	"recursor/dns/wire"
)

// TestFlush: what is flushed is asked for again, however often it was answered
// before, and what is not is not.
func TestFlush(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct {
		words string
		again bool
	}{
		{"name www.signed.com", true},
		{"name other.com", false},
		{"tree com.", true},
		{"tree net", false},
		{"zone signed.com", true},
		{"zone com", false},
		{"type www.signed.com a", true},
		{"type www.signed.com AAAA", false},
		{"bogus", false},
		{"negative", false},
		{"all", true},
	} {
		e := newEngine(t, w, special)
		for range 3 {
			e.ask(t, "www.signed.com.", dns.TypeA, nil)
		}
		e.net.Take()
		if err := e.Flush(strings.Fields(tc.words)); err != nil {
			t.Errorf("%s: %v", tc.words, err)
		}
		e.ask(t, "www.signed.com.", dns.TypeA, nil)
		if sent := e.net.Take(); len(sent) > 0 != tc.again {
			t.Errorf("flush %s: %d queries sent", tc.words, len(sent))
		}
	}
	e := newEngine(t, w, special)
	for _, words := range []string{"", "name", "name a b", "name a..b", "type a", "type a NOTYPE", "bogus a", "everything"} {
		if err := e.Flush(strings.Fields(words)); err == nil {
			t.Errorf("flush %q is understood", words)
		}
	}
	if err := e.Flush([]string{"everything"}); !errors.Is(err, daemon.ErrFlush) {
		t.Errorf("%v", err)
	}
}

// TestDesk: an operator speaks to a resolver that runs, and reads its figures.
func TestDesk(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "ctl")
	c := parse(t, "listen: {dns: [\"127.0.0.1:0\"]}\nmetrics: {listen: [\"127.0.0.1:0\"]}\ncontrol: {socket: \""+filepath.ToSlash(socket)+"\"}\nstate: \"off\"\n")
	ready := make(chan []netip.AddrPort, 1)
	d, err := daemon.New(c, zap.NewNop(), func(addrs []netip.AddrPort) { ready <- addrs })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	var at netip.AddrPort
	select {
	case err := <-ended:
		t.Fatal(err)
	case addrs := <-ready:
		at = addrs[0]
	}
	q := client.Question{Server: at, Name: domain.MustParse("localhost."), Type: wire.TypeA, RD: true}
	if _, err := new(client.Stub).Ask(ctx, q); err != nil {
		t.Error(err)
	}
	if _, err := daemon.Ask(ctx, socket, []string{"flush", "all"}); err != nil {
		t.Error(err)
	}
	if help, err := daemon.Ask(ctx, socket, []string{"help"}); help != daemon.ControlHelp || err != nil {
		t.Errorf("%q, %v", help, err)
	}
	stats, err := daemon.Ask(ctx, socket, []string{"stats"})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`recursor_answers_total{transport="udp",source="at-hand",rcode="NOERROR"} 1`,
		`recursor_listener_events_total{transport="udp",event="queries"} 1`,
		`recursor_cache_entries{cache="rrsets"} 0`, `recursor_cache_events_total{cache="answers",event="evicted"} 0`,
	} {
		if !strings.Contains(stats, line+"\n") {
			t.Errorf("no %s in\n%s", line, stats)
		}
	}
	if _, err := daemon.Ask(ctx, socket, []string{"dance"}); err == nil || !strings.Contains(err.Error(), "not understood") {
		t.Errorf("%v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
