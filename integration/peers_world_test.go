package integration_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// world is an Internet of other people's servers on loopback addresses: a root on nsd, top-level domains on knotd, and
// zones on nsd, knotd and named, plain ones and ones that ldns, BIND and Knot have signed.
type world struct {
	port    int               // of all servers
	binary  string            // the command under test
	zones   map[string]string // as served
	hints   string
	anchors string // DS records of the root
	ipv6    bool   // whether there is ::1; without it six.com. has no server
	known   string // a zone that resolves; what is asked to see whether a resolver is up
}

// authorities are who serves what. Parents and children are on different processes, but for alpha.com. and
// sub.alpha.com., so that there are referrals.
func authorities() []authority {
	return []authority{
		{"nsd", []string{"127.54.0.1", "127.54.0.2"}, []string{"."}},
		{"knotd", []string{"127.54.1.1", "127.54.1.2"}, []string{"com.", "org.", "net."}},
		{"nsd", []string{"127.54.2.1", "127.54.2.2"}, []string{"alpha.com.", "sub.alpha.com.", "ldns.com.", "expired.com.", "halfdead.com.", "glueless.org."}},
		{"knotd", []string{"127.54.3.1"}, []string{"beta.org.", "knot.org."}},
		// named listens at addresses that interfaces have, which of 127.0.0.0/8 is this one.
		{"named", []string{"127.0.0.1"}, []string{"gamma.net.", "hoster.net.", "bind.net.", "plain.ldns.com.", "plain.expired.com.", "plain.knot.org.", "plain.bind.net."}},
	}
}

// sixes is the authority that is reached over IPv6 only.
func sixes() authority { return authority{"nsd", []string{"::1"}, []string{"six.com."}} }

// silent is an address whose packets are taken and never answered.
const silent = "127.54.9.1"

// startWorld makes and signs the zones and starts the servers.
func startWorld(t *testing.T) *world {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8 on its loopback interface")
	}
	w := &world{known: "com.", zones: map[string]string{}, ipv6: canListen("[::1]:0")}
	for _, name := range []string{
		"nsd", "knotd", "named", "ldns-keygen", "ldns-signzone", "dnssec-keygen", "dnssec-signzone", "kzonesign", "keymgr", "dig", "kdig", "delv", "unbound", "dnsperf",
	} {
		program(t, name) // a skip further down would not be this test's
	}
	w.makeZones(t)
	all := authorities()
	if w.ipv6 {
		all = append(all, sixes())
	}
	for range 3 { // the port may be taken from us before it is ours
		w.port = freePort(t, "127.0.0.1")
		if w.start(t, all) {
			mute(t, fmt.Sprintf("%s:%d", silent, w.port))
			return w
		}
	}
	t.Fatal("the servers do not come up")
	return nil
}

// start starts all servers and tells whether all came up.
func (w *world) start(t *testing.T, all []authority) bool {
	t.Helper()
	running := make([]*process, len(all))
	for i, a := range all {
		running[i] = a.start(t, w.port, w.zones)
	}
	for i, a := range all {
		if err := a.serves(running[i], w.port); err != nil {
			t.Log(err)
			logTail(t, running[i])
			for _, p := range running {
				killGroup(p.cmd)
			}
			return false
		}
	}
	return true
}

// makeZones reads the zones and signs what is to be signed, children before their parents.
func (w *world) makeZones(t *testing.T) {
	t.Helper()
	for _, z := range []string{"alpha.com.", "sub.alpha.com.", "beta.org.", "gamma.net.", "hoster.net."} {
		w.zones[z] = zoneText(t, z+"zone", "")
	}
	for z, ns := range map[string]string{
		"halfdead.com.": "ns2.halfdead.com.", "glueless.org.": "ns.hoster.net.", "six.com.": "ns.six.com.",
		"plain.ldns.com.": "ns.gamma.net.", "plain.expired.com.": "ns.gamma.net.", "plain.knot.org.": "ns.gamma.net.", "plain.bind.net.": "ns.gamma.net.",
	} {
		w.zones[z] = "$ORIGIN " + z + "\n" + zoneText(t, "leaf.zone", ns)
	}
	w.zones["halfdead.com."] += "@ NS ns1\nns1 A " + silent + "\nns2 A 127.54.2.1\n"
	w.zones["six.com."] += "ns AAAA ::1\n"

	ds := map[string]string{} // of the children of each
	for i, level := range []map[string]struct{ by, text string }{
		{
			"ldns.com.":    {"ldns", "$ORIGIN ldns.com.\n" + zoneText(t, "signed.zone", "ns1.alpha.com.")},
			"expired.com.": {"late", "$ORIGIN expired.com.\n" + zoneText(t, "signed.zone", "ns1.alpha.com.")},
			"knot.org.":    {"knot", "$ORIGIN knot.org.\n" + zoneText(t, "signed.zone", "ns.beta.org.")},
			"bind.net.":    {"bind", "$ORIGIN bind.net.\n" + zoneText(t, "signed.zone", "ns.gamma.net.")},
		},
		{
			"com.": {"ldns", zoneText(t, "com.zone", "")},
			"org.": {"knot", zoneText(t, "org.zone", "")},
			"net.": {"bind", zoneText(t, "net.zone", "")},
		},
		{".": {"ldns", zoneText(t, "root.zone", "")}},
	} {
		var mu sync.Mutex
		above := map[string]string{}
		t.Run([]string{"sign leaves", "sign top level", "sign root"}[i], func(t *testing.T) {
			for z, how := range level {
				t.Run(z, func(t *testing.T) {
					t.Parallel()
					signed, own := signers()[how.by](t, z, how.text+ds[z])
					mu.Lock()
					defer mu.Unlock()
					w.zones[z] = signed
					_, parent, _ := strings.Cut(z, ".")
					above[cmp.Or(parent, ".")] += own
				})
			}
		})
		if t.Failed() {
			t.FailNow()
		}
		ds = above
	}
	w.anchors = trustAnchor(t, ds["."])
	w.hints = ". NS a.root.\n. NS b.root.\na.root. A 127.54.0.1\nb.root. A 127.54.0.2\n"
}

// zoneText is a zone of the test data. A number in braces stands for so many letters, {ns} for the zone's server.
func zoneText(t *testing.T, file, ns string) string {
	t.Helper()
	text := readTree(t, "integration/testdata/peers/"+file)
	return strings.NewReplacer("{250}", strings.Repeat("x", 250), "{ns}", ns).Replace(text)
}

// canListen tells whether an address is this machine's, and the port free.
func canListen(addr string) bool {
	c, err := net.ListenPacket("udp", addr)
	if err != nil {
		return false
	}
	_ = c.Close()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

// freePort is a port below those that the system gives out by itself that was free at an address a moment ago, over
// UDP and TCP.
func freePort(t *testing.T, addr string) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(12000)
		if canListen(net.JoinHostPort(addr, fmt.Sprint(port))) {
			return port
		}
	}
	t.Fatalf("no port is free at %s", addr)
	return 0
}

// mute takes packets and connections at an address and says nothing.
func mute(t *testing.T, addr string) {
	t.Helper()
	c, err := net.ListenPacket("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		_ = l.Close()
	})
}
