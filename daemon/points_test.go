package daemon

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"recursor/daemon/config"
	"recursor/recursor/delegation"
)

func TestHints(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "hints")
	show := func(p *delegation.Point) string {
		var b strings.Builder
		for _, s := range p.Servers {
			fmt.Fprintf(&b, "%s%s ", s.Name, s.Addrs)
		}
		return strings.TrimSpace(b.String())
	}
	write(t, path, ". 3600000 IN NS a.root.\n. NS B.root.\na.root. A 192.0.2.1\na.root. AAAA 2001:db8::1\nb.ROOT. A 192.0.2.2\nc.root. A 192.0.2.3\n")
	special := delegation.Usable{Special: true}
	p, err := hints(path, special, 53)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := show(p), "a.root.[192.0.2.1 2001:db8::1] b.root.[192.0.2.2]"; got != want || !p.Hints || !p.Zone.IsRoot() {
		t.Errorf("%s, %+v; want %s", got, p, want)
	}
	if p, err = hints("", delegation.Usable{}, 53); err != nil || len(p.Servers) != 13 || !p.Hints {
		t.Errorf("embedded: %+v, %v", p, err)
	}
	for text, want := range map[string]string{
		"":                                    "has no NS records of the root; write them",
		"a.root. A 192.0.2.1\n":               "has no NS records of the root",
		"example. NS a.root.\n":               "has no NS records of the root",
		". NS a.root.\n. A 1.2\n":             "root-hints: " + path,
		". NS a.root.\nb.root. A 192.0.2.1\n": "root-hints: " + path + " has no A or AAAA record of a name server of the root, such as of a.root.; write them",
	} {
		write(t, path, text)
		if p, err := hints(path, special, 53); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want %q", text, p, err, want)
		}
	}
	if _, err := hints(filepath.Join(dir, "gone"), special, 53); err == nil || !strings.Contains(err.Error(), "root-hints: ") || !strings.Contains(err.Error(), "name a file") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestHintsThatMayNotBeAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hints")
	write(t, path, ". NS a.root.\na.root. A 198.41.0.4\na.root. A 127.0.0.1\n")
	for _, c := range []struct {
		usable delegation.Usable
		want   string
	}{
		{delegation.Usable{}, ""},
		{delegation.Usable{NoIPv6: true}, ""},
		{delegation.Usable{NoIPv4: true}, "upstream.ipv4"},
		{delegation.Usable{NoIPv4: true, Special: true}, "127.0.0.1; set upstream.allow-special-addresses"},
	} {
		if _, err := hints(path, c.usable, 53); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v; want %q", c.usable, err, c.want)
		}
	}
}

func TestConfigured(t *testing.T) {
	c, err := config.Parse("c.yaml", []byte(`
upstream: {port: 5301}
zones:
  forward: [{name: Corp.Example, to: [192.0.2.53, "[2001:db8::53]:54"], first: true}]
  stub: [{name: 10.in-addr.arpa, to: [192.0.2.54@55]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	points := configured(c.Zones)
	for _, p := range points {
		got = append(got, fmt.Sprintf("%s %s %s %t", p.Zone, p.Kind, p.Addrs, p.First))
	}
	want := []string{
		"corp.example. " + delegation.Forward.String() + " [192.0.2.53:5301 [2001:db8::53]:54] true",
		"10.in-addr.arpa. " + delegation.Stub.String() + " [192.0.2.54:55] false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if n := names(points); fmt.Sprint(n) != "[corp.example. 10.in-addr.arpa.]" {
		t.Errorf("names %v", n)
	}
}

func TestAnchors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "anchors")
	write(t, path, "not a record\n")
	for name, want := range map[string]string{path: "trust-anchors: " + path, path + "gone": "name a file that exists"} {
		if a, err := anchors([]string{name}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %q", name, a, err, want)
		}
	}
}
