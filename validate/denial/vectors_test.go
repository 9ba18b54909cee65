package denial_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/validate/denial"
)

// sets reads lines of a zone file.
func sets(tb testing.TB, lines string) []rrset.Set {
	tb.Helper()
	s, err := text.ParseRRs(lines, domain.Root())
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func file(tb testing.TB, path string) string {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// RFC 4034 §4.3, octet for octet.
//
// RFC: 4034.3
func TestRFC4034Bitmap(t *testing.T) {
	set := sets(t, "alfa.example.com. 86400 IN NSEC host.example.com. ( A MX RRSIG NSEC TYPE1234 )")[0]
	want := "\x04host\x07example\x03com\x00" +
		"\x00\x06\x40\x01\x00\x00\x00\x03" +
		"\x04\x1b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x20"
	if !bytes.Equal(set.RData.First(), []byte(want)) {
		t.Fatalf("RDATA %x", set.RData.First())
	}
	n, ok := denial.ParseNSEC(&set)
	if !ok || n.Owner != domain.MustParse("alfa.example.com.") || n.Next != domain.MustParse("host.example.com.") {
		t.Fatalf("parsed %+v, %t", n, ok)
	}
	has := map[wire.Type]bool{wire.TypeA: true, wire.TypeMX: true, wire.TypeRRSIG: true, wire.TypeNSEC: true, 1234: true}
	for typ := range 65536 {
		if got := n.Types.Has(wire.Type(typ)); got != has[wire.Type(typ)] {
			t.Errorf("type %d: %t", typ, got)
		}
	}
	// What the section says the record proves.
	r := records(domain.MustParse("example.com."), []rrset.Set{set})
	if f := must(t)(r.NoData(n.Owner, wire.TypeAAAA)); !f.Proven {
		t.Error("no AAAA at alfa.example.com.: not proven")
	}
	if f := must(t)(r.NoData(n.Owner, wire.TypeMX)); f.Proven {
		t.Error("no MX at alfa.example.com.: proven")
	}
	beta := domain.MustParse("beta.example.com.")
	if !n.Covers(r.Zone, beta) || n.Covers(r.Zone, n.Owner) || n.Covers(r.Zone, n.Next) || n.Covers(r.Zone, domain.MustParse("beta.example.org.")) {
		t.Error("covers other names than it should")
	}
}

// Bits of types that no RRset has are ignored, but for NXNAME's.
//
// RFC: 4034.3, 9824.1
func TestPseudoTypesAreIgnored(t *testing.T) {
	all := denial.Bitmap(append([]byte{0, 32}, bytes.Repeat([]byte{0xff}, 32)...))
	for typ := range wire.Type(256) {
		want := typ != 0 && typ != wire.TypeOPT && (typ < 128 || typ == wire.TypeNXNAME)
		if all.Has(typ) != want {
			t.Errorf("type %s: %t", typ, !want)
		}
	}
	if all.Has(256) {
		t.Error("a window that is not there")
	}
	for _, broken := range []denial.Bitmap{nil, {0}, {0, 1}, {0, 32, 0xff}, {0, 0, 0xff}} {
		if broken.Has(wire.TypeA) {
			t.Errorf("%x has A", []byte(broken))
		}
	}
}

// RFC 5155 Appendix A lists the hashes of its names.
//
// RFC: 5155.1
func TestRFC5155Hashes(t *testing.T) {
	zone := file(t, "../testdata/rfc5155/example.zone")
	p := denial.Params{Algorithm: 1, Iterations: 12, Salt: "\xaa\xbb\xcc\xdd"}
	listed := regexp.MustCompile(`H\(([^)]+)\)\s*(?:;\s*)?=\s*([0-9a-v]{32})`)
	found := listed.FindAllStringSubmatch(zone, -1)
	for _, name := range []string{"B.1.txt", "B.2.txt", "B.3.txt", "B.4.txt", "B.5.txt"} {
		found = append(found, listed.FindAllStringSubmatch(file(t, "../testdata/rfc5155/"+name), -1)...)
	}
	if len(found) != 12+9 {
		t.Errorf("%d hashes", len(found))
	}
	for _, m := range found {
		if got := p.Hash(domain.MustParse(m[1])).Label(); got != m[2] {
			t.Errorf("H(%s) = %s, want %s", m[1], got, m[2])
		}
	}
	parsed := 0
	for _, s := range sets(t, zone) {
		if s.Type != wire.TypeNSEC3 {
			continue
		}
		n, ok := denial.ParseNSEC3(domain.MustParse("example."), &s)
		if !ok || n.Params != p || !n.OptOut || n.Owner.Label() != s.Name.FirstLabel() {
			t.Errorf("%s: %+v, %t", s.Name, n, ok)
		}
		parsed++
	}
	if parsed != 12 {
		t.Errorf("%d NSEC3 records", parsed)
	}
}

// authority is the sets of a message's authority section.
func authority(t *testing.T, path string) []rrset.Set {
	t.Helper()
	message := file(t, path)
	_, after, ok := strings.Cut(message, ";; Authority")
	if !ok {
		t.Fatalf("%s has no authority section", path)
	}
	after, _, _ = strings.Cut(after, ";; Additional")
	return sets(t, "$TTL 3600\n"+after)
}

// The proofs of RFC 4035 Appendix B and RFC 5155 Appendix B, and what they do
// not prove; taking any record away leaves nothing.
//
// RFC: 4035.5, 5155.2, 5155.3, 5155.4, 5155.5
func TestRFCProofs(t *testing.T) {
	type claim = func(r *denial.Records, name domain.Name) (denial.Finding, error)
	nxDomain := func(r *denial.Records, name domain.Name) (denial.Finding, error) { return r.NameError(name) }
	noData := func(typ wire.Type) claim {
		return func(r *denial.Records, name domain.Name) (denial.Finding, error) { return r.NoData(name, typ) }
	}
	expanded := func(encloser string) claim {
		return func(r *denial.Records, name domain.Name) (denial.Finding, error) {
			return r.Expansion(name, domain.MustParse(encloser))
		}
	}
	yes := denial.Finding{Proven: true}
	optOut := denial.Finding{Proven: true, OptOut: true}
	for name, tt := range map[string]struct {
		file, name string
		claim      claim
		want       denial.Finding
		records    int
	}{
		"4035 B.2 name error":                 {"rfc4035/B.2.txt", "ml.example.", nxDomain, yes, 2},
		"4035 B.2 is no NODATA":               {"rfc4035/B.2.txt", "ml.example.", noData(wire.TypeA), denial.Finding{}, 2},
		"4035 B.3 no data":                    {"rfc4035/B.3.txt", "ns1.example.", noData(wire.TypeMX), yes, 1},
		"4035 B.3 but A":                      {"rfc4035/B.3.txt", "ns1.example.", noData(wire.TypeA), denial.Finding{}, 1},
		"4035 B.3 is no name error":           {"rfc4035/B.3.txt", "ns1.example.", nxDomain, denial.Finding{}, 1},
		"4035 B.5 referral to unsigned":       {"rfc4035/B.5.txt", "b.example.", noData(wire.TypeDS), denial.Finding{Proven: true, Cut: true}, 1},
		"4035 B.5 says nothing of A":          {"rfc4035/B.5.txt", "b.example.", noData(wire.TypeA), denial.Finding{}, 1},
		"4035 B.5 nor of names below":         {"rfc4035/B.5.txt", "mc.b.example.", nxDomain, denial.Finding{}, 1},
		"4035 B.5 nor of their types":         {"rfc4035/B.5.txt", "mc.b.example.", noData(wire.TypeMX), denial.Finding{}, 1},
		"4035 B.6 wildcard expansion":         {"rfc4035/B.6.txt", "a.z.w.example.", expanded("w.example."), yes, 1},
		"4035 B.6 of a higher one":            {"rfc4035/B.6.txt", "a.z.w.example.", expanded("example."), denial.Finding{}, 1},
		"4035 B.7 wildcard no data":           {"rfc4035/B.7.txt", "a.z.w.example.", noData(wire.TypeAAAA), denial.Finding{Proven: true, Wildcard: true}, 2},
		"4035 B.7 but MX":                     {"rfc4035/B.7.txt", "a.z.w.example.", noData(wire.TypeMX), denial.Finding{}, 2},
		"4035 B.7 is no name error":           {"rfc4035/B.7.txt", "a.z.w.example.", nxDomain, denial.Finding{}, 2},
		"4035 B.8 DS from the child":          {"rfc4035/B.8.txt", "example.", noData(wire.TypeDS), denial.Finding{}, 1},
		"4035 B.8 but AAAA":                   {"rfc4035/B.8.txt", "example.", noData(wire.TypeAAAA), yes, 1},
		"5155 B.1 name error":                 {"rfc5155/B.1.txt", "a.c.x.w.example.", nxDomain, optOut, 3},
		"5155 B.2 no data":                    {"rfc5155/B.2.txt", "ns1.example.", noData(wire.TypeMX), yes, 1},
		"5155 B.2 but A":                      {"rfc5155/B.2.txt", "ns1.example.", noData(wire.TypeA), denial.Finding{}, 1},
		"5155 B.2.1 no data, empty":           {"rfc5155/B.2.1.txt", "y.w.example.", noData(wire.TypeA), yes, 1},
		"5155 B.3 opt-out referral":           {"rfc5155/B.3.txt", "c.example.", noData(wire.TypeDS), denial.Finding{Proven: true, OptOut: true, Cut: true}, 2},
		"5155 B.3 is no name error":           {"rfc5155/B.3.txt", "c.example.", nxDomain, denial.Finding{}, 2},
		"5155 B.4 wildcard expansion":         {"rfc5155/B.4.txt", "a.z.w.example.", expanded("w.example."), optOut, 1},
		"5155 B.5 wildcard no data":           {"rfc5155/B.5.txt", "a.z.w.example.", noData(wire.TypeAAAA), optOut, 2},
		"5155 B.6 DS from the child":          {"rfc5155/B.6.txt", "example.", noData(wire.TypeDS), denial.Finding{}, 1},
		"5155 B.6 but AAAA":                   {"rfc5155/B.6.txt", "example.", noData(wire.TypeAAAA), yes, 1},
		"5155 B.6 DS in the parent's name":    {"rfc5155/B.6.txt", "example.", inZone(noData(wire.TypeDS)), denial.Finding{}, 0},
		"5155 B.1 of the encloser":            {"rfc5155/B.1.txt", "x.w.example.", nxDomain, denial.Finding{}, 3},
		"5155 B.1 of a name under a cut, a.":  {"rfc5155/B.1.txt", "b.a.example.", nxDomain, denial.Finding{}, 3},
		"5155 B.1 of the DS that a. does own": {"rfc5155/B.1.txt", "a.example.", noData(wire.TypeDS), denial.Finding{}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			all := authority(t, "../testdata/"+tt.file)
			zone := domain.MustParse("example.")
			f := must(t)(tt.claim(records(zone, all), domain.MustParse(tt.name)))
			if f != tt.want {
				t.Errorf("found %+v, want %+v", f, tt.want)
			}
			if !tt.want.Proven {
				return
			}
			needed := 0
			for i := range all {
				rest := append(append([]rrset.Set(nil), all[:i]...), all[i+1:]...)
				if !must(t)(tt.claim(records(zone, rest), domain.MustParse(tt.name))).Proven {
					needed++
				}
			}
			if needed != tt.records {
				t.Errorf("%d records are needed, want %d", needed, tt.records)
			}
		})
	}
}

// inZone makes a claim of records that are called the root's.
func inZone(claim func(*denial.Records, domain.Name) (denial.Finding, error)) func(*denial.Records, domain.Name) (denial.Finding, error) {
	return func(r *denial.Records, name domain.Name) (denial.Finding, error) {
		r.Zone = domain.Root()
		return claim(r, name)
	}
}
