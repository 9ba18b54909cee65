package integration_test

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/clock"
	"recursor/dns/domain"
	"recursor/testbed/sim"
)

// damagedWorld is a signed root and com., and below it a zone for each damage and kind of denial, on loopback
// addresses at port 53, where all resolvers look for servers.
type damagedWorld struct {
	world
	zones   []damagedZone
	servers []*sim.Server
}

type damagedZone struct {
	origin string
	damage string
	kind   denialKind
	slow   bool
}

// startDamagedWorld makes the zones and serves them.
func startDamagedWorld(t *testing.T) *damagedWorld {
	t.Helper()
	if !canListen("127.55.0.1:53") {
		missing(t, "port 53 of 127.55.0.1")
	}
	w := &damagedWorld{world: world{port: 53, known: "com."}}
	t.Run("make", func(t *testing.T) {
		t.Setenv("GODEBUG", "rsa1024min=0") // zones with such keys are judged too
		w.build(t)
	})
	on := sim.NewLoopback(&sim.Internet{Servers: w.servers}, 53)
	if err := on.Listen(); err != nil {
		missing(t, err.Error())
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error)
	go func() { over <- on.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-over
	})
	return w
}

// build makes all zones, children first.
func (w *damagedWorld) build(t *testing.T) {
	ring := &keyring{keys: map[string]zoneKey{}}
	now := clock.NewReal().Now().Signature
	com := newDraft(t, ring, "com.", "127.55.0.2", byNSEC, dns.ECDSAP256SHA256, now)
	root := newDraft(t, ring, ".", "127.55.0.1", byNSEC, dns.ECDSAP256SHA256, now)
	com.rekey(10)
	root.rekey(12)
	for i, b := range damages() {
		kinds := b.kinds
		if len(kinds) == 0 {
			kinds = []denialKind{byNSEC, byNSEC3, byOptOut}[i%3:][:1]
		}
		for _, kind := range kinds {
			n := len(w.zones)
			origin := fmt.Sprintf("z%03d.com.", n)
			if n == 0 {
				origin = "sound.com."
			}
			alg := b.alg
			if alg == 0 {
				alg = dns.ECDSAP256SHA256
			}
			addr := fmt.Sprintf("127.55.%d.%d", 1+n/250, 1+n%250)
			d := newDraft(t, ring, origin, addr, kind, alg, now)
			b.do(b.start, d)
			w.put(t, origin, addr, d.make(b))
			w.put(t, "sub."+origin, addr, records(t, "sub."+origin, "@ 300 SOA ns hostmaster 1 3600 600 86400 60\n@ 300 NS ns\nns 300 A "+addr+"\nwww 300 A 192.0.2.9\n"))
			com.delegate(t, origin, addr, d.ds)
			if b.slow {
				n = 0 // begun first, as it takes longest
			}
			w.zones = slices.Insert(w.zones, n, damagedZone{origin, b.name, kind, b.slow})
		}
	}
	w.put(t, "com.", "127.55.0.2", com.make(damage{}))
	root.delegate(t, "com.", "127.55.0.2", com.ds)
	w.put(t, ".", "127.55.0.1", root.make(damage{}))
	w.anchors = root.ds[0].String() + "\n"
	w.hints = ". 3600000 NS ns.\nns. 3600000 A 127.55.0.1\n"
}

// rekey gives the draft keys that no other has.
func (d *draft) rekey(n int) {
	d.keys = []zoneKey{d.key(dns.ECDSAP256SHA256, n, dns.ZONE|dns.SEP), d.key(dns.ECDSAP256SHA256, n+1, dns.ZONE)}
	d.ds = []dns.RR{d.keys[0].ToDS(dns.SHA256)}
}

// delegate adds a zone cut with its glue and DS records.
func (d *draft) delegate(t *testing.T, child, addr string, ds []dns.RR) {
	t.Helper()
	d.content = append(d.content, records(t, child, "@ 300 NS ns\nns 300 A "+addr+"\n")...)
	for _, rr := range ds {
		rr.Header().Ttl = 300
		d.content = append(d.content, rr)
	}
}

// put puts a zone on the server at an address.
func (w *damagedWorld) put(t *testing.T, origin, addr string, content []dns.RR) {
	t.Helper()
	name, err := domain.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	z := sim.NewZone(name)
	if err := z.Add(content...); err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddr(addr)
	i := slices.IndexFunc(w.servers, func(s *sim.Server) bool { return s.Addrs[0] == at })
	if i < 0 {
		i = len(w.servers)
		w.servers = append(w.servers, &sim.Server{Authority: sim.NewAuthority(addr, 1), Addrs: []netip.Addr{at}})
	}
	w.servers[i].Serve(z)
}

// peers are the resolvers of others over the world, each by its address.
func (w *damagedWorld) peers(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"unbound": w.other(t, "unbound", func(dir string, port int) []string {
			writeFile(t, filepath.Join(dir, "conf"), fmt.Sprintf("server:\n interface: 127.0.0.1@%d\n username: \"\"\n chroot: \"\"\n directory: %q\n pidfile: \"\"\n"+
				" use-syslog: no\n do-daemonize: no\n num-threads: 1\n do-not-query-localhost: no\n root-hints: hints\n"+
				" module-config: \"validator iterator\"\n trust-anchor-file: anchors\n minimal-responses: yes\nremote-control:\n control-enable: no\n", port, dir))
			return []string{"-d", "-c", filepath.Join(dir, "conf")}
		}),
		"named": w.named(t, strict),
		"kresd": w.other(t, "kresd", func(dir string, port int) []string {
			writeFile(t, filepath.Join(dir, "conf"), fmt.Sprintf("net.ipv6 = false\nnet.listen('127.0.0.1', %d, { kind = 'dns' })\n"+
				"modules = { 'hints > iterate' }\nhints.root_file('hints')\ncache.open(100 * MB, 'lmdb://%s/cache')\n"+
				"trust_anchors.add_file('anchors', true)\nmodules.unload('ta_signal_query')\npolicy.add(policy.all(policy.FLAGS('ALLOW_LOCAL')))\nlog_level('crit')\n", port, dir))
			return []string{"-n", "-c", filepath.Join(dir, "conf"), dir}
		}),
		"pdns_recursor": w.other(t, "pdns_recursor", func(dir string, port int) []string {
			ds := strings.Fields(w.anchors)
			writeFile(t, filepath.Join(dir, "ta.lua"), fmt.Sprintf("clearTA() addTA('.', '%s')\n", strings.Join(ds[4:], " ")))
			writeFile(t, filepath.Join(dir, "recursor.conf"), fmt.Sprintf("local-address=127.0.0.1\nlocal-port=%d\nsocket-dir=%[2]s\nwrite-pid=no\n"+
				"security-poll-suffix=\nhint-file=%[2]s/hints\nlua-config-file=%[2]s/ta.lua\ndnssec=validate\ndont-query=\nthreads=1\nquiet=yes\nloglevel=3\ndaemon=no\n", port, dir))
			return []string{"--config-dir=" + dir}
		}),
	}
}
