package integration_test

import (
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// validation is whether a resolver judges what it gets, in the words of our configuration.
type validation string

const (
	strict validation = "strict"
	off    validation = "off"
)

// unbound runs unbound over the world and returns its address. It asks at port 53 only unless told otherwise zone by
// zone, so that each zone is a stub to it, the root too.
func (w *world) unbound(t *testing.T, v validation) string {
	t.Helper()
	return w.other(t, "unbound", func(dir string, port int) []string {
		var b strings.Builder
		modules := map[validation]string{strict: "validator iterator", off: "iterator"}[v]
		fmt.Fprintf(&b, "server:\n interface: 127.0.0.1@%d\n username: \"\"\n chroot: \"\"\n directory: %q\n pidfile: \"\"\n"+
			" use-syslog: no\n do-daemonize: no\n num-threads: 1\n do-not-query-localhost: no\n\n"+
			" module-config: %q\n trust-anchor-file: anchors\n minimal-responses: yes\nremote-control:\n control-enable: no\n", port, dir, modules)
		all := authorities()
		if w.ipv6 {
			all = append(all, sixes())
		}
		for _, a := range all {
			for _, z := range a.zones {
				fmt.Fprintf(&b, "stub-zone:\n name: %s\n", z)
				for _, addr := range a.addrs {
					fmt.Fprintf(&b, " stub-addr: %s@%d\n", addr, w.port)
				}
			}
		}
		writeFile(t, filepath.Join(dir, "unbound.conf"), b.String())
		return []string{"-d", "-c", filepath.Join(dir, "unbound.conf")}
	})
}

// named runs named as a resolver over the world and returns its address.
func (w *world) named(t *testing.T, v validation) string {
	t.Helper()
	return w.other(t, "named", func(dir string, port int) []string {
		judge := map[validation]string{strict: "yes", off: "no"}[v]
		writeFile(t, filepath.Join(dir, "named.conf"), fmt.Sprintf("options { directory %q; port %d; listen-on port %d { 127.0.0.1; };\n"+
			"listen-on-v6 { none; }; recursion yes; allow-recursion { any; }; pid-file none; session-keyfile none; dnssec-validation %s;\n"+
			"minimal-responses yes; };\ncontrols { };\nzone \".\" { type hint; file \"hints\"; };\n%s", dir, w.port, port, judge, w.bindAnchors()))
		return []string{"-g", "-n", "1", "-c", filepath.Join(dir, "named.conf")}
	})
}

// other runs a resolver of others at a free port of 127.0.0.1.
func (w *world) other(t *testing.T, name string, config func(dir string, port int) []string) string {
	t.Helper()
	path := program(t, name)
	for range 3 { // the port may be taken from us before it is ours
		dir := t.TempDir()
		port := freePort(t, "127.0.0.1")
		writeFile(t, filepath.Join(dir, "hints"), w.hints)
		writeFile(t, filepath.Join(dir, "anchors"), w.anchors)
		p := run(t, dir, path, config(dir, port)...)
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		if comesUp(p, addr, w.known) {
			return addr
		}
		logTail(t, p)
	}
	t.Fatalf("%s does not come up", name)
	return ""
}

// bindAnchors are the anchors as BIND's programs read them.
func (w *world) bindAnchors() string {
	var b strings.Builder
	for _, m := range regexp.MustCompile(`\bDS\s+(\d+) (\d+) (\d+) ([0-9A-Fa-f ]+)`).FindAllStringSubmatch(w.anchors, -1) {
		fmt.Fprintf(&b, "trust-anchors { . static-ds %s %s %s \"%s\"; };\n", m[1], m[2], m[3], strings.ReplaceAll(m[4], " ", ""))
	}
	return b.String()
}
