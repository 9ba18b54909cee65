package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// mutant is one change to one file.
type mutant struct {
	file       string // as it was named
	line       int
	within     string // the function
	what       string
	begin, end int    // octets of the file that are replaced
	old, text  string // what stood there, and stands there instead
	context    string // the line, where what stood there says little by itself
	nth        int    // of those with the same key, from 1
}

// String is the mutant for people and for the list of those that may survive: it names no line, so that a list stays
// good when lines are added above.
func (m mutant) String() string {
	s := fmt.Sprintf("%s %s: %s: %s -> %s", filepath.ToSlash(m.file), m.within, m.what, oneLine(m.old), oneLine(m.text))
	if m.context != "" {
		s += " in " + oneLine(m.context)
	}
	if m.nth > 1 {
		s += fmt.Sprintf(" #%d", m.nth)
	}
	return s
}

func oneLine(s string) string {
	const most = 80
	s = strings.Join(strings.Fields(s), " ")
	if s == "" {
		s = "nothing"
	}
	if len(s) > most {
		s = s[:most] + "..."
	}
	return s
}

// mutantsOf are all mutants of the package in a folder, in order.
func mutantsOf(folder string) ([]mutant, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		found, err := mutantsIn(name, source)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: nothing to change there", folder)
	}
	seen := map[string]int{}
	for i := range all {
		key := all[i].String()
		seen[key]++
		all[i].nth = seen[key]
	}
	return all, nil
}

// mutantsIn are the mutants of one file.
func mutantsIn(name string, source []byte) ([]mutant, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	f := finder{set: set, file: name, source: source}
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil || fn.Name.Name == "String" {
			continue // what a thing is called for people is no rule
		}
		f.within = fn.Name.Name
		ast.Inspect(fn.Body, f.visit)
	}
	slices.SortStableFunc(f.found, func(a, b mutant) int { return a.begin - b.begin })
	return f.found, nil
}

type finder struct {
	set    *token.FileSet
	file   string
	source []byte
	within string
	found  []mutant
}

// add notes the change of a node into text.
func (f *finder) add(what string, begin, end token.Pos, text string) {
	at, to := f.set.Position(begin), f.set.Position(end)
	m := mutant{
		file: f.file, line: at.Line, within: f.within, what: what,
		begin: at.Offset, end: to.Offset, old: string(f.source[at.Offset:to.Offset]), text: text,
	}
	if len(m.old) < 10 {
		from := at.Offset - (at.Column - 1)
		line, _, _ := strings.Cut(string(f.source[from:]), "\n")
		m.context = strings.TrimSpace(line)
	}
	f.found = append(f.found, m)
}

// textOf is how a node is written.
func (f *finder) textOf(n ast.Node) string {
	return string(f.source[f.set.Position(n.Pos()).Offset:f.set.Position(n.End()).Offset])
}

// visit finds the changes that a node can suffer.
func (f *finder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IfStmt:
		f.add("negate", n.Cond.Pos(), n.Cond.End(), "!("+f.textOf(n.Cond)+")")
	case *ast.ForStmt:
		if n.Cond != nil {
			f.add("negate", n.Cond.Pos(), n.Cond.End(), "!("+f.textOf(n.Cond)+")")
		}
	case *ast.CaseClause:
		f.clause(n)
	case *ast.BinaryExpr:
		for _, op := range swaps(n.Op) {
			f.add("operator", n.Pos(), n.End(), f.textOf(n.X)+" "+op+" "+f.textOf(n.Y))
		}
	case *ast.BasicLit:
		if n.Kind == token.INT {
			f.number(n)
		}
	case *ast.Ident:
		switch n.Name {
		case "true":
			f.add("constant", n.Pos(), n.End(), "false")
		case "false":
			f.add("constant", n.Pos(), n.End(), "true")
		}
	case *ast.BranchStmt:
		switch {
		case n.Label != nil:
		case n.Tok == token.CONTINUE:
			f.add("branch", n.Pos(), n.End(), "break")
		case n.Tok == token.BREAK:
			f.add("branch", n.Pos(), n.End(), "continue")
		}
	case *ast.ExprStmt, *ast.IncDecStmt, *ast.DeferStmt:
		f.add("drop", n.Pos(), n.End(), "")
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			f.add("drop", n.Pos(), n.End(), "")
		}
	}
	return true
}

// clause drops what a case does, where that is not all that its function does.
func (f *finder) clause(n *ast.CaseClause) {
	if n.List == nil || len(n.Body) == 0 {
		return
	}
	first, last := n.Body[0].Pos(), n.Body[len(n.Body)-1].End()
	if _, returns := n.Body[len(n.Body)-1].(*ast.ReturnStmt); !returns {
		f.add("empty case", first, last, "")
	}
	for _, cond := range n.List {
		if _, compares := cond.(*ast.BinaryExpr); compares {
			f.add("negate", cond.Pos(), cond.End(), "!("+f.textOf(cond)+")")
		}
	}
}

// number makes another one of a number.
func (f *finder) number(n *ast.BasicLit) {
	v, err := strconv.ParseUint(strings.ReplaceAll(n.Value, "_", ""), 0, 63)
	if err != nil {
		return
	}
	f.add("constant", n.Pos(), n.End(), strconv.FormatUint(v+1, 10))
	if v > 0 {
		f.add("constant", n.Pos(), n.End(), strconv.FormatUint(v-1, 10))
	}
}

// swaps are the operators that may stand for another by mistake.
func swaps(op token.Token) []string {
	switch op {
	case token.LSS:
		return []string{"<=", ">="}
	case token.LEQ:
		return []string{"<", ">"}
	case token.GTR:
		return []string{">=", "<="}
	case token.GEQ:
		return []string{">", "<"}
	case token.EQL:
		return []string{"!="}
	case token.NEQ:
		return []string{"=="}
	case token.LAND:
		return []string{"||"}
	case token.LOR:
		return []string{"&&"}
	case token.ADD:
		return []string{"-"}
	case token.SUB:
		return []string{"+"}
	case token.MUL:
		return []string{"/"}
	case token.QUO:
		return []string{"*"}
	case token.AND:
		return []string{"|"}
	case token.OR:
		return []string{"&"}
	case token.AND_NOT:
		return []string{"|"}
	case token.SHL:
		return []string{">>"}
	case token.SHR:
		return []string{"<<"}
	}
	return nil
}
