package integration_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/clock"
	"recursor/dns/domain"
	"recursor/testbed/sim"
)

// fakedInternet is what is asked in made-up time. Its signatures are good in May 2033 alone.
const fakedInternet = `
$SERVER a.root.  127.127.1.1
$SERVER ns.com. 127.127.1.2
$ZONE . a.root. ed25519
$ZONE com. ns.com. ed25519
www  3600 A 192.0.2.80
long 2419200 A 192.0.2.81
$ZONE broken.com. ns.com. ed25519 corrupt=www/A
www  3600 A 192.0.2.82
`

// testFakedClock is what an outside driver does: it runs the daemon at port 53 of an address of its own, with hints,
// anchors, negative anchors, forwarders and a source address, and moves its clock by a file.
func testFakedClock(t *testing.T, w *world, _ *resolver) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8 on its loopback interface")
	}
	may := time.Date(2033, 5, 1, 0, 0, 0, 0, time.UTC)
	in, err := sim.ParseInternet(fakedInternet, sim.InternetOptions{Inception: may, Expiration: may.AddDate(0, 1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	sources := map[netip.Addr]bool{}
	for _, name := range []string{"a.root.", "ns.com."} {
		in.Server(name).Faults.Instead = func(p sim.Packet, _ *dns.Msg) ([]sim.Reply, bool) {
			mu.Lock()
			defer mu.Unlock()
			sources[p.From.Addr()] = true
			return nil, false
		}
	}
	servers := sim.NewLoopback(in, 0)
	if err := servers.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- servers.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()

	dir := t.TempDir()
	say := func(date string) { writeFile(t, filepath.Join(dir, "now"), "@"+date+"\n") }
	say("2033-05-10 12:00:00")
	r := &resolver{addr: "127.127.0.1", port: "53"}
	if l, err := net.Listen("tcp", "127.127.0.1:53"); err != nil {
		r.port = strconv.Itoa(freePort(t, r.addr)) // port 53 is not for everybody
	} else {
		_ = l.Close()
	}
	writeFile(t, filepath.Join(dir, "root.hints"), in.Hints())
	writeFile(t, filepath.Join(dir, "root.ds"), in.Anchors())
	writeFile(t, filepath.Join(dir, "recursor.yaml"), fmt.Sprintf(`
clock: {file: now}
listen: {dns: ["%s:%s"]}
root-hints: root.hints
trust-anchors: [root.ds]
upstream: {port: %d, allow-special-addresses: true, source: [127.127.0.9], ipv6: false, minimise: "off", case-randomisation: false, priming: false}
zones: {forward: [{name: forwarded.org, to: ["127.127.1.2"]}]}
validation: {negative-anchors: [{name: broken.com, until: 2033-05-12T00:00:00Z, reason: its owner is asleep, test: false}]}
state: "off"
log: {format: json}
`, r.addr, r.port, servers.Port()))
	began := clock.NewReal().Now().TTL
	r.process = run(t, dir, w.binary, "serve", "--config", "recursor.yaml")
	if !r.waitFor(`"ready"`) {
		logTail(t, r.process)
		t.Fatal("the resolver does not come up")
	}
	const www = "www.com. IN A 192.0.2.80"
	first := r.dig(t, "+tcp", "www.com")
	want{args: "www.com by tcp", secure: true, answer: []string{www}}.check(t, first)
	if d := clock.NewReal().Now().TTL.Sub(began); d > 5*time.Second {
		t.Errorf("it took %v to accept a connection", d)
	}
	ttl := func(a *reply, most int) {
		t.Helper()
		if len(a.ttls) == 0 {
			t.Fatalf("no answer: %s", a.text)
		}
		if n, err := strconv.Atoi(strings.TrimSpace(a.ttls[0])); err != nil || n > most || n < most-60 {
			t.Errorf("TTL %s, want %d or a little less", a.ttls[0], most)
		}
	}
	ttl(first, 3600)
	ttl(r.dig(t, "long.com"), 86400)

	say("2033-05-10 12:30:00") // as far as the process is concerned, it is half an hour older
	ttl(r.dig(t, "www.com"), 1800)
	say("2033-05-10 13:00:01")
	ttl(r.dig(t, "www.com"), 3600) // it was asked for again

	// A negative anchor, and its end.
	excused := r.dig(t, "www.broken.com")
	if len(excused.ede) != 1 || !strings.HasPrefix(excused.ede[0], "33 ") || len(excused.answer) != 1 || excused.flags != "qr rd ra" {
		t.Errorf("under a negative anchor: %s", excused.text)
	}
	say("2033-05-13 12:00:00")
	if a := r.dig(t, "www.broken.com"); a.status != "SERVFAIL" {
		t.Errorf("three days later: %s\n%s", a.status, a.text)
	}

	// Signatures of a time that is over, which what is cached does not outlive.
	say("2034-05-13 12:00:00")
	if a := r.dig(t, "long.com"); a.status != "SERVFAIL" || len(a.ede) == 0 || !strings.HasPrefix(a.ede[0], "7 ") {
		t.Errorf("a year later: %s %q\n%s", a.status, a.ede, a.text)
	}
	say("2033-05-10 12:00:00")
	writeFile(t, filepath.Join(dir, "now"), "what time is it?\n")
	if a := r.dig(t, "localhost"); a.status != "NOERROR" || !r.waitFor("the time stays as it was") {
		t.Errorf("without a time: %s", a.status)
	}

	// The forwarder is none for that name, but it was asked, and from where.
	in.Server("ns.com.").Drop(domain.MustParse("com."))
	r.dig(t, "x.forwarded.org")
	mu.Lock()
	defer mu.Unlock()
	if len(sources) != 1 || !sources[netip.MustParseAddr("127.127.0.9")] {
		t.Errorf("servers were asked from %v", sources)
	}
	r.finish(t)
}
