// Command uncovered reads coverage profiles of `go test -coverprofile` and holds what no test runs against a list of
// statements that need not be run, each with its reason. A statement that is in neither fails, and so does a line of
// the list that is run after all, or is there no more.
//
//	uncovered [-list FILE] PROFILE...
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	list := flag.String("list", "", "`FILE` with the statements that need not be run: a line each, its reason indented below it")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "uncovered: name a coverage profile")
		os.Exit(2)
	}
	if err := run(flag.Args(), *list, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "uncovered:", err)
		os.Exit(1)
	}
}

var errDiffers = errors.New("write a test for what is not covered, or put it into the list with the reason why there can be none")

func run(profiles []string, list string, out io.Writer) error {
	r := reader{at: map[string]int{}}
	for _, path := range profiles {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := r.read(string(data)); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	blocks := r.blocks
	var err error
	allowed := map[string]string{}
	if list != "" {
		if allowed, err = readList(list); err != nil {
			return err
		}
	}
	statements, missed := 0, 0
	var missing []block
	for _, b := range blocks {
		statements += b.statements
		if b.count == 0 {
			missed += b.statements
			missing = append(missing, b)
		}
	}
	keys, err := name(missing)
	if err != nil {
		return err
	}
	bad := false
	for i, key := range keys {
		if _, ok := allowed[key]; !ok {
			bad = true
			fmt.Fprintf(out, "%s:%d: not covered:\n%s\n", missing[i].file, missing[i].line, key)
		}
	}
	for key := range allowed {
		if !slices.Contains(keys, key) {
			bad = true
			fmt.Fprintf(out, "%s: covered, or gone; remove the line:\n%s\n", list, key)
		}
	}
	fmt.Fprintf(out, "%d statements, %d not covered (%.2f %%), %d places listed\n", statements, missed, 100*float64(missed)/float64(max(statements, 1)), len(allowed))
	if bad {
		return errDiffers
	}
	return nil
}

// readList reads the list: what is not covered, as name has it, and below it, indented, why.
func readList(path string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	allowed := map[string]string{}
	last := ""
	close := func(line int) error {
		if last != "" && allowed[last] == "" {
			return fmt.Errorf("%s:%d: no reason for %s", path, line, last)
		}
		return nil
	}
	for i, line := range strings.Split(string(data), "\n") {
		switch text := strings.TrimSpace(line); {
		case text == "" || strings.HasPrefix(text, "#"):
		case line[0] == ' ' || line[0] == '\t':
			if last == "" {
				return nil, fmt.Errorf("%s:%d: a reason for nothing", path, i+1)
			}
			allowed[last] = strings.TrimSpace(allowed[last] + " " + text)
		default:
			if err := close(i + 1); err != nil {
				return nil, err
			}
			last = text
			allowed[last] = ""
		}
	}
	return allowed, close(0)
}
