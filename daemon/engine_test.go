package daemon_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/daemon"
	"recursor/frontend"
	"recursor/random"
	"recursor/serve"
	"recursor/testbed/sim"
	"recursor/testbed/sim/world"
)

// engine is an Engine in the world of the testbed, in simulated time.
type engine struct {
	*daemon.Engine
	clock   *sim.Clock
	net     *sim.Network
	handler *serve.Handler
}

// oneWorld is made once: signing its zones takes longer than everything else here.
var oneWorld = sync.OnceValues(func() (*world.World, error) { return world.New(world.Options{}) })

func newWorld(t *testing.T) *world.World {
	t.Helper()
	w, err := oneWorld()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// newEngine makes an Engine of lines of configuration.
func newEngine(t *testing.T, w *world.World, lines string) *engine {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "c.yaml")
	for name, text := range map[string]string{
		"root.hints": w.Hints(), "root.ds": w.Anchors(),
		"c.yaml": "root-hints: root.hints\ntrust-anchors: [root.ds]\n" + lines,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := daemon.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	c.Cache.Size = 8 << 20 // hundreds of resolvers in one process, on 32 bits too
	e := &engine{clock: sim.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	t.Cleanup(e.clock.Close)
	e.net = sim.NewNetwork(e.clock, 1)
	w.Attach(e.net)
	e.Engine, err = daemon.NewEngine(c, daemon.World{Clock: e.clock, Net: e.net, Seeds: &random.Replay{Seed: 7}})
	if err != nil {
		t.Fatal(err)
	}
	e.handler = e.Handler(context.Background())
	return e
}

// special lets servers be at the addresses of the testbed.
const special = "upstream: {allow-special-addresses: true}\n"

// ask puts a question as dig would: AD and RD set, EDNS without DO. change may make another of it.
func (e *engine) ask(t *testing.T, name string, qtype uint16, change func(*dns.Msg, *frontend.Query)) *dns.Msg {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name, qtype)
	m.AuthenticatedData = true
	m.SetEdns0(1232, false)
	q := &frontend.Query{Client: netip.MustParseAddrPort("127.0.0.1:4711"), Local: netip.MustParseAddrPort("127.0.0.1:53"), Transport: frontend.UDP}
	if change != nil {
		change(m, q)
	}
	var err error
	if q.Message, err = m.Pack(); err != nil {
		t.Fatal(err)
	}
	var reply []byte
	e.clock.Run(func() {
		var dst [1232]byte
		if n, ok := e.handler.Hit(q, dst[:]); ok {
			reply = dst[:n]
			return
		}
		e.handler.Miss(q, func(msg []byte) { reply = msg })
	})
	r := new(dns.Msg)
	if err := r.Unpack(reply); err != nil {
		t.Fatalf("%s: reply %x: %v", name, reply, err)
	}
	return r
}

// said is a reply in a line: RCODE, AD, AA, the data of the last record of the answer section and the EDE.
func said(m *dns.Msg) string {
	s := dns.RcodeToString[m.Rcode]
	if m.AuthenticatedData {
		s += " ad"
	}
	if m.Authoritative {
		s += " aa"
	}
	if n := len(m.Answer); n > 0 {
		s += " " + strings.TrimPrefix(m.Answer[n-1].String(), m.Answer[n-1].Header().String())
	}
	if o := m.IsEdns0(); o != nil {
		for _, x := range o.Option {
			if x, ok := x.(*dns.EDNS0_EDE); ok {
				s += fmt.Sprintf(" (%d %s)", x.InfoCode, x.ExtraText)
			}
		}
	}
	return s
}

// TestKeysHaveAnEffect: what the configuration says is what is done.
func TestKeysHaveAnEffect(t *testing.T) {
	cd := func(m *dns.Msg, _ *frontend.Query) { m.CheckingDisabled = true }
	norec := func(m *dns.Msg, _ *frontend.Query) { m.RecursionDesired = false }
	from := func(addr string) func(*dns.Msg, *frontend.Query) {
		return func(_ *dns.Msg, q *frontend.Query) { q.Client = netip.MustParseAddrPort(addr) }
	}
	chaos := func(m *dns.Msg, _ *frontend.Query) { m.Question[0].Qclass = dns.ClassCHAOS }
	const expired = "www.expired.com."
	w := newWorld(t)
	for _, tc := range []struct {
		lines  string
		name   string
		qtype  uint16
		change func(*dns.Msg, *frontend.Query)
		want   string // its beginning
	}{
		{special, "www.signed.com.", dns.TypeA, nil, "NOERROR ad 192.0.2.4"},
		{special, "www.plain.com.", dns.TypeA, nil, "NOERROR 192.0.2.1"},
		{special, "missing.signed.com.", dns.TypeA, nil, "NXDOMAIN ad"},
		{special, expired, dns.TypeA, nil, "SERVFAIL (7 signature expired, zone expired.com."},
		{special, expired, dns.TypeA, cd, "NOERROR 192.0.2.20"},
		{special + "validation: {mode: permissive}\n", expired, dns.TypeA, nil, "NOERROR 192.0.2.20"},
		{special + "validation: {mode: permissive}\n", "www.signed.com.", dns.TypeA, nil, "NOERROR ad 192.0.2.4"},
		{special + "validation: {mode: \"off\"}\n", expired, dns.TypeA, nil, "NOERROR 192.0.2.20"},
		{special + "validation: {mode: \"off\"}\n", "www.signed.com.", dns.TypeA, nil, "NOERROR 192.0.2.4"},
		// Access.
		{special, "www.plain.com.", dns.TypeA, from("192.0.2.1:5"), "REFUSED (18 not in the access list)"},
		{special + "access: {allow: [192.0.2.0/24]}\n", "www.plain.com.", dns.TypeA, from("192.0.2.1:5"), "NOERROR 192.0.2.1"},
		{special + "access: {allow: [192.0.2.0/24]}\n", "www.plain.com.", dns.TypeA, nil, "REFUSED (18 not in the access list)"},
		{special, "www.plain.com.", dns.TypeA, norec, "REFUSED (20 not answered without RD)"},
		{special + "access: {snoop: [127.0.0.1]}\n", "www.plain.com.", dns.TypeA, norec, "REFUSED (14 not in the cache"},
		// What is answered here.
		{special, "printer.home.arpa.", dns.TypeA, nil, "NXDOMAIN aa"},
		{special + "local-zones: {special-use: false}\n", "printer.home.arpa.", dns.TypeA, nil, "NXDOMAIN ad"},
		{special, "id.server.", dns.TypeTXT, chaos, "REFUSED (21 "},
		{special + "identity: here\n", "id.server.", dns.TypeTXT, chaos, "NOERROR \"here\""},
		{special + "version: \"9\"\n", "version.bind.", dns.TypeTXT, chaos, "NOERROR \"9\""},
		// Other servers than the delegations lead to; where they are special names too, those are not answered here.
		{special + "zones: {stub: [{name: plain.com, to: [127.53.9.9]}]}\n", "www.plain.com.", dns.TypeA, nil, "SERVFAIL (2"},
		{special + "zones: {forward: [{name: plain.com, to: [127.53.2.4], first: true}]}\n", "www.plain.com.", dns.TypeA, nil, "NOERROR 192.0.2.1"},
		{special + "zones: {stub: [{name: home.arpa, to: [127.53.9.9]}]}\n", "printer.home.arpa.", dns.TypeA, nil, "SERVFAIL (2"},
		// Questions for all, cookies, and what else servers had to say.
		{special, "www.plain.com.", dns.TypeANY, nil, "NOERROR \"RFC8482\" \"\""},
		{special + "serve-any: full\n", "www.plain.com.", dns.TypeANY, nil, "NOERROR 2001:db8::1"},
		{special + "zones: {forward: [{name: signed.com, to: [127.53.2.1], tcp: true}]}\n", "www.signed.com.", dns.TypeA, nil, "NOERROR ad 192.0.2.4"},
		// Limits.
		{special, "www.chain.com.", dns.TypeA, nil, "NOERROR ad 192.0.2.15"},
		{special + "limits: {aliases: 1}\n", "www.chain.com.", dns.TypeA, nil, "SERVFAIL (0 "},
		{special + "limits: {upstream-sends: 10}\nvalidation: {mode: \"off\"}\n", "www.chain.com.", dns.TypeA, nil, "SERVFAIL (0 limit of upstream queries reached)"},
	} {
		e := newEngine(t, w, tc.lines)
		if got := said(e.ask(t, tc.name, tc.qtype, tc.change)); !strings.HasPrefix(got, tc.want) {
			t.Errorf("%q: %s is %q, want %q", tc.lines, tc.name, got, tc.want)
		}
	}
}

// TestCookies: who sends a cookie is given one, unless there are none; with the
// same secret, by every server the same.
func TestCookies(t *testing.T) {
	w := newWorld(t)
	cookie := func(lines string) string {
		e := newEngine(t, w, special+lines)
		m := e.ask(t, "localhost.", dns.TypeA, func(m *dns.Msg, _ *frontend.Query) {
			m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"})
		})
		for _, o := range m.IsEdns0().Option {
			if c, ok := o.(*dns.EDNS0_COOKIE); ok {
				return c.Cookie
			}
		}
		return ""
	}
	const secret = "cookies: {secrets: [000102030405060708090a0b0c0d0e0f]}\n"
	if a, b := cookie(secret), cookie(secret); len(a) != 48 || a != b {
		t.Errorf("with a secret: %s and %s", a, b)
	}
	if a, b := cookie(secret), cookie("cookies: {mode: required, secrets: [000102030405060708090a0b0c0d0eff]}\n"); len(b) != 48 || a == b {
		t.Errorf("with another secret: %s and %s", a, b)
	}
	if c := cookie(""); len(c) != 48 {
		t.Errorf("without a secret: %s", c)
	}
	if c := cookie("cookies: {mode: ignored}\n"); c != "" {
		t.Errorf("none wanted: %s", c)
	}
}

// TestWholeResponses: the name servers of the zone stand beside an answer where
// the operator wants that.
func TestWholeResponses(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"ns1.hoster.net.", "ns2.hoster.net."} {
		f := &w.Server(name).Faults
		f.ZoneNS = true
		defer func() { f.ZoneNS = false }()
	}
	for lines, want := range map[string]int{"": 0, "minimal-responses: false\n": 2} {
		e := newEngine(t, w, special+lines)
		for range 2 {
			if m := e.ask(t, "www.signed.com.", dns.TypeA, nil); len(m.Ns) != want || !m.AuthenticatedData {
				t.Errorf("%q: %v", lines, m)
			}
		}
	}
}

// TestCacheOnly: once a name was asked for, who may look into the cache finds it there, and nothing is sent.
func TestCacheOnly(t *testing.T) {
	e := newEngine(t, newWorld(t), special+"access: {snoop: [127.0.0.1]}\n")
	e.ask(t, "www.signed.com.", dns.TypeA, nil)
	e.net.Take()
	if got := said(e.ask(t, "www.signed.com.", dns.TypeA, func(m *dns.Msg, _ *frontend.Query) { m.RecursionDesired = false })); got != "NOERROR ad 192.0.2.4" {
		t.Error(got)
	}
	if sent := e.net.Take(); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
}

// TestDeadlines: clients over UDP give up sooner than those over TCP, and both are answered before they do.
func TestDeadlines(t *testing.T) {
	w := newWorld(t)
	for transport, want := range map[frontend.Transport]time.Duration{frontend.UDP: 3 * time.Second, frontend.TCP: 4 * time.Second} {
		e := newEngine(t, w, special+"limits: {udp-answer-time: 3s, answer-time: 4s, work-time: 4s}\n")
		var reply []byte
		m := new(dns.Msg)
		m.SetQuestion("www.dead.org.", dns.TypeA)
		b, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		var took time.Duration
		e.clock.Run(func() {
			e.handler.Miss(&frontend.Query{Message: b, Client: netip.MustParseAddrPort("127.0.0.1:4711"), Transport: transport}, func(msg []byte) {
				reply, took = msg, e.clock.Elapsed()
			})
		})
		if r := new(dns.Msg); r.Unpack(reply) != nil || r.Rcode != dns.RcodeServerFailure || took != want {
			t.Errorf("%s: %v after %v, want SERVFAIL after %v", transport, r, took, want)
		}
	}
}
