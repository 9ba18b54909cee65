package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
)

// event is one line of `go test -json` (go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // of build events
	Test       string
	Elapsed    float64
	Output     string
}

// key names a test, or with an empty test its package.
type key struct{ pkg, test string }

// skip is a test that did not run, and why.
type skip struct {
	key
	reason string
}

// report gathers the events of one run.
type report struct {
	out    io.Writer
	output map[key][]string // what is running has printed
	slow   map[string]float64
	skips  []skip

	passed, failed, brokenPackages int
}

func newReport(out io.Writer) *report {
	return &report{out: out, output: map[key][]string{}, slow: map[string]float64{}}
}

// read consumes the stream. Lines that are no events (the go command's own complaints) are shown as they are.
func (r *report) read(events io.Reader) error {
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 16<<20) // a failing golden test prints its whole transcript on one line
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil || e.Action == "" {
			fmt.Fprintln(r.out, lines.Text())
			continue
		}
		r.take(e)
	}
	return lines.Err()
}

func (r *report) take(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "run":
		r.output[k] = []string{}
	case "output":
		r.output[k] = append(r.output[k], e.Output)
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
			return
		}
		r.endTest(k, e.Action)
	}
}

func (r *report) endTest(k key, action string) {
	printed := r.output[k]
	delete(r.output, k)
	switch action {
	case "pass":
		r.passed++
	case "skip":
		r.skips = append(r.skips, skip{k, reasonOf(printed)})
	case "fail":
		r.failed++
		fmt.Fprintf(r.out, "--- FAIL: %s %s\n", k.pkg, k.test)
		r.show(printed)
	}
}

// endPackage prints the package's line. A test that never ended (a panic, a time limit) failed with its package.
func (r *report) endPackage(e event) {
	own := r.output[key{e.Package, ""}]
	delete(r.output, key{e.Package, ""})
	r.slow[e.Package] = e.Elapsed
	if e.Action != "fail" {
		for _, line := range own {
			if strings.HasPrefix(line, "ok ") {
				fmt.Fprint(r.out, line)
			}
		}
		return
	}
	r.brokenPackages++
	for _, k := range r.unfinished(e.Package) {
		r.failed++
		fmt.Fprintf(r.out, "--- FAIL: %s %s (did not end)\n", k.pkg, k.test)
		r.show(r.output[k])
		delete(r.output, k)
	}
	r.show(own) // race reports, the shuffle seed, a panic outside a test
}

func (r *report) unfinished(pkg string) []key {
	var keys []key
	for k := range r.output {
		if k.pkg == pkg && k.test != "" {
			keys = append(keys, k)
		}
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i].test < keys[j].test })
	return keys
}

func (r *report) show(lines []string) {
	for _, line := range lines {
		fmt.Fprint(r.out, line)
	}
}

// finish prints slow packages, skips and, last, the counts. It returns how many skips the policy refuses.
func (r *report) finish(policy Policy) int {
	r.showSlow()
	refused := 0
	for _, s := range r.skips {
		verdict := ""
		if why := policy.Refuses(s.reason); why != "" {
			refused++
			verdict = " [NOT ALLOWED: " + why + "]"
		}
		fmt.Fprintf(r.out, "skipped: %s %s: %s%s\n", s.pkg, s.test, s.reason, verdict)
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, len(r.skips))
	return refused
}

// showSlow names packages that take more than ten seconds, slowest first: the suite has a time limit to keep.
func (r *report) showSlow() {
	var names []string
	for name, seconds := range r.slow {
		if seconds > 10 {
			names = append(names, name)
		}
	}
	sort.Slice(names, func(i, j int) bool { return r.slow[names[i]] > r.slow[names[j]] })
	for _, name := range names {
		fmt.Fprintf(r.out, "slow: %s %.0fs\n", name, r.slow[name])
	}
}

// reasonOf finds the message of t.Skip among what a skipped test printed: `    file_test.go:12: message`.
func reasonOf(printed []string) string {
	var said []string
	for _, line := range printed {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "--- SKIP") {
			continue
		}
		if _, message, ok := strings.Cut(line, ".go:"); ok {
			if _, rest, ok := strings.Cut(message, ": "); ok {
				line = rest
			}
		}
		said = append(said, line)
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}
