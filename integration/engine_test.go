package integration_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// enginePackages are the trees whose every goroutine is started by clock.Go and whose every wait is made through
// clock: the simulator steps time when nothing can run, and it can only know of what it started.
func enginePackages() []string {
	return []string{"recursor", "validate", "transport", "cache", "serve", "frontend"}
}

// socketPackages read real sockets, which the simulated network replaces whole: they may wait in ways of their own,
// but start goroutines through clock all the same.
func socketPackages() []string {
	return []string{"transport/udp", "transport/stream", "frontend"}
}

// bareConcurrency finds go statements, channel operations, selects and the waits of package sync in a file's syntax.
func bareConcurrency(file *ast.File) map[ast.Node]string {
	found := map[ast.Node]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found[n] = "go statement"
		case *ast.SelectStmt:
			found[n] = "select"
			return false // its cases are part of it
		case *ast.SendStmt:
			found[n] = "channel send"
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "sync" && slices.Contains([]string{"WaitGroup", "Cond", "NewCond"}, n.Sel.Name) {
				found[n] = "sync." + n.Sel.Name
			}
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				found[n] = "channel receive"
			}
		}
		return true
	})
	return found
}

// TestHouseEngineWaitsThroughClock stands in for a linter: forbidigo sees calls, and `go` is none.
func TestHouseEngineWaitsThroughClock(t *testing.T) {
	eachFile(t, ".go", func(name, text string) {
		pkg := path.Dir(name)
		if strings.HasSuffix(name, "_test.go") || !inAny(pkg, enginePackages()) {
			return
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			return
		}
		for node, what := range bareConcurrency(file) {
			if what != "go statement" && inAny(pkg, socketPackages()) {
				continue
			}
			t.Errorf("%s: %s in the engine; start goroutines with clock.Go and wait through clock", set.Position(node.Pos()), what)
		}
	})
}

func TestHouseFindsBareConcurrency(t *testing.T) {
	for source, want := range map[string]string{
		"go f()":               "go statement",
		"c <- 1":               "channel send",
		"<-c":                  "channel receive",
		"for { x := <-c; _=x}": "channel receive",
		"select { case <-c: }": "select",
		"var w sync.WaitGroup": "sync.WaitGroup",
		"var m sync.Mutex":     "",
		"x := -y; f(x)":        "",
		"defer f()":            "",
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "a.go", "package a\nfunc _() {\n"+source+"\n}", 0)
		if err != nil {
			t.Fatal(err)
		}
		found := bareConcurrency(file)
		got := ""
		for _, what := range found {
			got += what
		}
		if got != want {
			t.Errorf("%q: found %q, want %q", source, got, want)
		}
	}
}
