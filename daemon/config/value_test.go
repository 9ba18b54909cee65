package config

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"recursor/dns/domain"
)

// parse reads a configuration that is good.
func parse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNothingMeansDefaults(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "---\n# nothing\n...\n", "{}", "upstream:\n  # port: 53\nlimits:\n"} {
		if c := parse(t, text); !reflect.DeepEqual(c, Default()) {
			t.Errorf("%q means\n%s", text, c.YAML())
		}
	}
}

func TestIssueExample(t *testing.T) {
	c := parse(t, `
listen:
  dns: ["127.0.0.1:5300"]          # UDP and TCP
access: {allow: [127.0.0.0/8, "::1"], snoop: []}
workers: 0
cache: {size: 256MB}
root-hints: hints/root.zone
trust-anchors: [/etc/recursor/root.key]
upstream: {port: 53, allow-special-addresses: false, ipv4: true, ipv6: true, source: [],
           minimise: relaxed, case-randomisation: true, priming: true}
local-zones: {special-use: true}
zones: {forward: [{name: corp.example, to: ["192.0.2.53"], first: false}], stub: []}
log: {level: info, format: console}
`)
	want := Default()
	want.Access.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	want.RootHints = filepath.FromSlash("hints/root.zone")
	want.TrustAnchors = []string{filepath.FromSlash("/etc/recursor/root.key")}
	want.Zones.Forward = []Zone{{Name: domain.MustParse("corp.example."), To: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53")}}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("means\n%s\nwant\n%s", c.YAML(), want.YAML())
	}
	roundTrip(t, c)
}

func TestPathsStartFromTheFile(t *testing.T) {
	c, err := Parse(filepath.FromSlash("etc/recursor/recursor.yaml"), []byte("root-hints: ../root.zone\ntrust-anchors: [a.key, 7]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.FromSlash("etc/root.zone"); c.RootHints != want {
		t.Errorf("root-hints is %s, want %s", c.RootHints, want)
	}
	if want := []string{filepath.FromSlash("etc/recursor/a.key"), filepath.FromSlash("etc/recursor/7")}; !reflect.DeepEqual(c.TrustAnchors, want) {
		t.Errorf("trust-anchors is %q, want %q", c.TrustAnchors, want)
	}
}

func TestAddrPort(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"127.0.0.1:5300", "127.0.0.1:5300"},
		{"127.0.0.1@5300", "127.0.0.1:5300"},
		{"127.0.0.1", "127.0.0.1:53"},
		{"127.0.0.1:0", "127.0.0.1:0"},
		{"[::1]:5300", "[::1]:5300"},
		{"::1@5300", "[::1]:5300"},
		{"[::1]@5300", "[::1]:5300"},
		{"::1", "[::1]:53"},
		{"[::1]", "[::1]:53"},
		{"::", "[::]:53"},
		{"0.0.0.0", "0.0.0.0:53"},
		{"fe80::1%eth0@53", "[fe80::1%eth0]:53"},
		{"[fe80::1%eth0]:53", "[fe80::1%eth0]:53"},
		{"::ffff:192.0.2.1@53", "192.0.2.1:53"},
		{"", ""},
		{":53", ""},
		{"@53", ""},
		{"[]:53", ""},
		{"[::1", ""},
		{"::1]:53", ""},
		{"[::1]:", ""},
		{"[::1]53", ""},
		{"127.0.0.1:", ""},
		{"127.0.0.1:+53", ""},
		{"127.0.0.1:65536", ""},
		{"127.0.0.1:53:53", ""},
		{"127.0.0.1@53@53", ""},
		{"[127.0.0.1]", ""},
		{"127.0.0.1 :53", ""},
		{"example.com:53", ""},
	} {
		got, err := parseListener(tt.in)
		switch {
		case tt.want == "" && err == nil:
			t.Errorf("%q is %s", tt.in, got)
		case tt.want != "" && (err != nil || got.String() != tt.want):
			t.Errorf("%q is %s (%v), want %s", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "192.0.2.1:0", "::ffff:0.0.0.0"} {
		if got, err := parseServer(in, 53); err == nil {
			t.Errorf("%q is the server %s", in, got)
		}
	}
}

func TestPrefix(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"10.0.0.0/8", "10.0.0.0/8"},
		{"10.1.2.3", "10.1.2.3/32"},
		{"::1", "::1/128"},
		{"2001:db8::/32", "2001:db8::/32"},
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"::ffff:10.0.0.1", "10.0.0.1/32"},
		{"10.0.0.1/8", ""},
		{"2001:db8::1/32", ""},
		{"::ffff:10.0.0.0/104", ""},
		{"10.0.0.0/33", ""},
		{"10.0.0.0/", ""},
		{"10.0.0.0/08", ""},
		{"10/8", ""},
		{"fe80::1%eth0", ""},
		{"fe80::%eth0/10", ""},
		{"", ""},
	} {
		got, err := parsePrefix(tt.in)
		switch {
		case tt.want == "" && err == nil:
			t.Errorf("%q is %s", tt.in, got)
		case tt.want != "" && (err != nil || got.String() != tt.want):
			t.Errorf("%q is %s (%v), want %s", tt.in, got, err, tt.want)
		}
	}
}

func TestSize(t *testing.T) {
	for _, tt := range []struct {
		in      string
		want    Size
		printed string
	}{
		{"0", 0, "0"},
		{"1", 1, "1"},
		{"1000", 1000, "1KB"},
		{"1024", 1024, "1KiB"},
		{"256MB", 256_000_000, "256MB"},
		{"256mb", 256_000_000, "256MB"},
		{"256 MB", 256_000_000, "256MB"},
		{"256MiB", 268_435_456, "256MiB"},
		{"1GB", 1_000_000_000, "1GB"},
		{"1TiB", 1 << 40, "1TiB"},
		{"1024MiB", 1 << 30, "1GiB"},
		{"1500MB", 1_500_000_000, "1500MB"},
		{"9223372036854775807", 9223372036854775807, "9223372036854775807"},
	} {
		got, err := parseSize(tt.in)
		if err != nil || got != tt.want || got.String() != tt.printed {
			t.Errorf("%q is %d, printed %s (%v); want %d, %s", tt.in, got, got, err, tt.want, tt.printed)
		}
	}
	for _, in := range []string{"", "MB", " MB", "-1MB", "+1MB", "1.5GB", "1M", "1MBs", "1 MB ", "0x10", "1e9", "9223372036854775808", "9223372036854775807KB"} {
		if got, err := parseSize(in); err == nil {
			t.Errorf("%q is %d", in, got)
		}
	}
}

func TestDuration(t *testing.T) {
	for _, tt := range []struct {
		in      string
		want    time.Duration
		printed string
	}{
		{"0", 0, "0s"},
		{"0s", 0, "0s"},
		{"400ms", 400 * time.Millisecond, "400ms"},
		{"4.5s", 4500 * time.Millisecond, "4.5s"},
		{"30s", 30 * time.Second, "30s"},
		{"60s", time.Minute, "1m"},
		{"1m30s", 90 * time.Second, "90s"},
		{"1h", time.Hour, "1h"},
		{"36h", 36 * time.Hour, "36h"},
		{"1d", 24 * time.Hour, "1d"},
		{"1d12h", 36 * time.Hour, "36h"},
		{"2w", 14 * 24 * time.Hour, "14d"},
		{"0.5ms", 500 * time.Microsecond, "0.5ms"},
		{"0.000001ms", time.Nanosecond, "0.000001ms"},
	} {
		got, err := parseDuration(tt.in)
		if err != nil || got != tt.want || formatDuration(got) != tt.printed {
			t.Errorf("%q is %s, printed %s (%v); want %s, %s", tt.in, got, formatDuration(got), err, tt.want, tt.printed)
		}
	}
	for _, in := range []string{
		"", "5", "s", "5 s", "-5s", "+5s", "5x", "5sm", "5s5", "1.2.3s", ".s", "5us", "1e3s", "∞",
		"9223372036854775807h", "106752d", "15251w", "106751d24h", "99999999999999999999s",
	} {
		if got, err := parseDuration(in); err == nil {
			t.Errorf("%q is %s", in, got)
		}
	}
}

// A path may be written as the template that clients are given.
func TestURLPath(t *testing.T) {
	for in, want := range map[string]string{"/dns-query": "/dns-query", "/a/b": "/a/b", "/dns-query{?dns}": "/dns-query", "/": "/"} {
		if got := parse(t, fmt.Sprintf("doh: {path: %q}", in)).DoH.Path; got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	for _, in := range []string{"", "dns-query", "/a b", "/dns-query?dns", "/{?dns}/x", "https://a/dns-query", "{?dns}"} {
		if c, err := Parse("test.yaml", []byte(fmt.Sprintf("doh: {path: %q}", in))); err == nil {
			t.Errorf("%q is %q", in, c.DoH.Path)
		}
	}
}

func TestFixedTime(t *testing.T) {
	want := time.Date(2020, 10, 20, 0, 0, 0, 0, time.UTC)
	for _, in := range []string{"2020-10-20T00:00:00Z", `"2020-10-20T02:00:00+02:00"`, "20201020000000", `"20201020000000"`, "1603152000"} {
		c := parse(t, "validation: {fixed-time: "+in+"}")
		if got := c.Validation.FixedTime; !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s is %s", in, got)
		}
		roundTrip(t, c)
	}
	if c := parse(t, `validation: {fixed-time: ""}`); !c.Validation.FixedTime.IsZero() {
		t.Errorf(`"" is %s`, c.Validation.FixedTime)
	}
	// RFC 4034 §3.2: a number of seconds is an unsigned 32-bit one.
	for _, in := range []string{"4294967296", "123456789012", "2020-02-30T00:00:00Z", "today"} {
		if got, err := parseMoment(in); err == nil {
			t.Errorf("%s is %s", in, got)
		}
	}
}

func TestZones(t *testing.T) {
	c := parse(t, `
zones:
  forward:
    - {to: ["192.0.2.1", "192.0.2.2:5353"], name: Corp.Example, first: true, port: 5301}
    - name: "."
      to: ["2001:db8::1"]
  stub:
    - {name: 10.in-addr.arpa, to: ["10.0.0.1"]}
upstream: {port: 5300}
`)
	want := Zones{
		Forward: []Zone{
			{
				Name: domain.MustParse("corp.example."), First: true,
				To: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:5301"), netip.MustParseAddrPort("192.0.2.2:5353")},
			},
			{Name: domain.Root(), To: []netip.AddrPort{netip.MustParseAddrPort("[2001:db8::1]:5300")}},
		},
		Stub: []Zone{
			{Name: domain.MustParse("10.in-addr.arpa."), To: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:5300")}},
		},
	}
	if !reflect.DeepEqual(c.Zones, want) {
		t.Errorf("got %+v\nwant %+v", c.Zones, want)
	}
	roundTrip(t, c)
}

func TestLongListsRoundTrip(t *testing.T) {
	var prefixes, zones strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&prefixes, "    - 10.%d.%d.0/24\n", i/256, i%256)
		fmt.Fprintf(&zones, "    - {name: z%d.example, to: [192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4, 192.0.2.5, 192.0.2.6, 192.0.2.7]}\n", i)
	}
	c := parse(t, "access:\n  allow:\n"+prefixes.String()+"zones:\n  forward:\n"+zones.String())
	if len(c.Access.Allow) != 1000 || len(c.Zones.Forward) != 1000 {
		t.Fatalf("%d prefixes, %d zones", len(c.Access.Allow), len(c.Zones.Forward))
	}
	roundTrip(t, c)
}

// TestQuotesInTexts: what stands in quotes comes back as it was.
func TestQuotesInTexts(t *testing.T) {
	c := parse(t, `
identity: 'a "quoted" \ name # no comment'
version: 1.0
nsid: "ns1: here"
root-hints: "dossier é\t\u200b/hints"
`)
	if c.Identity != `a "quoted" \ name # no comment` || c.Version != "1.0" || c.NSID != "ns1: here" {
		t.Errorf("%q, %q, %q", c.Identity, c.Version, c.NSID)
	}
	roundTrip(t, c)
}
