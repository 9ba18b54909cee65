package config

import (
	"fmt"
	"strings"
	"time"

	"recursor/dns/domain"
)

// NegativeAnchor is a zone that is not validated for a while (RFC 7646).
type NegativeAnchor struct {
	Name   domain.Name
	Until  time.Time
	Reason string
	Test   bool // and ends when the zone validates again
}

// negativesValue is a list of negative anchors.
type negativesValue struct{ at *[]NegativeAnchor }

func negativeAnchors(at *[]NegativeAnchor) value { return &negativesValue{at} }

func (v *negativesValue) reset()      { *v.at = nil }
func (v *negativesValue) target() any { return v.at }
func (v *negativesValue) describe() string {
	return "a list of zones with name, until, reason, test; default []"
}

func (v *negativesValue) lines() []string {
	if len(*v.at) == 0 {
		return []string{"[]"}
	}
	lines := []string{""}
	for i := range *v.at {
		indent := "- "
		for _, k := range (*v.at)[i].keys() {
			lines = append(lines, indent+k.path+": "+strings.Join(k.value.lines(), " "))
			indent = "  "
		}
	}
	return lines
}

// keys is the table of an item.
func (n *NegativeAnchor) keys() []key {
	return []key{
		{path: "name", value: &nameValue{&n.Name}, required: true},
		{path: "until", value: instant(&n.Until), required: true},
		{path: "reason", value: words(&n.Reason), required: true},
		{path: "test", value: truth(&n.Test, on)},
	}
}

func (v *negativesValue) read(r *reader, at string, n *node) {
	if n.kind != list {
		r.report(n, at, "is "+n.kind.String(), "allowed: "+v.describe(), "begin each with a dash: - name: …")
		return
	}
	lines := map[domain.Name]int{}
	var read []NegativeAnchor
	for i, item := range n.items {
		where := fmt.Sprintf("%s[%d]", at, i)
		var a NegativeAnchor
		table := a.keys()
		for _, k := range table {
			k.value.reset()
		}
		before := len(r.problems)
		r.fill(where, item, table)
		line, twice := lines[a.Name]
		switch {
		case len(r.problems) > before:
		case twice:
			r.report(item, where, fmt.Sprintf("%s is in the list already, on line %d", a.Name, line), "remove one of the two")
		case a.Until.IsZero():
			r.report(item, where+".until", "it never ends", "write when it ends, within a week (RFC 7646 §2.1)")
		case a.Reason == "":
			r.report(item, where+".reason", "it is empty", "say why, for those who look at it later")
		}
		lines[a.Name] = item.line
		read = append(read, a)
	}
	*v.at = read
}
