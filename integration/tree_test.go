package integration_test

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path that imports within the project begin with.
const module = "recursor/"

// treeRoot is the folder of go.mod: tests run in the folder of their package.
const treeRoot = ".."

// treePackage is a package of the module and what its non-test files import, on any platform.
type treePackage struct {
	path    string            // below the module, `dns/wire`
	imports map[string]string // import path → the first file that has it
}

// uses lists the imports within the module, by their path below it, sorted.
func (p treePackage) uses() []string {
	var own []string
	for path := range p.imports {
		if below, ok := strings.CutPrefix(path, module); ok {
			own = append(own, below)
		}
	}
	slices.Sort(own)
	return own
}

// loadTree asks the go command for the packages and reads the imports of every file, the ones that this platform
// does not build included: an arrow of the windows code is an arrow.
func loadTree(t *testing.T) []treePackage {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-e",
		"-json=ImportPath,Dir,GoFiles,CgoFiles,IgnoredGoFiles", "./...")
	list.Dir = treeRoot
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []treePackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Dir                   string
			GoFiles, CgoFiles, IgnoredGoFiles []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		files := slices.Concat(p.GoFiles, p.CgoFiles, p.IgnoredGoFiles)
		files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
		if len(files) == 0 {
			continue // a folder of tests only
		}
		path := strings.TrimPrefix(p.ImportPath, module)
		packages = append(packages, treePackage{path, importsOf(t, p.Dir, files)})
	}
	if len(packages) == 0 {
		t.Fatal("go list found no package")
	}
	return packages
}

func importsOf(t *testing.T, dir string, files []string) map[string]string {
	t.Helper()
	imports := map[string]string{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.ImportsOnly)
		if err != nil {
			t.Errorf("reading imports: %v", err)
			continue
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Errorf("%s: import %s: %v", name, spec.Path.Value, err)
				continue
			}
			if _, seen := imports[path]; !seen {
				imports[path] = name
			}
		}
	}
	return imports
}

// under tells whether a package path is the tree's prefix or lies below it.
func under(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// eachFile calls do for every file of the module with the suffix, as a path from the root; the tools' own module,
// test data and what git does not keep are left out.
func eachFile(t *testing.T, suffix string, do func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(treeRoot, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(treeRoot, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if entry.IsDir() {
			hidden := strings.HasPrefix(entry.Name(), ".") && rel != "."
			if hidden || rel == "tools" || rel == "bin" || entry.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, suffix) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		do(rel, string(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// readTree reads one file of the tree by its path from the root.
func readTree(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(treeRoot, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sharedFile is where a file of the shared guide and data lies, or "" where that is absent.
func sharedFile(path string) string {
	base := os.Getenv("RECURSOR_SHARED")
	if base == "" {
		base = filepath.Join(treeRoot, "..", "shared")
	}
	path = filepath.Join(base, filepath.FromSlash(path))
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}
