package validate_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate"
)

// keyLines are the zone's DNSKEY records that sign keys.
func keyLines(z *sim.Zone, change func(*dns.DNSKEY)) string {
	var b strings.Builder
	for _, k := range z.Keys() {
		if k.Flags&dns.SEP != 0 {
			c := dns.Copy(k.DNSKEY).(*dns.DNSKEY)
			if change != nil {
				change(c)
			}
			b.WriteString(c.String() + "\n")
		}
	}
	return b.String()
}

// dsLines are the zone's DS records.
func dsLines(z *sim.Zone, change func(*dns.DS)) string {
	var b strings.Builder
	for _, rr := range z.DS() {
		if change != nil {
			change(rr.(*dns.DS))
		}
		b.WriteString(rr.String() + "\n")
	}
	return b.String()
}

// Anchors of both forms, nested, for islands, and of no use.
//
// RFC: 4033.2, 6840.6, 4035.4
func TestAnchors(t *testing.T) {
	wrongDS := func(d *dns.DS) { d.Digest = another(d.Digest) }
	wrongKey := func(k *dns.DNSKEY) { k.PublicKey = "AAAA" + k.PublicKey[4:] }
	for what, tt := range map[string]struct {
		anchors func(zones map[string]*sim.Zone) []string // lines, one anchor each
		want    map[string]string
	}{
		"none": {
			func(map[string]*sim.Zone) []string { return nil },
			map[string]string{"www.example.com.": "indeterminate no trust anchor", "www.plain.com.": "indeterminate no trust anchor"},
		},
		"the root's DS": {
			func(z map[string]*sim.Zone) []string { return []string{dsLines(z["."], nil)} },
			map[string]string{"www.example.com.": "secure", "www.island.plain.com.": unsigned},
		},
		"the root's key": {
			func(z map[string]*sim.Zone) []string { return []string{keyLines(z["."], nil)} },
			map[string]string{"www.example.com.": "secure", "www.plain.com.": unsigned},
		},
		"both": {
			func(z map[string]*sim.Zone) []string { return []string{keyLines(z["."], nil) + dsLines(z["."], nil)} },
			map[string]string{"www.example.com.": "secure"},
		},
		"a wrong DS, the right key": {
			func(z map[string]*sim.Zone) []string {
				return []string{keyLines(z["."], nil) + dsLines(z["."], wrongDS)}
			},
			map[string]string{"www.example.com.": "secure"},
		},
		"a right DS, a wrong key": {
			func(z map[string]*sim.Zone) []string {
				return []string{keyLines(z["."], wrongKey) + dsLines(z["."], nil)}
			},
			map[string]string{"www.example.com.": "secure"},
		},
		"a wrong DS": {
			func(z map[string]*sim.Zone) []string { return []string{dsLines(z["."], wrongDS)} },
			map[string]string{"www.example.com.": "bogus no key matches the DS records", "www.plain.com.": "bogus no key matches the DS records"},
		},
		"a wrong key": {
			func(z map[string]*sim.Zone) []string { return []string{keyLines(z["."], wrongKey)} },
			map[string]string{"www.example.com.": "bogus no key matches the DS records"},
		},
		"a revoked key": {
			func(z map[string]*sim.Zone) []string {
				return []string{keyLines(z["."], func(k *dns.DNSKEY) { k.Flags |= dns.REVOKE })}
			},
			map[string]string{"www.example.com.": "bogus no key matches the DS records"},
		},
		"an unknown digest": {
			func(z map[string]*sim.Zone) []string {
				return []string{dsLines(z["."], func(d *dns.DS) { d.DigestType = 9 })}
			},
			map[string]string{"www.example.com.": "insecure DS digest unsupported"},
		},
		"an unknown algorithm": {
			func(z map[string]*sim.Zone) []string {
				return []string{keyLines(z["."], func(k *dns.DNSKEY) { k.Algorithm = 99 })}
			},
			map[string]string{"www.example.com.": "insecure algorithm unsupported"},
		},
		"an island": {
			func(z map[string]*sim.Zone) []string {
				return []string{dsLines(z["."], nil), dsLines(z["island.plain.com."], nil)}
			},
			map[string]string{
				"www.example.com.": "secure", "www.island.plain.com.": "secure", "www.plain.com.": unsigned, "nobody.island.plain.com.": "secure",
				"www.under.island.plain.com.": "secure",
			},
		},
		"the island alone": {
			func(z map[string]*sim.Zone) []string { return []string{dsLines(z["island.plain.com."], nil)} },
			map[string]string{"www.example.com.": "indeterminate no trust anchor", "www.island.plain.com.": "secure"},
		},
		"an island's anchor wrong": {
			func(z map[string]*sim.Zone) []string {
				return []string{dsLines(z["."], nil), dsLines(z["island.plain.com."], wrongDS)}
			},
			// What the zone above proves of it, that it need not be signed, is
			// not what its anchor says.
			map[string]string{"www.island.plain.com.": "bogus no key matches the DS records", "www.plain.com.": unsigned},
		},
		"nested": {
			func(z map[string]*sim.Zone) []string {
				return []string{dsLines(z["."], nil), dsLines(z["example.com."], nil)}
			},
			map[string]string{"www.example.com.": "secure", "www.sub.example.com.": "secure", "www.com.": "secure"},
		},
		"nested, the outer wrong": {
			func(z map[string]*sim.Zone) []string {
				return []string{dsLines(z["."], wrongDS), keyLines(z["example.com."], nil)}
			},
			map[string]string{"www.example.com.": "secure", "www.sub.example.com.": "secure", "www.com.": "bogus no key matches the DS records"},
		},
		// RFC 6840 Appendix C.2: any success is accepted.
		"nested, the inner wrong": {
			func(z map[string]*sim.Zone) []string {
				return []string{dsLines(z["."], nil), dsLines(z["example.com."], wrongDS)}
			},
			map[string]string{"www.example.com.": "secure", "www.sub.example.com.": "secure"},
		},
		"nested, both wrong": {
			func(z map[string]*sim.Zone) []string {
				return []string{dsLines(z["."], wrongDS), dsLines(z["example.com."], wrongDS)}
			},
			map[string]string{"www.example.com.": "bogus no key matches the DS records"},
		},
	} {
		t.Run(what, func(t *testing.T) {
			w := internetWithZones(t)
			w.anchors = nil
			for _, lines := range tt.anchors(w.byName) {
				w.trust(lines)
			}
			for n, want := range tt.want {
				w.want(n, a, want)
			}
		})
	}
	// An anchor whose keys have all run out vouches for nothing, and the zone
	// is not insecure for that.
	w := internetWithZones(t)
	w.anchors = []validate.Anchor{{Zone: domain.Root()}}
	w.want("www.example.com.", a, "bogus no key matches the DS records")
}

// Anchors in the form of DS records that stand for keys beyond the limits, and for no others, are as good as those of an
// algorithm that is not known. Where a key is trusted beside, that one is missing.
func TestAnchorOfAKeyTooSmall(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0") // or the library would not sign with 512 bits
	var root *sim.Zone
	w := tree(t, place{
		origin: ".", lines: "www 300 IN A 192.0.2.1\n", sign: sim.SignOptions{Algorithm: dns.RSASHA256, Bits: 512},
		broken: func(z *sim.Zone) { root = z },
	})
	other := signed(t, plain(t, ".", ""), sim.SignOptions{})
	for what, tt := range map[string]struct{ anchor, want string }{
		"DS":                     {dsLines(root, nil), "insecure algorithm unsupported"},
		"its DS and another key": {dsLines(root, nil) + keyLines(other, nil), "bogus algorithm unsupported"},
		"two DS, one of another": {dsLines(root, nil) + dsLines(other, nil), "bogus algorithm unsupported"},
		"another key":            {keyLines(other, nil), "bogus no key matches the DS records"},
	} {
		w.anchors = nil
		w.trust(tt.anchor)
		if got := said(w.verdict("www.", a)); got != tt.want {
			t.Errorf("%s: %s, want %s", what, got, tt.want)
		}
	}
}

// named is a world whose zones are at hand.
type named struct {
	*world
	byName map[string]*sim.Zone
}

func internetWithZones(tb testing.TB) named {
	tb.Helper()
	n := named{byName: map[string]*sim.Zone{}}
	remember := func(z *sim.Zone) { n.byName[z.Origin.String()] = z }
	places := []place{
		{origin: ".", broken: remember},
		{origin: "com.", broken: remember},
		{origin: "example.com.", lines: rich, broken: remember},
		{origin: "sub.example.com.", lines: rich},
		{origin: "plain.com.", lines: rich, unsigned: true},
		{origin: "island.plain.com.", lines: rich, island: true, broken: remember},
		{origin: "under.island.plain.com.", lines: rich},
	}
	n.world = tree(tb, places...)
	return n
}

// A signature that leads above every anchor must not take its zone out of the
// island's chain.
//
// RFC: X.9, 6840.6
func TestSignerAboveTheAnchor(t *testing.T) {
	w := internetWithZones(t)
	w.anchors = nil
	w.trust(dsLines(w.byName["island.plain.com."], nil))
	w.change = func(r *validate.Response) {
		if r.Set != nil && r.Type == a {
			set := r.Set.Clone()
			sigs := rrset.List(nil)
			for rd := range set.Sigs.All() {
				forged := append([]byte(nil), rd[:18]...)
				forged = append(forged, name("plain.com.").AppendWire(nil)...)
				sigs = sigs.Append(append(forged, rd[len(rd)-64:]...))
			}
			set.Sigs, r.Set, r.Zone = sigs, &set, domain.Name{}
		}
	}
	w.want("www.island.plain.com.", a, "bogus signer is not the zone")
}

// RFC: 7646.1, 7646.2
func TestNegativeAnchorsInChains(t *testing.T) {
	const negative = "insecure negative trust anchor"
	for what, tt := range map[string]struct {
		negative []string
		anchors  []string
		want     map[string]string
	}{
		"at a zone": {[]string{"example.com."}, nil, map[string]string{
			"www.example.com.": negative, "www.sub.example.com.": negative, "com.": "secure", "www.plain.com.": unsigned, "nobody.example.com.": negative,
		}},
		"above a zone": {[]string{"com."}, nil, map[string]string{"www.example.com.": negative, "com.": negative, "nobody.": "secure"}},
		"at the root":  {[]string{"."}, nil, map[string]string{"www.example.com.": negative, ".": negative}},
		"at a name that is no zone": {[]string{"www.example.com."}, nil, map[string]string{
			"www.example.com.": negative, "alias.example.com.": negative, "d.example.com.": "secure",
		}},
		"with an anchor below": {[]string{"com."}, []string{"example.com."}, map[string]string{
			"www.example.com.": "secure", "www.sub.example.com.": "secure", "com.": negative,
		}},
		"at an anchor": {[]string{"example.com."}, []string{"example.com."}, map[string]string{"www.example.com.": negative, "com.": "secure"}},
		"under an anchor": {[]string{"sub.example.com."}, []string{"example.com."}, map[string]string{
			"www.example.com.": "secure", "www.sub.example.com.": negative,
		}},
	} {
		t.Run(what, func(t *testing.T) {
			w := internetWithZones(t)
			for _, n := range tt.negative {
				w.negative = append(w.negative, name(n))
			}
			for _, n := range tt.anchors {
				w.trust(dsLines(w.byName[n], nil))
			}
			for n, want := range tt.want {
				v := w.want(n, a, want)
				if note, ok := v.Note(); want == negative && (!ok || note.Code != ede.NegativeTrustAnchor || !strings.Contains(note.Text, tt.negative[0])) {
					t.Errorf("note %+v", note)
				}
			}
		})
	}
	// A DS record belongs to the zone above the negative anchor.
	w := internetWithZones(t)
	w.negative = []domain.Name{name("example.com.")}
	w.want("example.com.", wire.TypeDS, "secure")
}

// RFC 8901: servers of one zone have keys and signatures of their own.
//
// RFC: 8901.1, 7583.1
func TestMultiSigner(t *testing.T) {
	ksk := key(t, "example.com.", sim.KeyOptions{Use: sim.SignsKeys})
	zsk := func(seed string, use sim.Use) *sim.Key {
		return key(t, "example.com.", sim.KeyOptions{Seed: seed, Flags: 256, Use: use})
	}
	keys := func(list ...*sim.Key) sim.SignOptions { return sim.SignOptions{Keys: list} }
	for what, tt := range map[string]struct {
		one, two sim.SignOptions
		nsec3    bool
		want     string
		fetched  string // of the zone's keys
	}{
		"both keys on both": {
			keys(ksk, zsk("1", sim.SignsData), zsk("2", 0)), keys(ksk, zsk("1", 0), zsk("2", sim.SignsData)), false,
			"secure", "example.com. DNSKEY",
		},
		"NSEC on one, NSEC3 on the other": {
			keys(ksk, zsk("1", sim.SignsData), zsk("2", 0)), keys(ksk, zsk("1", 0), zsk("2", sim.SignsData)), true,
			"secure", "example.com. DNSKEY",
		},
		"each its own": {
			keys(ksk, zsk("1", sim.SignsData)), keys(ksk, zsk("2", sim.SignsData)), false,
			"secure", "example.com. DNSKEY, example.com. DNSKEY again",
		},
		"one with a key that nobody knows": {
			keys(ksk, zsk("1", sim.SignsData)), keys(ksk, zsk("1", 0), zsk("2", sim.SignsData|sim.Hidden)), false,
			"bogus DNSKEY missing", "example.com. DNSKEY, example.com. DNSKEY again",
		},
	} {
		for _, n := range []string{"www.example.com.", "nobody.example.com.", "a.wild.example.com."} {
			t.Run(what+", "+n, func(t *testing.T) {
				w := small(t, place{sign: tt.one})
				two := signed(t, plain(t, "example.com.", rich), func() sim.SignOptions { tt.two.NSEC3 = tt.nsec3; return tt.two }())
				w.serve(two)
				// The answer is the second server's, the keys are the first's.
				w.next[name("example.com.")] = 1
				typ := txt
				if n == "www.example.com." {
					typ = a
				}
				r, err := w.ask(name(n), typ)
				if err != nil {
					t.Fatal(err)
				}
				w.next[name("example.com.")] = 0
				p, err := w.judge().Judge(&r, w.now, w, w)
				if got := said(p.Final); got != tt.want || err != nil {
					t.Errorf("%s, want %s (%v)", got, tt.want, err)
				}
				var got []string
				for _, f := range w.fetched {
					if strings.HasPrefix(f, "example.com. DNSKEY") {
						got = append(got, f)
					}
				}
				if s := strings.Join(got, ", "); s != tt.fetched {
					t.Errorf("fetched %s, want %s", s, tt.fetched)
				}
			})
		}
	}
}

// Keys that were kept before a roll-over are asked for again; a server that is
// wrong about keys or DS records is not the last word.
//
// RFC: 8901.1, 7583.1, 4035.5
func TestAsksAgainBeforeItIsBogus(t *testing.T) {
	old := key(t, "example.com.", sim.KeyOptions{Seed: "old", Flags: 256, Use: sim.SignsData})
	ksk := key(t, "example.com.", sim.KeyOptions{Use: sim.SignsKeys})
	fresh := key(t, "example.com.", sim.KeyOptions{Seed: "new", Flags: 256, Use: sim.SignsData})

	w := small(t, place{sign: sim.SignOptions{Keys: []*sim.Key{ksk, old}}})
	w.want("www.example.com.", a, "secure")
	rolled := small(t, place{sign: sim.SignOptions{Keys: []*sim.Key{ksk, fresh}}})
	w.servers[name("example.com.")] = rolled.servers[name("example.com.")]
	w.fetched = nil
	w.want("www.example.com.", a, "secure")
	if got := strings.Join(w.fetched, ", "); got != "example.com. DNSKEY again" {
		t.Errorf("after the roll-over: fetched %s", got)
	}
	w.fetched = nil
	w.want("www.example.com.", mx, "secure")
	if len(w.fetched) > 0 {
		t.Errorf("later: fetched %s", w.fetched)
	}

	// The first server's keys, or DS records, are no good; the second's are.
	for what, tt := range map[string]struct {
		zone    string
		broken  func(*sim.Zone)
		good    int // servers of the zone that are
		bad     int
		want    string
		fetched string
	}{
		"keys of one": {
			"example.com.", func(z *sim.Zone) { resigned(z, "example.com.", dns.TypeDNSKEY, flip) }, 1, 1, "secure",
			"example.com. DS, com. DS, . DNSKEY, com. DNSKEY, example.com. DNSKEY, example.com. DNSKEY again",
		},
		"DS of one": {
			"com.", func(z *sim.Zone) { resigned(z, "example.com.", dns.TypeDS, flip) }, 1, 1, "secure",
			"example.com. DS, com. DS, . DNSKEY, com. DNSKEY, example.com. DS again, example.com. DNSKEY",
		},
		"keys of all, all the same": {
			"example.com.", func(z *sim.Zone) { resigned(z, "example.com.", dns.TypeDNSKEY, flip) }, 0, 2,
			"bogus signature does not verify",
			"example.com. DS, com. DS, . DNSKEY, com. DNSKEY, example.com. DNSKEY, example.com. DNSKEY again",
		},
		"DS of all": {
			"com.", func(z *sim.Zone) { resigned(z, "example.com.", dns.TypeDS, flip) }, 0, 2, "bogus signature does not verify",
			"example.com. DS, com. DS, . DNSKEY, com. DNSKEY, example.com. DS again",
		},
	} {
		t.Run(what, func(t *testing.T) {
			good, bad := internetWithZones(t), internetWithZones(t)
			w := good.world
			tt.broken(bad.byName[tt.zone])
			var servers []*sim.Authority
			for range tt.bad {
				servers = append(servers, bad.servers[name(tt.zone)]...)
			}
			for range tt.good {
				servers = append(servers, good.servers[name(tt.zone)]...)
			}
			w.servers[name(tt.zone)] = servers
			r, err := good.ask(name("www.example.com."), a)
			if err != nil {
				t.Fatal(err)
			}
			p, err := w.judge().Judge(&r, w.now, w, w)
			if got := said(p.Final); got != tt.want || err != nil {
				t.Errorf("%s, want %s (%v)", got, tt.want, err)
			}
			if got := strings.Join(w.fetched, ", "); got != tt.fetched {
				t.Errorf("fetched\n%s, want\n%s", got, tt.fetched)
			}
		})
	}
}

// Servers that are all wrong in ways of their own are asked five times in one
// call, not more.
func TestAsksAgainFiveTimes(t *testing.T) {
	for of, want := range map[wire.Type]string{
		wire.TypeDNSKEY: "bogus no key matches the DS records",
		wire.TypeDS:     "bogus signature does not verify",
	} {
		w := small(t, place{})
		n := 0
		w.change = func(r *validate.Response) {
			if r.Type == of && r.Name == name("example.com.") {
				n++
				set := r.Set.Clone()
				set.RData[10] = byte(n)
				r.Set = &set
			}
		}
		w.want("www.example.com.", a, want)
		if n != 6 {
			t.Errorf("%s: asked %d times", of, n)
		}
	}
}

// Where keys cannot be had there is an error that says so, and no verdict but
// that.
func TestFetchFails(t *testing.T) {
	refused := &ede.Error{Code: ede.NoReachableAuthority, Zone: name("com."), Err: errors.New("refused"), Upstream: true}
	for _, want := range []validate.Want{
		{Name: name("example.com."), Type: wire.TypeDNSKEY},
		{Name: name("example.com."), Type: wire.TypeDS},
		{Name: name("com."), Type: wire.TypeDNSKEY},
		{Name: domain.Root(), Type: wire.TypeDNSKEY},
	} {
		for _, cause := range []error{refused, errors.New("of another kind")} {
			w := small(t, place{})
			w.fail = map[validate.Want]error{want: cause}
			steps := w.resolve("www.example.com.", a)
			v, err := steps[0].parts.Final, steps[0].err
			var e *ede.Error
			if said(v) != "bogus keys could not be fetched" || v.Zone != want.Name || !errors.Is(err, cause) || !errors.As(err, &e) {
				t.Errorf("%s %s: %s, %v", want.Name, want.Type, v.String(), err)
			}
			if text := err.Error(); !strings.Contains(text, "fetching "+want.Type.String()+" for "+want.Name.String()) {
				t.Errorf("error %q", text)
			}
			if _, v, err := w.judge().Zone(name("example.com."), w.now, w, w); !errors.Is(err, cause) || said(v) != "bogus keys could not be fetched" {
				t.Errorf("Zone: %s, %v", v.String(), err)
			}
		}
	}
	// What does not need them is judged all the same.
	w := small(t, place{})
	w.fail = map[validate.Want]error{{Name: name("example.com."), Type: wire.TypeDNSKEY}: refused}
	w.want("example.com.", wire.TypeDS, "secure")
	// Asked again in vain, the verdict stands that there was.
	w = small(t, place{broken: func(z *sim.Zone) { resigned(z, "example.com.", dns.TypeDNSKEY, flip) }})
	first := true
	w.change = func(r *validate.Response) {
		if r.Type == wire.TypeDNSKEY && r.Name == name("example.com.") && first {
			first = false
			w.fail = map[validate.Want]error{{Name: r.Name, Type: r.Type}: refused}
		}
	}
	w.want("www.example.com.", a, "bogus signature does not verify")
	w = small(t, place{})
	first = true
	w.change = func(r *validate.Response) {
		if r.Type == wire.TypeDS && r.Name == name("example.com.") && first {
			first = false
			r.Set.Sigs = nil
			w.fail = map[validate.Want]error{{Name: r.Name, Type: r.Type}: refused}
		}
	}
	w.want("www.example.com.", a, "bogus signature missing")
}

// Islands' DS records that a zone above denies, kept or not.
func TestKnownVerdictsAreReadAgain(t *testing.T) {
	w := internet(t)
	for range 2 {
		w.want("www.island.plain.com.", a, unsigned)
		w.want("www.bare.n3.com.", a, unsigned)
		w.want("nobody.empty.example.com.", wire.TypeDS, "secure")
	}
	// What is kept as secure and proves nothing is judged anew.
	want := validate.Want{Name: name("bare.n3.com."), Type: wire.TypeDS}
	f := w.kept[want]
	if !f.Known || f.Verdict.Status != validate.Secure || len(f.Proof) == 0 {
		t.Fatalf("kept %+v", f)
	}
	f.Proof = nil
	w.kept[want] = f
	w.fetched = nil
	w.want("www.bare.n3.com.", a, unsigned)
	if got := strings.Join(w.fetched, ", "); got != "bare.n3.com. DS again" {
		t.Errorf("fetched %s", got)
	}
	// A denial of DS at a CNAME, at a wildcard and under a DNAME.
	for range 2 {
		for n, want := range map[string]string{
			"alias.example.com.": "bogus signature missing", "x.d.example.com.": "bogus signature missing", "1.cw.example.com.": "bogus signature missing",
		} {
			forged := rrset.New(name(n), a, 300, []byte{192, 0, 2, 66})
			r := validate.Response{Zone: name("example.com."), Name: name(n), Type: a, Target: name(n), Set: &forged}
			p, err := w.judge().Judge(&r, w.now, w, w)
			if got := said(p.Final); got != want || err != nil {
				t.Errorf("%s: %s, want %s (%v)", n, got, want, err)
			}
		}
	}
}
