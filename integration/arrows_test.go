package integration_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// parseArrows reads arrows.txt: `package: import import …` a line, `#` comments.
func parseArrows(text string) (map[string][]string, error) {
	allowed := map[string][]string{}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		from, to, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("line %d: want `package: import …`, have %q", i+1, line)
		}
		if _, twice := allowed[from]; twice {
			return nil, fmt.Errorf("line %d: %s has a line already", i+1, from)
		}
		imports := strings.Fields(to)
		if sorted := slices.Sorted(slices.Values(imports)); !slices.Equal(imports, sorted) {
			return nil, fmt.Errorf("line %d: sort the imports:\n  %s", i+1, arrowsLine(from, imports))
		}
		allowed[from] = imports
	}
	return allowed, nil
}

// arrowsLine is the line of arrows.txt that allows exactly these imports.
func arrowsLine(from string, to []string) string {
	to = slices.Clone(to)
	slices.Sort(to)
	return strings.TrimSpace(from + ": " + strings.Join(slices.Compact(to), " "))
}

// compareArrows holds the tree against the list, both ways, and says per package what to do.
func compareArrows(allowed map[string][]string, tree []treePackage) []string {
	var complaints []string
	exists := map[string]bool{}
	for _, p := range tree {
		exists[p.path] = true
		uses := p.uses()
		listed, ok := allowed[p.path]
		if !ok {
			complaints = append(complaints, fmt.Sprintf("package %s has no line; add\n  %s", p.path, arrowsLine(p.path, uses)))
			continue
		}
		var news, unused []string
		for _, to := range uses {
			if !slices.Contains(listed, to) {
				news = append(news, to+" ("+p.imports[module+to]+")")
			}
		}
		for _, to := range listed {
			if !slices.Contains(uses, to) {
				unused = append(unused, to)
			}
		}
		if len(news) > 0 {
			complaints = append(complaints, fmt.Sprintf("%s imports %s, which its line does not allow.\n"+
				"  Arrows point to vocabulary, never to policy: can %[1]s declare an interface that the owner fulfils,\n"+
				"  or be handed the value? If the arrow is meant, the line becomes\n  %[3]s",
				p.path, strings.Join(news, ", "), arrowsLine(p.path, uses)))
		}
		if len(unused) > 0 {
			complaints = append(complaints, fmt.Sprintf("%s no longer imports %s; its line becomes\n  %s",
				p.path, strings.Join(unused, ", "), arrowsLine(p.path, uses)))
		}
	}
	for from := range allowed {
		if !exists[from] {
			complaints = append(complaints, fmt.Sprintf("%s has a line but is no package of the tree; remove the line", from))
		}
	}
	slices.Sort(complaints)
	return complaints
}

func TestHouseArrows(t *testing.T) {
	allowed, err := parseArrows(readTree(t, "arrows.txt"))
	if err != nil {
		t.Fatalf("arrows.txt: %v", err)
	}
	for _, complaint := range compareArrows(allowed, loadTree(t)) {
		t.Errorf("arrows.txt: %s", complaint)
	}
}

func TestHouseForbiddenArrows(t *testing.T) {
	for _, p := range loadTree(t) {
		for to, file := range p.imports {
			if why := forbidden(p.path, strings.TrimPrefix(to, module)); why != "" {
				t.Errorf("%s imports %s (%s): %s", p.path, to, file, why)
			}
		}
	}
}

// TestHouseNobodyImportsIntegration covers test files too, which the list of arrows leaves alone.
func TestHouseNobodyImportsIntegration(t *testing.T) {
	eachFile(t, ".go", func(path, text string) {
		if !strings.HasPrefix(path, "integration/") && strings.Contains(text, `"`+module+`integration`) {
			t.Errorf("%s imports integration", path)
		}
	})
}

func TestHouseComparesArrows(t *testing.T) {
	tree := []treePackage{
		{path: "dns/wire", imports: map[string]string{module + "dns/domain": "a.go", "fmt": "a.go"}},
		{path: "dns/domain", imports: map[string]string{"strings": "a.go"}},
	}
	for name, tc := range map[string]struct {
		list string
		want []string // one in each complaint
	}{
		"exact":        {"dns/domain:\ndns/wire: dns/domain # reads names\n", nil},
		"no line":      {"dns/wire: dns/domain\n", []string{"package dns/domain has no line"}},
		"new arrow":    {"dns/domain:\ndns/wire:\n", []string{"the line becomes\n  dns/wire: dns/domain"}},
		"unused arrow": {"dns/domain: dns/wire\ndns/wire: dns/domain\n", []string{"its line becomes\n  dns/domain:"}},
		"gone package": {"dns/domain:\ndns/wire: dns/domain\ndns/old:\n", []string{"dns/old has a line but"}},
	} {
		t.Run(name, func(t *testing.T) {
			allowed, err := parseArrows(tc.list)
			if err != nil {
				t.Fatal(err)
			}
			got := compareArrows(allowed, tree)
			if len(got) != len(tc.want) {
				t.Fatalf("complaints %q, want %d", got, len(tc.want))
			}
			for i, want := range tc.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("complaint %q lacks %q", got[i], want)
				}
			}
		})
	}
	for _, list := range []string{"dns/wire dns/domain\n", "a:\na:\n", "a: c b\n"} {
		if _, err := parseArrows(list); err == nil {
			t.Errorf("%q is accepted", list)
		}
	}
}
