package integration_test

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// page is a name that only this resolver knows, and that a web server answers to.
const page = "page.plain.com"

// encrypted is the daemon over `recursor testbed`, with all its transports.
type encrypted struct {
	*process
	binary string
	dir    string // of its files
	config string

	dns, doh, dot, doq string // ports of 127.0.0.1
	certificate        string // file
	pin                string
	questions          []string // of the testbed: name and type
	web                string   // URL of the page
}

const loopback = "127.0.0.1"

// serveEncrypted starts the testbed and the daemon.
func serveEncrypted(t *testing.T) *encrypted {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8 on its loopback interface")
	}
	e := &encrypted{binary: buildRecursor(t), dir: t.TempDir()}
	e.config = filepath.Join(e.dir, "recursor.yaml")
	e.dns = strconv.Itoa(freePort(t, loopback))
	servers := run(t, e.dir, e.binary, "testbed", "--port", "0", "--listen", loopback+":"+e.dns, "--write-config", e.config)
	if !servers.waitFor("servers are ready") {
		logTail(t, servers)
		t.Fatal("the testbed does not come up")
	}
	for _, m := range regexp.MustCompile(`(?m)^dig .* \+dnssec (\S+) (\S+)$`).FindAllStringSubmatch(servers.said.String(), -1) {
		e.questions = append(e.questions, m[1]+" "+m[2])
	}
	if len(e.questions) < 20 {
		t.Fatalf("the testbed names %d questions:\n%s", len(e.questions), &servers.said)
	}
	stub := onlyHere(t)
	e.web = serveWeb(t)
	for range 3 { // a port may be taken from us before it is ours
		e.dot, e.doh = strconv.Itoa(freePort(t, loopback)), strconv.Itoa(freePort(t, loopback))
		e.doq = e.dot
		if e.start(t, stub) {
			return e
		}
	}
	t.Fatal("the resolver does not come up")
	return nil
}

// start writes the configuration anew and starts the daemon.
func (e *encrypted) start(t *testing.T, stub string) bool {
	t.Helper()
	text, err := os.ReadFile(e.config)
	if err != nil {
		t.Fatal(err)
	}
	var kept strings.Builder
	for line := range strings.Lines(string(text)) {
		if !regexp.MustCompile(`^(listen|log|state|tls|zones):`).MatchString(line) {
			kept.WriteString(line)
		}
	}
	writeFile(t, e.config, kept.String()+fmt.Sprintf("listen: {dns: [%q], dot: [%q], doh: [%q], doq: [%q]}\n"+
		"tls: {name: dns.example}\nstate: state\nlog: {level: debug, format: json}\nzones: {stub: [{name: %s, to: [%q]}]}\n",
		net.JoinHostPort(loopback, e.dns), net.JoinHostPort(loopback, e.dot), net.JoinHostPort(loopback, e.doh),
		net.JoinHostPort(loopback, e.doq), page, stub))
	e.process = run(t, e.dir, e.binary, "serve", "--config", e.config)
	if !e.waitFor(`"ready"`) {
		logTail(t, e.process)
		return false
	}
	e.certificate = filepath.Join(e.dir, "state", "self-signed.crt")
	said := e.said.String()
	m := regexp.MustCompile(`"spki-pin":"([^"]+)","sha256":"([0-9a-f]{64})"`).FindStringSubmatch(said)
	if m == nil {
		t.Fatalf("the log tells no pin:\n%s", said)
	}
	e.pin = m[1]
	return true
}

// finish ends the daemon as an operator does.
func (e *encrypted) finish(t *testing.T) {
	t.Helper()
	(&resolver{process: e.process}).finish(t)
}

// roots are what a client trusts that was given the certificate.
func (e *encrypted) roots(t *testing.T) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(e.certificate)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return pool
}

// asked are the lines of the log about a name over a transport.
func (e *encrypted) asked(name, transport string) int {
	return len(regexp.MustCompile(`"msg":"[A-Z]+ <`+regexp.QuoteMeta(name)+`\. [^"]*"[^\n]*"transport":"`+transport+`"`).FindAllString(e.said.String(), -1))
}

// profile is a part of what `recursor profile` prints, by the beginning of its title.
func (e *encrypted) profile(t *testing.T, title string) string {
	t.Helper()
	out := output(t, e.dir, e.binary, "profile", "--config", e.config)
	_, part, found := strings.Cut(out, "\n"+title)
	if !found {
		t.Fatalf("nothing is said of %s:\n%s", title, out)
	}
	_, part, _ = strings.Cut(part, "\n")
	part, _, _ = strings.Cut(part, "\n\n")
	var lines []string
	for line := range strings.Lines(part) {
		lines = append(lines, strings.TrimPrefix(strings.TrimRight(line, "\n"), "  "))
	}
	return strings.Join(lines, "\n") + "\n"
}

// onlyHere is an authority that nobody else asks: it has one address for every name.
func onlyHere(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", loopback+":0")
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	s := &dns.Server{PacketConn: c, NotifyStartedFunc: func() { close(ready) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		m.Authoritative = true
		if q.Question[0].Qtype == dns.TypeA {
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(127, 0, 0, 1)}}
		}
		_ = w.WriteMsg(m) // the resolver asks again
	})}
	ended := make(chan error, 1)
	go func() { ended <- s.ActivateAndServe() }()
	<-ready
	t.Cleanup(func() {
		_ = s.Shutdown()
		<-ended
	})
	return c.LocalAddr().String()
}

// serveWeb serves one page.
func serveWeb(t *testing.T) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, "<p>only here, as %s</p>", cmp.Or(r.Host, "nobody"))
	})}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Shutdown(context.Background())
		<-ended
	})
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return "http://" + page + ":" + port + "/"
}

// stop ends a process of a test before the test does.
func stop(p *process) { p.end(syscall.SIGTERM) }
