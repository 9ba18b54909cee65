package scenario

import (
	"regexp"
	"strings"
)

// clauses are the kinds of sections that a configuration has in the dialect of
// Unbound. The last is this project's own: its lines are our configuration,
// path and value.
func isClause(s string) bool {
	switch s {
	case "server", "stub-zone", "forward-zone", "auth-zone", "rpz", "view", "remote-control", ownClause:
		return true
	}
	return false
}

const ownClause = "recursor"

// configuration reads up to CONFIG_END.
func (p *parser) configuration() error {
	p.sc.Texts = map[string]string{}
	p.sc.Dialect = p.dialect()
	c := configReader{parser: p}
	for {
		raw, ok := p.raw()
		if !ok {
			return p.fail("CONFIG_END", "")
		}
		line := strings.TrimSpace(uncommented(raw, "#;"))
		word, rest, _ := strings.Cut(line, " ")
		var err error
		switch {
		case word == "CONFIG_END":
			return nil
		case line == "":
			p.story(raw)
		case word == "AUTOTRUST_FILE":
			err = p.text(rest, "AUTOTRUST_END")
		case word == "TEMPFILE_CONTENTS":
			err = p.text(rest, "TEMPFILE_END")
		case p.sc.Dialect == Deckard:
			c.deckard(line)
		default:
			c.unbound(line)
		}
		if err != nil {
			return err
		}
	}
}

// story collects the comment that a file opens with.
func (p *parser) story(raw string) {
	raw = strings.TrimSpace(raw)
	if len(p.sc.Options) > 0 || raw == "" {
		return
	}
	p.sc.Story = strings.TrimSpace(p.sc.Story + " " + strings.TrimSpace(strings.TrimLeft(raw, "#;")))
}

// dialect tells by the configuration whose file this is: Unbound's has clauses.
func (p *parser) dialect() Dialect {
	d := Unbound
	for _, line := range p.lines.text {
		line = strings.TrimSpace(uncommented(line, "#;"))
		if line == "CONFIG_END" {
			break
		}
		name, _, ok := strings.Cut(line, ":")
		switch {
		case ok && isClause(name):
			return Unbound
		case ok && isOption(name+":"):
			d = Deckard
		}
	}
	return d
}

// text reads a file that the configuration holds.
func (p *parser) text(name, end string) error {
	var b strings.Builder
	for {
		line, ok := p.raw()
		if !ok {
			return p.fail(end, "")
		}
		if strings.TrimSpace(line) == end {
			p.sc.Texts[strings.TrimSpace(name)] = b.String()
			return nil
		}
		b.WriteString(line + "\n")
	}
}

// configReader reads the options.
type configReader struct {
	*parser
	clause string
	group  int
}

// deckard reads `key: value`; what is no such line says nothing.
func (c *configReader) deckard(line string) {
	name, value, ok := strings.Cut(line, ":")
	if value = strings.TrimSpace(value); ok && value != "" && isOption(name+":") {
		c.add(name, unquoted(value))
	}
}

// unbound reads a line of unbound.conf: words, of which those that end in a
// colon begin a clause or an option, and the others are values.
func (c *configReader) unbound(line string) {
	words := fields(line)
	if c.clause == ownClause && !isClause(strings.TrimSuffix(words[0], ":")) {
		name, value, _ := strings.Cut(line, ":")
		c.add(strings.TrimSpace(name), strings.TrimSpace(value))
		return
	}
	for i, w := range words {
		name, isName := strings.CutSuffix(w, ":")
		options := c.sc.Options
		switch {
		case isName && isClause(name):
			c.clause = name
			c.group++
			c.sc.ownClause = c.sc.ownClause || name == ownClause
		case isName && isOption(w):
			c.add(name)
		case w == "TEMPFILE_NAME" && i+1 < len(words) && len(options) > 0:
			last := &options[len(options)-1]
			last.Values = append(last.Values, "@"+words[i+1])
			return
		case len(options) > 0:
			last := &options[len(options)-1]
			last.Values = append(last.Values, unquoted(w))
		}
	}
}

func (c *configReader) add(name string, values ...string) {
	c.sc.Options = append(c.sc.Options, Option{Line: c.at, Clause: c.clause, Group: c.group, Name: name, Values: values})
}

var optionName = regexp.MustCompile(`^[a-z][a-z0-9-]*:$`)

// isOption reports whether a word is an option's name and colon.
func isOption(w string) bool { return optionName.MatchString(w) }

// fields are the words of a line; one in quotes is one word, quotes included.
func fields(line string) []string {
	var out []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		end := strings.IndexAny(line, " \t")
		if q := line[0]; q == '"' || q == '\'' {
			if i := strings.IndexByte(line[1:], q); i >= 0 {
				end = i + 2
			}
		}
		if end < 0 || end >= len(line) {
			return append(out, line)
		}
		out = append(out, line[:end])
		line = line[end:]
	}
	return out
}

// unquoted is a value without the quotes around it.
func unquoted(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
