package sim_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/testbed/sim"
)

const onLoopback = `
$SERVER a.root. 127.53.0.1
$SERVER ns.test. 127.53.0.2 drop-big-udp=200 delay=5ms
$SERVER spoofed.test. 127.53.0.3 spoofs=2
$SERVER notcp.test. 127.53.0.4 tcp=refuses
$SERVER mutetcp.test. 127.53.0.5 tcp=ignores
$SERVER cut.test. 127.53.0.6 tcp=midway
$SERVER dead.test. 127.53.0.7 dead=127.53.0.7
$SERVER spoofer.test. 127.53.0.8
$ZONE . a.root. ed25519
$ZONE test. ns.test. spoofed.test. notcp.test. mutetcp.test. cut.test. dead.test. ed25519
www A 192.0.2.80
`

func TestLoopback(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8 on its loopback interface")
	}
	in, err := sim.ParseInternet(onLoopback, sim.InternetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l := sim.NewLoopback(in, 0)
	if err := l.Listen(); err != nil {
		t.Fatal(err)
	}
	// A spoofer: its answers come from another server, from nowhere, to another
	// port, and at last from itself.
	in.Server("spoofer.test.").Faults.Instead = func(p sim.Packet, q *dns.Msg) ([]sim.Reply, bool) {
		m := new(dns.Msg)
		b := pack(t, m.SetRcode(q, dns.RcodeRefused))
		return []sim.Reply{
			{Message: b, From: netip.AddrPortFrom(netip.MustParseAddr("127.53.0.1"), l.Port())},
			{Message: b, From: netip.MustParseAddrPort("192.0.2.1:53")},
			{Message: b, Port: 1},
			{Message: b, Delay: 10 * time.Millisecond},
		}, true
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- l.Run(ctx) }()
	exchange := func(network, addr, name string) string {
		q := new(dns.Msg)
		q.SetQuestion(name, dns.TypeA)
		q.SetEdns0(1232, true)
		c, err := net.Dial(network, net.JoinHostPort(addr, strconv.Itoa(int(l.Port()))))
		if err != nil {
			return "no connection"
		}
		defer c.Close()
		conn := &dns.Conn{Conn: c, UDPSize: 1232}
		_ = conn.WriteMsg(q)
		strangers := ""
		for {
			_ = conn.SetReadDeadline(deadline())
			m, err := conn.ReadMsg()
			if err != nil {
				return strangers + "nothing"
			}
			if m.Id != q.Id {
				strangers += "stranger, "
				continue
			}
			return strangers + dns.RcodeToString[m.Rcode] + fmt.Sprintf(" %d/%d", len(m.Answer), len(m.Ns))
		}
	}
	for _, tc := range []struct{ network, addr, name, want string }{
		{"udp", "127.53.0.1", "www.test.", "NOERROR 0/8"},
		{"tcp", "127.53.0.1", "www.test.", "NOERROR 0/8"},
		{"udp", "127.53.0.2", "www.test.", "NOERROR 2/0"},
		{"tcp", "127.53.0.2", "missing.test.", "NXDOMAIN 0/6"},
		{"udp", "127.53.0.2", "missing.test.", "nothing"}, // too large for the way
		{"udp", "127.53.0.3", "www.test.", "stranger, stranger, NOERROR 2/0"},
		{"tcp", "127.53.0.4", "www.test.", "no connection"},
		{"udp", "127.53.0.4", "www.test.", "NOERROR 2/0"},
		{"tcp", "127.53.0.5", "www.test.", "nothing"},
		{"tcp", "127.53.0.6", "www.test.", "nothing"},
		{"udp", "127.53.0.7", "www.test.", "nothing"},
		{"udp", "127.53.0.8", "www.test.", "REFUSED 0/0"}, // the socket is connected: it hears its server only
	} {
		if got := exchange(tc.network, tc.addr, tc.name); got != tc.want {
			t.Errorf("%s %s %s: got %s, want %s", tc.network, tc.addr, tc.name, got, tc.want)
		}
	}
	// Several queries on one connection.
	conn, err := dns.Dial("tcp", fmt.Sprintf("127.53.0.1:%d", l.Port()))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		q := new(dns.Msg)
		q.SetQuestion(".", dns.TypeSOA)
		if m := over(t, conn, q); len(m.Answer) != 1 {
			t.Errorf("answer %v", m.Answer)
		}
	}
	// A second instance finds the port taken, and says so.
	if err := sim.NewLoopback(in, l.Port()).Listen(); err == nil || !strings.Contains(err.Error(), "is the port taken") {
		t.Errorf("error %v", err)
	}
	unused := sim.NewLoopback(in, 0)
	if err := errors.Join(unused.Listen(), unused.Close()); err != nil {
		t.Error(err)
	}
	cancel() // with a connection open
	if err := <-done; err != nil {
		t.Error(err)
	}
	_ = conn.Close()
}

// deadline is soon enough for tests that wait for nothing to come.
func deadline() time.Time { return realNow().Add(300 * time.Millisecond) }
