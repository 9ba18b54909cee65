package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const source = `package p

func Least(a, b int) int {
	if a < b && b > 0 {
		return a
	}
	for i := 0; i < 3; i++ {
		use(true)
		continue
	}
	switch {
	case a == b:
		a = 7
	}
	return b
}

func String() string { if true { return "" }; return "x" }
`

func TestMutants(t *testing.T) {
	found, err := mutantsIn("p.go", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range found {
		changed := string(m.apply([]byte(source)))
		if changed == source || len(changed) != len(source)-(m.end-m.begin)+len(m.text) {
			t.Errorf("%s changes nothing", m)
		}
		got = append(got, m.String())
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{
		"p.go Least: negate: a < b && b > 0 -> !(a < b && b > 0)",
		"p.go Least: operator: a < b && b > 0 -> a < b || b > 0",
		"p.go Least: operator: a < b -> a <= b in if a < b && b > 0 {",
		"p.go Least: operator: a < b -> a >= b in if a < b && b > 0 {",
		"p.go Least: constant: 0 -> 1 in for i := 0; i < 3; i++ {",
		"p.go Least: constant: 3 -> 2 in for i := 0; i < 3; i++ {",
		"p.go Least: drop: i++ -> nothing in for i := 0; i < 3; i++ {",
		"p.go Least: drop: use(true) -> nothing in use(true)",
		"p.go Least: constant: true -> false in use(true)",
		"p.go Least: branch: continue -> break in continue",
		"p.go Least: negate: a == b -> !(a == b) in case a == b:",
		"p.go Least: empty case: a = 7 -> nothing in a = 7",
	} {
		if !strings.Contains(all+"\n", want+"\n") {
			t.Errorf("not found: %s", want)
		}
	}
	if strings.Contains(all, "p.go String") || strings.Contains(all, "-> -1") {
		t.Errorf("found too much:\n%s", all)
	}
}

func TestChoiceIsRepeated(t *testing.T) {
	all := make([]mutant, 100)
	for i := range all {
		all[i].line = i
	}
	lines := func(seed uint64) (s []int) {
		for _, m := range choose(all, 10, seed) {
			s = append(s, m.line)
		}
		return s
	}
	a, b, c := lines(1), lines(1), lines(2)
	same := func(x, y []int) bool {
		for i := range x {
			if x[i] != y[i] {
				return false
			}
		}
		return len(x) == len(y)
	}
	if len(a) != 10 || !same(a, b) || same(a, c) {
		t.Errorf("%v, again %v, of another seed %v", a, b, c)
	}
	if len(choose(all, 0, 1)) != 100 || len(choose(all, 200, 1)) != 100 {
		t.Error("not all are chosen")
	}
}

func TestKnown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "known.txt")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# why\n\na.go F: drop: x -> nothing\n    it is made\n    anew\nb.go G: x\nb.go G: y\n\tas well\n")
	known, err := readKnown(path)
	if err != nil || len(known) != 3 || known["a.go F: drop: x -> nothing"] != "it is made anew" ||
		known["b.go G: x"] != "as well" || known["b.go G: y"] != "as well" {
		t.Errorf("%q, %v", known, err)
	}
	for _, bad := range []string{"  a reason\n", "a\n\nb\n  why\n", "a\n  why\nb\n"} {
		write(bad)
		if _, err := readKnown(path); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if known, err := readKnown(""); err != nil || len(known) != 0 {
		t.Errorf("%v, %v", known, err)
	}
}

// TestFates tries the mutants of a package whose tests notice some of them.
func TestFates(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command in the path")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module p\n\ngo 1.26\n",
		"p.go":   "package p\n\nvar calls int\n\nfunc Big(n int) bool {\n\tcalls++\n\treturn n > 9\n}\n",
		"p_test.go": "package p\n\nimport \"testing\"\n\nfunc Test(t *testing.T) {\n\tif !Big(10) || Big(8) {\n\t\tt.Fail()\n\t}\n" +
			"\tif !testing.Short() && Big(9) {\n\t\tt.Fail()\n\t}\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	mutants, err := mutantsOf(".")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r := runner{options: options{patience: time.Minute}, known: map[string]string{}, out: &out}
	if err := r.try(".", mutants, len(mutants)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"SURVIVED         line 6    p.go Big: drop: calls++ -> nothing",
		"killed           line 7    p.go Big: operator: n > 9 -> n >= 9", // by what -short leaves out
		"killed           line 7    p.go Big: operator: n > 9 -> n <= 9",
		"of 5 killed 4 (0 by time), 0 explained, 1 survived: score 80.0 %",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	r.known[mutants[0].String()] = "nobody reads it"
	out.Reset()
	r.survived = 0
	if err := r.try(".", mutants[:1], len(mutants)); err != nil || r.survived != 0 || !strings.HasPrefix(out.String(), "explained") {
		t.Errorf("%v, %s", err, out.String())
	}
	r.stop = nil
	r.budget, r.began = 1, time.Now()
	out.Reset()
	if err := r.try(".", mutants, len(mutants)); err != nil || !strings.Contains(out.String(), " 0 mutants of") {
		t.Errorf("%v, %s", err, out.String())
	}
	if err := os.WriteFile("p.go", []byte("package p\n\nfunc Big(n int) bool { return n > 11 }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.try(".", mutants, len(mutants)); err == nil {
		t.Error("mutants of tests that fail are tried")
	}
}
