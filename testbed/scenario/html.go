package scenario

import (
	"fmt"
	"html"
	"net/netip"
	"slices"
	"strings"
)

// HTML is one page with a sequence diagram for each report: clients, the
// resolver and the servers side by side, time downward. It refers to nothing
// outside of itself.
func HTML(reports ...*Report) string {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>recursor replay</title>\n<style>" + style + "</style>\n")
	for _, r := range reports {
		title := r.Scenario.Title
		if r.Variant != "" {
			title += " (" + r.Variant + ")"
		}
		verdict, class := "as expected", "good"
		if r.Failed() {
			verdict, class = "not as expected", "bad"
		}
		fmt.Fprintf(&b, "<h1>%s</h1>\n", html.EscapeString(title))
		if r.Scenario.Story != "" {
			fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(r.Scenario.Story))
		}
		fmt.Fprintf(&b, "<p class=\"%s\">%s: %d queries sent, %v passed</p>\n", class, verdict, r.Sends, r.Elapsed)
		for _, p := range r.Problems() {
			fmt.Fprintf(&b, "<p class=\"bad\">%s</p>\n", html.EscapeString(p))
		}
		d := newDiagram(r)
		b.WriteString(d.draw())
	}
	return b.String() + "</html>\n"
}

const style = `
body{font:14px system-ui,sans-serif;margin:2em;color:#222;background:#fff}
h1{font-size:1.3em}.good{color:#17722c}.bad{color:#b3261e}
svg{display:block;font:12px ui-monospace,monospace}
svg text{paint-order:stroke;stroke:#fff;stroke-width:3px}
svg .life{stroke:#bbb;stroke-dasharray:2 4}svg .head{font-weight:600;text-anchor:middle}
svg .step{fill:#555;font-weight:600}svg .rule{stroke:#ddd}svg .at{fill:#888}
svg line.msg{stroke:#2a5ea8;stroke-width:1.4}svg line.back{stroke:#5b7ba6;stroke-dasharray:5 3}
svg line.bad{stroke:#b3261e}svg line.good{stroke:#17722c}svg text.bad{fill:#b3261e}svg text.good{fill:#17722c}svg .note{fill:#555}
svg text.bad,svg text.good{font-weight:600}
`

// Measures of a diagram, in pixels.
const (
	rowHeight = 22
	column    = 230
	leftEdge  = 90
	headRows  = 2
)

// diagram is the picture of one report.
type diagram struct {
	r     *Report
	lives []string // names of the lifelines, from left to right
	b     strings.Builder
}

// resolverLife is the lifeline of the resolver.
const resolverLife = "resolver"

func newDiagram(r *Report) *diagram {
	d := &diagram{r: r}
	var clients, servers []string
	for i := range r.Events {
		e := &r.Events[i]
		switch e.What { //nolint:exhaustive // the other events are no arrows
		case Asks, Told:
			clients = appendNew(clients, clientLife(e.Peer))
		case Sends, Gets, GivesUp:
			servers = appendNew(servers, e.Peer.String())
		}
	}
	d.lives = append(append(clients, resolverLife), servers...)
	return d
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func clientLife(a netip.AddrPort) string { return "client " + a.Addr().String() }

// x is where a lifeline stands.
func (d *diagram) x(life string) int {
	return leftEdge + column/2 + column*max(slices.Index(d.lives, life), 0)
}

func (d *diagram) draw() string {
	width := leftEdge + column*len(d.lives) + column
	height := rowHeight * (headRows + len(d.r.Events) + 1)
	fmt.Fprintf(&d.b, "<svg width=\"%d\" height=\"%d\" role=\"img\">\n", width, height)
	d.b.WriteString("<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">" +
		"<path d=\"M0 0 8 4 0 8z\" fill=\"context-stroke\"/></marker></defs>\n")
	for _, l := range d.lives {
		x := d.x(l)
		fmt.Fprintf(&d.b, "<text class=\"head\" x=\"%d\" y=\"16\">%s</text><line class=\"life\" x1=\"%[1]d\" y1=\"24\" x2=\"%[1]d\" y2=\"%[3]d\"/>\n",
			x, html.EscapeString(l), height)
	}
	last := ""
	for i := range d.r.Events {
		e := &d.r.Events[i]
		y := rowHeight*(headRows+i) + rowHeight/2
		if at := instant(e.At); at != last {
			fmt.Fprintf(&d.b, "<text class=\"at\" x=\"4\" y=\"%d\">%s</text>\n", y, at)
			last = at
		}
		d.event(e, y, width)
	}
	d.b.WriteString("</svg>\n")
	return d.b.String()
}

// event draws one event in its row.
func (d *diagram) event(e *Event, y, width int) {
	me := d.x(resolverLife)
	switch e.What {
	case StepBegins:
		fmt.Fprintf(&d.b, "<line class=\"rule\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%[2]d\"/>", leftEdge, y+5, width)
		d.text(e, "step", leftEdge, y, e.Text)
	case Asks:
		d.arrow(e, "msg", d.x(clientLife(e.Peer)), me, y)
	case Told:
		d.arrow(e, "back", me, d.x(clientLife(e.Peer)), y)
	case Sends:
		d.arrow(e, "msg", me, d.x(e.Peer.String()), y)
	case Gets:
		d.arrow(e, "back", d.x(e.Peer.String()), me, y)
	case GivesUp:
		d.text(e, "note", d.x(e.Peer.String())+6, y, "given up: "+e.Text)
	case Keeps:
		d.text(e, "note", me+6, y, "cache: "+e.Text)
	case Judges:
		d.text(e, "note", me+6, y, "verdict: "+e.Text)
	default:
		d.text(e, "note", me+6, y, e.Text)
	}
}

// colour is the class that an event adds to its own.
func (e *Event) colour() string {
	switch {
	case e.Bad:
		return " bad"
	case e.Good:
		return " good"
	}
	return ""
}

// arrow draws a message from one lifeline to another, with its text above it.
func (d *diagram) arrow(e *Event, class string, from, to, y int) {
	fmt.Fprintf(&d.b, "<line class=\"%s%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%[4]d\" marker-end=\"url(#tip)\"/>", class, e.colour(), from, y, to)
	d.text(e, "", min(from, to)+8, y-4, e.Text)
}

// text writes what an event says; the records come up under the pointer.
func (d *diagram) text(e *Event, class string, x, y int, s string) {
	fmt.Fprintf(&d.b, "<text class=\"%s%s\" x=\"%d\" y=\"%d\">%s<title>%s</title></text>\n",
		class, e.colour(), x, y, html.EscapeString(short(s)), html.EscapeString(strings.Join(append([]string{e.Text}, e.Lines...), "\n")))
}

// short is text that does not run over the picture.
func short(s string) string {
	const most = 90
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
