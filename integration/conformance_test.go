package integration_test

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"recursor/testbed/scenario"
)

// expectFile lists the scenarios of others that do not pass: FILE, what is seen instead, and why.
const expectFile = "testdata/conformance-expect.txt"

// row is a line of the corpus's table.
type row struct {
	file, group, verdict, compare string
	path                          string // where the scenario lies: a re-signed copy stands in for the original
}

func (r row) generic() bool { return r.verdict == "generic" }

// corpus reads the table. The test is skipped where there is no corpus.
func corpus(t *testing.T) []row {
	t.Helper()
	table := sharedFile("conformance/scenarios.tsv")
	if table == "" {
		t.Skip("the shared conformance data is absent (RECURSOR_SHARED, or ../shared beside the repository)")
	}
	f, err := os.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range lines[0] {
		column[name] = i
	}
	var rows []row
	for _, l := range lines[1:] {
		suite, file := l[column["suite"]], l[column["file"]]
		path := sharedFile("conformance/scenarios/" + suite + "/" + file)
		if suite == "unbound" {
			if resigned := sharedFile("conformance/resigned/" + file); resigned != "" {
				path = resigned
			}
		}
		rows = append(rows, row{
			file: suite + "/" + file, group: suite + " " + l[column["group"]],
			verdict: l[column["verdict"]], compare: l[column["compare"]], path: path,
		})
	}
	return rows
}

// expectation is what is known of a scenario that does not pass.
type expectation struct {
	line int
	// level is the lower one at which it does pass, "" where there is none.
	level string
	// waits is the feature that it waits for; "" where the scenario is held to be wrong.
	waits  string
	reason string
}

// expectations reads the list: `FILE [at LEVEL] waits for: FEATURE` or `FILE [at LEVEL] REASON`, in which an RFC
// section must be named.
func expectations(t *testing.T) map[string]expectation {
	t.Helper()
	f, err := os.Open(expectFile)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	all := map[string]expectation{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		file, reason, _ := strings.Cut(line, " ")
		e := expectation{line: n}
		if rest, ok := strings.CutPrefix(reason, "at "); ok {
			e.level, reason, _ = strings.Cut(rest, " ")
		}
		e.reason = strings.TrimSpace(reason)
		if waits, ok := strings.CutPrefix(e.reason, "waits for: "); ok {
			e.waits = waits
		} else if !strings.Contains(e.reason, "RFC ") {
			t.Errorf("%s:%d: %s: say which section of which RFC is against the scenario, or what it waits for", expectFile, n, file)
		}
		if _, twice := all[file]; twice {
			t.Errorf("%s:%d: %s is listed twice", expectFile, n, file)
		}
		all[file] = e
	}
	return all
}

// outcome is what came of one scenario.
type outcome struct {
	unsupported string
	problems    []string
	sends       int
}

func (o outcome) passed() bool { return o.unsupported == "" && len(o.problems) == 0 }

func (o outcome) String() string {
	if o.unsupported != "" {
		return o.unsupported
	}
	return strings.Join(o.problems, "\n      ")
}

// playRow plays a scenario at a level of comparison.
func playRow(t *testing.T, r row, compare string) outcome {
	t.Helper()
	level, err := scenario.ParseLevel(compare)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(r.path)
	if err != nil {
		t.Fatal(err)
	}
	var o outcome
	s, err := scenario.Parse(r.file, string(text))
	var reports []*scenario.Report
	if err == nil {
		reports, err = scenario.Play{Level: level}.Reports(s)
	}
	var unsupported *scenario.Unsupported
	switch {
	case errors.As(err, &unsupported):
		o.unsupported = err.Error()
	case err != nil:
		o.problems = []string{err.Error()}
	}
	for _, report := range reports {
		for _, p := range report.Problems() {
			o.problems = append(o.problems, strings.TrimSpace(report.Variant+" "+p))
		}
		o.sends += report.Sends
	}
	return o
}

// tally counts the outcomes of a group.
type tally struct{ run, passed, lower, wrong, waiting, failed int }

// TestConformance plays the scenarios that other resolvers are tested with. A scenario that passes must not be on the
// list of those which do not, and one that is not on it must pass.
func TestConformance(t *testing.T) {
	rows, expected := corpus(t), expectations(t)
	groups := map[string]*tally{}
	generic, wrong := 0, 0
	for _, r := range rows {
		g := groups[r.group+", "+r.verdict]
		if g == nil {
			g = &tally{}
			groups[r.group+", "+r.verdict] = g
		}
		o := playRow(t, r, r.compare)
		if o.unsupported == "" {
			g.run++
		}
		if r.generic() {
			generic++
		}
		e, listed := expected[r.file]
		delete(expected, r.file)
		switch {
		case o.passed() && listed:
			g.failed++
			t.Errorf("%s passes: take line %d out of %s", r.file, e.line, expectFile)
		case o.passed():
			g.passed++
		case !listed:
			g.failed++
			t.Errorf("%s (%s, %s) at %s:\n      %s", r.file, r.group, r.verdict, r.compare, o)
		case e.level != "":
			if low := playRow(t, r, e.level); !low.passed() {
				g.failed++
				t.Errorf("%s at %s, as line %d of %s has it:\n      %s", r.file, e.level, e.line, expectFile, low)
				continue
			}
			g.lower++
		case e.waits != "":
			g.waiting++
		default:
			g.wrong++
		}
		if listed && e.waits == "" && r.generic() {
			wrong++
		}
	}
	for _, file := range slices.Sorted(maps.Keys(expected)) {
		t.Errorf("%s:%d: no scenario %s", expectFile, expected[file].line, file)
	}
	// Scenarios that we hold to be wrong stay few.
	if wrong*100 > generic*3 {
		t.Errorf("%d of %d generic scenarios are held to be wrong; 3 %% may be", wrong, generic)
	}
	t.Log("\n" + table(groups))
}

// table is the tallies as text.
func table(groups map[string]*tally) string {
	var b strings.Builder
	var all tally
	line := func(name string, g *tally) {
		fmt.Fprintf(&b, "%-55s %5d %6d %9d %6d %8d %7d\n", name, g.run, g.passed, g.lower, g.wrong, g.waiting, g.failed)
	}
	fmt.Fprintf(&b, "%-55s %5s %6s %9s %6s %8s %7s\n", "group", "run", "passed", "less deep", "wrong", "waiting", "failed")
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		g := groups[name]
		line(name, g)
		all.run += g.run
		all.passed += g.passed
		all.lower += g.lower
		all.wrong += g.wrong
		all.waiting += g.waiting
		all.failed += g.failed
	}
	line("all", &all)
	return b.String()
}

// TestConformanceIsDeterministic plays each scenario twice: all that happens must happen again.
func TestConformanceIsDeterministic(t *testing.T) {
	eachAtOnce(corpus(t), 2, func(r row) {
		if testing.Short() && !r.generic() {
			return
		}
		var first []string
		for i := range 2 {
			got := transcripts(t, r)
			if i == 0 {
				first = got
			} else if !slices.Equal(first, got) {
				t.Errorf("%s happens in two ways:\n%s", r.file, whereTheyPart(first, got))
			}
		}
	})
}

func transcripts(t *testing.T, r row) []string {
	t.Helper()
	text, err := os.ReadFile(r.path)
	if err != nil {
		t.Error(err)
		return nil
	}
	s, err := scenario.Parse(filepath.Base(r.path), string(text))
	if err != nil {
		t.Error(err)
		return nil
	}
	reports, err := scenario.Play{}.Reports(s)
	if err != nil {
		return nil // TestConformance tells why
	}
	var all []string
	for _, report := range reports {
		all = append(all, report.Transcript())
	}
	return all
}

// whereTheyPart shows the first lines that differ.
func whereTheyPart(a, b []string) string {
	x, y := strings.Split(strings.Join(a, "\n"), "\n"), strings.Split(strings.Join(b, "\n"), "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d:\n- %s\n+ %s", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(x), len(y))
}
