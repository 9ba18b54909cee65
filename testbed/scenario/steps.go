package scenario

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/frontend"
	"recursor/transport"
)

// ask is a query of a client's.
type ask struct {
	step *Step
	done bool // answered, or sent without waiting for an answer
}

// told is a reply to a client.
type told struct {
	ask     *ask
	message *heard
	problem string
}

// query has the client ask: the handler runs in a goroutine of the engine, as
// it does under a front end.
func (p *player) query(st *Step) {
	p.asked++
	p.fresh = len(p.net.sent)
	msg := st.Entry.query(p.s.Dialect, uint16(p.asked))
	q := frontend.Query{Message: msg, Client: client(st), Local: netip.MustParseAddrPort("127.0.0.1:53")}
	if st.Entry.Match.Words.Has(TCP) {
		q.Transport = frontend.TCP
	}
	what := fmt.Sprintf("%s %d octets", q.Transport, len(msg))
	if m, err := hear(msg, false); err == nil && m.question != nil {
		what = fmt.Sprintf("%s %s%s", q.Transport, m.question, flagNames(m.Flags))
		if v := m.edns(); v.DO {
			what += " do"
		}
	}
	p.story.add(Event{What: Asks, Peer: q.Client, Text: what})
	p.report.ok(st, p.clock.Elapsed(), what)
	a := &ask{step: st}
	if p.s.Dialect == Deckard && st.Entry.Raw == nil {
		p.awaited = a
	}
	p.clock.Go("client", func() {
		defer func() { a.done = true }()
		reply := p.ask(q)
		if p.turnsToTCP(st, reply) {
			q.Transport = frontend.TCP
			reply = p.ask(q)
		}
		if len(reply) > 0 {
			p.tell(a, q, reply)
		}
	})
}

// ask hands a query to the resolver as a front end does; nil: no reply.
func (p *player) ask(q frontend.Query) (reply []byte) {
	dst := make([]byte, frontend.MaxMessage)
	n, ok := p.handler.Hit(&q, dst)
	if ok {
		return dst[:n]
	}
	p.handler.Miss(&q, func(msg []byte) { reply = msg })
	return reply
}

// turnsToTCP reports whether the client asks again over TCP. Deckard's takes
// 4096 octets over UDP, and no resolver sends that many any more (RFC 9715).
func (p *player) turnsToTCP(st *Step, reply []byte) bool {
	h, err := wire.ParseHeader(reply)
	if err != nil || !h.Flags.Has(wire.FlagTC) || p.s.Dialect != Deckard {
		return false
	}
	next := p.s.StepAfter(st.ID)
	return next == nil || next.Entry == nil || !next.Entry.Flags.Has(wire.FlagTC)
}

// tell takes down a reply.
func (p *player) tell(a *ask, q frontend.Query, msg []byte) {
	m, err := hear(msg, q.Transport == frontend.TCP)
	t := &told{ask: a, message: m}
	if err != nil {
		t.problem = "the reply is malformed: " + err.Error()
	}
	p.unread = append(p.unread, t)
	p.story.add(Event{
		What: Told, Peer: q.Client, Lines: m.lines(),
		Bad: err != nil || m.rcode() == wire.ServFail, Good: m.Flags.Has(wire.FlagAD),
		Text: fmt.Sprintf("%s, %d octets by %s", m.summary(), len(msg), q.Transport),
	})
}

// hasAnswer reports whether there is an answer to be checked.
func (p *player) hasAnswer() bool { return len(p.unread) > 0 }

// checkAnswer compares: with any of the unread answers as Unbound's runner does,
// with the last one as Deckard's.
func (p *player) checkAnswer(st *Step) {
	p.story.add(Event{What: StepBegins, Text: fmt.Sprintf("STEP %d %s", st.ID, st.Kind)})
	candidates := p.unread
	if p.s.Dialect == Deckard {
		candidates = candidates[len(candidates)-1:]
	}
	var first []string
	for i, t := range candidates {
		problems := st.Entry.differences(t.message, p.o.Level)
		if raw := st.Entry.Raw; raw != nil {
			problems = sameOctets(raw, t.message.octets)
		}
		if t.problem != "" {
			problems = []string{t.problem}
		}
		if len(problems) == 0 {
			p.unread = append(p.unread[:i:i], p.unread[i+1:]...)
			if p.s.Dialect == Deckard {
				p.unread = nil
			}
			p.report.ok(st, p.clock.Elapsed(), t.message.summary())
			return
		}
		if i == 0 {
			first = problems
		}
	}
	got := candidates[0].message
	p.unread = p.unread[1:]
	if p.s.Dialect == Deckard {
		p.unread = nil
	}
	p.report.failWith(st, p.clock.Elapsed(), got, first)
}

// sameOctets compares all but the ID.
func sameOctets(want, got []byte) []string {
	if len(want) == len(got) && len(want) >= 2 && string(want[2:]) == string(got[2:]) {
		return nil
	}
	return []string{fmt.Sprintf("octets: expected %x, got %x", want, got)}
}

// sawOut reports whether the query was sent that the step wants: one that waits
// for an answer, or else any since the client asked. An entry that would be an
// answer is sent as one.
func (p *player) sawOut(st *Step) bool {
	fits := func(x *exchange) bool {
		return !x.seen && (!st.Address.IsValid() || st.Address == x.to.Addr()) && st.Entry.fits(x.query)
	}
	var found *exchange
	for _, x := range p.net.waiting() {
		if fits(x) {
			found = x
			break
		}
	}
	for i := len(p.net.sent) - 1; found == nil && i >= p.fresh; i-- {
		if fits(p.net.sent[i]) {
			found = p.net.sent[i]
		}
	}
	if found == nil {
		return false
	}
	found.seen = true
	p.story.add(Event{What: StepBegins, Text: fmt.Sprintf("STEP %d %s", st.ID, st.Kind)})
	if st.Entry.Adjust.CopyID && found.state == pending {
		found.deliver(st.Entry.answer(&st.Entry.Message, found.query))
	}
	p.report.ok(st, p.clock.Elapsed(), fmt.Sprintf("%s to %s", found.query.question, found.to.Addr()))
	return true
}

// reply answers a query that waits: the newest that the entry is an answer to,
// else the newest. A resolver may have asked several servers at once.
func (p *player) reply(st *Step) {
	if p.s.Dialect == Deckard { // it was there to be used by a query before it
		p.report.ok(st, p.clock.Elapsed(), "")
		return
	}
	waiting := p.net.waiting()
	if len(waiting) == 0 {
		p.report.fail(st, p.clock.Elapsed(), "no query waits for an answer")
		return
	}
	x := waiting[0]
	for _, w := range waiting {
		if q := st.Entry.Question; q != nil && w.query.question.Name == q.Name && w.query.question.Type == q.Type {
			x = w
			break
		}
	}
	x.deliver(st.Entry.answer(&st.Entry.Message, x.query))
	p.report.ok(st, p.clock.Elapsed(), fmt.Sprintf("%s to %s", x.query.question, x.to.Addr()))
}

// lose makes the newest query that waits one that is never answered, or one
// that the network cannot carry.
func (p *player) lose(st *Step) {
	waiting := p.net.waiting()
	if len(waiting) == 0 {
		p.report.fail(st, p.clock.Elapsed(), "no query waits for an answer")
		return
	}
	x := waiting[0]
	if x.dead = true; st.Kind == StepError {
		x.end(transport.Outcome{Kind: transport.Unreachable})
	}
	p.report.ok(st, p.clock.Elapsed(), fmt.Sprintf("%s to %s", x.query.question, x.to.Addr()))
}

// elapse lets time pass; what can be answered meanwhile is.
func (p *player) elapse(st *Step) {
	d := st.Elapse
	if st.Expression != "" {
		text, err := p.expand(st.Expression)
		seconds, err2 := strconv.ParseFloat(text, 64)
		if err != nil || err2 != nil || seconds < 0 || seconds > longest {
			p.report.fail(st, p.clock.Elapsed(), fmt.Sprintf("%q is no time", st.Expression))
			return
		}
		d = time.Duration(math.Round(seconds*1e6)) * time.Microsecond
	}
	if p.clock.Elapsed()+d > maxElapsed {
		p.report.fail(st, p.clock.Elapsed(), fmt.Sprintf("a story ends within %d years", maxYears))
		return
	}
	until := p.clock.Now().TTL.Add(d)
	for turn := 0; ; turn++ {
		p.clock.Settle()
		if turn == maxTurns*10 {
			p.report.fail(st, p.clock.Elapsed(), "too much happens in this time")
			return
		}
		if p.answerOne() {
			continue
		}
		at, ok := p.clock.NextEvent()
		if !ok || at.After(until) {
			break
		}
		p.clock.RunUntil(at)
	}
	p.clock.RunUntil(until)
	p.since = until
	p.report.ok(st, p.clock.Elapsed(), d.String())
}

// flush takes the RRsets of a name out of the cache.
func (p *player) flush(st *Step) {
	if len(st.Args) == 0 {
		p.report.fail(st, p.clock.Elapsed(), "no name")
		return
	}
	name, err := domain.Parse(strings.TrimSuffix(st.Args[0], ".") + ".")
	if err != nil {
		p.report.fail(st, p.clock.Elapsed(), err.Error())
		return
	}
	p.engine.Cache.Flush(name)
	p.report.ok(st, p.clock.Elapsed(), name.String())
}

func (p *player) assign(st *Step) {
	v, err := p.expand(st.Expression)
	if err != nil {
		p.report.fail(st, p.clock.Elapsed(), err.Error())
		return
	}
	p.vars[st.Variable] = v
	p.report.ok(st, p.clock.Elapsed(), st.Variable+" = "+v)
}
