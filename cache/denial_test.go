package cache

import (
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

const nsec3 = "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.Example. 900 IN NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS SOA MX RRSIG DNSKEY NSEC3PARAM"

const nsec3Sig = "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.Example. 900 IN RRSIG NSEC3 7 2 3600 20300101000000 20200101000000 40430 Example. " +
	"OSgWSm26B+cS+dDL8b5QrWr/dEWhtCsKlwKLIBHYH6blRxK9rC0bMJPwQ4mLIuw85H2EY762BOCXJZMnpuwhpA=="

func TestDenials(t *testing.T) {
	// RFC: 2308.2, 2308.5, 8020.2
	zone := soa(t, "Example.", 3600, 900)
	proof := []rrset.Set{
		set(t, nsec3, nsec3Sig),
		set(t, "WWW.example. 900 IN NSEC zzz.example. A RRSIG NSEC"),
	}
	for _, tc := range []struct {
		what string
		d    Denial
		// asked for, and whether that is denied
		asked  string
		typ    wire.Type
		denied bool
	}{
		{"NODATA", Denial{Name: name("www.example."), Type: wire.TypeMX}, "www.example.", wire.TypeMX, true},
		{"NODATA of another type", Denial{Name: name("www.example."), Type: wire.TypeMX}, "www.example.", wire.TypeA, false},
		{"NODATA of another name", Denial{Name: name("www.example."), Type: wire.TypeMX}, "example.", wire.TypeMX, false},
		{"NXDOMAIN", Denial{Name: name("www.example.")}, "www.example.", wire.TypeA, true},
		{"NXDOMAIN of every type", Denial{Name: name("www.example.")}, "www.example.", 65280, true},
		{"NXDOMAIN without a type", Denial{Name: name("www.example.")}, "www.example.", wire.TypeNone, true},
		{"NXDOMAIN of another name", Denial{Name: name("www.example.")}, "example.", wire.TypeA, false},
		{"NXDOMAIN of the name above", Denial{Name: name("www.example.")}, "a.www.example.", wire.TypeA, false},
		{"compact", Denial{Name: name("www.example."), Compact: true}, "www.example.", wire.TypeA, true},
		{"at the apex", Denial{Name: name("example."), Type: wire.TypeMX}, "example.", wire.TypeMX, true},
	} {
		c := newCache(Options{})
		d := tc.d
		d.SOA, d.Proof, d.Status = zone, proof, Secure
		if !c.PutDenial(&d, start()) {
			t.Errorf("%s: refused", tc.what)
		}
		got, ok := c.GetDenial(name(tc.asked), tc.typ, after(10.5))
		if ok != tc.denied {
			t.Errorf("%s: denied %t, want %t", tc.what, ok, tc.denied)
		}
		if !ok {
			continue
		}
		if got.Name != d.Name || got.Type != d.Type || got.Status != Secure || got.Compact != d.Compact || got.Stale ||
			!got.Stored.Equal(start()) || !got.Expires.Equal(after(900)) {
			t.Errorf("%s: %+v", tc.what, got)
		}
		if !same(got.SOA, zone) || len(got.Proof) != 2 || !same(got.Proof[0], proof[0]) || !same(got.Proof[1], proof[1]) {
			t.Errorf("%s: parts differ:\n%+v\n%+v", tc.what, got, d)
			continue
		}
		for _, s := range append(got.Proof, got.SOA) {
			if s.TTL != 890 {
				t.Errorf("%s: TTL of %v is %d, want 890", tc.what, s.Type, s.TTL)
			}
		}
	}
}

func TestNegativeTTL(t *testing.T) {
	// RFC: 2308.1, 2308.4
	const hour = 3600
	for _, tc := range []struct {
		what                string
		o                   Options
		ttl, minimum, proof uint32
		want                uint32 // 0: not stored
	}{
		{"MINIMUM", Options{}, 600, 300, 600, 300},
		{"TTL of the SOA", Options{}, 300, 600, 600, 300},
		{"TTL of the proof", Options{}, 600, 600, 200, 200},
		{"an hour at most", Options{}, 86400, 86400, 86400, hour},
		{"top bit set", Options{}, 1 << 31, 1 << 31, 1 << 31, hour},
		{"configured", Options{MaxNegativeTTL: time.Minute}, 600, 600, 600, 60},
		{"a day at most", Options{MaxNegativeTTL: 100 * time.Hour, MaxTTL: 100 * time.Hour}, 1 << 31, 1 << 31, 1 << 31, 24 * hour},
		{"not above positive", Options{MaxTTL: 5 * time.Minute}, 600, 600, 600, 300},
		{"raised", Options{MinNegativeTTL: 10 * time.Second}, 600, 1, 600, 10},
		{"zero", Options{}, 600, 0, 600, 0},
		{"zero is not raised", Options{MinNegativeTTL: 10 * time.Second}, 0, 600, 600, 0},
		{"none at all", Options{MaxNegativeTTL: -1}, 600, 600, 600, 0},
	} {
		c := newCache(tc.o)
		d := nxdomain(t, "www.example.", "example.", tc.ttl, Unjudged)
		d.SOA = soa(t, "example.", tc.ttl, tc.minimum)
		d.Proof = []rrset.Set{set(t, nsec3)}
		d.Proof[0].TTL = tc.proof
		if got := c.PutDenial(d, start()); got != (tc.want > 0) {
			t.Errorf("%s: stored %t", tc.what, got)
		}
		got, ok := c.GetDenial(d.Name, wire.TypeA, start())
		if ok != (tc.want > 0) || got.SOA.TTL != tc.want {
			t.Errorf("%s: TTL %d, want %d", tc.what, got.SOA.TTL, tc.want)
		}
		if tc.want == 0 {
			continue
		}
		if _, ok := c.GetDenial(d.Name, wire.TypeA, after(float64(tc.want)-0.1)); !ok {
			t.Errorf("%s: gone before its end", tc.what)
		}
		if _, ok := c.GetDenial(d.Name, wire.TypeA, after(float64(tc.want))); ok {
			t.Errorf("%s: used after its end", tc.what)
		}
	}
}

func TestDenialRefused(t *testing.T) {
	// RFC: 2308.2
	good := func() *Denial { return nxdomain(t, "www.example.", "example.", 300, Unjudged) }
	if !newCache(Options{}).PutDenial(good(), start()) {
		t.Fatal("a good denial was refused")
	}
	for what, spoil := range map[string]func(*Denial){
		"no SOA":               func(d *Denial) { d.SOA = rrset.Set{} },
		"NS for an SOA":        func(d *Denial) { d.SOA = set(t, "example. 300 IN NS ns.example.") },
		"two SOAs":             func(d *Denial) { d.SOA.RData = append(d.SOA.RData, d.SOA.RData...) },
		"an SOA cut short":     func(d *Denial) { d.SOA.RData = rrset.List(nil).Append(make([]byte, 10)) },
		"SOA of another zone":  func(d *Denial) { d.SOA = soa(t, "example.com.", 300, 300) },
		"SOA of a zone below":  func(d *Denial) { d.SOA = soa(t, "a.www.example.", 300, 300) },
		"like-named zone":      func(d *Denial) { d.SOA = soa(t, "ample.", 300, 300) },
		"no name":              func(d *Denial) { d.Name = rrset.Set{}.Name },
		"type ANY":             func(d *Denial) { d.Type = wire.TypeANY },
		"an empty RRset":       func(d *Denial) { d.Proof = make([]rrset.Set, 1) },
		"a proof without end":  func(d *Denial) { d.Proof = manySets(t, maxProof+1) },
		"more than 64 KiB":     func(d *Denial) { d.Proof = []rrset.Set{large(t, 40<<10), large(t, 40<<10)} },
		"more than the store.": func(d *Denial) { d.Proof = []rrset.Set{large(t, 60<<10)} },
	} {
		c := newCache(Options{Size: 1 << 20})
		d := good()
		spoil(d)
		if c.PutDenial(d, start()) {
			t.Errorf("%s: stored", what)
		}
		if _, ok := c.GetDenial(good().Name, wire.TypeA, start()); ok {
			t.Errorf("%s: found", what)
		}
	}
}

func manySets(t *testing.T, n int) []rrset.Set {
	t.Helper()
	sets := make([]rrset.Set, n)
	for i := range sets {
		sets[i] = set(t, nsec3)
	}
	return sets
}

func large(t *testing.T, octets int) rrset.Set {
	t.Helper()
	s := set(t, "big.example. 300 IN TYPE65280 \\# 1 00")
	s.RData = rrset.List(nil).Append(make([]byte, octets))
	return s
}

// TestShadow: what came later about the name is what counts, unless it has
// less standing.
func TestShadow(t *testing.T) {
	// RFC: 8020.1, 2181.4
	www := a(t, "www.example.", 300, "192.0.2.1")
	for _, tc := range []struct {
		what          string
		positive      Status
		denial        Status
		hidden, ended bool // by the denial; the denial by the data put after it
	}{
		{"unjudged", Unjudged, Unjudged, true, true},
		{"insecure", Insecure, Insecure, true, true},
		{"secure", Secure, Secure, true, true},
		{"Secure data, unjudged denial", Secure, Unjudged, false, true},
		{"Secure data, Bogus denial", Secure, Bogus, false, true},
		{"unjudged data, Secure denial", Unjudged, Secure, true, false},
		{"unjudged data, Bogus denial", Unjudged, Bogus, false, true},
		{"Bogus data, unjudged denial", Bogus, Unjudged, true, false},
	} {
		c := newCache(Options{})
		c.Put(&www, RankAnswerAA, tc.positive, start())
		nx := nxdomain(t, "www.example.", "example.", 60, tc.denial)
		c.PutDenial(nx, after(1))
		if _, ok := c.Get(www.Name, wire.TypeA, after(2)); ok == tc.hidden {
			t.Errorf("%s: found %t after the NXDOMAIN", tc.what, ok)
		}
		if _, ok := c.GetDenial(www.Name, wire.TypeA, after(2)); !ok {
			t.Errorf("%s: the denial is not there", tc.what)
		}
		// Its TTL over, the denial no longer answers, but what it hid stays so.
		if _, ok := c.Get(www.Name, wire.TypeA, after(70)); ok == (tc.hidden && tc.denial != Bogus) {
			t.Errorf("%s: found %t after the NXDOMAIN ran out", tc.what, ok)
		}
		c = newCache(Options{})
		c.PutDenial(nx, start())
		if got := c.Put(&www, RankAnswerAA, tc.positive, after(1)); got != tc.ended {
			t.Errorf("%s: put over the denial: %t", tc.what, got)
		}
		if _, ok := c.GetDenial(www.Name, wire.TypeMX, after(2)); ok == tc.ended {
			t.Errorf("%s: denied %t after data was put", tc.what, ok)
		}
	}
}

func TestNoDataAndData(t *testing.T) {
	// RFC: 2308.2, 2181.4
	c := newCache(Options{})
	www := a(t, "www.example.", 300, "192.0.2.1")
	mx := set(t, "www.example. 300 IN MX 0 .")
	c.Put(&www, RankAnswerAA, Unjudged, start())
	c.Put(&mx, RankAnswerAA, Unjudged, start())
	// NODATA takes the place of the one type.
	if !c.PutDenial(nodata(t, "www.example.", wire.TypeA, "example.", 60, Unjudged), after(1)) {
		t.Error("NODATA refused")
	}
	if _, ok := c.GetStale(www.Name, wire.TypeA, after(1)); ok {
		t.Error("the data is still there")
	}
	if _, ok := c.Get(www.Name, wire.TypeMX, after(1)); !ok {
		t.Error("data of another type is gone")
	}
	// Data of an authority ends it; glue does not.
	if c.Put(&www, RankGlue, Unjudged, after(2)) {
		t.Error("glue took the place of NODATA")
	}
	if !c.Put(&www, RankAnswerAA, Unjudged, after(2)) {
		t.Error("an answer was refused")
	}
	if _, ok := c.GetDenial(www.Name, wire.TypeA, after(2)); ok {
		t.Error("both data and NODATA")
	}
	// NODATA says that the name exists.
	c.PutDenial(nxdomain(t, "www.example.", "example.", 60, Unjudged), after(3))
	if d, ok := c.GetDenial(www.Name, wire.TypeTXT, after(3)); !ok || d.Type != wire.TypeNone {
		t.Errorf("after NXDOMAIN: %t %+v", ok, d)
	}
	c.PutDenial(nodata(t, "www.example.", wire.TypeAAAA, "example.", 60, Unjudged), after(4))
	if _, ok := c.GetDenial(www.Name, wire.TypeTXT, after(4)); ok {
		t.Error("the name exists and does not")
	}
	// An NXDOMAIN after NODATA is what counts.
	c.PutDenial(nxdomain(t, "www.example.", "example.", 60, Unjudged), after(5))
	if d, ok := c.GetDenial(www.Name, wire.TypeAAAA, after(5)); !ok || d.Type != wire.TypeNone {
		t.Errorf("NXDOMAIN after NODATA: %t %+v", ok, d)
	}
}

func TestAbove(t *testing.T) {
	// RFC: 8020.1, 8020.3, 9824.4
	for _, tc := range []struct {
		what    string
		status  Status
		compact bool
		asked   string
		found   bool
	}{
		{"parent", Secure, false, "a.b.example.", true},
		{"further up", Secure, false, "x.y.z.a.b.example.", true},
		{"the name itself", Secure, false, "b.example.", false},
		{"above it", Secure, false, "example.", false},
		{"beside it", Secure, false, "a.c.example.", false},
		{"the root", Secure, false, ".", false},
		{"Insecure", Insecure, false, "a.b.example.", false},
		{"unjudged", Unjudged, false, "a.b.example.", false},
		{"Bogus", Bogus, false, "a.b.example.", false},
		{"compact", Secure, true, "a.b.example.", false},
	} {
		c := newCache(Options{})
		d := nxdomain(t, "b.example.", "example.", 60, tc.status)
		d.Compact = tc.compact
		d.Proof = []rrset.Set{set(t, nsec3, nsec3Sig)}
		c.PutDenial(d, start())
		c.PutDenial(nodata(t, "example.", wire.TypeA, "example.", 60, Secure), start())
		got, ok := c.GetAbove(name(tc.asked), after(59))
		if ok != tc.found {
			t.Errorf("%s: %t, want %t", tc.what, ok, tc.found)
		}
		if ok && (got.Name != d.Name || got.SOA.TTL != 1 || len(got.Proof) != 1 || !same(got.Proof[0], d.Proof[0])) {
			t.Errorf("%s: %+v", tc.what, got)
		}
		if _, ok := c.GetAbove(name(tc.asked), after(60)); ok {
			t.Errorf("%s: found after its end", tc.what)
		}
	}
}

// TestProofOfLifeBelow: Secure data below a denied name refutes the denial.
func TestProofOfLifeBelow(t *testing.T) {
	for _, tc := range []struct {
		status Status
		rank   Rank
		above  bool
	}{{Secure, RankAnswerAA, false}, {Unjudged, RankAnswerAA, true}, {Secure, RankGlue, true}} {
		c := newCache(Options{})
		c.PutDenial(nxdomain(t, "b.example.", "example.", 60, Secure), start())
		s := a(t, "x.a.b.example.", 60, "192.0.2.1")
		c.Put(&s, tc.rank, tc.status, after(1))
		if _, ok := c.GetAbove(name("y.b.example."), after(1)); ok != tc.above {
			t.Errorf("%v, %v data below: denied above %t, want %t", tc.rank, tc.status, ok, tc.above)
		}
	}
}

func TestStaleDenial(t *testing.T) {
	// RFC: 8767.2
	for _, tc := range []struct {
		status Status
		at     float64
		ok     bool
		ttl    uint32
	}{
		{Secure, 59, true, 1},
		{Secure, 60, true, StaleTTL},
		{Secure, 60 + 3599, true, StaleTTL},
		{Secure, 60 + 3600, false, 0},
		{Bogus, 59, true, 1},
		{Bogus, 60, false, 0},
	} {
		for _, d := range []*Denial{
			nxdomain(t, "www.example.", "example.", 60, tc.status),
			nodata(t, "www.example.", wire.TypeA, "example.", 60, tc.status),
		} {
			c := newCache(Options{MaxStale: time.Hour})
			c.PutDenial(d, start())
			got, ok := c.GetStaleDenial(d.Name, wire.TypeA, after(tc.at))
			if ok != tc.ok || got.SOA.TTL != tc.ttl || got.Stale != (ok && tc.at >= 60) {
				t.Errorf("%v after %v s: %t, TTL %d, stale %t; want %+v", tc.status, tc.at, ok, got.SOA.TTL, got.Stale, tc)
			}
		}
	}
	// What was denied since is not served stale.
	c := newCache(Options{})
	s := a(t, "www.example.", 60, "192.0.2.1")
	c.Put(&s, RankAnswerAA, Unjudged, start())
	c.PutDenial(nxdomain(t, "www.example.", "example.", 60, Unjudged), after(10))
	if _, ok := c.GetStale(s.Name, s.Type, after(100)); ok {
		t.Error("data that was denied since is served stale")
	}
	if d, ok := c.GetStaleDenial(s.Name, s.Type, after(100)); !ok || !d.Stale {
		t.Error("the denial is not served stale")
	}
}

// A referral proves the absence of a DS without an SOA (RFC 4035 §3.1.4.1).
func TestDenialOfAReferral(t *testing.T) {
	c := New(Options{Size: 1 << 20})
	now := time.Unix(1_800_000_000, 0)
	nsec := rrset.New(domain.MustParse("a.example."), wire.TypeNSEC, 600, append(domain.MustParse("c.example.").AppendWire(nil), 0, 1, 0x20))
	d := Denial{Name: domain.MustParse("b.example."), Type: wire.TypeDS, Proof: []rrset.Set{nsec}}
	if !c.PutDenial(&d, now) {
		t.Fatal("refused")
	}
	got, ok := c.GetDenial(d.Name, wire.TypeDS, now.Add(time.Minute))
	if !ok || got.SOA.Type != wire.TypeNone || len(got.Proof) != 1 || !got.Proof[0].Same(&nsec) || got.Proof[0].TTL != 540 {
		t.Errorf("%v %+v", ok, got)
	}
	d.Type = wire.TypeA
	if c.PutDenial(&d, now) {
		t.Error("NODATA for a type other than DS was stored without an SOA")
	}
	d.Type, d.Proof = wire.TypeDS, nil
	if c.PutDenial(&d, now) {
		t.Error("a DS was denied without SOA and without proof")
	}
}
