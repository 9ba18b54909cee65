package denial_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/validate/denial"
)

// Rules that whole zones do not show: records that are not as a signer makes
// them.
func TestNSECRules(t *testing.T) {
	type want struct{ nxDomain, noData, noDS denial.Finding }
	yes := denial.Finding{Proven: true}
	for name, tt := range map[string]struct {
		zone, records, name string
		want                want
	}{
		// RFC: 6840.1
		"above a cut":             {"z.", "a.z. NSEC b.z. NS RRSIG NSEC", "x.a.z.", want{}},
		"a zone's apex is no cut": {"z.", "z. NSEC b.z. NS SOA RRSIG NSEC", "a.z.", want{nxDomain: yes}},
		"a DNAME":                 {"z.", "a.z. NSEC b.z. DNAME RRSIG NSEC\nz. NSEC a.z. NS SOA", "x.a.z.", want{}},
		"a DNAME's owner": {
			"z.", "a.z. NSEC b.z. DNAME RRSIG NSEC", "a.z.",
			want{noData: yes, noDS: yes},
		},
		"a DNAME beside":   {"z.", "a.z. NSEC c.z. DNAME RRSIG NSEC\nz. NSEC a.z. NS SOA", "b.z.", want{nxDomain: yes}},
		"cut with DS":      {"z.", "a.z. NSEC b.z. NS DS RRSIG NSEC", "a.z.", want{}},
		"cut without DS":   {"z.", "a.z. NSEC b.z. NS RRSIG NSEC", "a.z.", want{noDS: denial.Finding{Proven: true, Cut: true}}},
		"child's apex":     {"z.", "a.z. NSEC b.z. NS SOA RRSIG NSEC", "a.z.", want{noData: yes}},
		"apex without SOA": {"a.z.", "a.z. NSEC b.a.z. TXT RRSIG NSEC", "a.z.", want{noData: yes}},
		"no cut":           {"z.", "a.z. NSEC b.z. TXT RRSIG NSEC", "a.z.", want{noData: yes, noDS: yes}},
		// RFC: 6840.2
		"CNAME": {"z.", "a.z. NSEC b.z. CNAME RRSIG NSEC", "a.z.", want{}},

		"of the zone itself":   {"z.", "z. NSEC a.z. NS SOA RRSIG NSEC", "z.", want{noData: yes}},
		"the root has no DS":   {".", ". NSEC a. NS SOA RRSIG NSEC", ".", want{noData: yes, noDS: yes}},
		"a zone of one name":   {"z.", "z. NSEC z. NS SOA RRSIG NSEC", "a.b.z.", want{nxDomain: yes}},
		"last of the chain":    {"z.", "y.z. NSEC z. A RRSIG NSEC\nz. NSEC a.z. NS SOA", "yy.z.", want{nxDomain: yes}},
		"not before the last":  {"z.", "y.z. NSEC z. A RRSIG NSEC\nz. NSEC a.z. NS SOA", "x.z.", want{}},
		"the next name itself": {"z.", "z. NSEC b.z. NS SOA RRSIG NSEC", "b.z.", want{}},
		"another zone's name":  {"z.", "z. NSEC z. NS SOA RRSIG NSEC", "a.y.", want{}},

		// CVE-2026-13321: names of other zones between owner and next.
		"next outside":           {"b.z.", "y.b.z. NSEC y.c.z. A RRSIG NSEC", "z.b.z.", want{}},
		"next above":             {"b.z.", "y.b.z. NSEC z. A RRSIG NSEC", "z.b.z.", want{}},
		"owner outside":          {"b.z.", "a.z. NSEC y.b.z. A RRSIG NSEC", "a.b.z.", want{}},
		"next before owner":      {"z.", "y.z. NSEC b.z. A RRSIG NSEC", "yy.z.", want{}},
		"next is owner":          {"z.", "y.z. NSEC y.z. A RRSIG NSEC", "yy.z.", want{}},
		"next is owner, its own": {"z.", "y.z. NSEC y.z. A RRSIG NSEC", "y.z.", want{noDS: yes}}, // its types hold all the same
		"two at one owner":       {"z.", "a.z. NSEC b.z. A RRSIG NSEC\na.z. NSEC c.z. A RRSIG NSEC", "a.z.", want{}},

		// RFC: 4592.1
		"empty non-terminal": {"z.", "a.z. NSEC x.b.z. A RRSIG NSEC\nz. NSEC a.z. NS SOA", "b.z.", want{noData: yes, noDS: yes}},
		"wildcard there":     {"z.", "*.z. NSEC b.z. A RRSIG NSEC", "a.z.", want{noDS: denial.Finding{Proven: true, Wildcard: true}}},
		"wildcard of other types": {
			"z.", "*.z. NSEC b.z. TXT RRSIG NSEC", "a.z.",
			want{noData: denial.Finding{Proven: true, Wildcard: true}, noDS: denial.Finding{Proven: true, Wildcard: true}},
		},
		"wildcard alias":      {"z.", "*.z. NSEC b.z. CNAME RRSIG NSEC", "a.z.", want{}},
		"wildcard delegation": {"z.", "*.z. NSEC b.z. NS RRSIG NSEC", "a.z.", want{}},
		"wildcard that is empty": {
			"z.", "z. NSEC x.*.z. NS SOA\nx.*.z. NSEC b.z. A", "a.z.",
			want{noData: denial.Finding{Proven: true, Wildcard: true}, noDS: denial.Finding{Proven: true, Wildcard: true}},
		},
		"wildcard not denied":   {"z.", "a.z. NSEC c.z. A RRSIG NSEC", "b.z.", want{}},
		"the wildcard itself":   {"z.", "z. NSEC b.z. NS SOA", "*.z.", want{nxDomain: yes}},
		"a wildcard's name":     {"z.", "*.z. NSEC b.z. TXT RRSIG NSEC", "*.z.", want{noData: yes, noDS: yes}},
		"closest is the next's": {"z.", "z. NSEC y.a.z. NS SOA", "x.a.z.", want{nxDomain: yes}},

		// RFC: 9824.1
		"compact, no name": {
			"z.", "a.z. NSEC \\000.a.z. RRSIG NSEC TYPE128", "a.z.",
			want{denial.Finding{Proven: true, NXName: true}, denial.Finding{Proven: true, NXName: true}, denial.Finding{Proven: true, NXName: true}},
		},
		"compact, no data":          {"z.", "a.z. NSEC \\000.a.z. TXT RRSIG NSEC", "a.z.", want{noData: yes, noDS: yes}},
		"compact, no data, no name": {"z.", "a.z. NSEC \\000.a.z. RRSIG NSEC", "a.z.", want{noData: yes, noDS: yes}},
		"no name, yet with a type":  {"z.", "a.z. NSEC \\000.a.z. A RRSIG NSEC TYPE128", "a.z.", want{noDS: yes}},
		"no name says no more":      {"z.", "a.z. NSEC \\000.a.z. RRSIG NSEC TYPE128", "b.a.z.", want{}},
	} {
		t.Run(name, func(t *testing.T) {
			all := sets(t, tt.records)
			n := domain.MustParse(tt.name)
			r := records(domain.MustParse(tt.zone), all)
			got := want{must(t)(r.NameError(n)), must(t)(r.NoData(n, wire.TypeA)), must(t)(r.NoData(n, wire.TypeDS))}
			if got != tt.want {
				t.Errorf("found\n%+v, want\n%+v", got, tt.want)
			}
		})
	}
}

// RFC: 6840.2
func TestAnyType(t *testing.T) {
	for bitmap, proven := range map[string]bool{
		"RRSIG NSEC": true, "A RRSIG NSEC": false, "TYPE1234": false, "RRSIG NSEC TYPE128": true, "TYPE250": true, "CNAME": false,
	} {
		r := records(domain.MustParse("z."), sets(t, "a.z. NSEC b.z. "+bitmap))
		if f := must(t)(r.NoData(domain.MustParse("a.z."), wire.TypeANY)); f.Proven != proven {
			t.Errorf("%s: nothing of any type: %t", bitmap, f.Proven)
		}
	}
	// A bitmap that is cut shows what it shows.
	cut := rrset.New(domain.MustParse("a.z."), wire.TypeNSEC, 1, []byte("\x01b\x01z\x00\x00\x09\xff"))
	if f := must(t)(records(domain.MustParse("z."), []rrset.Set{cut}).NoData(cut.Name, wire.TypeANY)); !f.Proven {
		t.Error("a bitmap that is cut shows a type")
	}
}

// RFC: 4035.5, 4592.1
func TestExpansion(t *testing.T) {
	for name, tt := range map[string]struct {
		records, name, encloser string
		want                    bool
	}{
		"next closer denied":          {"a.z. NSEC c.z. A", "x.b.z.", "z.", true},
		"next closer is empty":        {"a.z. NSEC y.b.z. A", "x.b.z.", "z.", false},
		"next closer is there":        {"a.z. NSEC b.z. A", "b.z.", "z.", false},
		"next closer is there, below": {"a.z. NSEC b.z. A", "x.b.z.", "z.", false},
		"the name alone is denied":    {"w.b.z. NSEC y.b.z. A", "x.b.z.", "z.", false},
		"the name denied, nearer":     {"w.b.z. NSEC y.b.z. A", "x.b.z.", "b.z.", true},
		"under a cut":                 {"b.z. NSEC c.z. NS", "x.b.z.", "b.z.", false},
		"nothing":                     {"z. NSEC a.z. NS SOA", "x.b.z.", "z.", false},
	} {
		r := records(domain.MustParse("z."), sets(t, tt.records))
		if f := must(t)(r.Expansion(domain.MustParse(tt.name), domain.MustParse(tt.encloser))); f.Proven != tt.want || f.OptOut {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// nsec3 makes a chain of names with types, all with the parameters; "-" takes
// the record of a name out of the result.
func nsec3(t *testing.T, apex string, p denial.Params, flags byte, names ...string) []rrset.Set {
	t.Helper()
	type entry struct {
		hash  denial.Hash
		types []wire.Type
		out   bool
	}
	var entries []entry
	for _, n := range names {
		f := strings.Fields(n)
		e := entry{hash: p.Hash(domain.MustParse(f[0]))}
		for _, typ := range f[1:] {
			if typ == "-" {
				e.out = true
				continue
			}
			number, ok := wire.TypeOf(typ)
			if !ok {
				t.Fatal(typ)
			}
			e.types = append(e.types, number)
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(string(a.hash[:]), string(b.hash[:])) })
	var out []rrset.Set
	for i, e := range entries {
		if e.out {
			continue
		}
		rd := append([]byte{p.Algorithm, flags, byte(p.Iterations >> 8), byte(p.Iterations), byte(len(p.Salt))}, p.Salt...)
		next := entries[(i+1)%len(entries)].hash
		rd = append(append(append(rd, byte(len(next))), next[:]...), bitmap(e.types...)...)
		owner, err := domain.MustParse(apex).Prepend(e.hash.Label())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, rrset.New(owner, wire.TypeNSEC3, 300, rd))
	}
	return out
}

// RFC: 5155.1, 5155.2, 5155.4, 6840.1
func TestNSEC3Rules(t *testing.T) {
	p := params("\xaa")
	apex := "z. NS SOA RRSIG DNSKEY NSEC3PARAM"
	type want struct{ nxDomain, noData, noDS denial.Finding }
	yes := denial.Finding{Proven: true}
	for name, tt := range map[string]struct {
		chain []rrset.Set
		name  string
		want  want
	}{
		"no such name":     {nsec3(t, "z.", p, 0, apex, "a.z. A RRSIG"), "b.z.", want{nxDomain: yes}},
		"of the zone":      {nsec3(t, "z.", p, 0, apex), "z.", want{noData: yes}},
		"a zone of one":    {nsec3(t, "z.", p, 0, apex), "a.b.z.", want{nxDomain: yes}},
		"under a cut":      {nsec3(t, "z.", p, 0, apex, "a.z. NS"), "x.a.z.", want{}},
		"under a DNAME":    {nsec3(t, "z.", p, 0, apex, "a.z. DNAME RRSIG"), "x.a.z.", want{}},
		"of a DNAME":       {nsec3(t, "z.", p, 0, apex, "a.z. DNAME RRSIG"), "a.z.", want{noData: yes, noDS: yes}},
		"of a cut":         {nsec3(t, "z.", p, 0, apex, "a.z. NS"), "a.z.", want{noDS: denial.Finding{Proven: true, Cut: true}}},
		"of a signed cut":  {nsec3(t, "z.", p, 0, apex, "a.z. NS DS RRSIG"), "a.z.", want{}},
		"of a child":       {nsec3(t, "z.", p, 0, apex, "a.z. NS SOA"), "a.z.", want{noData: yes}},
		"of an alias":      {nsec3(t, "z.", p, 0, apex, "a.z. CNAME RRSIG"), "a.z.", want{}},
		"empty":            {nsec3(t, "z.", p, 0, apex, "a.z."), "a.z.", want{noData: yes, noDS: yes}},
		"encloser missing": {nsec3(t, "z.", p, 0, apex+" -", "a.z. A RRSIG"), "b.z.", want{}},
		"another zone":     {nsec3(t, "z.", p, 0, apex), "a.y.", want{}},
		"wildcard there": {
			nsec3(t, "z.", p, 0, apex, "*.z. TXT RRSIG"), "b.z.",
			want{noData: denial.Finding{Proven: true, Wildcard: true}, noDS: denial.Finding{Proven: true, Wildcard: true}},
		},
		"wildcard delegation": {nsec3(t, "z.", p, 0, apex, "*.z. NS"), "b.z.", want{}},
		"wildcard alias":      {nsec3(t, "z.", p, 0, apex, "*.z. CNAME RRSIG"), "b.z.", want{}},
		"opt-out": {
			nsec3(t, "z.", p, 1, apex, "a.z. A RRSIG"), "b.z.",
			want{
				denial.Finding{Proven: true, OptOut: true},
				denial.Finding{Proven: true, OptOut: true},
				denial.Finding{Proven: true, OptOut: true, Cut: true},
			},
		},
		"opt-out under a cut":     {nsec3(t, "z.", p, 1, apex, "a.z. NS DS RRSIG"), "b.a.z.", want{}},
		"opt-out of what exists":  {nsec3(t, "z.", p, 1, apex, "a.z. A RRSIG"), "a.z.", want{noDS: yes}},
		"unknown flag":            {nsec3(t, "z.", p, 2, apex, "a.z. A RRSIG"), "b.z.", want{}},
		"unknown flag and opt":    {nsec3(t, "z.", p, 3, apex, "a.z. A RRSIG"), "b.z.", want{}},
		"unknown hash":            {nsec3(t, "z.", denial.Params{Algorithm: 2}, 0, apex, "a.z. A RRSIG"), "b.z.", want{}},
		"hashes of another zone":  {nsec3(t, "y.z.", p, 0, apex, "a.z. A RRSIG"), "b.z.", want{}},
		"hashes of the zone as y": {nsec3(t, "y.", p, 0, apex, "a.z. A RRSIG"), "b.z.", want{}},
		"compact": {
			nsec3(t, "z.", p, 0, apex, "a.z. RRSIG NXNAME"), "a.z.",
			want{denial.Finding{Proven: true, NXName: true}, denial.Finding{Proven: true, NXName: true}, denial.Finding{Proven: true, NXName: true}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := domain.MustParse(tt.name)
			r := records(domain.MustParse("z."), tt.chain)
			got := want{must(t)(r.NameError(n)), must(t)(r.NoData(n, wire.TypeA)), must(t)(r.NoData(n, wire.TypeDS))}
			if got != tt.want {
				t.Errorf("found\n%+v, want\n%+v", got, tt.want)
			}
		})
	}
}

// The parameters of one record are those of the chain.
func TestParams(t *testing.T) {
	p := params("\xaa")
	r := records(domain.MustParse("z."), nsec3(t, "z.", p, 0, "z. NS SOA"))
	if got, ok := r.Params(); !ok || got != p {
		t.Errorf("%+v, %t", got, ok)
	}
	r = records(domain.MustParse("z."), sets(t, "z. NSEC a.z. NS SOA"))
	if got, ok := r.Params(); ok {
		t.Errorf("without NSEC3: %+v", got)
	}
}

// Where a zone shows both kinds of records, either may prove (RFC 8901 §5).
func TestBothKinds(t *testing.T) {
	byName := sets(t, "z. NSEC b.z. NS SOA RRSIG NSEC\nb.z. NSEC z. A RRSIG NSEC")
	byHash := nsec3(t, "z.", params(""), 0, "z. NS SOA", "b.z. A")
	far := nsec3(t, "z.", params(""), 0, "q.z. A", "r.z. A -")
	for what, tt := range map[string]struct {
		sets   []rrset.Set
		proven bool
	}{
		"names, and hashes that prove nothing": {append(byName[:2:2], far...), true},
		"hashes, and names that prove nothing": {append(byHash[:2:2], byName[1]), true},
		"neither":                              {append(far[:1:1], byName[1]), false},
	} {
		r := records(domain.MustParse("z."), tt.sets)
		a := domain.MustParse("a.z.")
		if f := must(t)(r.NameError(a)); f.Proven != tt.proven {
			t.Errorf("%s: NXDOMAIN %+v", what, f)
		}
		if f := must(t)(r.NoData(domain.MustParse("b.z."), wire.TypeTXT)); f.Proven != (tt.proven || what == "neither") {
			t.Errorf("%s: NODATA %+v", what, f)
		}
		if f := must(t)(r.Expansion(a, r.Zone)); f.Proven != tt.proven {
			t.Errorf("%s: expansion %+v", what, f)
		}
	}
}

// Records of two sets of parameters make no proof together.
//
// RFC: 5155.1
func TestOneSetOfParameters(t *testing.T) {
	zone := domain.MustParse("z.")
	names := []string{"z. NS SOA RRSIG DNSKEY NSEC3PARAM", "a.z. A RRSIG", "b.z. A RRSIG"}
	for name, other := range map[string]denial.Params{
		"salt":       params("\xbb"),
		"no salt":    params(""),
		"iterations": {Algorithm: 1, Iterations: 1, Salt: "\xaa"},
	} {
		one, two := nsec3(t, "z.", params("\xaa"), 0, names...), nsec3(t, "z.", other, 0, names...)
		r := denial.NewRecords(zone, new(free))
		for i := range one {
			if !r.Add(&one[i]) {
				t.Errorf("%s: record %d is refused", name, i)
			}
			if r.Add(&two[i]) {
				t.Errorf("%s: record %d of other parameters is taken", name, i)
			}
		}
		if p, ok := r.Params(); !ok || p != params("\xaa") || r.Len() != 3 {
			t.Errorf("%s: parameters %+v, %d records", name, p, r.Len())
		}
		// Half of each chain is no chain.
		mixed := append(one[:1:1], two[1:]...)
		for _, q := range []string{"c.z.", "d.z.", "e.z.", "f.z."} {
			if f := must(t)(records(zone, mixed).NameError(domain.MustParse(q))); f.Proven {
				whole := must(t)(records(zone, one[:1]).NameError(domain.MustParse(q)))
				if !whole.Proven {
					t.Errorf("%s: %s denied by halves of two chains", name, q)
				}
			}
		}
	}
	r := denial.NewRecords(zone, nil)
	if _, ok := r.Params(); ok {
		t.Error("parameters of nothing")
	}
	byName, other := sets(t, "z. NSEC b.z. NS SOA")[0], sets(t, "y. NSEC b.y. NS SOA")[0]
	if !r.Add(&byName) || r.Add(&other) || r.Len() != 1 {
		t.Errorf("%d records", r.Len())
	}
}

// What is not an NSEC3 record of the zone is refused.
//
// RFC: 5155.1
func TestParseNSEC3(t *testing.T) {
	zone := domain.MustParse("z.")
	good := nsec3(t, "z.", params("\xaa"), 1, "z. NS SOA", "a.z. A")[0]
	if n, ok := denial.ParseNSEC3(zone, &good); !ok || !n.OptOut || n.Params.Salt != "\xaa" {
		t.Fatalf("%+v, %t", n, ok)
	}
	with := func(rd []byte) rrset.Set {
		s := good
		s.RData = rrset.List(nil).Append(rd)
		return s
	}
	named := func(n string) rrset.Set {
		s := good
		s.Name = domain.MustParse(n)
		return s
	}
	rd := good.RData.First()
	label := good.Name.FirstLabel()
	for name, s := range map[string]rrset.Set{
		"two records":     {Name: good.Name, Type: good.Type, RData: good.RData.Append(append(rd[:len(rd):len(rd)], 0, 1, 1))},
		"no record":       {Name: good.Name, Type: good.Type},
		"type":            {Name: good.Name, Type: wire.TypeNSEC, RData: good.RData},
		"short":           with(rd[:4]),
		"salt cut":        with(append(append([]byte(nil), rd[:4]...), 255, 1)),
		"hash cut":        with(rd[:20]),
		"hash cut by one": with(rd[:6+len(denial.Hash{})]),
		"hash of 19":      with(append(append(append([]byte(nil), rd[:6]...), 19), rd[8:]...)),
		"hash of 32":      with(append(append(append([]byte(nil), rd[:6]...), 32), append(rd[7:], make([]byte, 12)...)...)),
		"apex":            named("z."),
		"deeper":          named("x." + label + ".z."),
		"elsewhere":       named(label + ".y."),
		"label too short": named(label[1:] + ".z."),
		"label too long":  named("0" + label + ".z."),
		"no base32hex":    named("w" + label[1:] + ".z."),
		"a hyphen":        named("-" + label[1:] + ".z."),
	} {
		if n, ok := denial.ParseNSEC3(zone, &s); ok {
			t.Errorf("%s: parsed %+v", name, n)
		}
	}
	if _, ok := denial.ParseNSEC(&rrset.Set{Type: wire.TypeNSEC, RData: rrset.List(nil).Append([]byte{5})}); ok {
		t.Error("NSEC whose next name is cut")
	}
	if _, ok := denial.ParseNSEC(&good); ok {
		t.Error("an NSEC3 record as NSEC")
	}
}

// Labels and hashes are each other's image.
func TestHashLabels(t *testing.T) {
	for in, want := range map[string]string{
		strings.Repeat("00", 20):                   strings.Repeat("0", 32),
		strings.Repeat("ff", 20):                   strings.Repeat("v", 32),
		"0123456789abcdef0123456789abcdef01234567": "",
	} {
		b, _ := hex.DecodeString(in)
		var h denial.Hash
		copy(h[:], b)
		if want != "" && h.Label() != want {
			t.Errorf("%s is %s", in, h.Label())
		}
		s := rrset.New(domain.MustParse(h.Label()+".z."), wire.TypeNSEC3, 1, append([]byte{1, 0, 0, 0, 0, 20}, b...))
		if n, ok := denial.ParseNSEC3(domain.MustParse("z."), &s); !ok || n.Owner != h || n.Next != h {
			t.Errorf("%s: %x", in, n.Owner)
		}
	}
}

// budget is a Work that ends.
type budget struct{ left int }

var errSpent = errors.New("spent")

func (b *budget) Hashes(n int) error {
	if b.left < n {
		return errSpent
	}
	b.left -= n
	return nil
}

// CVE-2023-50868: names of many labels.
//
// RFC: X.2
func TestHashesAreBounded(t *testing.T) {
	apex := domain.MustParse("z.")
	chain := nsec3(t, "z.", params(""), 0, "z. NS SOA RRSIG DNSKEY NSEC3PARAM", "a.z. A RRSIG")
	deep := domain.MustParse(strings.Repeat("a.", 120) + "b.z.")
	r := denial.NewRecords(apex, new(free))
	for i := range chain {
		r.Add(&chain[i])
	}
	w := new(free)
	counted := denial.NewRecords(apex, w)
	for i := range chain {
		counted.Add(&chain[i])
	}
	if f := must(t)(counted.NameError(deep)); !f.Proven || w.hashes != 123 {
		t.Errorf("%+v after %d hashes, want 123", f, w.hashes)
	}
	// Asked again, and of its parts, it hashes nothing anew.
	must(t)(counted.NameError(deep))
	must(t)(counted.NoData(deep, wire.TypeA))
	must(t)(counted.Expansion(deep, apex))
	if w.hashes != 123 {
		t.Errorf("%d hashes when asked again", w.hashes)
	}
	// Another deep name is too much for the same proof.
	other := domain.MustParse(strings.Repeat("c.", 120) + "c.z.")
	if f, err := counted.NameError(other); !errors.Is(err, denial.ErrHashes) || f.Proven || w.hashes != denial.MaxHashes {
		t.Errorf("%+v, %v after %d hashes", f, err, w.hashes)
	}
	// Wherever the budget ends, so does the proof, with nothing proven.
	for _, claim := range []func(*denial.Records) (denial.Finding, error){
		func(r *denial.Records) (denial.Finding, error) { return r.NameError(domain.MustParse("x.b.z.")) },
		func(r *denial.Records) (denial.Finding, error) {
			return r.NoData(domain.MustParse("x.b.z."), wire.TypeA)
		},
		func(r *denial.Records) (denial.Finding, error) { return r.Expansion(domain.MustParse("x.b.z."), apex) },
	} {
		full := &budget{left: 1000}
		r := denial.NewRecords(apex, full)
		for i := range chain {
			r.Add(&chain[i])
		}
		must(t)(claim(r))
		needs := 1000 - full.left
		if needs == 0 {
			t.Error("no hash was counted")
		}
		for left := range needs {
			r := denial.NewRecords(apex, &budget{left: left})
			for i := range chain {
				r.Add(&chain[i])
			}
			if f, err := claim(r); !errors.Is(err, errSpent) || f.Proven {
				t.Errorf("%d of %d hashes: %+v, %v", left, needs, f, err)
			}
		}
	}
}

// The longest name leaves room for the wildcard of its encloser.
func TestLongestName(t *testing.T) {
	label := strings.Repeat("l", 63)
	n := domain.MustParse(fmt.Sprintf("x.%s.%s.%s.%s.z.", label, label, label, strings.Repeat("m", 57)))
	if n.Len() != domain.MaxName {
		t.Fatalf("%d octets", n.Len())
	}
	encloser := n.Parent()
	r := records(domain.MustParse("z."), sets(t, "z. NSEC "+encloser.String()+" NS SOA\n"+encloser.String()+" NSEC z. A"))
	if f := must(t)(r.NameError(n)); !f.Proven {
		t.Errorf("%s: %+v", n, f)
	}
	r = records(domain.MustParse("z."), sets(t, encloser.String()+" NSEC *."+encloser.String()+" A"))
	if f := must(t)(r.NameError(n)); f.Proven {
		t.Errorf("%s beside its wildcard: %+v", n, f)
	}
}

// The root zone is a zone like others.
func TestRootZone(t *testing.T) {
	root := domain.Root()
	p := params("")
	n := domain.MustParse("a.b.")
	none := records(root, nsec3(t, ".", p, 0, ". - NS SOA", "c. A"))
	if f := must(t)(none.NameError(n)); f.Proven {
		t.Errorf("without the encloser: %+v", f)
	}
	r := records(root, nsec3(t, ".", p, 0, ". NS SOA", "c. A"))
	if f := must(t)(r.NameError(n)); !f.Proven {
		t.Errorf("NSEC3: %+v", f)
	}
	if f := must(t)(r.NoData(root, wire.TypeDS)); !f.Proven || f.Cut {
		t.Errorf("DS of the root: %+v", f)
	}
	if f := must(t)(none.NoData(root, wire.TypeA)); f.Proven {
		t.Errorf("A of the root, unseen: %+v", f)
	}
	r = records(root, sets(t, ". NSEC c. NS SOA RRSIG NSEC"))
	if f := must(t)(r.NameError(n)); !f.Proven {
		t.Errorf("NSEC: %+v", f)
	}
}
