package validate_test

import (
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate"
)

// place is a zone of a tree.
type place struct {
	origin string
	lines  string
	sign   sim.SignOptions
	// unsigned zones are not signed at all; island ones are, without DS above.
	unsigned, island bool
	// ds replaces the DS records in the zone above.
	ds func(z *sim.Zone) []dns.RR
	// broken changes the zone once it is signed.
	broken func(z *sim.Zone)
	anchor bool
}

// tree makes a world of zones; the first is the root, which is trusted. Zones
// are given from the top down; delegations and DS records are made.
func tree(tb testing.TB, places ...place) *world {
	tb.Helper()
	w := newWorld(tb)
	zones := make([]*sim.Zone, len(places))
	parents := make([]int, len(places))
	for i := range places {
		zones[i] = plain(tb, places[i].origin, places[i].lines)
		parents[i] = -1
		for j := range i {
			if zones[i].Origin.Below(zones[j].Origin) && (parents[i] < 0 || zones[j].Origin.Below(zones[parents[i]].Origin)) {
				parents[i] = j
			}
		}
	}
	// From the bottom up: a zone's DS records are its parent's to sign.
	for i := len(places) - 1; i >= 0; i-- {
		p := &places[i]
		if !p.unsigned {
			zones[i] = signed(tb, zones[i], p.sign)
		}
		if above := parents[i]; above >= 0 {
			var rrs []dns.RR
			ns, err := dns.NewRR(p.origin + " 3600 IN NS ns." + strings.TrimPrefix(p.origin, "."))
			if err != nil {
				tb.Fatal(err)
			}
			rrs = append(rrs, ns)
			switch {
			case p.ds != nil:
				rrs = append(rrs, p.ds(zones[i])...)
			case !p.unsigned && !p.island:
				rrs = append(rrs, zones[i].DS()...)
			}
			if err := zones[above].Add(rrs...); err != nil {
				tb.Fatal(err)
			}
		}
		if p.broken != nil {
			p.broken(zones[i])
		}
	}
	for i := range zones {
		w.serve(zones[i])
		if i == 0 || places[i].anchor {
			w.anchor(zones[i])
		}
	}
	return w
}

const rich = `
@      300 IN MX 10 mail
www    300 IN A 192.0.2.1
www    300 IN A 192.0.2.2
www    300 IN AAAA 2001:db8::1
*.wild 300 IN TXT "made of a wildcard"
deep.empty 300 IN A 192.0.2.3
alias  300 IN CNAME www
away   300 IN CNAME www.plain.com.
ghost  300 IN CNAME nobody
across 300 IN CNAME www.n3.com.
lost   300 IN CNAME nobody.n3.com.
d      300 IN DNAME other
*.cw   300 IN CNAME www
x.other 300 IN A 192.0.2.4
far    300 IN DNAME n3.com.
`

// internet is the tree that most tests begin with.
func internet(tb testing.TB, more ...place) *world {
	tb.Helper()
	return tree(tb, append([]place{
		{origin: "."},
		{origin: "com."},
		{origin: "example.com.", lines: rich},
		{origin: "n3.com.", lines: rich, sign: sim.SignOptions{NSEC3: true, Salt: "aabb", Iterations: 3, Algorithm: dns.ED25519}},
		{origin: "out.com.", lines: rich, sign: sim.SignOptions{NSEC3: true, OptOut: true, OneKey: true}},
		{origin: "live.com.", lines: rich, sign: sim.SignOptions{Compact: true}},
		{origin: "plain.com.", lines: rich, unsigned: true},
		{origin: "sub.plain.com.", lines: rich, unsigned: true},
		{origin: "sub.example.com.", lines: rich, sign: sim.SignOptions{OneKey: true}},
		{origin: "bare.example.com.", lines: rich, unsigned: true},
		{origin: "bare.out.com.", lines: rich, unsigned: true},
		{origin: "bare.n3.com.", lines: rich, unsigned: true},
		{origin: "signed.out.com.", lines: rich},
		{origin: "island.plain.com.", lines: rich, island: true},
	}, more...)...)
}

// What is right is found to be right.
//
// RFC: 4033.1, 4035.3, 4035.4, 4035.5, 5155.5, 6840.2, 9824.1
func TestHonestInternet(t *testing.T) {
	const (
		a, aaaa, txt, mx = wire.TypeA, wire.TypeAAAA, wire.TypeTXT, wire.TypeMX
		ds, ns, soa, key = wire.TypeDS, wire.TypeNS, wire.TypeSOA, wire.TypeDNSKEY
		unsigned         = "insecure delegation not signed"
		optOut           = "insecure perhaps in an opt-out span"
	)
	type question struct {
		name string
		t    wire.Type
		want string
	}
	var all []question
	for _, zone := range []string{"example.com.", "n3.com.", "live.com.", "sub.example.com.", "signed.out.com."} {
		all = append(all,
			question{zone, soa, "secure"}, question{zone, ns, "secure"}, question{zone, key, "secure"}, question{zone, ds, "secure"},
			question{zone, mx, "secure"}, question{zone, txt, "secure"}, question{"www." + zone, a, "secure"},
			question{"WWW." + zone, txt, "secure"}, question{"www." + zone, ds, "secure"},
			question{"a.b.wild." + zone, txt, "secure"}, question{"a.wild." + zone, a, "secure"}, question{"*.wild." + zone, txt, "secure"},
			question{"empty." + zone, a, "secure"}, question{"empty." + zone, ds, "secure"}, question{"wild." + zone, txt, "secure"},
			question{"nobody." + zone, a, "secure"}, question{"nobody.empty." + zone, a, "secure"}, question{"a.b.c.d.e." + zone, txt, "secure"},
			question{"alias." + zone, a, "secure"}, question{"alias." + zone, txt, "secure"}, question{"alias." + zone, wire.TypeCNAME, "secure"},
			question{"ghost." + zone, a, "secure"}, question{"across." + zone, a, "secure"}, question{"lost." + zone, a, "secure"},
			question{"away." + zone, a, unsigned}, question{"x.d." + zone, a, "secure"}, question{"y.d." + zone, a, "secure"},
			question{"d." + zone, wire.TypeDNAME, "secure"}, question{"d." + zone, a, "secure"}, question{"1.cw." + zone, a, "secure"}, question{"1.cw." + zone, mx, "secure"},
			question{"www.far." + zone, a, "secure"}, question{"no.far." + zone, a, "secure"},
		)
	}
	for _, zone := range []string{"plain.com.", "sub.plain.com.", "bare.example.com.", "bare.n3.com.", "island.plain.com."} {
		all = append(all,
			question{zone, soa, unsigned}, question{"www." + zone, a, unsigned}, question{"nobody." + zone, a, unsigned},
			question{"www." + zone, mx, unsigned}, question{"a.wild." + zone, txt, unsigned}, question{"alias." + zone, a, unsigned},
			question{"x.d." + zone, a, unsigned}, question{zone, key, unsigned},
		)
	}
	all = append(all,
		question{"out.com.", soa, "secure"}, question{"www.out.com.", aaaa, "secure"}, question{"www.out.com.", mx, "secure"},
		question{"nobody.out.com.", a, optOut}, question{"a.wild.out.com.", txt, optOut}, question{"a.wild.out.com.", a, optOut},
		question{"bare.out.com.", ds, optOut}, question{"www.bare.out.com.", a, optOut}, question{"signed.out.com.", ds, "secure"},
		question{"empty.out.com.", a, "secure"},
		question{".", soa, "secure"}, question{".", key, "secure"}, question{"com.", ds, "secure"}, question{"nobody.", a, "secure"},
		question{".", ds, "secure"}, question{"com.", txt, "secure"}, question{"plain.com.", ds, "secure"}, question{"bare.example.com.", ds, "secure"},
		question{"bare.n3.com.", ds, "secure"}, question{"www.example.com.", wire.TypeNSEC, "secure"}, question{"sub.plain.com.", ds, unsigned},
		question{"example.com.", wire.TypeRRSIG, "insecure signatures are not signed"},
	)
	for way, set := range map[string]func(*world){
		"":                func(*world) {},
		", nothing kept":  func(w *world) { w.keeps = false },
		", by forwarders": func(w *world) { w.forwarded = true },
		", again and known": func(w *world) {
			w.whole = true
			for _, q := range all {
				w.verdict(q.name, q.t)
			}
			w.fetched = nil
		},
	} {
		t.Run("tree"+way, func(t *testing.T) {
			w := internet(t)
			set(w)
			for _, q := range all {
				v := w.want(q.name, q.t, q.want)
				if v.Status == validate.Secure && (v.TTL == 0 || v.Expires.IsZero() || v.Zone.IsZero() || !v.Server.IsValid()) {
					t.Errorf("%s %s: without evidence: %+v", q.name, q.t, v)
				}
				if v.OptOut != (q.want == optOut) && !strings.Contains(q.name, "bare.") {
					t.Errorf("%s %s: opt-out %t", q.name, q.t, v.OptOut)
				}
			}
			if way == ", again and known" && len(w.fetched) > 0 {
				t.Errorf("fetched although known: %v", w.fetched)
			}
			for _, f := range w.fetched {
				if strings.HasSuffix(f, " again") {
					t.Errorf("%s", f)
				}
			}
		})
	}
}

// RFC: 4035.3
func TestFetchesNoMoreThanNeeded(t *testing.T) {
	for question, want := range map[string]string{
		"www.example.com. A":    "example.com. DS, com. DS, . DNSKEY, com. DNSKEY, example.com. DNSKEY",
		"nobody.n3.com. A":      "n3.com. DS, com. DS, . DNSKEY, com. DNSKEY, n3.com. DNSKEY",
		"www.plain.com. A":      "plain.com. DS, com. DS, . DNSKEY, com. DNSKEY",
		"example.com. DNSKEY":   "example.com. DS, com. DS, . DNSKEY, com. DNSKEY",
		"example.com. DS":       "com. DS, . DNSKEY, com. DNSKEY",
		". NS":                  ". DNSKEY",
		". DNSKEY":              "",
		"sub.plain.com. A":      "sub.plain.com. DS, plain.com. DS, com. DS, . DNSKEY, com. DNSKEY",
		"x.sub.example.com. MX": "sub.example.com. DS, example.com. DS, com. DS, . DNSKEY, com. DNSKEY, example.com. DNSKEY, sub.example.com. DNSKEY",
	} {
		w := internet(t)
		n, typ, _ := strings.Cut(question, " ")
		number, _ := wire.TypeOf(typ)
		w.verdict(n, number)
		if got := strings.Join(w.fetched, ", "); got != want {
			t.Errorf("%s: fetched\n%s, want\n%s", question, got, want)
		}
	}
}

func TestZone(t *testing.T) {
	w := internet(t)
	for n, want := range map[string]string{
		"example.com.":          "example.com. secure",
		"www.example.com.":      "example.com. secure",
		"a.b.c.example.com.":    "example.com. secure",
		"sub.example.com.":      "sub.example.com. secure",
		"plain.com.":            "plain.com. insecure delegation not signed",
		"bare.out.com.":         "bare.out.com. insecure perhaps in an opt-out span",
		"www.bare.example.com.": "www.bare.example.com. insecure delegation not signed",
		".":                     ". secure",
		"nobody.":               ". secure",
	} {
		zone, v, err := w.judge().Zone(name(n), w.now, w, w)
		if got := zone.String() + " " + said(v); got != want || err != nil {
			t.Errorf("%s: %s, want %s (%v)", n, got, want, err)
		}
	}
}
