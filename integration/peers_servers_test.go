package integration_test

import (
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/clock"
)

// authority is a server of others: a program, where it listens and the zones that it serves.
type authority struct {
	program string
	addrs   []string
	zones   []string
}

// config is the configuration of the authority and the arguments of its program. Each zone is a file in dir, of
// the zone's name and "zone".
func (a authority) config(dir string, port int) (text string, args []string) {
	listed := func(all []string, format string) string {
		var b strings.Builder
		for _, s := range all {
			b.WriteString(strings.ReplaceAll(format, "%", s))
		}
		return b.String()
	}
	at := fmt.Sprintf("%%@%d", port)
	file := filepath.Join(dir, "conf")
	switch a.program {
	case "nsd":
		return fmt.Sprintf("server:\n username: \"\"\n zonesdir: %[1]q\n pidfile: \"\"\n xfrdfile: \"\"\n zonelistfile: \"%[1]s/list\"\n"+
			" database: \"\"\n server-count: 1\n rrl-ratelimit: 0\n", dir) + listed(a.addrs, " ip-address: "+at+"\n") +
			"remote-control:\n control-enable: no\n" + listed(a.zones, "zone:\n name: \"%\"\n zonefile: \"%zone\"\n"), []string{"-d", "-c", file}
	case "knotd":
		return fmt.Sprintf("server:\n    rundir: %[1]q\n    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n", dir) +
			listed(a.addrs, "    listen: "+at+"\n") +
			fmt.Sprintf("log:\n  - target: stderr\n    any: warning\ndatabase:\n    storage: %[1]q\ntemplate:\n  - id: default\n"+
				"    storage: %[1]q\n    zonefile-sync: -1\n    journal-content: none\nzone:\n", dir) +
			listed(a.zones, "  - domain: \"%\"\n    file: \"%zone\"\n"), []string{"-c", file}
	default: // named
		return fmt.Sprintf("options { directory %q; port %d; listen-on { %s; }; listen-on-v6 { none; }; recursion no;\n"+
			"pid-file none; session-keyfile none; dnssec-validation no; allow-query { any; }; notify no; check-names primary ignore; };\n"+
			"controls { };\n", dir, port, strings.Join(a.addrs, "; ")) +
			listed(a.zones, "zone \"%\" { type primary; file \"%zone\"; };\n"), []string{"-g", "-n", "1", "-c", file}
	}
}

// start starts the authority over the zones, of which the texts are given.
func (a authority) start(t *testing.T, port int, texts map[string]string) *process {
	t.Helper()
	path := program(t, a.program)
	dir := t.TempDir()
	for _, z := range a.zones {
		if texts[z] == "" {
			t.Fatalf("%s: no zone %s", a.program, z)
		}
		writeFile(t, filepath.Join(dir, z+"zone"), texts[z])
	}
	text, args := a.config(dir, port)
	writeFile(t, filepath.Join(dir, "conf"), text)
	return run(t, dir, path, args...)
}

// serves waits until the authority answers for each zone at each address, and tells what it does not come up with.
func (a authority) serves(p *process, port int) error {
	for _, addr := range a.addrs {
		for _, z := range a.zones {
			if at := net.JoinHostPort(addr, strconv.Itoa(port)); !comesUp(p, at, z) {
				return fmt.Errorf("%s does not serve %s at %s", a.program, z, at)
			}
		}
	}
	return nil
}

// comesUp asks a server until it answers for a zone.
func comesUp(p *process, addr, zone string) bool {
	q := new(dns.Msg)
	q.SetQuestion(zone, dns.TypeSOA)
	c := dns.Client{Timeout: 500 * time.Millisecond}
	rest := clock.NewReal().NewSignal()
	for range 200 { // a refused packet comes back at once
		if m, _, err := c.Exchange(q, addr); err == nil && m.Rcode == dns.RcodeSuccess {
			return true
		}
		if p.ended() {
			return false
		}
		rest.Wait(25 * time.Millisecond)
	}
	return false
}
