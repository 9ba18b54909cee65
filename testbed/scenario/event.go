package scenario

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/observe"
)

// What is the kind of an Event.
type What uint8

// Kinds of events.
const (
	// StepBegins: a step of the scenario becomes the current one.
	StepBegins What = iota
	// Asks: a client asks; Told: it is answered.
	Asks
	Told
	// Sends: the resolver asks a server; Gets: something came of it; GivesUp:
	// it waits no more.
	Sends
	Gets
	GivesUp
	// Keeps: the cache takes something. Judges: a verdict.
	Keeps
	Judges
	// Breaks: a goroutine of the engine panicked.
	Breaks
)

// Event is one thing that happened.
type Event struct {
	At   time.Duration // since the story began
	What What
	// Peer is the client or server, where there is one.
	Peer netip.AddrPort
	Text string
	// Lines say more: the records of an answer.
	Lines []string
	// Good and Bad colour a picture: what was proven or expected, what failed.
	Good, Bad bool
}

// story collects events. It is the Observer of the engine.
type story struct {
	began  time.Time
	now    func() time.Time
	events []Event
	zone   domain.Name // that the query sent next is for
}

func (s *story) add(e Event) {
	e.At = s.now().Sub(s.began)
	s.events = append(s.events, e)
}

// Observe implements observe.Observer.
func (s *story) Observe(e observe.Event) {
	switch e := e.(type) {
	case observe.Sent:
		s.zone = e.Zone
	case observe.Received:
		s.received(e)
	case observe.Stored:
		s.stored(e)
	case observe.Judged:
		text := fmt.Sprintf("%s %s: %s", e.Name, wire.Type(e.Type), e.Status)
		if !e.Zone.IsZero() {
			text += " by " + e.Zone.String()
		}
		if e.Reason != "" {
			text += ": " + e.Reason
		}
		s.add(Event{What: Judges, Text: text, Good: e.Status == "secure", Bad: e.Status == "bogus"})
	case observe.Panicked:
		s.add(Event{What: Breaks, Text: fmt.Sprintf("%s: %v", e.What, e.Recovered), Bad: true})
	}
}

func (s *story) received(e observe.Received) {
	text := fmt.Sprintf("%s %s %s: %s", e.Proto, e.Name, wire.Type(e.Type), e.Outcome)
	var lines []string
	if m, err := hear(e.Message, e.Proto == "tcp"); err == nil {
		text += fmt.Sprintf(", %s%s", m.rcode(), flagNames(m.Flags&^wire.FlagQR))
		lines = m.lines()
	}
	s.add(Event{What: Gets, Peer: e.Server, Text: text, Lines: lines, Bad: e.Message == nil})
}

func (s *story) stored(e observe.Stored) {
	text := fmt.Sprintf("%s %s", e.What, e.Name)
	if t := wire.Type(e.Type); t != wire.TypeNone { // a name that does not exist has none
		text += " " + t.String()
	}
	text += fmt.Sprintf(", %d s", e.TTL)
	for _, more := range []string{e.Rank, e.Status} {
		if more != "" {
			text += ", " + more
		}
	}
	s.add(Event{What: Keeps, Text: text})
}

// lines are the records of a message, a line for each.
func (m *heard) lines() []string {
	var out []string
	for i, name := range [...]string{"answer", "authority", "additional"} {
		for _, r := range m.sections[i] {
			out = append(out, fmt.Sprintf("%-10s %s", name, recordText(r)))
		}
	}
	for _, code := range m.errors() {
		out = append(out, "error      "+errorText(m, code))
	}
	return out
}

// summary is a message in one line.
func (m *heard) summary() string {
	s := m.rcode().String() + flagNames(m.Flags)
	if m.question != nil {
		s = m.question.String() + " " + s
	}
	return strings.TrimSpace(s)
}
