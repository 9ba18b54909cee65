package integration_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// resinfo is the file with the function that lists the error codes of RESINFO.
const (
	resinfoFile     = "daemon/discovery.go"
	resinfoFunction = "reportable"
)

// TestResinfoNamesTheCodesInUse holds what clients are told in RESINFO to the extended errors that the sources can
// give them: a code that is used somewhere is told of, and one that is told of is used.
//
// RFC: 9606.1
func TestResinfoNamesTheCodesInUse(t *testing.T) {
	registry := map[string]bool{}
	told, used := map[string]bool{}, map[string]string{}
	eachFile(t, ".go", func(name, text string) {
		top, _, _ := strings.Cut(name, "/")
		if strings.HasSuffix(name, "_test.go") || !slices.Contains([]string{"daemon", "dns", "recursor", "serve", "trust", "validate", "zone"}, top) {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(name, "dns/ede/") {
			codesOfRegistry(file, registry)
			return
		}
		for _, d := range file.Decls {
			f, isFunction := d.(*ast.FuncDecl)
			listed := name == resinfoFile && isFunction && f.Name.Name == resinfoFunction
			ast.Inspect(d, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if from, ok := s.X.(*ast.Ident); !ok || from.Name != "ede" {
					return true
				}
				if listed {
					told[s.Sel.Name] = true
				} else {
					used[s.Sel.Name] = name
				}
				return true
			})
		}
	})
	if len(registry) < 30 || len(told) < 20 {
		t.Fatalf("%d codes in dns/ede, %d in %s of %s", len(registry), len(told), resinfoFunction, resinfoFile)
	}
	for code := range registry {
		switch at, inUse := used[code]; {
		case inUse && !told[code]:
			t.Errorf("%s uses ede.%s, and %s in %s does not tell of it", at, code, resinfoFunction, resinfoFile)
		case !inUse && told[code]:
			t.Errorf("%s in %s tells of ede.%s, which nothing uses", resinfoFunction, resinfoFile, code)
		}
	}
}

// codesOfRegistry adds the constants of type Code.
func codesOfRegistry(file *ast.File, to map[string]bool) {
	for _, d := range file.Decls {
		constants, ok := d.(*ast.GenDecl)
		if !ok || constants.Tok != token.CONST {
			continue
		}
		for _, s := range constants.Specs {
			if v, ok := s.(*ast.ValueSpec); ok {
				if kind, ok := v.Type.(*ast.Ident); ok && kind.Name == "Code" {
					for _, n := range v.Names {
						to[n.Name] = true
					}
				}
			}
		}
	}
}
