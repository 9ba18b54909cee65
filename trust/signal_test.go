package trust_test

import (
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/trust"
)

// RFC: 8145.2
func TestSignal(t *testing.T) {
	now := day("2026-01-01")
	published, err := trust.Parse(xmlFile(t))
	if err != nil {
		t.Fatal(err)
	}
	island, err := trust.ParseLines(islKey)
	if err != nil {
		t.Fatal(err)
	}
	both := trust.New(append(trust.Root(), published...)...) // each key in both forms; the oldest has run out
	for zone, want := range map[string]string{".": "_ta-4f66-9728.", "island.example.": "", "example.": ""} {
		if name, ok := both.Signal(domain.MustParse(zone), now); ok != (want != "") || ok && name.String() != want {
			t.Errorf("%s: %s, %t; want %q", zone, name, ok, want)
		}
	}
	if name, ok := trust.New(island...).Signal(island[0].Zone, now); !ok || name.String() != "_ta-0e1d.island.example." {
		t.Errorf("%s, %t", name, ok)
	}
	var many []trust.Key
	for i := range byte(13) {
		many = append(many, trust.Key{Zone: domain.Root(), Type: wire.TypeDS, RData: []byte{12 - i, 1, 8, 2, 0}})
	}
	if name, ok := trust.New(many[1:]...).Signal(domain.Root(), now); !ok ||
		name.String() != "_ta-0001-0101-0201-0301-0401-0501-0601-0701-0801-0901-0a01-0b01." {
		t.Errorf("twelve: %s, %t", name, ok)
	}
	if name, ok := trust.New(many...).Signal(domain.Root(), now); ok {
		t.Errorf("thirteen: %s", name)
	}
}

// RFC: 8509.1, 8509.2
func TestSentinel(t *testing.T) {
	keys := append(trust.Root(), trust.Key{Zone: domain.Root(), Type: wire.TypeDS, RData: []byte{0, 7, 8, 2, 0}, From: day("2027-01-01")})
	island, err := trust.ParseLines(islKey) // tag 3613, of another zone
	if err != nil {
		t.Fatal(err)
	}
	a := trust.New(append(keys, island...)...)
	for name, want := range map[string]trust.Sentinel{
		"root-key-sentinel-is-ta-20326.example.":    trust.Passes,
		"root-key-sentinel-is-ta-38696.":            trust.Passes,
		"ROOT-key-sentinel-IS-ta-20326.example.":    trust.Passes,
		"root-key-sentinel-is-ta-19036.example.":    trust.Fails,
		"root-key-sentinel-is-ta-00007.example.":    trust.Fails, // not yet
		"root-key-sentinel-is-ta-03613.example.":    trust.Fails,
		"root-key-sentinel-not-ta-20326.example.":   trust.Fails,
		"Root-Key-Sentinel-Not-TA-38696.example.":   trust.Fails,
		"root-key-sentinel-not-ta-19036.example.":   trust.Passes,
		"root-key-sentinel-not-ta-00007.example.":   trust.Passes,
		"root-key-sentinel-is-ta-7.example.":        trust.Passes, // five digits
		"root-key-sentinel-is-ta-019036.example.":   trust.Passes,
		"root-key-sentinel-is-ta-99999.example.":    trust.Passes, // no tag
		"root-key-sentinel-not-ta-2032x.example.":   trust.Passes,
		"root-key-sentinel-not-ta-2032/.example.":   trust.Passes,
		"root-key-sentinel-20326.example.":          trust.Passes,
		"a.root-key-sentinel-is-ta-19036.example.":  trust.Passes, // the leftmost label
		"xroot-key-sentinel-is-ta-19036.example.":   trust.Passes,
		"root-key-sentinel-is-ta-.example.":         trust.Passes,
		"root-key-sentinel-not-ta-20326-x.example.": trust.Passes,
		".": trust.Passes,
	} {
		if got := a.Sentinel(domain.MustParse(name), day("2026-01-01")); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestAnchorsThatAreTheSame(t *testing.T) {
	a := trust.New(trust.Root()...)
	keys := trust.Root()
	keys[0], keys[1] = keys[1], keys[0]
	ending := trust.Root()
	ending[0].Until = time.Unix(1, 0)
	for what, tt := range map[string]struct {
		other *trust.Anchors
		want  bool
	}{
		"itself":        {a, true},
		"another order": {trust.New(keys...), true},
		"one less":      {trust.New(keys[1]), false},
		"another end":   {trust.New(ending...), false},
		"none":          {trust.New(), false},
		"with a zone":   {a.With(domain.MustParse("example.")), false},
		"with its own":  {a.With(domain.Root()), true},
	} {
		if a.Equal(tt.other) != tt.want || tt.other.Equal(a) != tt.want {
			t.Errorf("%s: equal %t", what, !tt.want)
		}
	}
	if anchor, ok := a.With(domain.MustParse("example.")).Closest(domain.MustParse("www.example."), time.Time{}); !ok || anchor.DNSKEY != nil {
		t.Errorf("%+v, %t: want an anchor without keys", anchor, ok)
	}
}
