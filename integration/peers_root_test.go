package integration_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// rootFile is the root zone of October 2020, as it was.
const rootFile = "conformance/root/root-2020101902.zone.gz"

// readRoot reads the lines of the root zone. The test is skipped where it is absent.
func readRoot(t *testing.T) []string {
	t.Helper()
	path := sharedFile(rootFile)
	if path == "" {
		t.Skip("the shared root zone is absent (RECURSOR_SHARED, or ../shared beside the repository)")
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// overRoot is the daemon with its own anchors over the root zone on nsd at an address.
func overRoot(t *testing.T, binary, addr string, lines []string) *resolver {
	t.Helper()
	port := freePort(t, addr)
	nsd := authority{"nsd", []string{addr}, []string{"."}}
	p := nsd.start(t, port, map[string]string{".": strings.Join(lines, "\n") + "\n"})
	if err := nsd.serves(p, port); err != nil {
		logTail(t, p)
		t.Fatal(err)
	}
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "root.hints"), ". 3600 NS a.root-servers.net.\na.root-servers.net. 3600 A "+addr+"\n")
	r := &resolver{addr: "127.0.0.1", port: strconv.Itoa(freePort(t, "127.0.0.1"))}
	config := filepath.Join(dir, "recursor.yaml")
	writeFile(t, config, fmt.Sprintf("listen: {dns: [%q]}\nroot-hints: root.hints\nvalidation: {fixed-time: \"2020-10-20T00:00:00Z\"}\n"+
		"upstream: {port: %d, allow-special-addresses: true, priming: false}\nlocal-zones: {special-use: false}\nstate: \"off\"\n"+
		"log: {format: json, level: debug}\n", net.JoinHostPort(r.addr, r.port), port))
	r.process = run(t, dir, binary, "serve", "--config", config)
	if !r.waitFor(`"ready"`) {
		logTail(t, r.process)
		t.Fatal("the resolver does not come up")
	}
	return r
}

// ask puts a question with DO over UDP, again over TCP where it must.
func (r *resolver) ask(t *testing.T, name string, qtype uint16) *dns.Msg {
	t.Helper()
	q := new(dns.Msg)
	q.SetQuestion(name, qtype)
	q.SetEdns0(1232, true)
	at := net.JoinHostPort(r.addr, r.port)
	c := dns.Client{Timeout: 10 * time.Second}
	m, _, err := c.Exchange(q, at)
	if err == nil && m.Truncated {
		c.Net = "tcp"
		m, _, err = c.Exchange(q, at)
	}
	if err != nil {
		t.Fatalf("%s %s: %v", name, dns.TypeToString[qtype], err)
	}
	return m
}

// sent sums up what the log tells of queries upstream.
func (r *resolver) sent() int {
	n := 0
	for _, m := range regexp.MustCompile(`"sent":(\d+)`).FindAllStringSubmatch(r.said.String(), -1) {
		k, _ := strconv.Atoi(m[1])
		n += k
	}
	return n
}

// TestRealRoot puts the command between a client and the real root zone, with the keys that are built in: each top-level
// domain's DS is secure or proven to be absent, what does not exist is denied with AD, most of it without asking, and an
// octet that was changed in a signed set is seen.
//
// RFC: 9718.1, 4035.3, 4035.5, 8198.1
func TestRealRoot(t *testing.T) {
	lines := readRoot(t)
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8 on its loopback interface")
	}
	program(t, "nsd")
	binary := buildRecursor(t)
	t.Run("as it was", func(t *testing.T) { testRootAsItWas(t, overRoot(t, binary, "127.54.20.1", lines), lines) })
	t.Run("changed", func(t *testing.T) { testRootChanged(t, binary, lines) })
}

// topLevel are the top-level domains, with whether they are signed.
func topLevel(lines []string) (names []string, signed map[string]bool) {
	signed = map[string]bool{}
	for _, l := range lines {
		f := strings.Fields(l)
		if dns.CountLabel(f[0]) != 1 {
			continue
		}
		switch _, known := signed[f[0]]; {
		case f[3] == "DS":
			signed[f[0]] = true
			fallthrough
		case f[3] == "NS":
			if !known {
				names = append(names, f[0])
				signed[f[0]] = signed[f[0]] || f[3] == "DS"
			}
		}
	}
	return names, signed
}

func testRootAsItWas(t *testing.T, r *resolver, lines []string) {
	names, signed := topLevel(lines)
	if len(names) != 1508 {
		t.Fatalf("%d top-level domains", len(names))
	}
	for _, n := range names {
		m := r.ask(t, n, dns.TypeDS)
		ok := m.Rcode == dns.RcodeSuccess && m.AuthenticatedData
		if signed[n] && signatures(m.Answer) == 0 || !signed[n] && (len(m.Answer) > 0 || signatures(m.Ns) < 2) || !ok {
			t.Errorf("%s\n%s", n, m)
		}
	}
	before := r.sent()
	rng := rand.New(rand.NewPCG(2020, 10))
	for i := 0; i < 3000; {
		label := make([]byte, 5+rng.IntN(10))
		for j := range label {
			label[j] = byte('a' + rng.IntN(26))
		}
		n := string(label) + "."
		if _, exists := signed[n]; exists {
			continue
		}
		i++
		m := r.ask(t, n, dns.TypeA)
		if m.Rcode != dns.RcodeNameError || !m.AuthenticatedData || signatures(m.Ns) < 2 {
			t.Fatalf("%s\n%s", n, m)
		}
	}
	asked := r.sent() - before
	if asked > 600 {
		t.Errorf("3000 missing names took %d questions", asked)
	}
	t.Logf("%d names took %d questions, 3000 missing ones %d", len(names), before, asked)
	r.finish(t)
}

// testRootChanged changes an octet in the DS set of some top-level domains or in what proves that there is none, or in
// the signature.
func testRootChanged(t *testing.T, binary string, lines []string) {
	names, signed := topLevel(lines)
	rng := rand.New(rand.NewPCG(1, 1))
	rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	changed := map[string]string{} // the types that carry it
	for i, n := range names[:300] {
		set := "NSEC"
		if signed[n] {
			set = "DS"
		}
		changed[n] = set
		if i%2 == 1 {
			changed[n] = "RRSIG " + set
		}
	}
	out := append([]string(nil), lines...)
	done := map[string]bool{}
	for i, l := range out {
		f := strings.Fields(l)
		what := f[3]
		if what == "RRSIG" {
			what += " " + f[4]
		}
		if changed[f[0]] != what || done[f[0]] {
			continue
		}
		done[f[0]] = true
		out[i] = changeOctet(t, rng, l)
	}
	r := overRoot(t, binary, "127.54.20.2", out)
	for i, n := range names[:600] {
		m := r.ask(t, n, dns.TypeDS)
		if bad := m.Rcode == dns.RcodeServerFailure; bad != (i < 300) {
			t.Errorf("%s, changed %q:\n%s", n, changed[n], m)
		}
	}
	r.finish(t)
}

// changeOctet changes an octet of the RDATA of a line such that it is still a record of the type.
func changeOctet(t *testing.T, rng *rand.Rand, line string) string {
	t.Helper()
	rr, err := dns.NewRR(line)
	if err != nil {
		t.Fatal(err)
	}
	wire := make([]byte, dns.Len(rr)+1)
	n, err := dns.PackRR(rr, wire, 0, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	start := n - int(rr.Header().Rdlength)
	for {
		bad := append([]byte(nil), wire[:n]...)
		// A letter's case is none of what is signed (RFC 4034 §6.2).
		bad[start+rng.IntN(n-start)] ^= 1 << []int{0, 1, 2, 3, 4, 6, 7}[rng.IntN(7)]
		back, off, err := dns.UnpackRR(bad, 0)
		if err != nil || off != n {
			continue
		}
		text := back.String()
		if nsec, ok := back.(*dns.NSEC); ok && !slices.Equal(nsec.TypeBitMap, rr.(*dns.NSEC).TypeBitMap) {
			continue // nsd does not load what has types that it does not know
		}
		if again, err := dns.NewRR(text); err == nil && again.String() == text && strings.Fields(text)[3] == strings.Fields(line)[3] {
			return text
		}
	}
}
