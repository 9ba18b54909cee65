package scenario

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"recursor/dns/ede"
	"recursor/dns/edns"
	"recursor/dns/wire"
)

// Report is what came of playing a scenario.
type Report struct {
	Scenario *Scenario
	// Variant tells plays of one file apart; "" where there is only one.
	Variant string
	Results []Result
	Events  []Event
	Elapsed time.Duration
	// Sends counts the queries to servers; Unanswered are those that nobody
	// answered, Unmatched those that the file has no answer for.
	Sends                 int
	Unanswered, Unmatched []string
}

// Result is what came of a step.
type Result struct {
	Step *Step // nil: of the end
	Line int
	At   time.Duration
	// Happened says what did; Problems, where it was not what was expected.
	Happened string
	Problems []string
}

// Failed reports whether anything was not as expected.
func (r *Report) Failed() bool {
	for i := range r.Results {
		if len(r.Results[i].Problems) > 0 {
			return true
		}
	}
	return false
}

func (r *Report) ok(st *Step, at time.Duration, happened string) {
	r.Results = append(r.Results, Result{Step: st, Line: st.Line, At: at, Happened: happened})
}

func (r *Report) fail(st *Step, at time.Duration, why string) {
	line := 0
	if st != nil {
		line = st.Line
	}
	r.Results = append(r.Results, Result{Step: st, Line: line, At: at, Problems: []string{why}})
}

func (r *Report) failWith(st *Step, at time.Duration, got *heard, why []string) {
	r.Results = append(r.Results, Result{Step: st, Line: st.Line, At: at, Happened: got.summary(), Problems: why})
}

func (r *Report) failAt(line int, at time.Duration, why string) {
	r.Results = append(r.Results, Result{Line: line, At: at, Problems: []string{why}})
}

// Problems are all that was not as expected, a line each.
func (r *Report) Problems() []string {
	var out []string
	for _, x := range r.Results {
		for _, p := range x.Problems {
			where := "end"
			if x.Step != nil {
				where = fmt.Sprintf("step %d %s", x.Step.ID, x.Step.Kind)
			}
			out = append(out, where+": "+p)
		}
	}
	return out
}

// String is the report for people: each step, what was expected, what happened.
func (r *Report) String() string {
	var b strings.Builder
	for _, x := range r.Results {
		mark := "ok  "
		if len(x.Problems) > 0 {
			mark = "FAIL"
		}
		what := "the end"
		if x.Step != nil {
			what = fmt.Sprintf("step %d %s", x.Step.ID, x.Step.Kind)
			if e := x.Step.Entry; e != nil && x.Step.Kind != StepQuery {
				what += ": expected " + e.wanted()
			}
		}
		fmt.Fprintf(&b, "%s %4d  +%-8v %s", mark, x.Line, x.At.Round(time.Millisecond), what)
		if x.Happened != "" {
			fmt.Fprintf(&b, "; %s", x.Happened)
		}
		b.WriteByte('\n')
		for _, p := range x.Problems {
			fmt.Fprintf(&b, "            %s\n", p)
		}
	}
	return b.String()
}

// wanted is the entry's message in one line.
func (e *Entry) wanted() string {
	if e.Raw != nil && e.Question == nil {
		return fmt.Sprintf("%d octets", len(e.Raw))
	}
	s := e.RCode.String() + flagNames(e.Flags)
	if e.Question != nil {
		s = e.Question.String() + " " + s
	}
	if n := len(e.Sections[wire.Answer]); n > 0 {
		s += fmt.Sprintf(", %d in the answer", n)
	}
	return s
}

// errorText is an extended error of the message in words.
func errorText(m *heard, code uint16) string {
	for c, data := range m.edns().All() {
		if c != edns.EDE || len(data) < 2 || binary.BigEndian.Uint16(data) != code {
			continue
		}
		if n, err := edns.ParseEDE(data); err == nil && n.Text != "" {
			return fmt.Sprintf("%d %s: %s", code, n.Code, n.Text)
		}
	}
	return fmt.Sprintf("%d %s", code, ede.Code(code))
}
