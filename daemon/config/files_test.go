package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	goodHints = ".  3600000  NS  A.ROOT-SERVERS.NET.\nA.ROOT-SERVERS.NET.  3600000  A  198.41.0.4\n"
	goodDS    = ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
	// RFC 4034 §2.3, as the zone key it is and with other flags.
	exampleKey = "3 5 ( AQPSKmynfzW4kyBv015MUG2DeIQ3 Cbl+BBZH4b/0PY1kxkmvHjcZc8nokfzj31GajIQKY+5CptLr " +
		"3buXA10hWqTkF7H6RfoRqXQeogmMHfpftf6zMv1LyBUgia7za6ZEzOJBOztyvhjL742iU/TpPSEDhm2SNKLijfUppn1UaNvv4w== )\n"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheckFiles(t *testing.T) {
	for name, tt := range map[string]struct{ hints, anchors, want string }{
		"none named":        {"", "", ""},
		"good":              {goodHints, goodDS, ""},
		"a key":             {"", "example.com. 86400 IN DNSKEY 257 " + exampleKey, ""},
		"comments":          {"; hints\n" + goodHints, "; anchors\n" + goodDS + "\n", ""},
		"hints empty":       {"; nothing\n", "", "root-hints: FILE has no NS record of the root"},
		"hints no address":  {". NS a.example.\nb.example. A 192.0.2.1\n", "", "root-hints: FILE has no address of any server"},
		"hints of another":  {"example. NS a.example.\na.example. A 192.0.2.1\n", "", "root-hints: FILE has an NS record of example."},
		"hints no zone":     {"listen: {}\n", "", "root-hints: FILE is not in zone-file form"},
		"hints bad address": {". NS a.example.\na.example. A 192.0.2.256\n", "", "at line: 2"},
		"hints include":     {"$INCLUDE /etc/passwd\n", "", "root-hints: FILE is not in zone-file form"},
		"hints large":       {strings.Repeat(" ", maxZoneFile+1), "", "root-hints: FILE has more than"},
		"anchors empty":     {"", "; nothing\n", "trust-anchors[0]: FILE has no record"},
		"anchors address":   {"", ". A 192.0.2.1\n", "trust-anchors[0]: FILE has a record of . of type A"},
		"anchors unknown":   {"", goodDS + ". TYPE65400 \\# 1 00\n", "trust-anchors[0]: FILE has a record of . of type TYPE65400"},
		"anchors host key":  {"", "example.com. DNSKEY 1 " + exampleKey, "is not a zone key (flags 1)"},
		"anchors revoked":   {"", "example.com. DNSKEY 385 " + exampleKey, "is revoked (flags 385)"},
	} {
		t.Run(name, func(t *testing.T) {
			c := Default()
			if tt.hints != "" {
				c.RootHints = write(t, tt.hints)
			}
			if tt.anchors != "" {
				c.TrustAnchors = []string{write(t, tt.anchors)}
			}
			err := c.CheckFiles("recursor.yaml")
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			wellFormed(t, err)
			text := err.Error()
			for _, path := range append(c.TrustAnchors, c.RootHints) {
				if path != "" {
					text = strings.ReplaceAll(text, path, "FILE")
				}
			}
			if !strings.HasPrefix(text, "recursor.yaml: ") || !strings.Contains(text, tt.want) {
				t.Errorf("got %q, want %q in it", text, tt.want)
			}
		})
	}
}

func TestCheckFilesThatCannotBeRead(t *testing.T) {
	c := Default()
	dir := t.TempDir()
	c.RootHints, c.TrustAnchors = filepath.Join(dir, "absent"), []string{dir, filepath.Join(dir, "gone")}
	err := c.CheckFiles("recursor.yaml")
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"root-hints: ", "trust-anchors[0]: ", "trust-anchors[1]: ", "cannot be read: no such file", "name a file that exists"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
}
