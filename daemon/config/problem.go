package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is everything that is wrong with one file.
type Error struct {
	File     string
	Problems []Problem
}

// Problem is one thing wrong, told so that it can be mended without a manual.
type Problem struct {
	Line, Column int      // from 1; Line 0: no line in particular
	Source       string   // the text of that line
	Width        int      // characters that the caret underlines
	Key          string   // full path, such as upstream.port; "" where none is known
	Text         string   // what is wrong
	Remedies     []string // what to do: a line each
}

// maxProblems is how many are shown; a file of another kind has one a line.
const maxProblems = 20

// maxShown is how much of a long line is shown, in characters.
const maxShown = 100

// Error shows all problems in the order of the file.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i == maxProblems {
			fmt.Fprintf(&b, "%s: and %d more", e.File, len(e.Problems)-i)
			break
		}
		p.write(&b, e.File)
	}
	return b.String()
}

func (e *Error) sort() {
	slices.SortStableFunc(e.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

func (p Problem) write(b *strings.Builder, file string) {
	b.WriteString(printable(file))
	if p.Line > 0 {
		fmt.Fprintf(b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Key != "" {
		b.WriteString(printable(p.Key) + ": ")
	}
	b.WriteString(printable(p.Text))
	if p.Line > 0 {
		source, column, width := excerpt(p.Source, p.Column, p.Width)
		fmt.Fprintf(b, "\n%5d | %s\n      | %s%s", p.Line, source, strings.Repeat(" ", column-1), strings.Repeat("^", width))
	}
	for _, remedy := range p.Remedies {
		b.WriteString("\n    " + printable(remedy))
	}
}

// excerpt is the part of a line around the caret and where the caret is in it.
func excerpt(line string, column, width int) (string, int, int) {
	runes := []rune(printable(line))
	column = min(max(column, 1), len(runes)+1)
	width = min(max(width, 1), max(len(runes)-column+1, 1))
	first := max(0, min(column-1-maxShown/4, len(runes)-maxShown))
	last := min(len(runes), first+maxShown)
	width = max(1, min(width, last-(column-1)))
	return string(runes[first:last]), column - first, width
}

// printable replaces what would move the cursor of a terminal or break a log
// line; a tab becomes one space, so that the caret stays below its character.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, s)
}
