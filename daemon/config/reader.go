package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"recursor/daemon/spelling"
)

// reader holds one file against the table and collects what is wrong with it.
type reader struct {
	file     string
	source   []string // its lines
	set      map[string]*node
	problems []Problem
}

// Load reads and checks the file at path. An error that is an *Error tells of
// everything that is wrong with it.
func Load(path string) (*Config, error) {
	data, err := readFile(path, maxFile+1)
	if err != nil {
		return nil, &Error{File: path, Problems: []Problem{{
			Text:     "the configuration cannot be read: " + cause(err),
			Remedies: []string{"name a file that exists and that this user may read with --config"},
		}}}
	}
	return Parse(path, data)
}

// Parse reads a configuration. The name is for messages, and relative paths in
// the file start from its folder. Where the error, an *Error, is not nil the
// Config is.
func Parse(name string, data []byte) (*Config, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	r := &reader{file: name, source: strings.Split(string(data), "\n"), set: map[string]*node{}}
	c := Default()
	if root := r.parse(data); root != nil {
		r.fill("", root, c.keys())
	}
	if len(r.problems) == 0 {
		r.check(c)
	}
	if len(r.problems) > 0 {
		err := &Error{File: name, Problems: r.problems}
		err.sort()
		return nil, err
	}
	return c, nil
}

// report notes a problem with what stands at n; at is the full path of its key.
func (r *reader) report(n *node, at, what string, remedies ...string) {
	if n != nil && n.kind == refused {
		return
	}
	p := Problem{Key: at, Text: what, Remedies: remedies}
	if n != nil {
		p.Line, p.Column, p.Width, p.Source = n.line, n.column, n.width, r.line(n.line)
	}
	r.problems = append(r.problems, p)
}

// line is the text of a line, "" where the file has none of that number.
func (r *reader) line(number int) string {
	if number < 1 || number > len(r.source) {
		return ""
	}
	return r.source[number-1]
}

// fill reads the mapping n, whose path is under ("" for the file), into the
// values of the table: first it is split into keys, then each is read.
func (r *reader) fill(under string, n *node, table []key) {
	found := map[string]*node{}
	r.split(under, "", n, table, found)
	if n.kind != mapping && n.kind != empty {
		return // said already
	}
	for _, k := range table {
		at := join(under, k.path)
		switch v := found[k.path]; {
		case v == nil && k.required:
			r.report(n, at, "missing", "allowed: "+k.value.describe())
		case v == nil:
		case v.kind == empty:
			r.report(v, at, "has no value", "remove the key for its default, or set it: "+k.value.describe())
		default:
			r.set[at] = v
			k.value.read(r, at, v)
		}
	}
}

// split finds the keys of the table in n, which is the section named, and
// reports those that the table does not know.
func (r *reader) split(under, section string, n *node, table []key, found map[string]*node) {
	if n.kind == empty {
		return // a section whose keys are all commented out
	}
	if n.kind != mapping {
		what := "is " + n.kind.String()
		if join(under, section) == "" {
			what = "the file " + what
		}
		r.report(n, join(under, section), what, "wanted: a section with some of the keys "+keyList(section, table))
		return
	}
	lines := map[string]int{}
	for _, p := range n.pairs {
		path := join(section, p.key.text)
		at := join(under, path)
		if line, twice := lines[p.key.text]; twice {
			r.report(p.key, at, fmt.Sprintf("set a second time; the first is on line %d", line), "remove one of the two")
			continue
		}
		lines[p.key.text] = p.key.line
		switch {
		case p.key.text == "" || strings.Contains(p.key.text, "."):
			r.report(p.key, at, "unknown key", "write a section and its keys as `section:` and, indented below it, `key: value`")
		case slices.ContainsFunc(table, func(k key) bool { return k.path == path }):
			found[path] = p.value
		case slices.ContainsFunc(table, func(k key) bool { return strings.HasPrefix(k.path, path+".") }):
			r.split(under, path, p.value, table, found)
		default:
			r.report(p.key, at, "unknown key", unknownKey(section, p.key.text, table)...)
		}
	}
}

// unknownKey tells what may have been meant by a key of a section.
func unknownKey(section, word string, table []key) []string {
	names := keyNames(section, table)
	if meant, ok := spelling.Nearest(word, names); ok {
		return []string{fmt.Sprintf("did you mean %q?", meant)}
	}
	for _, k := range table {
		if k.name() == word {
			return []string{fmt.Sprintf("did you mean %q? It belongs in another section", k.path)}
		}
	}
	return []string{"allowed: " + keyList(section, table)}
}

// keyNames are the keys and sections directly within a section.
func keyNames(section string, table []key) []string {
	var names []string
	for _, k := range table {
		rest := k.path
		if section != "" {
			var within bool
			if rest, within = strings.CutPrefix(k.path, section+"."); !within {
				continue
			}
		}
		name, _, _ := strings.Cut(rest, ".")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// keyList is keyNames for people; long lists are in the reference.
func keyList(section string, table []key) string {
	names := keyNames(section, table)
	if len(names) > 20 {
		return "see `recursor check --print`"
	}
	return strings.Join(names, ", ")
}

// resolve is a path of the file from where the process stands.
func (r *reader) resolve(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(filepath.Dir(r.file), path)
}

// cause is the error of a file operation without the path, which the message
// names already.
func cause(err error) string {
	var of *fs.PathError
	if errors.As(err, &of) {
		err = of.Err
	}
	return err.Error()
}

func join(section, name string) string {
	switch {
	case section == "":
		return name
	case name == "":
		return section
	}
	return section + "." + name
}
