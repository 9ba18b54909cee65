package trust_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/trust"
	"recursor/validate/sig"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func xmlFile(tb testing.TB) []byte {
	tb.Helper()
	b, err := os.ReadFile("testdata/root-anchors.xml")
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// The embedded keys are those whose digests the IANA publishes.
//
// RFC: 9718.1
func TestEmbeddedKeys(t *testing.T) {
	published, err := trust.Parse(xmlFile(t))
	if err != nil {
		t.Fatal(err)
	}
	var tags []uint16
	for _, k := range trust.Root() {
		key, err := sig.ParseKey(k.RData)
		if err != nil || !k.Zone.IsRoot() || k.Type != wire.TypeDNSKEY || !key.SEP() {
			t.Fatalf("%+v: %v", k, err)
		}
		tags = append(tags, key.Tag)
		vouched := 0
		for _, p := range published {
			if ds, err := sig.ParseDS(p.RData); err == nil && ds.KeyTag == key.Tag && ds.Vouches(k.Zone, &key) {
				vouched++
			}
		}
		if vouched != 1 {
			t.Errorf("key %d: %d digests are published", key.Tag, vouched)
		}
	}
	if len(tags) != 2 || tags[0] != 20326 || tags[1] != 38696 {
		t.Errorf("tags %d", tags)
	}
}

// RFC: 9718.1, 9718.2
func TestRootAnchorsXML(t *testing.T) {
	keys, err := trust.Parse(append([]byte("\ufeff\n"), xmlFile(t)...))
	if err != nil || len(keys) != 3 {
		t.Errorf("behind a byte order mark: %d keys, %v", len(keys), err)
	}
	keys, err = trust.Parse(xmlFile(t))
	if err != nil || len(keys) != 3 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	a := trust.New(keys...)
	for when, tags := range map[string][]uint16{
		"2009-01-01": {},
		"2011-01-01": {19036},
		"2018-01-01": {19036, 20326},
		"2019-01-10": {19036, 20326},
		"2019-01-11": {20326},
		"2024-07-17": {20326},
		"2024-07-18": {20326, 38696},
		"2040-01-01": {20326, 38696},
	} {
		anchor, ok := a.Closest(domain.MustParse("www.example.com."), day(when))
		if !ok || !anchor.Zone.IsRoot() || anchor.DNSKEY != nil {
			t.Fatalf("%s: %+v, %t", when, anchor, ok)
		}
		var got []uint16
		for rd := range anchor.DS.All() {
			ds, _ := sig.ParseDS(rd)
			got = append(got, ds.KeyTag)
		}
		if len(got) != len(tags) {
			t.Errorf("%s: tags %d, want %d", when, got, tags)
			continue
		}
		for i := range got {
			if got[i] != tags[i] {
				t.Errorf("%s: tags %d, want %d", when, got, tags)
			}
		}
	}
}

func TestXMLThatIsRefused(t *testing.T) {
	good := string(xmlFile(t))
	for name, tt := range map[string]struct {
		old, replacement string
		want             error
	}{
		"no zone":           {"<Zone>.</Zone>", "", domain.ErrEmptyLabel},
		"bad zone":          {"<Zone>.</Zone>", "<Zone>a..b</Zone>", domain.ErrEmptyLabel},
		"no validFrom":      {` validFrom="2017-02-02T00:00:00+00:00"`, "", nil},
		"bad validFrom":     {`validFrom="2017-02-02T`, `validFrom="2017-02-30T`, nil},
		"bad validUntil":    {`validUntil="2019-01-11T00:00:00+00:00"`, `validUntil="soon"`, nil},
		"ends before":       {`validUntil="2019-01-11T`, `validUntil="2009-01-11T`, trust.ErrValidity},
		"digest not hex":    {"49AAC11D", "49AAC11X", nil},
		"digest too short":  {"49AAC11D", "49AAC1", trust.ErrDigest},
		"tag not a number":  {"<KeyTag>20326", "<KeyTag>x", nil},
		"tag too large":     {"<KeyTag>20326", "<KeyTag>70000", nil},
		"another tag":       {"<KeyTag>20326", "<KeyTag>20327", trust.ErrPublicKey},
		"another key":       {"AwEAAaz/tAm8", "AwEAAaz/tAm9", trust.ErrPublicKey},
		"other flags":       {"<Flags>257", "<Flags>256", trust.ErrPublicKey},
		"key not base64":    {"AwEAAaz/tAm8", "AwEAAaz!tAm8", nil},
		"digest of another": {"E06D44B8", "E06D44B9", trust.ErrPublicKey},
		"no key":            {"<KeyDigest", "<Other", nil},
		"another document":  {"TrustAnchor", "Trust", nil},
		"cut":               {"</TrustAnchor>", "", nil},
	} {
		data := strings.Replace(good, tt.old, tt.replacement, 1)
		switch {
		case name == "no key":
			data = `<TrustAnchor><Zone>.</Zone></TrustAnchor>`
			tt.want = trust.ErrEmpty
		case name == "another document":
			data = strings.ReplaceAll(good, tt.old, tt.replacement)
		case data == good:
			t.Errorf("%s: nothing replaced", name)
		}
		keys, err := trust.Parse([]byte(data))
		if err == nil || keys != nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %d keys, %v; want %v", name, len(keys), err, tt.want)
		}
	}
	// Without PublicKey and Flags, as RFC 7958 had it; white space in the
	// digest; a digest type that is not supported; times without their zone.
	bare := `<TrustAnchor id="x"><Zone>example.</Zone>
		<KeyDigest id="a" validFrom="2020-01-01T00:00:00"><KeyTag>1</KeyTag><Algorithm>200</Algorithm><DigestType>99</DigestType>
		<Digest>01 02
		03</Digest></KeyDigest></TrustAnchor>`
	keys, err := trust.Parse([]byte(bare))
	if err != nil || len(keys) != 1 || string(keys[0].RData) != "\x00\x01\xc8\x63\x01\x02\x03" ||
		!keys[0].From.Equal(day("2020-01-01")) || keys[0].Zone != domain.MustParse("example.") {
		t.Errorf("%+v, %v", keys, err)
	}
}

const (
	rootDS = ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
	islKey = "island.example. 3600 IN DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4="
)

func TestZoneFileLines(t *testing.T) {
	keys, err := trust.Parse([]byte("; a comment\n" + rootDS + "\n\n" + islKey + " ; another\n" +
		"island.example. DS 3613 15 2 (\n 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79 a304b )\n"))
	if err != nil || len(keys) != 3 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	a := trust.New(append(keys, keys...)...)
	if zones := a.Zones(); len(zones) != 2 || !zones[0].IsRoot() || zones[1] != domain.MustParse("island.example.") {
		t.Errorf("zones %v", zones)
	}
	if n := len(a.Keys(zonesOf("island.example."))); n != 2 {
		t.Errorf("%d keys, want 2: the same given twice", n)
	}
	now := day("2026-01-01")
	for name, want := range map[string]string{
		"island.example.": "island.example.", "www.island.example.": "island.example.", "example.": ".", ".": ".",
		"anisland.example.": ".",
	} {
		anchor, ok := a.Closest(domain.MustParse(name), now)
		if !ok || anchor.Zone != domain.MustParse(want) {
			t.Errorf("%s: %s, %t", name, anchor.Zone, ok)
		}
		if ds, dnskey := anchor.DS.Len(), anchor.DNSKEY.Len(); want == "." && (ds != 1 || dnskey != 0) || want != "." && (ds != 1 || dnskey != 1) {
			t.Errorf("%s: %d DS, %d DNSKEY", name, ds, dnskey)
		}
	}
	island, err := trust.ParseLines(islKey)
	if err != nil {
		t.Fatal(err)
	}
	only := trust.New(island...)
	for _, name := range []string{"example.", ".", "com."} {
		if anchor, ok := only.Closest(domain.MustParse(name), now); ok {
			t.Errorf("%s has the anchor of %s", name, anchor.Zone)
		}
	}
	if _, ok := only.Closest(domain.Name{}, now); ok {
		t.Error("no name has an anchor")
	}
}

func zonesOf(s string) domain.Name { return domain.MustParse(s) }

func TestLinesThatAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		lines string
		want  error
	}{
		"nothing":       {"; nothing\n", trust.ErrEmpty},
		"empty":         {"", trust.ErrEmpty},
		"another type":  {rootDS + "\n. NS a.root-servers.net.", trust.ErrType},
		"no zone key":   {strings.Replace(islKey, " 257 ", " 1 ", 1), trust.ErrNotZone},
		"revoked":       {strings.Replace(islKey, " 257 ", " 385 ", 1), trust.ErrRevoked},
		"short digest":  {rootDS[:len(rootDS)-2], trust.ErrDigest},
		"another class": {strings.Replace(rootDS, " IN ", " CH ", 1), trust.ErrClass},
		"no zone file":  {"hello world", nil},
		"an include":    {"$INCLUDE /etc/passwd", nil},
		"too large":     {strings.Repeat(";", trust.MaxFile+1), trust.ErrTooLarge},
	} {
		keys, err := trust.Parse([]byte(tt.lines))
		if err == nil || keys != nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %d keys, %v; want %v", name, len(keys), err, tt.want)
		}
	}
	large := []byte("<" + strings.Repeat(" ", trust.MaxFile))
	if _, err := trust.ParseXML(large); !errors.Is(err, trust.ErrTooLarge) {
		t.Error(err)
	}
	if _, err := trust.ParseLines(string(large)); !errors.Is(err, trust.ErrTooLarge) {
		t.Error(err)
	}
}

// A zone whose keys have run out is not forgotten.
//
// RFC: 9718.1
func TestAnchorsThatRanOut(t *testing.T) {
	keys, err := trust.Parse(xmlFile(t))
	if err != nil {
		t.Fatal(err)
	}
	old := trust.New(keys[0])
	anchor, ok := old.Closest(domain.MustParse("example."), day("2026-01-01"))
	if !ok || anchor.DS != nil || anchor.DNSKEY != nil {
		t.Errorf("%+v, %t: want the root without keys", anchor, ok)
	}
}

// RFC: 7646.1, 7646.3, 7646.4
func TestNegativeAnchors(t *testing.T) {
	now := day("2026-01-01")
	zone := domain.MustParse("broken.example.")
	for name, tt := range map[string]struct {
		lifetime time.Duration
		reason   string
		want     error
	}{
		"for ever":      {trust.MaxLifetime + 1, "expired, told them", trust.ErrLifetime},
		"in the past":   {-1, "expired", trust.ErrLifetime},
		"for no reason": {time.Hour, "", trust.ErrReason},
	} {
		if _, err := trust.NewNegative(zone, now, tt.lifetime, tt.reason); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	short, err := trust.NewNegative(zone, now, 0, "signatures expired")
	if err != nil || !short.Until.Equal(now.Add(trust.DefaultLifetime)) || !short.Since.Equal(now) {
		t.Fatalf("%+v, %v", short, err)
	}
	long, err := trust.NewNegative(domain.MustParse("example."), now, trust.MaxLifetime, "algorithm roll-over")
	if err != nil {
		t.Fatal(err)
	}
	n := trust.NewNegatives(short).With(long, now)
	for _, tt := range []struct {
		name  string
		after time.Duration
		want  string
	}{
		{"broken.example.", 0, "broken.example."},
		{"www.broken.example.", 0, "broken.example."},
		{"example.", 0, "example."},
		{"other.example.", 0, "example."},
		{"notbroken.example.", 0, "example."},
		{"com.", 0, ""},
		{".", 0, ""},
		{"www.broken.example.", trust.DefaultLifetime - 1, "broken.example."},
		{"www.broken.example.", trust.DefaultLifetime, "example."},
		{"www.broken.example.", trust.MaxLifetime, ""},
	} {
		got, ok := n.Closest(domain.MustParse(tt.name), now.Add(tt.after))
		if got.Zone.String() != tt.want || ok != (tt.want != "") {
			t.Errorf("%s after %s: %q, want %q", tt.name, tt.after, got.Zone, tt.want)
		}
	}
	if _, ok := n.Closest(domain.Name{}, now); ok {
		t.Error("no name has a negative anchor")
	}
	if all := n.All(now); len(all) != 2 || all[0].Zone != long.Zone || all[1].Reason != "signatures expired" {
		t.Errorf("all: %+v", all)
	}
	if all := n.Without(long.Zone, now).All(now); len(all) != 1 || all[0].Zone != zone {
		t.Errorf("without %s: %+v", long.Zone, all)
	}
	if all := n.With(long, now.Add(trust.DefaultLifetime)).All(now); len(all) != 1 {
		t.Errorf("a dead one is kept: %+v", all)
	}
	again := long
	again.Reason = "still"
	if all := n.With(again, now).All(now); len(all) != 2 || all[0].Reason != "still" {
		t.Errorf("given again: %+v", all)
	}
}

// Nothing that is read makes anything panic, and what is read is read again
// from what it was.
func FuzzParse(f *testing.F) {
	f.Add(xmlFile(f))
	f.Add([]byte(rootDS + "\n" + islKey))
	f.Add([]byte("<TrustAnchor><Zone>.</Zone><KeyDigest/></TrustAnchor>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := trust.Parse(data)
		if (err == nil) != (len(keys) > 0) {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		for _, k := range keys {
			if k.Zone.IsZero() || len(k.RData) < 4 || k.Type != wire.TypeDS && k.Type != wire.TypeDNSKEY {
				t.Errorf("%+v", k)
			}
		}
	})
}
