package scenario

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"recursor/daemon"
	"recursor/random"
	"recursor/serve"
	"recursor/testbed/sim"
	"recursor/validate/sig"
)

// Play is how scenarios are played.
type Play struct {
	// Level is how answers are compared.
	Level Level
	// Seed of all chance; the same one gives the same story.
	Seed uint64
}

// Limits of one play. A scenario that reaches one fails with a message.
const (
	maxTurns   = 5000
	maxYears   = 200
	maxElapsed = maxYears * 365 * 24 * time.Hour
	maxSteps   = 2_000_000 // of the clock, in one turn
	// patience is how long, in simulated time, a step waits for what it expects:
	// longer than a client is ever kept waiting.
	patience = 30 * time.Second
)

// Reports plays s: once, or both with and without minimised names where a file
// of Deckard's leaves that open. An error says that it cannot be played.
func (o Play) Reports(s *Scenario) ([]*Report, error) {
	settings, err := s.Configure()
	if err != nil {
		return nil, err
	}
	if err := s.playable(); err != nil {
		return nil, err
	}
	if s.Dialect == Unbound || settings.Minimise {
		r, err := o.play(s, settings, "")
		if err != nil {
			return nil, err
		}
		return []*Report{r}, nil
	}
	var all []*Report
	for _, variant := range []string{"relaxed", "off"} {
		if settings, err = s.Configure("upstream.minimise", fmt.Sprintf("%q", variant)); err != nil {
			return nil, err
		}
		r, err := o.play(s, settings, "minimise: "+variant)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// playable says what in the steps there is no way to play.
func (s *Scenario) playable() error {
	for _, st := range s.Steps {
		switch st.Kind { //nolint:exhaustive // the other kinds are played
		case StepInfraRTT, StepExpireMessage, StepCheckAutotrust, StepCheckTempfile:
			return &Unsupported{File: s.File, Line: st.Line, What: st.Kind.String()}
		}
	}
	for _, r := range s.Ranges {
		for _, e := range r.Entries {
			if len(e.More) > 0 {
				return &Unsupported{File: s.File, Line: e.Line, What: "EXTRA_PACKET"}
			}
		}
	}
	return nil
}

// play plays s once.
func (o Play) play(s *Scenario, settings *Settings, variant string) (*Report, error) {
	config, err := daemon.Parse(s.File, []byte(settings.YAML))
	if err != nil {
		return nil, s.misconfigured(err)
	}
	p := newPlayer(s, settings, o, variant)
	defer p.clock.Close()
	w := daemon.World{
		Clock: p.clock, Net: p.net, Seeds: &random.Replay{Seed: o.Seed}, Watch: p.story, Hints: settings.Hints,
		Policy: sig.Policy{Recorded: settings.Recorded},
	}
	if w.Anchors, w.Negatives, err = s.trust(settings, p.clock.Now().TTL); err != nil {
		return nil, err
	}
	engine, err := daemon.NewEngine(config, w)
	if err != nil {
		return nil, fmt.Errorf("%s: the configuration that its options come to: %w", s.File, err)
	}
	p.engine = engine
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	p.handler = engine.Handler(ctx)
	p.safely()
	return p.report, nil
}

// misconfigured is the error of a configuration that cannot be, with the line of
// the option that it is about.
func (s *Scenario) misconfigured(err error) error {
	for i := range s.Options {
		o := &s.Options[i]
		if _, about, found := strings.Cut(err.Error(), ": "+o.Name+": "); found && o.Clause == ownClause {
			return &Error{File: s.File, Line: o.Line, Want: "a setting of this resolver; " + o.Name + " " + about}
		}
	}
	return fmt.Errorf("%s: the configuration that its options come to: %w", s.File, err)
}

// player plays one scenario once.
type player struct {
	o        Play
	s        *Scenario
	clock    *sim.Clock
	net      *network
	story    *story
	engine   *daemon.Engine
	handler  *serve.Handler
	report   *Report
	vars     map[string]string
	answered map[*Entry]int
	spent    map[*Step]bool // one-shot replies that were used

	at      int // index of the current step
	since   time.Time
	asked   int // queries of clients so far
	awaited *ask
	unread  []*told
	fresh   int // index into net.sent: what was sent since the last QUERY
}

func newPlayer(s *Scenario, settings *Settings, o Play, variant string) *player {
	start := time.Unix(0, 0).UTC()
	if s.Dialect == Deckard && !settings.Signature.IsZero() {
		start = settings.Signature
	}
	p := &player{
		o: o, s: s, clock: sim.NewClock(start),
		report: &Report{Scenario: s, Variant: variant},
		vars:   map[string]string{}, answered: map[*Entry]int{}, spent: map[*Step]bool{},
		since: start,
	}
	p.clock.Limit, p.clock.MaxSteps = maxElapsed, maxSteps
	if s.Dialect == Unbound && !settings.Signature.IsZero() {
		p.clock.SetSignature(settings.Signature)
	}
	p.story = &story{began: start, now: func() time.Time { return p.clock.Now().TTL }}
	p.net = &network{p: p}
	return p
}

// safely plays, and makes a failed step of what breaks the simulation.
func (p *player) safely() {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *sim.Panic:
			p.broken(fmt.Sprintf("the resolver broke an invariant: %s: %v", r.What, r.Value))
		case error:
			var stuck *sim.Stuck
			if !errors.As(r, &stuck) {
				panic(r)
			}
			p.broken("the resolver does not come to rest: " + stuck.Reason)
		default:
			panic(r)
		}
		p.report.Events = p.story.events
	}()
	p.run()
}

// broken ends the report with a failure.
func (p *player) broken(why string) {
	p.story.add(Event{What: Breaks, Text: why, Bad: true})
	p.report.fail(p.step(), p.clock.Elapsed(), why)
}

// step is the current one, nil behind the last.
func (p *player) step() *Step {
	if p.at < len(p.s.Steps) {
		return p.s.Steps[p.at]
	}
	return nil
}

// id is the number at which ranges are looked up: that of the current step, or
// of the QUERY that is waited for.
func (p *player) id() int {
	switch st := p.step(); {
	case p.awaited != nil:
		return p.awaited.step.ID
	case st != nil:
		return st.ID
	default:
		return p.s.Steps[len(p.s.Steps)-1].ID
	}
}

// next makes the next step the current one.
func (p *player) next() {
	p.at++
	p.since = p.clock.Now().TTL
}

// run is the loop: one action a turn, in the order of precedence that the
// format has.
func (p *player) run() {
	for turn := 0; ; turn++ {
		if turn == maxTurns {
			p.broken(fmt.Sprintf("no end after %d turns", maxTurns))
			return
		}
		p.clock.Settle()
		switch st := p.step(); {
		case p.awaited != nil && p.awaited.done:
			p.awaited = nil
		case p.awaited == nil && st != nil && st.Kind == StepCheckOutQuery && (p.s.Dialect == Deckard || p.sawOut(st)):
			p.next() // Deckard's runner takes no notice of these
		case p.awaited == nil && st != nil && st.Kind == StepCheckAnswer && p.hasAnswer():
			p.checkAnswer(st)
			p.next()
		case p.answerOne():
		case p.expects(st) && p.pass():
		case p.awaited != nil: // it was waited for long enough
			p.awaited = nil
		case st == nil:
			p.end()
			return
		default:
			p.execute(st)
		}
	}
}

// expects reports whether time may pass for the sake of what is expected.
func (p *player) expects(st *Step) bool {
	return p.awaited != nil || st != nil && (st.Kind == StepCheckAnswer || st.Kind == StepCheckOutQuery)
}

// pass lets time go on to what happens next, unless that is beyond patience.
func (p *player) pass() bool {
	at, ok := p.clock.NextEvent()
	if !ok || at.After(p.since.Add(patience)) {
		return false
	}
	p.clock.RunUntil(at)
	return true
}

// execute does what the step says.
func (p *player) execute(st *Step) {
	p.story.add(Event{What: StepBegins, Text: fmt.Sprintf("STEP %d %s", st.ID, st.Kind)})
	switch st.Kind {
	case StepQuery:
		p.next()
		p.query(st)
	case StepCheckAnswer:
		p.report.fail(st, p.clock.Elapsed(), "the client got no answer")
		p.next()
	case StepCheckOutQuery:
		p.report.fail(st, p.clock.Elapsed(), "no such query was sent: "+st.Entry.wanted())
		p.next()
	case StepReply:
		p.next()
		p.reply(st)
	case StepTimeout, StepError:
		p.next()
		p.lose(st)
	case StepTimePasses:
		p.next()
		p.elapse(st)
	case StepAssign:
		p.assign(st)
		p.next()
	case StepFlushMessage:
		p.flush(st)
		p.next()
	default: // TRAFFIC and NOTHING: what could happen has happened
		p.report.ok(st, p.clock.Elapsed(), "")
		p.next()
	}
}

// end looks at what is left over.
func (p *player) end() {
	for _, r := range p.s.Ranges {
		for _, e := range r.Entries {
			if e.Mandatory && p.answered[e] == 0 {
				p.report.failAt(e.Line, p.clock.Elapsed(), "MANDATORY entry never used: "+e.wanted())
			}
		}
	}
	if p.s.Dialect == Unbound {
		for _, t := range p.unread {
			p.report.failAt(0, p.clock.Elapsed(), "an answer that no step looks at: "+t.message.summary())
		}
	}
	p.report.Elapsed = p.clock.Elapsed().Round(time.Millisecond)
	p.report.Sends = len(p.net.sent)
	for _, x := range p.net.sent {
		if x.state != ended {
			p.report.Unanswered = append(p.report.Unanswered, fmt.Sprintf("%s to %s", x.query.question, x.to.Addr()))
		}
	}
}

// client is the address that clients ask from unless a step names another.
func client(st *Step) netip.AddrPort {
	if st.Address.IsValid() {
		return netip.AddrPortFrom(st.Address, clientPort)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), clientPort)
}

const clientPort = 4096
