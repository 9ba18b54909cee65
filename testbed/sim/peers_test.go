package sim_test

import (
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/clock"
)

// peer is an authoritative server of others, to compare ours with.
type peer struct {
	program string
	// config writes what it needs into dir and returns its arguments. Each zone
	// is a file in dir of the zone's name.
	config func(dir string, port int, zones []string) (files map[string]string, args []string)
}

func peers() map[string]peer {
	each := func(zones []string, format string) string {
		var b strings.Builder
		for _, z := range zones {
			fmt.Fprintf(&b, format, z)
		}
		return b.String()
	}
	return map[string]peer{
		"nsd": {"nsd", func(dir string, port int, zones []string) (map[string]string, []string) {
			return map[string]string{"nsd.conf": fmt.Sprintf("server:\n ip-address: 127.0.0.1@%d\n username: \"\"\n zonesdir: %q\n"+
				" pidfile: %q\n xfrdfile: %q\n zonelistfile: %q\n database: \"\"\n server-count: 1\n minimal-responses: yes\n"+
				" refuse-any: no\n rrl-ratelimit: 0\n logfile: %q\nremote-control:\n control-enable: no\n",
				port, dir, dir+"/nsd.pid", dir+"/xfrd", dir+"/zonelist", dir+"/nsd.log") +
				each(zones, "zone:\n name: %[1]s\n zonefile: %[1]s\n")}, []string{"-d", "-c", filepath.Join(dir, "nsd.conf")}
		}},
		"knotd": {"knotd", func(dir string, port int, zones []string) (map[string]string, []string) {
			return map[string]string{"knot.conf": fmt.Sprintf("server:\n    rundir: %q\n    listen: 127.0.0.1@%d\n    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n"+
				"database:\n    storage: %q\ntemplate:\n  - id: default\n    storage: %q\n    file: \"%%s.\"\n    zonefile-load: whole\n    zonefile-sync: -1\n    journal-content: none\n    semantic-checks: off\nzone:\n",
				dir, port, dir, dir) + each(zones, "  - domain: %[1]s\n    file: %[1]s\n")}, []string{"-c", filepath.Join(dir, "knot.conf")}
		}},
		"named": {"named", func(dir string, port int, zones []string) (map[string]string, []string) {
			return map[string]string{"named.conf": fmt.Sprintf("options { directory %q; listen-on port %d { 127.0.0.1; }; listen-on-v6 { none; };\n"+
				"recursion no; pid-file none; session-keyfile none; minimal-responses yes; dnssec-validation no; allow-transfer { none; };\n"+
				"allow-query { any; }; notify no; check-names primary ignore; answer-cookie no; zero-no-soa-ttl no; };\ncontrols { };\n", dir, port) +
				each(zones, "zone \"%[1]s\" { type primary; file \"%[1]s\"; };\n")}, []string{"-g", "-n", "1", "-c", filepath.Join(dir, "named.conf")}
		}},
	}
}

// start runs the peer over the zones and returns its address; it skips the
// test where the peer is not installed.
func (p peer) start(t *testing.T, zones map[string]string) string {
	t.Helper()
	program, err := exec.LookPath(p.program)
	if err != nil {
		for _, dir := range []string{"/usr/sbin/", "/usr/local/sbin/"} {
			if _, err = os.Stat(dir + p.program); err == nil {
				program = dir + p.program
				break
			}
		}
	}
	if err != nil {
		t.Skipf("peer missing: %s is not installed", p.program)
	}
	names := slices.Sorted(maps.Keys(zones))
	var said string
	for range 3 { // another process may take the port that was free
		dir := t.TempDir()
		for name, text := range zones {
			write(t, filepath.Join(dir, name), text)
		}
		port := freePort(t)
		files, args := p.config(dir, port, names)
		for name, text := range files {
			write(t, filepath.Join(dir, name), text)
		}
		log, err := os.Create(filepath.Join(dir, "log"))
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, args...)
		cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, dir
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Signal(os.Interrupt)
			_ = cmd.Wait()
			_ = log.Close()
		})
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		if comesUp(addr, names[len(names)-1]) {
			return addr
		}
		text, _ := os.ReadFile(log.Name())
		more, _ := os.ReadFile(filepath.Join(dir, "nsd.log"))
		said = string(text) + string(more)
	}
	t.Fatalf("%s does not come up:\n%s", p.program, said)
	return ""
}

// comesUp waits for a server to have a zone.
func comesUp(addr, zone string) bool {
	for range 60 {
		q := new(dns.Msg)
		q.SetQuestion(zone, dns.TypeSOA)
		client := dns.Client{Net: "tcp", Timeout: 200 * time.Millisecond}
		if m, _, err := client.Exchange(q, addr); err == nil && m.Rcode == dns.RcodeSuccess {
			return true
		}
		clock.NewReal().NewSignal().Wait(50 * time.Millisecond)
	}
	return false
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// freePort is a port that was free a moment ago, over UDP and TCP.
func freePort(t *testing.T) int {
	t.Helper()
	for {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", c.LocalAddr().String())
		_ = c.Close()
		if err == nil {
			_ = l.Close()
			return l.Addr().(*net.TCPAddr).Port
		}
	}
}
