package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const p = `package p

func F(a int) int {
	if a > 0 {
		// why
		return 1
	}
	for {
		return 2
	}
	if a > 0 {
		return 1
	}
}
`

const profile = `mode: set
m/p.go:3.19,4.11 1 1
m/p.go:4.11,7.3 1 0
m/p.go:4.11,7.3 1 0
m/p.go:8.6,10.3 1 0
m/p.go:8.6,10.3 1 1
m/p.go:11.11,13.3 1 0
`

func TestRun(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("p.go", p)
	write("profile", profile)
	write("more", "mode: set\nm/p.go:8.6,10.3 1 0\n")
	for list, want := range map[string]string{
		"": "p.go:4: not covered:\np.go F: return 1\np.go:11: not covered:\np.go F: return 1 #2\n4 statements, 2 not covered (50.00 %), 0 places listed\n",
		"p.go F: return 1\n  so\np.go F: return 1 #2\n  so\n": "4 statements, 2 not covered (50.00 %), 2 places listed\n",
		"# a list\n\np.go F: return 1\n  so\np.go F: return 1 #2\n  so\np.go F: return 2\n  so\n": "list: covered, or gone; remove the line:\np.go F: return 2\n" +
			"4 statements, 2 not covered (50.00 %), 3 places listed\n",
	} {
		write("list", list)
		var out bytes.Buffer
		err := run([]string{"profile", "more"}, "list", &out)
		if out.String() != want || (err == nil) != (strings.Count(want, "\n") == 1) {
			t.Errorf("%q: %v\n%s\nwant\n%s", list, err, out.String(), want)
		}
	}
	for _, bad := range []string{"  so\n", "p.go F: return 1\n", "a\nb\n  so\n"} {
		write("list", bad)
		if err := run([]string{"profile", "more"}, "list", new(bytes.Buffer)); err == nil {
			t.Errorf("the list %q is taken", bad)
		}
	}
	for _, bad := range []string{"", "mode: set\nx\n", "mode: set\nm/p.go:1.1,2.2 x 1\n"} {
		write("profile", bad)
		if err := run([]string{"profile", "more"}, "", new(bytes.Buffer)); err == nil {
			t.Errorf("the profile %q is taken", bad)
		}
	}
}
