package config

import (
	"strings"
)

// YAML is the configuration in the form that Parse reads: every key with its
// effective value, addresses with their ports, paths resolved.
func (c *Config) YAML() string { return c.print(silent) }

// Reference is the default configuration with the meaning, the default and the
// range of every key in comments.
func Reference() string {
	var b strings.Builder
	comment(&b, "", "Every key of the configuration with its default. Copy what you change, the rest stays as it is.\n"+
		"`recursor check --config FILE` tells whether a file is good, and with --print what is in effect.\n"+
		"Times are such as 500ms, 30s, 5m, 1h, 1d; sizes such as 256MB (decimal), 256MiB (binary) or octets; "+
		"addresses such as 127.0.0.1:53, 127.0.0.1@53 or [::1]:53, in quotes where they begin with a bracket or colon.")
	b.WriteString("\n" + Default().print(explained))
	return b.String()
}

// comments is whether a printed configuration explains itself.
type comments uint8

const (
	silent comments = iota
	explained
)

func (c *Config) print(comments comments) string {
	var b strings.Builder
	section := ""
	for _, k := range c.keys() {
		indent, in := "", ""
		if dot := strings.LastIndexByte(k.path, '.'); dot >= 0 {
			indent, in = "  ", k.path[:dot]
		}
		if comments == explained && b.Len() > 0 && (in != section || in == "") {
			b.WriteByte('\n')
		}
		if in != section && in != "" {
			if comments == explained {
				comment(&b, "", sectionDoc(in))
			}
			b.WriteString(in + ":\n")
		}
		section = in
		if comments == explained {
			comment(&b, indent, k.doc)
			comment(&b, indent, "Value: "+k.value.describe()+".")
		}
		for i, line := range k.value.lines() {
			if i == 0 {
				line = strings.TrimRight(k.name()+": "+line, " ")
			} else {
				line = "  " + line
			}
			b.WriteString(indent + line + "\n")
		}
	}
	return b.String()
}

// Changed are the keys whose values are not the defaults, as `path: value` with
// the value on one line. Paths of files are left out.
func (c *Config) Changed() []string {
	var changed []string
	usual := Default().keys()
	for i, k := range c.keys() {
		value := inline(k.value.lines())
		if value == inline(usual[i].value.lines()) || k.path == "root-hints" || k.path == "trust-anchors" {
			continue
		}
		changed = append(changed, k.path+": "+value)
	}
	return changed
}

// inline is a value on one line. A list may have one item a line, behind a dash,
// and an item that has keys may have one of these a line.
func inline(lines []string) string {
	if len(lines) == 1 {
		return lines[0]
	}
	var items []string
	for _, line := range lines[1:] {
		item, first := strings.CutPrefix(line, "- ")
		if first {
			items = append(items, item)
			continue
		}
		last := &items[len(items)-1]
		*last = strings.TrimPrefix(*last, "{")
		*last = "{" + strings.TrimSuffix(*last, "}") + ", " + strings.TrimSpace(line) + "}"
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// width of a comment, in octets.
const commentWidth = 100

func comment(b *strings.Builder, indent, text string) {
	for _, paragraph := range strings.Split(text, "\n") {
		for _, line := range wrap(paragraph) {
			b.WriteString(indent + "# " + line + "\n")
		}
	}
}

// wrap breaks a text into lines.
func wrap(text string) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > commentWidth {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
