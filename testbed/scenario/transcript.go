package scenario

import (
	"fmt"
	"strings"
	"time"
)

// Transcript is all that happened, in simulated time: a line for each query
// and reply upstream, cache write, verdict and client message, and for each
// record of a reply. The same scenario gives the same octets.
func (r *Report) Transcript() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s", r.Scenario.Title)
	if r.Variant != "" {
		fmt.Fprintf(&b, " (%s)", r.Variant)
	}
	b.WriteByte('\n')
	for i := range r.Events {
		e := &r.Events[i]
		fmt.Fprintf(&b, "%-11s %s\n", instant(e.At), e.line())
		for _, l := range e.Lines {
			fmt.Fprintf(&b, "%-11s     %s\n", "", l)
		}
	}
	fmt.Fprintf(&b, "# %d queries sent, %s passed\n", r.Sends, r.Elapsed)
	return b.String()
}

// instant is a time since the beginning, in seconds: nanoseconds tell events
// apart in the simulation, not for people.
func instant(d time.Duration) string { return fmt.Sprintf("+%.3f", d.Seconds()) }

// line is the event without its time.
func (e *Event) line() string {
	switch e.What {
	case StepBegins:
		return "== " + e.Text
	case Asks:
		return fmt.Sprintf("client %s asks %s", e.Peer.Addr(), e.Text)
	case Told:
		return fmt.Sprintf("client %s is told %s", e.Peer.Addr(), e.Text)
	case Sends:
		return fmt.Sprintf("-> %s %s", e.Peer, e.Text)
	case Gets:
		return fmt.Sprintf("<- %s %s", e.Peer, e.Text)
	case GivesUp:
		return fmt.Sprintf("-- %s given up: %s", e.Peer, e.Text)
	case Keeps:
		return "cache  " + e.Text
	case Judges:
		return "verdict " + e.Text
	default:
		return "broken " + e.Text
	}
}
