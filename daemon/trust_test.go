package daemon_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/daemon"
	"recursor/dns/domain"
	"recursor/frontend"
	"recursor/observe"
	"recursor/random"
	"recursor/testbed/sim"
	"recursor/trust"
	"recursor/trust/rfc5011"
)

const day = 24 * time.Hour

// small is an Internet of a root and two zones below it.
const small = `
$SERVER a.root. 198.18.0.1
$SERVER ns.example. 198.18.0.2
$ZONE . a.root. ed25519
@ 172800 SOA a.root. hostmaster. 1 7200 3600 1209600 300
$ZONE example. ns.example. ed25519
www A 192.0.2.1
root-key-sentinel-is-ta-00001 A 192.0.2.2
root-key-sentinel-not-ta-00001 A 192.0.2.3
alias CNAME www.broken.example.
$ZONE broken.example. ns.example. ed25519 corrupt=www/A corrupt=@/SOA
www A 192.0.2.4
`

// rolling is a resolver over an Internet whose root rolls its keys.
type rolling struct {
	*engine
	t     *testing.T
	in    *sim.Internet
	plain *sim.Zone
	keys  map[string]*sim.Key
	shown string // "A B'": published and, all of them, signing
	told  []string
	world daemon.World
	conf  string
	dir   string
}

// newRolling begins with key A, which is configured.
func newRolling(t *testing.T, start time.Time, lines string) *rolling {
	t.Helper()
	in, err := sim.ParseInternet(small, sim.InternetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := &rolling{t: t, in: in, plain: in.Zone("."), keys: map[string]*sim.Key{}, dir: t.TempDir(), conf: special + lines}
	for _, name := range []string{"A", "B", "C"} {
		key, err := sim.NewKey(sim.KeyOptions{Zone: domain.Root(), Algorithm: dns.ED25519, Seed: name, Use: sim.SignsKeys | sim.SignsData})
		if err != nil {
			t.Fatal(err)
		}
		revoked, record := *key, *key.DNSKEY
		record.Flags |= dns.REVOKE
		revoked.DNSKEY = &record
		r.keys[name], r.keys[name+"'"] = key, &revoked
	}
	r.world = daemon.World{Seeds: &random.Replay{Seed: 7}, Watch: r}
	r.engine = &engine{clock: sim.NewClock(start)}
	r.show("A")
	r.start()
	return r
}

// show signs the root with keys, as of now, and serves it.
func (r *rolling) show(keys string) {
	r.t.Helper()
	r.shown = keys
	o := sim.SignOptions{Inception: r.truth().Add(-day), Expiration: r.truth().Add(14 * day)}
	for name := range strings.FieldsSeq(keys) {
		o.Keys = append(o.Keys, r.keys[name])
	}
	z, err := sim.Sign(r.plain, o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.in.Server("a.root.").Serve(z)
}

// truth is the true time, whatever the resolver's clock says.
func (r *rolling) truth() time.Time { return r.clock.Now().TTL }

// start starts the resolver, as after a stop.
func (r *rolling) start() {
	r.t.Helper()
	now := r.clock.Now()
	r.clock.Close()
	r.engine = &engine{clock: sim.NewClock(now.TTL)}
	r.clock.ShiftSignature(now.Signature.Sub(now.TTL))
	r.t.Cleanup(r.clock.Close)
	r.net = sim.NewNetwork(r.clock, 1)
	r.in.Attach(r.net)
	path := filepath.Join(r.dir, "c.yaml")
	for name, text := range map[string]string{
		"root.hints": r.in.Hints(), "root.key": r.keys["A"].String() + "\n",
		"c.yaml": "root-hints: root.hints\ntrust-anchors: [root.key]\nstate: state\n" + r.conf,
	} {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	c, err := daemon.Load(path)
	if err != nil {
		r.t.Fatal(err)
	}
	c.Cache.Size = 8 << 20
	if r.world.State, err = daemon.OpenState(c); err != nil {
		r.t.Fatal(err)
	}
	r.world.Clock, r.world.Net = r.clock, r.net
	if r.Engine, err = daemon.NewEngine(c, r.world); err != nil {
		r.t.Fatal(err)
	}
	r.handler = r.Handler(context.Background())
	r.clock.Go("trust", func() { _ = r.Keep(context.Background()) })
	r.clock.Advance(time.Minute)
}

// pass lets days pass; the root is signed anew twice a week.
func (r *rolling) pass(days int) {
	for d := range days {
		if d%3 == 0 {
			r.show(r.shown)
		}
		r.clock.Advance(day)
	}
}

// Observe implements observe.Observer.
func (r *rolling) Observe(e observe.Event) {
	switch e := e.(type) {
	case observe.Anchored:
		for name, key := range r.keys {
			if len(name) == 1 && key.KeyTag() == e.Tag {
				r.told = append(r.told, name+" "+e.To)
			}
		}
	case observe.Clocked:
		r.told = append(r.told, fmt.Sprintf("clock wrong %t by %v", e.Wrong, e.Off/day*day))
	case observe.Disabled:
		r.told = append(r.told, e.Zone.String()+" "+e.What)
	case observe.Kept:
		r.told = append(r.told, fmt.Sprint("state not ", e.What, ": ", e.Err))
	}
}

func (r *rolling) expect(told string) {
	r.t.Helper()
	if got := strings.Join(r.told, ", "); got != told {
		r.t.Errorf("on %s told %q, want %q", r.truth().Format(time.DateOnly), got, told)
	}
	r.told = nil
}

// answers asks for an address and holds the answer to what it begins with.
func (r *rolling) answers(name, want string) {
	r.t.Helper()
	if got := said(r.ask(r.t, name, dns.TypeA, nil)); !strings.HasPrefix(got, want) {
		r.t.Errorf("%s on %s: %q, want %q", name, r.truth().Format(time.DateOnly), got, want)
	}
}

// A root that rolls its key: the new one is trusted from the moment on that it may be, across starts of the resolver, and
// carries all alone once the old one is revoked.
//
// RFC: 5011.1, 5011.2, 5011.3, 5011.4, 9718.1
func TestRootRollsItsKey(t *testing.T) {
	r := newRolling(t, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), "")
	r.answers("www.example.", "NOERROR ad 192.0.2.1")
	r.pass(3)
	r.expect("")
	r.show("A B")
	r.pass(10)
	r.expect("B AddPend")
	r.start()
	r.pass(18)
	r.expect("")
	r.start()
	r.pass(4)
	r.expect("B Valid")
	r.answers("www.example.", "NOERROR ad 192.0.2.1")
	r.show("A' B")
	r.pass(1)
	r.expect("A Revoked")
	r.show("B")
	r.pass(40)
	r.expect("A Removed")
	r.answers("www.example.", "NOERROR ad 192.0.2.1")
	r.start() // though A is what is configured
	r.answers("www.example.", "NOERROR ad 192.0.2.1")
	r.expect("")
	// A, which whoever stole it might use, is worth nothing any more.
	r.show("A")
	r.clock.Advance(time.Hour)
	r.start()
	r.answers("www.example.", "SERVFAIL (10 signature missing, zone ., ")
}

// RFC: 5011.5
func TestRootRevokesItsOnlyKey(t *testing.T) {
	r := newRolling(t, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), "")
	r.show("A'")
	r.pass(2)
	r.expect("A Revoked")
	r.start()
	r.answers("www.example.", "SERVFAIL (")
}

// A wrong clock: what fails is blamed on it, the state stays as it is, and all is well once it is set.
//
// RFC: X.8, 4033.2
func TestWrongClock(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for what, tt := range map[string]struct {
		off  time.Duration
		told string
		want string // the answer
	}{
		"before the build": {-200 * day, "clock wrong true by -4776h0m0s", "SERVFAIL (8 signature not yet valid, zone ., key "},
		"before the root":  {-20 * day, "clock wrong true by -456h0m0s", "SERVFAIL (8 signature not yet valid, zone ., key "},
		"behind the root":  {30 * day, "clock wrong true by 384h0m0s", "SERVFAIL (8 the clock is at least 16 days ahead of the signatures of the root's keys) (7 signature expired, zone ., "},
	} {
		t.Run(what, func(t *testing.T) {
			r := newRolling(t, now, "")
			r.world.Built = now.Add(-100 * day)
			r.start()
			file := stateFile(t, r)
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r.show("A B")
			r.clock.ShiftSignature(tt.off)
			r.start()
			r.clock.Advance(2 * time.Hour)
			got := said(r.ask(t, "www.example.", dns.TypeA, nil))
			if !strings.HasPrefix(got, tt.want) || !strings.Contains(got, "the clock is at least ") {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if cd := said(r.ask(t, "www.example.", dns.TypeA, func(m *dns.Msg, _ *frontend.Query) { m.CheckingDisabled = true })); !strings.HasPrefix(cd, "NOERROR 192.0.2.1") {
				t.Errorf("with CD: %q", cd)
			}
			if len(r.told) == 0 || !strings.HasPrefix(r.told[0], tt.told) {
				t.Errorf("told %q, want %q", r.told, tt.told)
			}
			if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
				t.Errorf("the state has changed: %v\n%s", err, after)
			}
			r.told = nil
			r.clock.ShiftSignature(0)
			r.clock.Advance(2 * time.Minute)
			r.expect("clock wrong false by 0s, B AddPend")
			r.answers("www.example.", "NOERROR ad 192.0.2.1")
		})
	}
}

func stateFile(t *testing.T, r *rolling) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(r.dir, "state", "anchors-*"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	return found[0]
}

// RFC: 8509.1, 8509.2
func TestSentinelIsAnswered(t *testing.T) {
	r := newRolling(t, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), "")
	const is, not = "root-key-sentinel-is-ta-00001.example.", "root-key-sentinel-not-ta-00001.example."
	for range 3 { // finished answers are no others
		r.answers(is, "SERVFAIL (0 root key sentinel")
		r.answers(not, "NOERROR ad 192.0.2.3")
	}
	for what, change := range map[string]func(*dns.Msg, *frontend.Query){
		"CD":           func(m *dns.Msg, _ *frontend.Query) { m.CheckingDisabled = true },
		"another type": func(m *dns.Msg, _ *frontend.Query) { m.Question[0].Qtype = dns.TypeTXT },
	} {
		if got := said(r.ask(t, is, dns.TypeA, change)); !strings.HasPrefix(got, "NOERROR") {
			t.Errorf("%s: %q", what, got)
		}
	}
	off := newRolling(t, r.truth(), "validation: {root-key-sentinel: false}\n")
	off.answers(is, "NOERROR ad 192.0.2.2")
}

// A zone that is signed wrongly: it is answered while its negative anchor lasts, others are judged as ever, and the
// anchor goes when it ends, or earlier when the zone is right again.
//
// RFC: 7646.1, 7646.3, 7646.4
func TestNegativeAnchor(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second) //nolint:forbidigo // the configuration is checked by the real clock
	lines := func(more string) string {
		return "validation: {negative-anchors: [{name: broken.example, reason: ticket 4711, until: " + now.Add(2*day).Format(time.RFC3339) + more + "}]}\n"
	}
	const broken, noted = "www.broken.example.", "NOERROR 192.0.2.4 (33 negative trust anchor, zone broken.example."
	r := newRolling(t, now, lines(""))
	r.expect("broken.example. in effect")
	for range 2 { // the second from the cache
		r.answers(broken, noted)
		r.answers("alias.example.", noted)
		r.answers("www.example.", "NOERROR ad 192.0.2.1")
	}
	r.clock.Advance(2*day - 2*time.Minute)
	r.answers(broken, noted)
	r.expect("")
	r.show("A")
	r.clock.Advance(2 * time.Minute)
	r.expect("broken.example. expired")
	r.answers(broken, "SERVFAIL (6 ")
	r.start()
	r.expect("broken.example. expired")
	// Mended, it is found out by the next test.
	for _, tt := range []struct{ more, told, want string }{
		{"", "broken.example. not needed any more", "NOERROR ad 192.0.2.4"},
		{", test: false", "", noted},
	} {
		r = newRolling(t, now, lines(tt.more))
		r.answers(broken, noted)
		r.told = nil
		z, err := sim.Sign(r.in.Zone("broken.example."), sim.SignOptions{Keys: r.in.Zone("broken.example.").Keys()})
		if err != nil {
			t.Fatal(err)
		}
		r.in.Server("ns.example.").Serve(z)
		r.clock.Advance(6 * time.Minute)
		r.expect(tt.told)
		r.answers(broken, tt.want)
	}
}

// The resolver's process is killed again and again while the root rolls its keys: at each start it knows what it knew,
// and no key is trusted before its 30 days are over.
//
// RFC: 5011.4
func TestKilledWhileFollowing(t *testing.T) {
	if dir := os.Getenv("DAEMON_TEST_FOLLOWS"); dir != "" {
		followForEver(t, dir)
		return
	}
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir()
	var last rfc5011.Point
	for round := range 12 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWhileFollowing$")
		cmd.Env = append(os.Environ(), "DAEMON_TEST_FOLLOWS="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 3 + round*5%17 {
			if !lines.Scan() {
				t.Fatal("the resolver ended")
			}
		}
		said := lines.Text() // it knew this much when it was killed
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		found, err := filepath.Glob(filepath.Join(dir, "state", "anchors-????????"))
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		data, err := trust.StateFile{Path: found[0]}.Read()
		if err != nil {
			t.Fatal(err)
		}
		points, err := rfc5011.Decode(data)
		if err != nil || len(points) != 1 {
			t.Fatalf("round %d: %v\n%s", round, err, data)
		}
		p := points[0]
		at, err := time.Parse(time.RFC3339, said)
		if err != nil || p.Updated.Before(at) || p.Updated.Before(last.Updated) {
			t.Fatalf("round %d: the state is of %v; it was told %s, and before %v", round, p.Updated, said, last.Updated)
		}
		for _, k := range p.Keys {
			for _, before := range last.Keys {
				if string(k.RData) != string(before.RData) {
					continue
				}
				if before.State == rfc5011.AddPend && k.State == rfc5011.Valid && k.Since.Before(before.Until) {
					t.Errorf("round %d: key %d is trusted since %v, not before %v", round, k.Tag(), k.Since, before.Until)
				}
				if before.State >= rfc5011.Revoked && k.State < rfc5011.Revoked {
					t.Errorf("round %d: key %d is %s again", round, k.Tag(), k.State)
				}
			}
		}
		last = p
	}
	if len(last.Keys) < 3 {
		t.Errorf("nothing was rolled: %+v", last.Keys)
	}
}

// followForEver is a resolver over a root that rolls from A to B to C, from where the state says on. Each line that it
// writes is the time of a state that it has kept.
func followForEver(t *testing.T, dir string) {
	t.Helper()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := begin
	if found, _ := filepath.Glob(filepath.Join(dir, "state", "anchors-????????")); len(found) == 1 {
		data, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		points, err := rfc5011.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		now = points[0].Updated.Add(time.Hour)
	}
	r := newRolling(t, now, "")
	r.dir = dir
	plan := func() string {
		switch days := r.truth().Sub(begin) / day; {
		case days < 5:
			return "A"
		case days < 45:
			return "A B"
		case days < 50:
			return "A' B"
		case days < 90:
			return "B C"
		default:
			return "B' C"
		}
	}
	r.show(plan())
	r.start()
	for range 500 {
		r.show(plan())
		r.clock.Advance(12 * time.Hour)
		fmt.Println(r.Points()[0].Updated.Format(time.RFC3339)) //nolint:forbidigo // it is read by who started us
	}
}

// An option that tells tags of keys is between resolvers and servers: a client that sends it is answered without.
//
// RFC: 8145.1
func TestKeyTagOptionIsIgnored(t *testing.T) {
	r := newRolling(t, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), "")
	const ednsKeyTag = 14
	got := r.ask(t, ".", dns.TypeDNSKEY, func(m *dns.Msg, _ *frontend.Query) {
		m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_LOCAL{Code: ednsKeyTag, Data: []byte{0x4f, 0x66}})
	})
	if said := said(got); !strings.HasPrefix(said, "NOERROR ad 257 3 15 ") {
		t.Errorf("%s", said)
	}
	for _, o := range got.IsEdns0().Option {
		if o.Option() == ednsKeyTag {
			t.Errorf("told %v", o)
		}
	}
}
