package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goodHints = ".  3600000  NS  A.ROOT-SERVERS.NET.\nA.ROOT-SERVERS.NET.  3600000  A  198.41.0.4\n"

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheckFiles(t *testing.T) {
	for name, tt := range map[string]struct{ hints, want string }{
		"none named":        {"", ""},
		"good":              {goodHints, ""},
		"comments":          {"; hints\n" + goodHints, ""},
		"hints empty":       {"; nothing\n", "root-hints: FILE has no NS record of the root"},
		"hints no address":  {". NS a.example.\nb.example. A 192.0.2.1\n", "root-hints: FILE has no address of any server"},
		"hints of another":  {"example. NS a.example.\na.example. A 192.0.2.1\n", "root-hints: FILE has an NS record of example."},
		"hints no zone":     {"listen: {}\n", "root-hints: FILE is not in zone-file form"},
		"hints bad address": {". NS a.example.\na.example. A 192.0.2.256\n", "at line: 2"},
		"hints include":     {"$INCLUDE /etc/passwd\n", "root-hints: FILE is not in zone-file form"},
		"hints large":       {strings.Repeat(" ", maxZoneFile+1), "root-hints: FILE has more than"},
	} {
		t.Run(name, func(t *testing.T) {
			c := Default()
			if tt.hints != "" {
				c.RootHints = write(t, tt.hints)
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
			text := strings.ReplaceAll(err.Error(), c.RootHints, "FILE")
			if !strings.HasPrefix(text, "recursor.yaml: ") || !strings.Contains(text, tt.want) {
				t.Errorf("got %q, want %q in it", text, tt.want)
			}
		})
	}
}

func TestCheckFilesThatCannotBeRead(t *testing.T) {
	c := Default()
	c.RootHints = filepath.Join(t.TempDir(), "absent")
	err := c.CheckFiles("recursor.yaml")
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"root-hints: ", "cannot be read: no such file", "name a file that exists"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
}
