package integration_test

import (
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"recursor/daemon/config"
)

// TestHouseDocumentLinks: every relative link of a document leads to something.
func TestHouseDocumentLinks(t *testing.T) {
	eachFile(t, ".md", func(name, text string) {
		for _, target := range linksOf(text) {
			file := path.Join(path.Dir(name), target)
			if _, err := os.Stat(filepath.Join(treeRoot, filepath.FromSlash(file))); err != nil {
				t.Errorf("%s links to %s, which is not there", name, target)
			}
		}
	})
}

// linksOf finds the relative targets of a document's links, without their anchors.
func linksOf(text string) []string {
	var targets []string
	for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(text, -1) {
		target, _, _ := strings.Cut(m[1], "#")
		if target != "" && !strings.Contains(target, "://") {
			targets = append(targets, target)
		}
	}
	return targets
}

// TestHouseDocumentPaths: what the page of the house names as a path is in the tree, and every room is on the page.
func TestHouseDocumentPaths(t *testing.T) {
	page := readTree(t, "ARCHITECTURE.md")
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("`([a-z0-9_./-]+)`").FindAllStringSubmatch(page, -1) {
		named[m[1]] = true
		if !strings.Contains(m[1], "/") {
			continue // a word of Go, or a folder that the second half looks for
		}
		if _, err := os.Stat(filepath.Join(treeRoot, filepath.FromSlash(m[1]))); err != nil {
			t.Errorf("ARCHITECTURE.md names %s, which is not there", m[1])
		}
	}
	for _, p := range loadTree(t) {
		if !named[p.path] {
			t.Errorf("package %s is not in the table of ARCHITECTURE.md: to change what does one go there?", p.path)
		}
	}
}

// TestHouseDocumentCommands: every make target that a document names exists.
func TestHouseDocumentCommands(t *testing.T) {
	targets := targetsOf(readTree(t, "Makefile"))
	eachFile(t, ".md", func(name, text string) {
		for _, m := range regexp.MustCompile("(?m)(?:`|^)make ([a-z0-9-]+)").FindAllStringSubmatch(text, -1) {
			if !slices.Contains(targets, m[1]) {
				t.Errorf("%s names `make %s`; the Makefile has %v", name, m[1], targets)
			}
		}
	})
}

func targetsOf(makefile string) []string {
	var targets []string
	for _, m := range regexp.MustCompile(`(?m)^([a-z0-9-]+):`).FindAllStringSubmatch(makefile, -1) {
		targets = append(targets, m[1])
	}
	return targets
}

// TestHouseDocumentDependencies: each module that ours imports, in product code or tests, has its page, and a page
// says where its module is not imported yet.
func TestHouseDocumentDependencies(t *testing.T) {
	pages := map[string]string{}
	eachFile(t, ".md", func(name, text string) {
		if m := regexp.MustCompile("(?m)^Module: `([^`]+)`$").FindStringSubmatch(text); m != nil {
			pages[m[1]] = name
		}
	})
	required := regexp.MustCompile(`(?m)^(?:require )?\s*([a-z0-9.]+\.[a-z]+/\S+) v\S+`).FindAllStringSubmatch(readTree(t, "go.mod"), -1)
	var modules []string
	for _, m := range required {
		modules = append(modules, m[1])
	}
	imported := map[string]bool{}
	eachFile(t, ".go", func(name, text string) {
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			t.Error(err)
			return
		}
		for _, spec := range file.Imports {
			for _, m := range modules {
				if under(strings.Trim(spec.Path.Value, `"`), m) {
					imported[m] = true
				}
			}
		}
	})
	for m := range imported {
		if pages[m] == "" {
			t.Errorf("%s is imported and has no page in docs/decisions (a line \"Module: `%s`\")", m, m)
		}
	}
	for m, page := range pages {
		if early := strings.Contains(readTree(t, page), "Not imported yet"); early == imported[m] {
			t.Errorf("%s: %s is imported: %t; the page says \"Not imported yet\": %t", page, m, imported[m], early)
		}
	}
}

// TestHouseDocumentDecisions: pages are numbered without gaps and tell context, choice and price.
func TestHouseDocumentDecisions(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join(treeRoot, "docs", "decisions"))
	if err != nil {
		t.Fatal(err)
	}
	for i, entry := range entries {
		number := regexp.MustCompile(`^(\d{4})-[a-z0-9-]+\.md$`).FindStringSubmatch(entry.Name())
		if number == nil {
			t.Errorf("%s: want NNNN-name.md", entry.Name())
			continue
		}
		text := readTree(t, "docs/decisions/"+entry.Name())
		title := "# " + strings.TrimLeft(number[1], "0") + ". "
		if !strings.HasPrefix(text, title) || strings.TrimLeft(number[1], "0") != strconv.Itoa(i+1) {
			t.Errorf("%s: want number %d in name and title", entry.Name(), i+1)
		}
		for _, part := range []string{"**Context.**", "**Choice.**", "**Price.**"} {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %s", entry.Name(), part)
			}
		}
		if words := len(strings.Fields(text)); words > 350 {
			t.Errorf("%s has %d words; half a page is enough", entry.Name(), words)
		}
	}
}

// TestHouseDocumentPackages: each package tells what it is, and closes with the four headings.
func TestHouseDocumentPackages(t *testing.T) {
	for _, p := range loadTree(t) {
		text, err := os.ReadFile(filepath.Join(treeRoot, filepath.FromSlash(p.path), "doc.go"))
		if err != nil {
			t.Errorf("%s has no doc.go", p.path)
			continue
		}
		after := -1
		for _, heading := range []string{"Concurrency", "Resources", "Security", "Standards"} {
			at := strings.Index(string(text), "\n// # "+heading+"\n")
			if at <= after {
				t.Errorf("%s/doc.go: the heading %s is missing or out of order", p.path, heading)
			}
			after = at
		}
	}
}

// TestHouseDocumentConfiguration: the configuration that the README shows is read, and is what an empty one means.
func TestHouseDocumentConfiguration(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(readTree(t, "README.md"))
	if block == nil {
		t.Fatal("README.md shows no configuration")
	}
	shown, err := config.Parse("README.md", []byte(block[1]))
	if err != nil {
		t.Fatal(err)
	}
	if want := config.Default(); !reflect.DeepEqual(shown, want) {
		t.Errorf("README.md calls these the defaults:\n%+v\nwant\n%+v", shown, want)
	}
}
