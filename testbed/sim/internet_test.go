package sim_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/testbed/sim"
	"recursor/transport"
)

const small = `; A root, a top-level domain, and three zones.
$SERVER a.root. 198.51.100.1 2001:db8:f::1
$SERVER ns.nic.test. 198.51.100.2 rtt=50ms
$SERVER ns1.one.test. 198.51.100.3 dead=2001:db8:f::3 2001:db8:f::3 ; a comment
$SERVER ns2.other. 198.51.100.4 delay=30ms lame=upward
$ZONE . a.root. ed25519
$ZONE test. ns.nic.test. rsasha256 bits=1024 opt-out
byhand NS ns.elsewhere.
byhand DS 1 13 2 00
$ZONE One.test. ns1.one.test. -ns2.other. ecdsap256sha256 nsec3 iterations=2 salt=ab
www A 192.0.2.80
$ZONE two.test. ns1.one.test. +ns.nic.test. wrong-ds ed25519 corrupt=www/A strip=@/SOA
www A 192.0.2.81
$ZONE byhand.test. ns1.one.test. ed25519
$ZONE other. a.root. ns2.other.
@ SOA hidden. primary. 7 1 1 1 60
@ NS ns3.other.
`

func TestInternet(t *testing.T) {
	in, err := sim.ParseInternet(small, sim.InternetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := sim.ParseInternet(small, sim.InternetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, origin := range []string{".", "test.", "one.test.", "two.test.", "byhand.test.", "other."} {
		if in.Zone(origin).Text() != again.Zone(origin).Text() {
			t.Errorf("two descriptions make two zones %s", origin)
		}
	}
	if got := strings.Join(in.Origins(), " "); got != ". other. test. byhand.test. two.test. one.test." {
		t.Errorf("origins %s", got)
	}
	if in.Zone("none.") != nil || in.Server("none.") != nil {
		t.Error("there is what there is not")
	}
	has := func(origin, owner string, qtype uint16, want ...string) {
		t.Helper()
		var got []string
		for _, rr := range in.Zone(origin).Records(domain.MustParse(owner), qtype) {
			got = append(got, strings.TrimPrefix(rr.String(), rr.Header().String()))
		}
		if !slices.Equal(got, want) {
			t.Errorf("zone %s: %s %s: %q, want %q", origin, owner, dns.Type(qtype), got, want)
		}
	}
	has(".", ".", dns.TypeNS, "a.root.")
	has(".", "a.root.", dns.TypeAAAA, "2001:db8:f::1")
	has(".", "test.", dns.TypeNS, "ns.nic.test.")
	has(".", "ns.nic.test.", dns.TypeA, "198.51.100.2")
	has(".", "other.", dns.TypeNS, "a.root.", "ns2.other.") // the parent's idea
	has("other.", "other.", dns.TypeNS, "ns3.other.")       // and the child's
	has("other.", "ns2.other.", dns.TypeA, "198.51.100.4")
	has("test.", "one.test.", dns.TypeNS, "ns1.one.test.", "ns2.other.")
	has("test.", "ns1.one.test.", dns.TypeA, "198.51.100.3")
	has("test.", "ns2.other.", dns.TypeA) // out of bailiwick
	has("test.", "ns.nic.test.", dns.TypeA, "198.51.100.2")
	has("test.", "two.test.", dns.TypeNS, "ns1.one.test.")
	has("test.", "byhand.test.", dns.TypeNS, "ns.elsewhere.")
	has("test.", "byhand.test.", dns.TypeDS, "1 13 2 00")
	has("one.test.", "ns1.one.test.", dns.TypeA, "198.51.100.3")
	has("one.test.", "one.test.", dns.TypeSOA, "ns1.one.test. hostmaster.One.test. 1 7200 3600 1209600 300")
	has("one.test.", "one.test.", dns.TypeNSEC3PARAM, "1 0 2 AB")
	has("two.test.", "two.test.", dns.TypeNS, "ns1.one.test.")
	if ds := in.Zone("test.").Records(domain.MustParse("one.test."), dns.TypeDS); len(ds) != 1 || !dns.IsDuplicate(ds[0], in.Zone("one.test.").DS()[0]) {
		t.Errorf("DS of one.test. %v", ds)
	}
	if ds := in.Zone("test.").Records(domain.MustParse("two.test."), dns.TypeDS); len(ds) != 1 || !strings.HasSuffix(ds[0].String(), strings.Repeat("0", 64)) {
		t.Errorf("DS of two.test. %v", ds)
	}
	if got := in.Hints(); got != ".\t3600000\tNS\ta.root.\na.root.\t3600000\tA\t198.51.100.1\na.root.\t3600000\tAAAA\t2001:db8:f::1\n" {
		t.Errorf("hints %q", got)
	}
	if got := in.Anchors(); got != in.Zone(".").DS()[0].String()+"\n" {
		t.Errorf("anchors %q", got)
	}
}

// TestInternetOnANetwork asks the servers where the description has them.
func TestInternetOnANetwork(t *testing.T) {
	in, err := sim.ParseInternet(small, sim.InternetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := newClock(t)
	n := sim.NewNetwork(c, 1)
	in.Attach(n)
	for _, tc := range []struct{ addr, name, want string }{
		{"198.51.100.1", "www.one.test.", "www.one.test. A do cd 1232: NOERROR 0/3/1 after 20.000002ms"},
		{"198.51.100.2", "www.one.test.", "www.one.test. A do cd 1232: NOERROR 0/4/2 after 50.000002ms"},
		{"198.51.100.2", "www.two.test.", "www.two.test. A do cd 1232: NOERROR aa 2/0/0 after 50.000002ms"}, // not listed, but serves
		{"198.51.100.3", "www.one.test.", "www.one.test. A do cd 1232: NOERROR aa 2/0/0 after 20.000002ms"},
		{"198.51.100.4", "www.one.test.", "www.one.test. A do cd 1232: NOERROR 0/1/0 after 50.000002ms"}, // listed, but does not
		{"2001:db8:f::1", "www.one.test.", "www.one.test. A do cd 1232: NOERROR 0/3/1 after 20.000002ms"},
		{"2001:db8:f::3", "www.one.test.", "www.one.test. A do cd 1232: cancelled after 10s"},
	} {
		c.Run(func() { ask(c, n, netip.MustParseAddr(tc.addr), transport.UDP, question(t, tc.name, dns.TypeA)) })
		got := n.Take()[0].Timed()
		if !strings.HasSuffix(got, " "+tc.addr+" udp "+tc.want) {
			t.Errorf("got %s, want … %s", got, tc.want)
		}
	}
	// Signatures as described.
	sound := func(origin, name string, qtype uint16) error {
		z := in.Zone(origin)
		q := new(dns.Msg)
		q.SetQuestion(name, qtype)
		q.SetEdns0(1232, true)
		a := sim.NewAuthority("x", 1)
		a.Serve(z)
		m := direct(t, a, q)
		if len(m.Answer) < 2 {
			return errors.New("no signature")
		}
		sig := m.Answer[len(m.Answer)-1].(*dns.RRSIG)
		i := slices.IndexFunc(z.Keys(), func(k *sim.Key) bool { return k.KeyTag() == sig.KeyTag })
		return sig.Verify(z.Keys()[i].DNSKEY, m.Answer[:len(m.Answer)-1])
	}
	if err := sound("one.test.", "www.one.test.", dns.TypeA); err != nil {
		t.Error(err)
	}
	if err := sound("two.test.", "two.test.", dns.TypeNS); err != nil {
		t.Error(err)
	}
	if sound("two.test.", "www.two.test.", dns.TypeA) == nil || sound("two.test.", "two.test.", dns.TypeSOA) == nil {
		t.Error("what is to be broken is sound")
	}
}

func TestInternetWords(t *testing.T) {
	const head = "$SERVER a.root. 198.51.100.1\n$ZONE . a.root.\n"
	for _, tc := range []struct{ words, want string }{
		{"silence", ""},
		{"loss=1", ""},
		{"delay=1s", "NOERROR aa 2/0/0 1s"},
		{"edns=formerr-bare", "FORMERR 0/0/0 no-question plain"},
		{"lame=noaa", "NOERROR 2/0/0"},
		{"tcp=midway", "NOERROR aa 2/0/0"},
		{"tcp=refuses", "NOERROR aa 2/0/0"},
		{"rcode=SERVFAIL", "SERVFAIL 0/0/0"},
		{"type-rcode=A:REFUSED", "REFUSED 0/0/0"},
		{"drop=TXT,A", ""},
		{"spoofs=1", "NOERROR aa 2/0/0 other-id; NOERROR aa 2/0/0"},
		{"drop-big-udp=10", ""},
		{"cookies=required", "NOERROR tc 0/0/0"},
		{"fold-case", "NOERROR aa 2/0/0 www.test."},
		{"wrong-question", "NOERROR aa 2/0/0 wrong.Www.Test."},
		{"garbage", "unreadable"},
		{"truncate-udp", "NOERROR aa tc 0/0/0"},
		{"strip-signatures", "NOERROR aa 1/0/0"},
		{"payload=512 minimal-any no-glue nxdomain-for-ent no-ds", "NOERROR aa 2/0/0"},
		{"zone-ns", "NOERROR aa 2/2/2"},
	} {
		in, err := sim.ParseInternet(head+"$SERVER ns.test. 198.51.100.2 "+tc.words+"\n$ZONE test. ns.test. ed25519\nwww A 192.0.2.1\n", sim.InternetOptions{})
		if err != nil {
			t.Errorf("%s: %v", tc.words, err)
			continue
		}
		q := new(dns.Msg)
		q.SetQuestion("Www.Test.", dns.TypeA)
		q.SetEdns0(1232, true)
		if got := asked(t, in.Server("ns.test.").Authority, transport.UDP, q); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.words, got, tc.want)
		}
	}
	for _, words := range []string{
		"unknown", "delay", "loss=much", "edns=odd", "tcp=odd", "rcode=ODD", "type-rcode=ODD:REFUSED", "type-rcode=A:ODD",
		"drop=ODD", "spoofs=-1", "dead=here", "rtt=1", "cookies=hot", "lame=odd", "payload=70000",
	} {
		_, err := sim.ParseInternet(head+"$SERVER ns.test. 198.51.100.2 "+words+"\n", sim.InternetOptions{})
		if err == nil || !strings.Contains(err.Error(), "line 3: ") || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: error %v", words, err)
		}
	}
}

func TestZoneWords(t *testing.T) {
	head := "$SERVER a.root. 198.51.100.1\n$ZONE . a.root. ed25519\n"
	now := epoch()
	o := sim.InternetOptions{Inception: now.Add(-time.Hour), Expiration: now.Add(time.Hour)}
	for _, tc := range []struct {
		words string
		check func(in *sim.Internet, z *sim.Zone) bool
	}{
		{"", func(in *sim.Internet, z *sim.Zone) bool { return len(z.Keys()) == 0 && in.Zone(".").DS() != nil }},
		{"ed25519 nsec seed=2", func(_ *sim.Internet, z *sim.Zone) bool {
			return len(z.Keys()) == 2 && z.Records(z.Origin, dns.TypeNSEC) != nil
		}},
		{"ecdsap384sha384 one-key", func(_ *sim.Internet, z *sim.Zone) bool {
			return len(z.Keys()) == 1 && z.Keys()[0].Algorithm == dns.ECDSAP384SHA384
		}},
		{"rsasha512 bits=1024", func(_ *sim.Internet, z *sim.Zone) bool { return len(z.Keys()[0].PublicKey) == 176 }},
		{"ed25519 compact", func(_ *sim.Internet, z *sim.Zone) bool { return z.Records(z.Origin, dns.TypeNSEC) == nil }},
		{"ed25519 no-ds anchor", func(in *sim.Internet, z *sim.Zone) bool {
			return in.Zone(".").Records(z.Origin, dns.TypeDS) == nil && strings.Count(in.Anchors(), "\n") == 2 && strings.HasPrefix(in.Anchors(), ".")
		}},
		{"ed25519 no-glue", func(in *sim.Internet, z *sim.Zone) bool {
			return in.Zone(".").Records(domain.MustParse("ns.test."), dns.TypeA) == nil
		}},
		{"ed25519 expired", func(_ *sim.Internet, z *sim.Zone) bool { return soaSignature(z).Expiration < uint32(now.Unix()) }},
		{"ed25519 future", func(_ *sim.Internet, z *sim.Zone) bool { return soaSignature(z).Inception > uint32(now.Unix()) }},
		{"ed25519", func(_ *sim.Internet, z *sim.Zone) bool { return soaSignature(z).ValidityPeriod(now) }},
	} {
		in, err := sim.ParseInternet(head+"$SERVER ns.test. 198.51.100.2\n$ZONE test. ns.test. "+tc.words+"\n", o)
		if err != nil {
			t.Errorf("%s: %v", tc.words, err)
		} else if !tc.check(in, in.Zone("test.")) {
			t.Errorf("%s: not so:\n%s%s", tc.words, in.Zone(".").Text(), in.Zone("test.").Text())
		}
	}
	for text, want := range map[string]string{
		"www A 192.0.2.1":                                "line 1",
		"$SERVER a.root 192.0.2.1":                       "line 1",
		"$SERVER":                                        "line 1",
		head + "$ZONE test. ns.test.":                    "line 3",
		head + "$ZONE test. a.root. odd":                 "unknown word: odd",
		head + "$ZONE test. a.root. iterations=many":     "iterations=many",
		head + "$ZONE test. a.root. strip=www/ODD":       "ODD",
		head + "$ZONE test. a.root. ed25519 strip=www/A": "line 3: unknown word: www.test. has no signed A",
		head + "$ZONE test. a.root.\nwww A here":         "line: 4",
		head + "$ZONE te..st. a.root.":                   "line 3",
	} {
		if _, err := sim.ParseInternet(text, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

func soaSignature(z *sim.Zone) *dns.RRSIG {
	for _, rr := range z.All() {
		if sig, ok := rr.(*dns.RRSIG); ok && sig.TypeCovered == dns.TypeSOA {
			return sig
		}
	}
	return new(dns.RRSIG)
}
