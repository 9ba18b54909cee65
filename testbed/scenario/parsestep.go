package scenario

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind is the step type of a keyword, false where there is none.
func kind(s string) (Kind, bool) {
	if s == "ANSWER" { // a synonym of Deckard's
		return StepCheckAnswer, true
	}
	for k := StepQuery; k <= StepCheckTempfile; k++ {
		if k.keyword() == s {
			return k, true
		}
	}
	return 0, false
}

// step reads a step and the entry that follows it.
func (p *parser) step(rest string) error {
	words := strings.Fields(rest)
	if len(words) < 2 {
		return p.fail("a number and a step type", rest)
	}
	id, err := strconv.Atoi(words[0])
	if err != nil {
		return p.fail("the number of the step", words[0])
	}
	k, ok := kind(words[1])
	if !ok {
		return p.fail("a step type", words[1])
	}
	if n := len(p.sc.Steps); n > 0 && p.sc.Steps[n-1].ID >= id {
		return p.fail("a number above the last step's, "+strconv.Itoa(p.sc.Steps[n-1].ID), words[0])
	}
	s := &Step{Line: p.at, ID: id, Kind: k, Args: words[2:]}
	if err := p.arguments(s); err != nil {
		return err
	}
	if k.hasEntry() {
		if s.Entry, err = p.stepEntry(k); err != nil {
			return err
		}
	}
	p.sc.Steps = append(p.sc.Steps, s)
	return nil
}

func (p *parser) stepEntry(k Kind) (*Entry, error) {
	for {
		line, ok := p.next()
		if !ok {
			return nil, p.fail("ENTRY_BEGIN", "")
		}
		if line == "ENTRY_BEGIN" {
			break
		}
		if ok, err := p.directive(line); err != nil {
			return nil, err
		} else if !ok {
			return nil, p.fail("ENTRY_BEGIN", line)
		}
	}
	e, err := p.entry()
	if err == nil && k == StepQuery && e.Raw == nil && e.Question == nil {
		return nil, &Error{File: p.file, Line: e.Line, Want: "a question in the query"}
	}
	return e, err
}

// arguments reads what follows the step type.
func (p *parser) arguments(s *Step) error {
	switch s.Kind { //nolint:exhaustive // the other kinds take none, or what any line may have
	case StepQuery, StepCheckOutQuery:
		if len(s.Args) == 0 {
			return nil
		}
		if s.Args[0] != "ADDRESS" || len(s.Args) < 2 {
			return p.fail("ADDRESS and an address", strings.Join(s.Args, " "))
		}
		a, err := netip.ParseAddr(s.Args[1])
		if err != nil {
			return p.fail("an address", s.Args[1])
		}
		s.Address = a.Unmap()
	case StepTimePasses:
		return p.timePasses(s)
	case StepAssign:
		name, value, ok := strings.Cut(strings.Join(s.Args, " "), "=")
		if !ok {
			return p.fail("variable = expression", strings.Join(s.Args, " "))
		}
		s.Variable, s.Expression = strings.TrimSpace(name), strings.TrimSpace(value)
	case StepCheckAutotrust, StepCheckTempfile:
		return p.fileLines(s)
	}
	return nil
}

// longest is the longest time that may pass in one step, in seconds.
const longest = 100 * 365 * 86400

func (p *parser) timePasses(s *Step) error {
	switch {
	case len(s.Args) >= 2 && s.Args[0] == "EVAL":
		s.Expression = strings.Join(s.Args[1:], " ")
		return nil
	case len(s.Args) >= 2 && s.Args[0] == "ELAPSE":
		f, err := strconv.ParseFloat(s.Args[1], 64)
		if err != nil || f < 0 || f > longest {
			return p.fail("a number of seconds", s.Args[1])
		}
		s.Elapse = time.Duration(math.Round(f*1e6)) * time.Microsecond
		return nil
	}
	return p.fail("ELAPSE and a number of seconds, or EVAL and an expression", strings.Join(s.Args, " "))
}

// fileLines reads a file that must have come about.
func (p *parser) fileLines(s *Step) error {
	if line, ok := p.next(); !ok || line != "FILE_BEGIN" {
		return p.fail("FILE_BEGIN", line)
	}
	for {
		line, ok := p.raw()
		if !ok {
			return p.fail("FILE_END", "")
		}
		if strings.TrimSpace(line) == "FILE_END" {
			return nil
		}
		s.Lines = append(s.Lines, line)
	}
}

// StepAfter is the first step whose number is above id, nil where there is
// none.
func (s *Scenario) StepAfter(id int) *Step {
	i := slices.IndexFunc(s.Steps, func(x *Step) bool { return x.ID > id })
	if i < 0 {
		return nil
	}
	return s.Steps[i]
}
