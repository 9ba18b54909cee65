package world_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/clock"
	"recursor/testbed/sim"
	"recursor/testbed/sim/world"
)

func newWorld(t *testing.T) *world.World {
	t.Helper()
	w, err := world.New(world.Options{Now: clock.NewReal().Now().TTL})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestEveryServerIsOfUse: each server serves or is listed, each address is on
// loopback, and no two servers share one.
func TestEveryServerIsOfUse(t *testing.T) {
	w := newWorld(t)
	owner := map[netip.Addr]string{}
	for _, s := range w.Servers {
		for _, a := range s.Addrs {
			if !a.IsLoopback() || owner[a] != "" {
				t.Errorf("%s: address %s, of %q too", s.Host, a, owner[a])
			}
			owner[a] = s.Host.String()
		}
	}
	if len(w.Names) < 50 || strings.Count(w.Hints(), "\n") != 4 || !strings.HasPrefix(w.Anchors(), ".\t") {
		t.Errorf("%d names; hints\n%sanchors\n%s", len(w.Names), w.Hints(), w.Anchors())
	}
}

// TestZonesAreSound: other people's verifier accepts every signed zone but
// those that are broken on purpose.
func TestZonesAreSound(t *testing.T) {
	program, err := exec.LookPath("ldns-verify-zone")
	if err != nil {
		t.Skip("peer missing: ldns-verify-zone is not installed")
	}
	w := newWorld(t)
	broken := map[string]bool{"expired.com.": true, "future.org.": true, "stripped.com.": true, "corrupt.se.": true, "compact.org.": true}
	dir := t.TempDir()
	seen := 0
	for _, origin := range w.Origins() {
		z := w.Zone(origin)
		if len(z.Keys()) == 0 {
			continue
		}
		seen++
		file := filepath.Join(dir, "zone")
		if err := os.WriteFile(file, []byte(z.Text()), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(program, file).CombinedOutput()
		if (err != nil) != broken[origin] {
			t.Errorf("%s: %v\n%s", origin, err, out)
		}
	}
	if seen < 25 {
		t.Errorf("%d signed zones", seen)
	}
}

// TestTableIsTrue has unbound resolve and judge every name of the table.
func TestTableIsTrue(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8 on its loopback interface")
	}
	program, err := exec.LookPath("unbound")
	if err != nil {
		t.Skip("peer missing: unbound is not installed")
	}
	w := newWorld(t)
	serve(t, w)
	resolver := unbound(t, program, w)
	// Unbound may ask for more than half a minute before it has these.
	patient := []string{"www.dead.org.", "www.ednsdrop.zz.", "www.six.com.", "www.halfdead.com."}
	var all sync.WaitGroup
	for _, n := range w.Names {
		if slices.Contains(patient, n.Name) {
			continue
		}
		q := new(dns.Msg)
		q.SetQuestion(n.Name, typeOf(t, n.Type))
		q.SetEdns0(4096, true)
		all.Go(func() {
			client := dns.Client{Timeout: 30 * time.Second, UDPSize: 4096}
			m, _, err := client.Exchange(q, resolver)
			if err != nil {
				t.Errorf("%s %s: %v", n.Name, n.Type, err)
			} else if got := expectation(m); got != n.Expect() && n.Data != "*" {
				t.Errorf("%s %s: unbound says %s, the table %s (%s)", n.Name, n.Type, got, n.Expect(), n.Why)
			}
		})
	}
	all.Wait()
}

// expectation is a response in the words of Name.Expect.
func expectation(m *dns.Msg) string {
	n := world.Name{RCode: dns.RcodeToString[m.Rcode], Secure: m.AuthenticatedData}
	for _, rr := range m.Answer {
		if _, sig := rr.(*dns.RRSIG); !sig {
			n.Data = dataOf(rr)
		}
	}
	return n.Expect()
}

// dataOf is a record's RDATA.
func dataOf(rr dns.RR) string {
	data := strings.TrimPrefix(rr.String(), rr.Header().String())
	if i := strings.Index(data, `\#`); i >= 0 {
		return data[i:] // the library repeats the owner of an unknown type
	}
	return data
}

func typeOf(t *testing.T, s string) uint16 {
	t.Helper()
	if n, ok := dns.StringToType[s]; ok {
		return n
	}
	var n uint16
	if _, err := fmt.Sscanf(s, "TYPE%d", &n); err != nil {
		t.Fatalf("type %s: %v", s, err)
	}
	return n
}

// serve runs the world's servers at port 53, where unbound looks for them.
func serve(t *testing.T, w *world.World) {
	t.Helper()
	l := sim.NewLoopback(w.Internet, 53)
	if err := l.Listen(); err != nil {
		t.Skipf("peer missing: unbound asks at port 53 only, which is not ours to bind: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// unbound runs unbound over the world and returns its address.
func unbound(t *testing.T, program string, w *world.World) string {
	t.Helper()
	var said []byte
	for range 3 { // another process may take the port that was free
		dir := t.TempDir()
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := c.LocalAddr().String()
		_ = c.Close()
		for name, text := range map[string]string{
			"hints": w.Hints(), "anchors": w.Anchors(),
			"unbound.conf": fmt.Sprintf("server:\n interface: %s\n username: \"\"\n chroot: \"\"\n directory: %q\n pidfile: \"\"\n"+
				" use-syslog: no\n do-daemonize: no\n do-not-query-localhost: no\n root-hints: hints\n trust-anchor-file: anchors\n"+
				" module-config: \"validator iterator\"\n infra-cache-min-rtt: 50\nremote-control:\n control-enable: no\n",
				strings.Replace(addr, ":", "@", 1), dir),
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		log, err := os.Create(filepath.Join(dir, "log"))
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, "-d", "-c", filepath.Join(dir, "unbound.conf"))
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Signal(os.Interrupt)
			_ = cmd.Wait()
			_ = log.Close()
		})
		if answers(addr) {
			return addr
		}
		said, _ = os.ReadFile(log.Name())
	}
	t.Fatalf("unbound does not come up:\n%s", said)
	return ""
}

// answers waits for a resolver to answer.
func answers(addr string) bool {
	for range 60 {
		q := new(dns.Msg)
		q.SetQuestion(".", dns.TypeSOA)
		client := dns.Client{Timeout: 500 * time.Millisecond}
		if m, _, err := client.Exchange(q, addr); err == nil && m.Rcode == dns.RcodeSuccess {
			return true
		}
		clock.NewReal().NewSignal().Wait(50 * time.Millisecond)
	}
	return false
}
