package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// runner tries mutants and tells what becomes of each.
type runner struct {
	options
	known    map[string]string
	out      io.Writer
	began    time.Time
	stop     <-chan os.Signal
	limit    time.Duration // of the tests of one mutant
	survived int           // and not explained
}

// fate is what becomes of a mutant.
type fate string

const (
	killed    fate = "killed"
	timedOut  fate = "killed by time"
	survived  fate = "SURVIVED"
	explained fate = "explained"
	unviable  fate = "does not compile"
)

// try tries the mutants of one package.
func (r *runner) try(folder string, mutants []mutant, of int) error {
	if err := r.sound(folder); err != nil {
		return err
	}
	count := map[fate]int{}
	tried := 0
	for _, m := range mutants {
		if r.over() {
			break
		}
		tried++
		became, err := r.one(folder, m)
		if err != nil {
			return err
		}
		count[became]++
		fmt.Fprintf(r.out, "%-16s line %-4d %s\n", became, m.line, m)
	}
	dead := count[killed] + count[timedOut]
	viable := tried - count[unviable]
	score := 100.0
	if viable > count[explained] {
		score = 100 * float64(dead) / float64(viable-count[explained])
	}
	r.survived += count[survived]
	summary := fmt.Sprintf("%s: %d mutants of %d tried (seed %d), %d do not compile; of %d killed %d (%d by time), %d explained, %d survived: score %.1f %%",
		folder, tried, of, r.seed, count[unviable], viable, dead, count[timedOut], count[explained], count[survived], score)
	fmt.Fprintln(r.out, summary)
	if r.out != os.Stdout {
		fmt.Fprintln(os.Stdout, summary)
	}
	return nil
}

// sound reports whether the tests pass as the sources are: what they say of
// mutants is worth nothing otherwise.
func (r *runner) sound(folder string) error {
	dir, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "sound.test")
	out, err := compile(folder, "", binary)
	if err == nil {
		began := time.Now()
		out, err = test(folder, binary, r.patience, "-test.short")
		r.limit = min(r.patience, 10*time.Second+5*time.Since(began))
	}
	if err != nil {
		return fmt.Errorf("the tests of %s fail as they are: %w\n%s", folder, err, out)
	}
	return nil
}

// over reports whether the time is over, or who started it has had enough.
func (r *runner) over() bool {
	select {
	case <-r.stop:
		r.budget = 1
	default:
	}
	return r.budget > 0 && time.Since(r.began) > r.budget
}

// one tries one mutant.
func (r *runner) one(folder string, m mutant) (fate, error) {
	dir, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	overlay, err := m.overlay(dir)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "mutant.test")
	if _, err := compile(folder, overlay, binary); err != nil {
		return unviable, nil
	}
	for _, run := range []struct {
		limit time.Duration
		args  []string
	}{{r.limit, []string{"-test.short"}}, {r.patience, nil}} {
		_, err := test(folder, binary, run.limit, run.args...)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return timedOut, nil
		case err != nil:
			return killed, nil
		}
	}
	if _, ok := r.known[m.String()]; ok {
		return explained, nil
	}
	return survived, nil
}

// overlay writes the changed file, and what makes the compiler read it instead.
func (m mutant) overlay(dir string) (string, error) {
	source, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	at, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(dir, "changed.go")
	if err := os.WriteFile(changed, m.apply(source), 0o600); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {at: changed}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, list, 0o600)
}

// apply is the source with the change made.
func (m mutant) apply(source []byte) []byte {
	return bytes.Join([][]byte{source[:m.begin], []byte(m.text), source[m.end:]}, nil)
}

// compile makes the tests of a package.
func compile(folder, overlay, binary string) ([]byte, error) {
	args := []string{"test", "-vet=off", "-c", "-o", binary}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	return exec.Command("go", append(args, folder)...).CombinedOutput()
}

// test runs compiled tests in their folder; a failure is an error, and so is too long a time.
func test(folder, binary string, limit time.Duration, args ...string) ([]byte, error) {
	ctx, stop := context.WithTimeout(context.Background(), limit)
	defer stop()
	c := exec.CommandContext(ctx, binary, append(args, "-test.failfast")...)
	c.Dir = folder // as go test does
	out, err := c.CombinedOutput()
	if ctx.Err() != nil {
		return out, ctx.Err()
	}
	return out, err
}

// readKnown reads the list of mutants that may survive: one or several as String has them, and below, indented, why.
func readKnown(path string) (map[string]string, error) {
	known := map[string]string{}
	if path == "" {
		return known, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var group []string
	explained := true
	for i, line := range strings.Split(string(data), "\n") {
		switch text := strings.TrimSpace(line); {
		case text == "" && !explained:
			return nil, fmt.Errorf("%s:%d: no reason for %s", path, i+1, group[len(group)-1])
		case text == "" || strings.HasPrefix(text, "#"):
		case strings.TrimLeft(line, " \t") != line:
			if len(group) == 0 {
				return nil, fmt.Errorf("%s:%d: a reason without a mutant", path, i+1)
			}
			for _, m := range group {
				known[m] = strings.TrimSpace(known[m] + " " + text)
			}
			explained = true
		default:
			if explained {
				group, explained = nil, false
			}
			group = append(group, text)
		}
	}
	if !explained {
		return nil, fmt.Errorf("%s: no reason for %s", path, group[len(group)-1])
	}
	return known, nil
}
