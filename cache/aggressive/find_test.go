package aggressive_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"recursor/cache/aggressive"
	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/validate/denial"
)

const examples = `
a 3600 A 192.0.2.1
deep.er.b 3600 A 192.0.2.2
*.w 3600 A 192.0.2.3
x.w 3600 TXT x
c 3600 CNAME a
sub 3600 NS ns.sub
ns.sub 3600 A 192.0.2.4
safe 3600 NS ns.sub
safe 3600 DS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000
d 3600 DNAME a
z 3600 A 192.0.2.9
`

// whole is an Index with the whole chain of a zone.
func whole(t *testing.T, z *sim.Zone) *aggressive.Index {
	t.Helper()
	x := aggressive.New(aggressive.Options{})
	soa, records := chain(t, z)
	x.Add(&soa, records, start())
	return x
}

// RFC: 8198.1, 8198.2, 4592.1
func TestFind(t *testing.T) {
	for what, o := range map[string]sim.SignOptions{"NSEC": {}, "NSEC3": {NSEC3: true, Salt: "aabb", Iterations: 3}} {
		z := signed(t, "example.", examples, o)
		x := whole(t, z)
		for _, c := range []struct {
			question string
			t        wire.Type
			want     string
			records  int
		}{
			{"q.example.", wire.TypeA, "NXDOMAIN", 2},
			{"q.q.q.example.", wire.TypeA, "NXDOMAIN", 2},
			{"aa.example.", wire.TypeDS, "NXDOMAIN", 2},
			{"below.a.example.", wire.TypeA, "NXDOMAIN", 1},
			{"a.example.", wire.TypeMX, "NODATA", 1},
			{"a.example.", wire.TypeA, "", 0},
			{"example.", wire.TypeMX, "NODATA", 1},
			{"example.", wire.TypeDS, "", 0}, // the zone above must say so
			{"b.example.", wire.TypeA, "NODATA", 1},
			{"er.b.example.", wire.TypeA, "NODATA", 1},
			{"c.example.", wire.TypeMX, "", 0}, // the alias would be the answer
			{"sub.example.", wire.TypeA, "", 0},
			{"sub.example.", wire.TypeDS, "NODATA", 1},
			{"www.sub.example.", wire.TypeA, "", 0},
			{"safe.example.", wire.TypeDS, "", 0},
			{"www.safe.example.", wire.TypeA, "", 0},
			{"www.d.example.", wire.TypeA, "", 0},
			{"q.w.example.", wire.TypeA, "expanded", 1},
			{"q.w.example.", wire.TypeMX, "NODATA", 1},
			{"q.x.w.example.", wire.TypeA, "NXDOMAIN", 1}, // x stands between
			{"x.w.example.", wire.TypeA, "NODATA", 1},
			{"q.w.example.", wire.TypeANY, "", 0},
			{"q.w.example.", wire.TypeRRSIG, "", 0},
			{"other.", wire.TypeA, "", 0},
		} {
			q := aggressive.Question{Name: name(c.question), Type: c.t}
			q.Expand = func(s domain.Name) bool { return s == name("*.w.example.") && c.t == wire.TypeA }
			f, ok := x.Find(&q, start(), &free{})
			if got := said(f, ok); got != c.want {
				t.Errorf("%s: %s %s: %q, want %q", what, c.question, c.t, got, c.want)
				continue
			}
			// Of NSEC3 the closest encloser's own is needed too, and none may serve twice.
			if len(f.Proof) != c.records && !(o.NSEC3 && len(f.Proof) <= 3) {
				t.Errorf("%s: %s %s: proof %s", what, c.question, c.t, owners(f))
			}
			if ok && (f.Zone != name("example.") || f.TTL != 300) { // the SOA's MINIMUM
				t.Errorf("%s: %s %s: zone %s, TTL %d", what, c.question, c.t, f.Zone, f.TTL)
			}
			if ok && f.Source.IsZero() && (f.SOA.Name != name("example.") || f.SOA.TTL != 300 || f.SOA.Sigs.Len() == 0) {
				t.Errorf("%s: %s %s: SOA %+v", what, c.question, c.t, f.SOA)
			}
		}
	}
}

// Whatever part of a chain is at hand, what it says is what the zone's server
// says, its proof holds by itself, and of the whole chain everything follows.
func TestFindIsTrue(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 198))
	labels := []string{"a", "b", "c", "*", "m", "w", "\\000x", "\\255", "a\\001"}
	pick := func() string { return labels[rng.IntN(len(labels))] }
	random := func() domain.Name {
		n := "example."
		for range 1 + rng.IntN(4) {
			n = pick() + "." + n
		}
		return name(n)
	}
	for round := range 60 {
		var lines strings.Builder
		cuts := map[domain.Name]bool{} // names with what they have; true: others' names are below
		for range 3 + rng.IntN(8) {
			n := random()
			if _, twice := cuts[n]; twice || occluded(cuts, n) {
				continue
			}
			kind := []string{"A 192.0.2.1", "TXT x", "A 192.0.2.1", "NS ns.example.", "DNAME a.example."}[rng.IntN(5)]
			if strings.HasPrefix(kind, "NS") && n.IsWildcard() || strings.HasPrefix(kind, "DNAME") && n.IsWildcard() {
				continue
			}
			cuts[n] = strings.HasPrefix(kind, "NS") || strings.HasPrefix(kind, "DNAME")
			if cuts[n] && slices.ContainsFunc(slices.Collect(maps.Keys(cuts)), func(o domain.Name) bool { return o.Below(n) }) {
				delete(cuts, n)
				continue
			}
			fmt.Fprintf(&lines, "%s 3600 %s\n", n, kind)
		}
		o := sim.SignOptions{NSEC3: round%2 == 1, Salt: "01"}
		z := signed(t, "example.", lines.String(), o)
		a := sim.NewAuthority("a", 1)
		a.Serve(z)
		soa, records := chain(t, z)
		all := rng.IntN(2) == 0
		x := aggressive.New(aggressive.Options{})
		rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		part := records
		if !all {
			part = records[:rng.IntN(len(records))]
		}
		x.Add(&soa, part, start())
		for range 150 {
			n := random()
			rrtype := []wire.Type{wire.TypeA, wire.TypeTXT, wire.TypeDS, wire.TypeMX}[rng.IntN(4)]
			want := truth(t, a, n, rrtype)
			q := aggressive.Question{Name: n, Type: rrtype}
			q.Expand = func(s domain.Name) bool { return z.Records(s, uint16(rrtype)) != nil }
			f, ok := x.Find(&q, start(), &free{})
			got := said(f, ok)
			if got != "" && got != want {
				t.Fatalf("%s %s: %s, the server says %s (proof %s)\n%s", n, rrtype, got, want, owners(f), z.Text())
			}
			if all && got == "" && (want == "NXDOMAIN" || want == "NODATA" || want == "expanded") {
				t.Fatalf("%s %s: nothing follows of the whole chain; %s\n%s", n, rrtype, want, z.Text())
			}
			if ok {
				holds(t, &q, f)
			}
		}
	}
}

// occluded reports whether a cut or a DNAME is above n.
func occluded(cuts map[domain.Name]bool, n domain.Name) bool {
	for ; !n.IsRoot(); n = n.Parent() {
		if cuts[n.Parent()] {
			return true
		}
	}
	return false
}

// holds checks a proof as a validator would that knows nothing else.
func holds(t *testing.T, q *aggressive.Question, f aggressive.Found) {
	t.Helper()
	r := denial.NewRecords(f.Zone, &free{})
	for i := range f.Proof {
		if !r.Add(&f.Proof[i]) {
			t.Fatalf("%s %s: %s is none of the zone's", q.Name, q.Type, f.Proof[i].Name)
		}
	}
	var finding denial.Finding
	var err error
	switch {
	case f.NXDomain:
		finding, err = r.NameError(q.Name)
	case !f.Source.IsZero():
		finding, err = r.Expansion(q.Name, f.Source.Parent())
	default:
		finding, err = r.NoData(q.Name, q.Type)
	}
	if err != nil || !finding.Proven || finding.OptOut || finding.NXName {
		t.Fatalf("%s %s: %s proves %+v, %v", q.Name, q.Type, owners(f), finding, err)
	}
}

// The TTL of an answer is that of its least record and of the SOA, whose MINIMUM
// counts too, whatever the records' own is.
//
// RFC: 9077.1, 8198.3
func TestTTL(t *testing.T) {
	z := signed(t, "example.", examples, sim.SignOptions{})
	soa, records := chain(t, z)
	ask := func(x *aggressive.Index, after time.Duration) uint32 {
		f, ok := x.Find(&aggressive.Question{Name: name("q.example."), Type: wire.TypeA}, start().Add(after), &free{})
		if !ok {
			return 0
		}
		for i := range f.Proof {
			if f.Proof[i].TTL < f.TTL {
				t.Errorf("a record has %d s, the answer %d", f.Proof[i].TTL, f.TTL)
			}
		}
		return f.TTL
	}
	for i := range records {
		records[i].TTL = 7200
	}
	x := aggressive.New(aggressive.Options{})
	x.Add(&soa, records, start())
	for after, want := range map[time.Duration]uint32{0: 300, 100 * time.Second: 200, 299*time.Second + 999*time.Millisecond: 1, 300 * time.Second: 0} {
		if got := ask(x, after); got != want {
			t.Errorf("after %v: %d, want %d", after, got, want)
		}
	}
	// The answer ends with the SOA; the records are as old as they are.
	f, _ := x.Find(&aggressive.Question{Name: name("q.example."), Type: wire.TypeA}, start().Add(100*time.Second), &free{})
	for i := range f.Proof {
		if f.Proof[i].TTL != 3500 {
			t.Errorf("a record has %d s after 100 s of the hour that it may be kept", f.Proof[i].TTL)
		}
	}
	// A new SOA makes older records no younger.
	x.Add(&soa, nil, start().Add(250*time.Second))
	if got := ask(x, 260*time.Second); got != 40 {
		t.Errorf("with a newer SOA: %d, want 40", got)
	}
	long := soa.Clone()
	rd := long.RData[2:]
	rd[len(rd)-4] = 0x7f // MINIMUM beyond everything
	long.TTL = 1 << 30
	x = aggressive.New(aggressive.Options{MaxTTL: 3 * time.Hour})
	x.Add(&long, records, start())
	if got := ask(x, 0); got != 7200 {
		t.Errorf("TTL of the records: %d, want 7200", got)
	}
	x = aggressive.New(aggressive.Options{})
	x.Add(&long, records, start())
	if got := ask(x, 0); got != 3600 {
		t.Errorf("the cap: %d, want 3600", got)
	}
	x = aggressive.New(aggressive.Options{MaxTTL: -1})
	x.Add(&long, records, start())
	if got := ask(x, 0); got != 0 {
		t.Errorf("where nothing may be kept: %d", got)
	}
}

// A zone without a SOA denies nothing, but its wildcards may be used.
func TestWithoutSOA(t *testing.T) {
	z := signed(t, "example.", examples, sim.SignOptions{})
	_, records := chain(t, z)
	x := aggressive.New(aggressive.Options{})
	x.Add(nil, records, start())
	if f, ok := x.Find(&aggressive.Question{Name: name("q.example."), Type: wire.TypeA}, start(), &free{}); ok {
		t.Errorf("denied: %+v", f)
	}
	q := aggressive.Question{Name: name("q.w.example."), Type: wire.TypeA, Expand: func(domain.Name) bool { return true }}
	if f, ok := x.Find(&q, start(), &free{}); !ok || f.Source != name("*.w.example.") {
		t.Errorf("%+v, %t", f, ok)
	}
}

// Opt-out spans, compact denial and records made for one question say nothing of
// other names.
//
// RFC: 8198.2, 8020.3
func TestWhatStaysOut(t *testing.T) {
	z := signed(t, "example.", examples, sim.SignOptions{NSEC3: true, OptOut: true})
	x := whole(t, z)
	if got := x.Stats(); got.Added != 0 {
		t.Errorf("%d records of opt-out spans", got.Added)
	}
	z = signed(t, "example.", examples, sim.SignOptions{})
	_, records := chain(t, z)
	black := records[0]
	black.Set = black.Set.Clone()
	n := append([]byte{1, 0}, black.Set.Name.Wire()...)
	rd := append(append([]byte(nil), n...), 0, 1, 0x40)
	black.Set.RData = nil
	black.Set.RData = black.Set.RData.Append(rd)
	nx := black
	nx.Set.RData = nx.Set.RData[:0:0].Append(append(name("z.example.").AppendWire(nil), 0, 16, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0))
	x = aggressive.New(aggressive.Options{})
	x.Add(nil, []aggressive.Record{black}, start())
	if got := x.Stats(); got.Added != 0 {
		t.Errorf("%d records of compact denial", got.Added)
	}
}

// Zones keep to themselves: none speaks for another's names, none above what the
// question is bounded by is asked, and the closest one that is known decides.
//
// RFC: 8198.4
func TestZonesApart(t *testing.T) {
	parent := signed(t, "example.", "sub NS ns.sub\nsub DS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000\n", sim.SignOptions{})
	child := signed(t, "sub.example.", "a A 192.0.2.1\n", sim.SignOptions{})
	x := whole(t, parent)
	soa, records := chain(t, child)
	x.Add(&soa, records, start())
	for n, want := range map[string]string{
		"q.example.": "example.", "q.sub.example.": "sub.example.", "q.q.sub.example.": "sub.example.", "a.sub.example.": "sub.example.",
	} {
		f, ok := x.Find(&aggressive.Question{Name: name(n), Type: wire.TypeMX}, start(), &free{})
		if !ok || f.Zone != name(want) {
			t.Errorf("%s: by %s, %t", n, f.Zone, ok)
		}
	}
	if f, ok := x.Find(&aggressive.Question{Name: name("q.example."), Type: wire.TypeA, Within: name("q.example.")}, start(), &free{}); ok {
		t.Errorf("beyond the bound: %+v", f)
	}
	// A record of the parent's that claims to be the child's is none.
	_, own := chain(t, parent)
	for i := range own {
		own[i].Zone = child.Origin
	}
	before := x.Stats().Added
	x.Add(nil, own[:1], start())
	if x.Stats().Added != before {
		t.Error("a record from outside the zone was taken")
	}
}

// What a newer record spans is gone.
func TestNewerRecordsWin(t *testing.T) {
	x := whole(t, signed(t, "example.", examples, sim.SignOptions{}))
	q := &aggressive.Question{Name: name("a.example."), Type: wire.TypeMX}
	if f, ok := x.Find(q, start(), &free{}); said(f, ok) != "NODATA" {
		t.Fatal("not there")
	}
	soa, records := chain(t, signed(t, "example.", "z A 192.0.2.1\n", sim.SignOptions{}))
	x.Add(&soa, records, start())
	if f, ok := x.Find(q, start(), &free{}); said(f, ok) != "NXDOMAIN" {
		t.Errorf("%+v, %t", f, ok)
	}
	// Nor is a proof made of two NSEC3 chains.
	x = whole(t, signed(t, "example.", examples, sim.SignOptions{NSEC3: true, Salt: "aa"}))
	soa, records = chain(t, signed(t, "example.", examples, sim.SignOptions{NSEC3: true, Salt: "bb"}))
	x.Add(&soa, records[:1], start())
	if f, ok := x.Find(&aggressive.Question{Name: name("qq.example."), Type: wire.TypeA}, start(), &free{}); ok {
		t.Errorf("of two chains: %s", owners(f))
	}
}

// Hashes are few, and none for names far below.
func TestHashesAreBounded(t *testing.T) {
	x := whole(t, signed(t, "example.", examples, sim.SignOptions{NSEC3: true}))
	w := &free{}
	if f, ok := x.Find(&aggressive.Question{Name: name("q.example."), Type: wire.TypeA}, start(), w); !ok || w.hashes != 3 {
		t.Errorf("%t: %d hashes (%s)", ok, w.hashes, owners(f))
	}
	w = &free{}
	if _, ok := x.Find(&aggressive.Question{Name: name(strings.Repeat("a.", 110) + "example."), Type: wire.TypeA}, start(), w); ok || w.hashes > 0 {
		t.Errorf("%t: %d hashes", ok, w.hashes)
	}
	for depth := range 9 {
		w = &free{}
		x.Find(&aggressive.Question{Name: name(strings.Repeat("a.", depth) + "b.example."), Type: wire.TypeA}, start(), w)
		if w.hashes > 12 {
			t.Errorf("%d labels: %d hashes", depth+1, w.hashes)
		}
	}
}
