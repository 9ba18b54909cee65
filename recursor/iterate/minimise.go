package iterate

import (
	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/recursor/delegation"
	"recursor/recursor/scrub"
)

// minimised is how much of SNAME the servers of the cut have been shown.
type minimised struct {
	labels  int // of SNAME that they know of
	asked   int // minimised questions of the whole walk
	full    bool
	partial bool // the question under way is a minimised one
}

// enter begins at a cut.
func (m *minimised) enter(p *delegation.Point) {
	m.labels, m.full = p.Zone.Labels(), false
}

// reveal notes that name is an existing ancestor of SNAME.
func (m *minimised) reveal(name domain.Name) { m.labels = name.Labels() }

// whole makes the next question one for SNAME itself.
func (m *minimised) whole() { m.full = true }

// question is what to ask the servers of the cut: SNAME and STYPE, or an
// ancestor of SNAME with type A (RFC 9156 §2.1, §3).
func (w *walk) question() scrub.Asked {
	m := &w.shown
	a := scrub.Asked{
		Zone: w.cut.Zone, Kind: w.cut.Kind, Name: w.sname, Type: w.stype,
		Aliases: w.o.Limits.Aliases, MaxRecords: w.o.Limits.Records,
	}
	m.partial = false
	if m.full || w.o.Minimise == Off || w.cut.Kind == delegation.Forward {
		return a
	}
	total := w.sname.Labels()
	limit := w.o.Limits.Minimised // MAX_MINIMISE_COUNT of RFC 9156 §2.3
	for m.asked < limit {
		n := m.labels + 1
		if m.asked >= w.o.Limits.OneLabel { // MINIMISE_ONE_LAB
			left := limit - m.asked
			n = m.labels + (total-m.labels+left-1)/left
		}
		// A label with an underscore is no place for a cut (RFC 9156 §2.3).
		for n < total && underscored(w.sname.Ancestor(n)) {
			n++
		}
		if n >= total {
			return a
		}
		name := w.sname.Ancestor(n)
		if w.exists(name, w.now) { // RFC 9156 §3 step 5
			m.reveal(name)
			continue
		}
		m.asked++
		m.partial = true
		a.Name, a.Type = name, wire.TypeA
		return a
	}
	return a
}

func underscored(n domain.Name) bool {
	l := n.FirstLabel()
	return l != "" && l[0] == '_'
}
