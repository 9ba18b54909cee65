package scenario

import "strings"

// lines reads a text line by line. A line that was read can be put back.
type lines struct {
	file string
	text []string
	at   int // number of the line read last; the first is 1
}

func newLines(file, text string) *lines {
	return &lines{file: file, text: strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")}
}

// raw is the next line as it stands, false at the end.
func (l *lines) raw() (string, bool) {
	if l.at >= len(l.text) {
		return "", false
	}
	l.at++
	return l.text[l.at-1], true
}

// next is the next line that says something, without what surrounds it: blanks,
// and a comment after a semicolon that no quotes hold. false at the end.
func (l *lines) next() (string, bool) {
	for {
		line, ok := l.raw()
		if !ok {
			return "", false
		}
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "#") {
			continue
		}
		if line = strings.TrimSpace(uncommented(line, ";")); line != "" {
			return line, true
		}
	}
}

// fail is the error at the line read last.
func (l *lines) fail(want, have string) error {
	return &Error{File: l.file, Line: max(l.at, 1), Want: want, Have: clipped(have)}
}

// clipped is text short enough for an error.
func clipped(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// uncommented is the line up to the first of the signs that stands outside of
// quotes.
func uncommented(line, signs string) string {
	var quote byte
	for i := range len(line) {
		switch c := line[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			// Quotes open values; the apostrophe of a word does not.
			if c == '"' || i == 0 || line[i-1] == ' ' || line[i-1] == '\t' {
				quote = c
			}
		case strings.IndexByte(signs, c) >= 0:
			return line[:i]
		}
	}
	return line
}

// after is the rest of a line that begins with the keyword, false where it
// begins with something else.
func after(line, keyword string) (string, bool) {
	rest, ok := strings.CutPrefix(line, keyword)
	if !ok || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return "", false
	}
	return strings.TrimSpace(rest), true
}
