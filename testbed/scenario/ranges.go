package scenario

import (
	"net/netip"
	"slices"

	"recursor/dns/wire"
	"recursor/transport"
)

// answerOne answers one query that waits, if a range can; the newest comes
// first.
func (p *player) answerOne() bool {
	id := p.id()
	for _, x := range p.net.waiting() {
		if p.answer(x, id) {
			return true
		}
	}
	return false
}

// answer answers x as the ranges of the step say.
func (p *player) answer(x *exchange, id int) bool {
	if p.s.Dialect == Deckard {
		return p.answerDeckard(x, id)
	}
	for _, r := range slices.Backward(p.s.Ranges) {
		if !r.active(id) || !r.at(x.to) {
			continue
		}
		for _, e := range r.Entries {
			if e.fits(x.query) {
				p.use(e, x)
				return true
			}
		}
	}
	return false
}

// answerDeckard: the first range of the server counts, and only that one. What
// no entry is for is a failure of the server.
func (p *player) answerDeckard(x *exchange, id int) bool {
	if r := p.rangeOf(x.to, id); r != nil {
		for _, e := range r.Entries {
			if e.Match.Given && e.fits(x.query) {
				p.use(e, x)
				return true
			}
		}
	}
	for _, st := range p.s.Steps {
		if st.Kind == StepReply && st.ID >= id && !p.spent[st] && st.Entry.Match.Given && st.Entry.fits(x.query) {
			p.spent[st] = true
			p.use(st.Entry, x)
			return true
		}
	}
	p.report.Unmatched = append(p.report.Unmatched, x.query.question.String()+" to "+x.to.Addr().String())
	failure := &Entry{Message: Message{Flags: wire.FlagQR.WithRCode(wire.ServFail), RCode: wire.ServFail}, Adjust: Adjust{CopyQuery: true}}
	x.deliver(failure.answer(&failure.Message, x.query))
	return true
}

// rangeOf is the range that counts for a server in Deckard's dialect. A server
// of which no range speaks is any server.
func (p *player) rangeOf(to netip.AddrPort, id int) *Range {
	known := slices.ContainsFunc(p.s.Ranges, func(r *Range) bool { return slices.Contains(r.Addresses, to) })
	for _, r := range p.s.Ranges {
		if r.active(id) && (!known || r.at(to)) {
			return r
		}
	}
	return nil
}

// use answers x with e. Each reply comes at an instant of its own, so that the
// resolver can tell before from after.
func (p *player) use(e *Entry, x *exchange) {
	p.clock.Advance(1)
	p.answered[e]++
	switch {
	case e.Adjust.DoNotAnswer:
		x.dead = true
		return
	case e.Adjust.Unreachable:
		x.end(transport.Outcome{Kind: transport.Unreachable})
		return
	}
	x.deliver(e.answer(&e.Message, x.query))
}

func (r *Range) active(id int) bool { return r.First <= id && id <= r.Last }

// at reports whether the range answers at an address.
func (r *Range) at(to netip.AddrPort) bool {
	return len(r.Addresses) == 0 || slices.Contains(r.Addresses, to)
}
