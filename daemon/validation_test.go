package daemon

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"recursor/daemon/config"
	"recursor/trust"
)

// Files of trust anchors, in their three forms; what is wrong is told with file and line.
//
// RFC: 9718.1
func TestAnchorFiles(t *testing.T) {
	const (
		ds  = ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
		key = "example.com. 86400 IN DNSKEY 257 3 15 (\n l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4= )\n"
	)
	xml, err := os.ReadFile("../trust/testdata/root-anchors.xml")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		text string
		keys int
		want string // of the problem, without the path
	}{
		"digests":      {"; anchors\n" + ds + "\n", 1, ""},
		"keys":         {ds + key, 2, ""},
		"XML":          {string(xml), 3, ""},
		"nothing":      {"; nothing\n", 0, ": no anchor in it"},
		"another type": {ds + key + "\n. A 192.0.2.1\n", 0, ":5: . A: neither a DS nor a DNSKEY record"},
		"unknown type": {ds + ". TYPE65400 \\# 1 00\n", 0, ":2: . TYPE65400: neither"},
		"a host's key": {strings.Replace(key, "257", "1", 1), 0, ":2: example.com. DNSKEY: not a zone key"},
		"revoked":      {"\n\n" + strings.Replace(key, "257", "385", 1), 0, ":4: example.com. DNSKEY: revoked"},
		"last line":    {ds + strings.TrimSuffix(strings.Replace(ds, "EC8D", "EC", 1), "\n"), 0, ":2: . DS: digest of a length"},
		"odd digest":   {ds + strings.Replace(ds, "C8D", "C8", 1), 0, ":2: . DS: encoding/hex: odd length"},
		"no records":   {"hello: world\n", 0, ": dns: "},
		"wrong digest": {strings.Replace(string(xml), "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16", "68", 1), 0, ":"},
		"not XML":      {strings.Replace(string(xml), "</TrustAnchor>", "", 1), 0, ": XML syntax error on line "},
		"a bad number": {strings.Replace(string(xml), "<KeyTag>20326", "<KeyTag>2032x", 1), 0, ":"},
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		c := config.Default()
		c.TrustAnchors = []string{path}
		err := checkTrust(c, "c.yaml", lastAnchor())
		keys, serving := anchors([]string{path})
		if tt.want == "" {
			if err != nil || serving != nil || len(keys) != tt.keys {
				t.Errorf("%s: %d keys, %v, %v", name, len(keys), err, serving)
			}
			continue
		}
		if want := "c.yaml: trust-anchors[0]: " + path + tt.want; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
		if serving == nil || !strings.Contains(serving.Error(), path+tt.want) {
			t.Errorf("%s: %v", name, serving)
		}
	}
	if keys, err := anchors(nil); err != nil || len(keys) != len(trust.Root()) {
		t.Errorf("none named: %d keys, %v", len(keys), err)
	}
}

// A program is no older than its commit, and no older than the keys that it knows.
func TestBuilt(t *testing.T) {
	at := func(value string) time.Time {
		return builtAt(&debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.time", Value: value}}})
	}
	for value, want := range map[string]time.Time{
		"":                     lastAnchor(),
		"yesterday":            lastAnchor(),
		"2001-01-01T00:00:00Z": lastAnchor(),
		"2026-05-04T03:02:01Z": time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC),
	} {
		if got := at(value); !got.Equal(want) {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
	if built().Before(lastAnchor()) {
		t.Error(built())
	}
}
