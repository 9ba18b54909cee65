package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// What a file may be. The YAML parser recurses for each level and takes time
// that grows with the square of the lines.
const (
	maxFile  = 1 << 20
	maxLines = 20_000
	maxLine  = 8_192
	maxDepth = 64
)

// kind is what a node of the file is.
type kind uint8

const (
	empty   kind = iota // nothing stands there
	text                // plain or quoted
	numeral             // looks like a number
	boolean             // true or false
	list
	mapping
	refused // reported already
)

func (k kind) String() string {
	return [...]string{"nothing", "text", "a number", "true or false", "a list", "a section with keys of its own", "refused"}[k]
}

// node is one value of the file with its place.
type node struct {
	kind         kind
	text         string // of a scalar, quotes removed
	line, column int
	width        int
	items        []*node // of a list
	pairs        []pair  // of a mapping
}

// pair is one key of a mapping with its value.
type pair struct{ key, value *node }

// read makes the tree of a file; nil where the file says nothing. Problems that
// leave no tree are reported and end it.
func (r *reader) parse(data []byte) (root *node) {
	if !r.fits(data) {
		return nil
	}
	defer func() {
		// The parser of others must not take the resolver down with it.
		if p := recover(); p != nil {
			root = nil
			r.report(nil, "", fmt.Sprintf("this is not YAML: %v", p))
		}
	}()
	tree, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	var bodies []ast.Node
	for _, doc := range tree.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			bodies = append(bodies, doc.Body)
		}
	}
	switch {
	case len(bodies) > 1:
		r.report(r.node(bodies[1], 0), "", "a second document begins here",
			"a file is one document: remove the line `---` before it")
		return nil
	case len(bodies) == 0:
		r.silent()
		return nil
	}
	return r.node(bodies[0], 0)
}

// fits refuses files that are too costly to parse.
func (r *reader) fits(data []byte) bool {
	switch {
	case len(data) > maxFile:
		r.report(nil, "", fmt.Sprintf("the file has %d octets, more than the %d of a configuration", len(data), maxFile))
	case !utf8.Valid(data):
		r.report(nil, "", "the file is not UTF-8 text", "is this the right file?")
	case bytes.IndexByte(data, 0) >= 0:
		r.report(nil, "", "the file has zero octets in it", "is this the right file?")
	case len(r.source) > maxLines:
		r.report(nil, "", fmt.Sprintf("the file has more than %d lines", maxLines), "write lists as [a, b, c]")
	default:
		return r.shallow()
	}
	return false
}

// shallow refuses lines of a length and brackets of a depth that no configuration
// has; it counts brackets wherever they stand, in quotes and comments too.
// Nesting by indentation goes no deeper than a line is long.
func (r *reader) shallow() bool {
	depth := 0
	for i, line := range r.source {
		place := &node{line: i + 1, width: 1}
		if len(line) > maxLine {
			place.column = 1
			r.report(place, "", fmt.Sprintf("the line is longer than %d octets", maxLine), "write an item a line")
			return false
		}
		for _, c := range line {
			place.column++
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			}
			if depth > maxDepth {
				r.report(place, "", fmt.Sprintf("nested deeper than %d levels", maxDepth))
				return false
			}
		}
	}
	return true
}

// syntax reports what the YAML parser does not understand.
func (r *reader) syntax(err error) {
	var bad yaml.Error
	if !errors.As(err, &bad) {
		r.report(nil, "", "this is not YAML: "+err.Error())
		return
	}
	at := r.place(bad.GetToken())
	var remedies []string
	if line := r.line(at.line); strings.Contains(line, "::") || strings.Contains(line, "]:") {
		remedies = append(remedies, `put addresses in quotes: "[::1]:53"`)
	}
	if strings.Contains(r.line(at.line), "\t") {
		remedies = append(remedies, "indent with spaces, not tabs")
	}
	if strings.HasPrefix(bad.GetMessage(), "mapping value is not allowed") {
		remedies = append(remedies, "is a key indented too deep, or does a value with a colon lack its quotes?")
	}
	r.report(at, "", "this is not YAML: "+bad.GetMessage(), remedies...)
}

// silent makes sure that a file from which the parser took nothing says nothing:
// a resolver that runs on defaults although it was told otherwise is a trap.
func (r *reader) silent() {
	for i, line := range r.source {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' && line != "---" && line != "..." {
			r.report(&node{line: i + 1, column: 1, width: len(line)}, "", "this is not YAML: no key is set here")
			return
		}
	}
}

// node copies what the YAML parser made into a node and refuses what a
// configuration does not need: aliases (that grow), tags, merges, block scalars.
func (r *reader) node(from ast.Node, depth int) *node {
	n := r.place(from.GetToken())
	if depth > maxDepth {
		r.refuse(n, fmt.Sprintf("nested deeper than %d levels", maxDepth))
		return n
	}
	switch from := from.(type) {
	case *ast.NullNode:
		n.kind = empty
	case *ast.StringNode:
		n.kind, n.text = text, from.Value
	case *ast.IntegerNode, *ast.FloatNode:
		n.kind, n.text = numeral, from.GetToken().Value
	case *ast.InfinityNode, *ast.NanNode:
		n.kind, n.text = text, from.GetToken().Value
	case *ast.BoolNode:
		n.kind, n.text = boolean, from.GetToken().Value
	case *ast.SequenceNode:
		n.kind = list
		for _, item := range from.Values {
			n.items = append(n.items, r.node(item, depth+1))
		}
	case *ast.MappingValueNode:
		n.kind = mapping
		n.pairs = r.pairs([]*ast.MappingValueNode{from}, depth)
	case *ast.MappingNode:
		n.kind = mapping
		n.pairs = r.pairs(from.Values, depth)
	case *ast.LiteralNode:
		r.refuse(n, "a configuration has no block text", "write the text in quotes")
	default:
		r.refuse(n, "a configuration has no "+strings.ToLower(from.Type().YAMLName()), "write the value itself")
	}
	if n.kind == mapping && len(n.pairs) > 0 {
		// The token of a mapping is its first colon.
		first := n.pairs[0].key
		n.line, n.column, n.width = first.line, first.column, first.width
	}
	return n
}

// refuse reports a node and keeps those who read it later from doing so again.
func (r *reader) refuse(n *node, what string, remedies ...string) {
	r.report(n, "", what, remedies...)
	n.kind = refused
}

func (r *reader) pairs(from []*ast.MappingValueNode, depth int) []pair {
	var pairs []pair
	for _, p := range from {
		key := r.place(p.Key.GetToken())
		switch name := p.Key.(type) {
		case *ast.StringNode:
			key.kind, key.text = text, name.Value
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
			key.kind, key.text = text, name.GetToken().Value
		default:
			r.report(key, "", "a key is a word followed by a colon")
			continue
		}
		value := &node{line: key.line, column: key.column, width: key.width}
		if p.Value != nil {
			value = r.node(p.Value, depth+1)
		}
		if value.kind == empty {
			value.line, value.column, value.width = key.line, key.column, key.width
		}
		pairs = append(pairs, pair{key: key, value: value})
	}
	return pairs
}

// place is a node without content at the place of a token.
func (r *reader) place(t *token.Token) *node {
	if t == nil || t.Position == nil {
		return &node{line: 1, column: 1, width: 1}
	}
	origin := strings.TrimSpace(t.Origin)
	origin, _, _ = strings.Cut(origin, "\n")
	return &node{line: max(1, t.Position.Line), column: max(1, t.Position.Column), width: max(1, utf8.RuneCountInString(origin))}
}
