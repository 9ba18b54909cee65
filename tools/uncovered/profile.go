package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
)

// block is statements that run together.
type block struct {
	file       string // within the module
	line, col  int
	end        int // its last line
	statements int
	count      int
}

var errProfile = errors.New("not a coverage profile")

// reader reads profiles. A block that several tests ran is in them several times.
type reader struct {
	at     map[string]int // index into blocks
	blocks []block
}

func (r *reader) read(profile string) error {
	lines := strings.Split(strings.TrimSpace(profile), "\n")
	if !strings.HasPrefix(lines[0], "mode: ") {
		return errProfile
	}
	for _, line := range lines[1:] {
		where, _, _ := strings.Cut(line, " ")
		var b block
		file, span, ok := strings.Cut(where, ":")
		if _, err := fmt.Sscanf(strings.Replace(span, ",", " ", 1), "%d.%d %d.", &b.line, &b.col, &b.end); err != nil || !ok {
			return fmt.Errorf("%w: %s", errProfile, line)
		}
		if _, err := fmt.Sscanf(line[len(where):], "%d %d", &b.statements, &b.count); err != nil {
			return fmt.Errorf("%w: %s", errProfile, line)
		}
		_, b.file, _ = strings.Cut(file, "/") // the module is named like its folder
		if i, ok := r.at[where]; ok {
			r.blocks[i].count = max(r.blocks[i].count, b.count)
			continue
		}
		r.at[where] = len(r.blocks)
		r.blocks = append(r.blocks, b)
	}
	return nil
}

// name names blocks by what stays the same when lines are added above: the file, the function and the first line of the
// block; #2 is the second of the same name.
func name(blocks []block) ([]string, error) {
	slices.SortFunc(blocks, func(a, b block) int {
		if a.file != b.file {
			return strings.Compare(a.file, b.file)
		}
		return (a.line-b.line)*1000 + a.col - b.col
	})
	sources := map[string]*source{}
	seen := map[string]int{}
	keys := make([]string, 0, len(blocks))
	for _, b := range blocks {
		s, ok := sources[b.file]
		if !ok {
			var err error
			if s, err = load(b.file); err != nil {
				return nil, err
			}
			sources[b.file] = s
		}
		key := fmt.Sprintf("%s %s: %s", b.file, s.within(b.line), s.text(b))
		if seen[key]++; seen[key] > 1 {
			key += fmt.Sprintf(" #%d", seen[key])
		}
		keys = append(keys, key)
	}
	return keys, nil
}

type source struct {
	lines []string
	set   *token.FileSet
	file  *ast.File
}

func load(path string) (*source, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &source{lines: strings.Split(string(data), "\n"), set: token.NewFileSet()}
	s.file, err = parser.ParseFile(s.set, path, data, parser.SkipObjectResolution)
	return s, err
}

// within is the function that a line is in.
func (s *source) within(line int) string {
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && s.set.Position(f.Pos()).Line <= line && line <= s.set.Position(f.End()).Line {
			return f.Name.Name
		}
	}
	return "-"
}

// text is the first line of a block that says something.
func (s *source) text(b block) string {
	first := strings.TrimSpace(strings.TrimPrefix(s.lines[b.line-1][b.col-1:], "{"))
	for n := b.line; n < b.end && (first == "" || strings.HasPrefix(first, "//")); n++ {
		first = strings.TrimSpace(s.lines[n])
	}
	return strings.Join(strings.Fields(first), " ")
}
