package iterate

import (
	"time"

	"recursor/dns/edns"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/observe"
	"recursor/recursor/infra"
	"recursor/recursor/scrub"
	"recursor/transport"
)

// collect takes what has come: the first usable reply, or nil. An error means
// that the budget is spent.
func (l *list) collect(now time.Time) (*reply, error) {
	l.addresses(now)
	for i := 0; i < len(l.flying); {
		f := l.flying[i]
		out, ok := f.exchange.Outcome()
		if !ok {
			if !f.late && !now.Before(f.at.Add(f.try.Timeout)) {
				l.timedOut(f, now)
			}
			i++
			continue
		}
		l.flying = append(l.flying[:i:i], l.flying[i+1:]...)
		f.pass.Done(came(out.Kind), l.steady(now))
		r, err := l.outcome(f, out, now)
		if r != nil || err != nil {
			return r, err
		}
	}
	return nil, nil
}

// came is what a send came to, for the server's share of failures.
func came(k transport.Kind) infra.Outcome {
	switch k {
	case transport.Reply, transport.Folded, transport.Flooded:
		return infra.Good
	case transport.Unreachable, transport.Broken:
		return infra.Failed
	case transport.Exhausted: // our own shortage
	}
	return infra.Moot
}

func (l *list) timedOut(f *flying, now time.Time) {
	f.late, l.silent = true, true
	l.observe(f, infra.TimedOut, now)
	l.reasons.add(f.to.addr.Addr(), "timed out")
	trouble := l.q.Zone.String() + ": " + l.of() + l.reasons.text()
	l.task.Budget.trouble.Store(&trouble)
	l.report(f, "timeout", nil, nil, now)
}

// outcome is what one send came to; a usable reply is returned.
func (l *list) outcome(f *flying, out transport.Outcome, now time.Time) (*reply, error) {
	switch out.Kind {
	case transport.Reply:
		return l.received(f, out.Message, now)
	case transport.Folded:
		l.again(f, infra.Folded, "changed the case of the question", now)
	case transport.Flooded:
		l.again(f, infra.Suspicious, "many replies that do not match", now)
	case transport.Unreachable:
		l.reasons.network = true
		l.observe(f, infra.Unreachable, now)
		l.reasons.add(f.to.addr.Addr(), "unreachable")
		l.report(f, "unreachable", nil, nil, now)
	case transport.Broken:
		l.observe(f, infra.Broken, now)
		l.reasons.add(f.to.addr.Addr(), "broke the connection")
		l.report(f, "broken", nil, nil, now)
	case transport.Exhausted:
		l.reasons.network = true
		l.strike(f.to, "not asked: no socket left")
		l.report(f, "exhausted", nil, nil, now)
	}
	return nil, nil
}

// again makes the server the next to be asked: its outcome said how.
func (l *list) again(f *flying, result infra.Result, why string, now time.Time) {
	l.observe(f, result, now)
	l.reasons.add(f.to.addr.Addr(), why)
	l.prefer = f.to
	l.report(f, why, nil, nil, now)
}

// received judges a reply that matches the query.
func (l *list) received(f *flying, msg []byte, now time.Time) (*reply, error) {
	if err := l.task.Budget.receive(len(msg)); err != nil {
		return nil, err
	}
	h, _ := wire.ParseHeader(msg)
	if h.Flags.Has(wire.FlagTC) { // what it holds is ignored (RFC 2181 §9)
		if f.try.Proto == transport.UDP {
			l.again(f, infra.Truncated, "truncated", now)
			return nil, nil
		}
		l.observe(f, infra.Answered, now)
		l.strike(f.to, "truncated over TCP")
		l.report(f, "truncated", msg, nil, now)
		return nil, nil
	}
	if f.try.Case && h.QD == 1 {
		// Servers compress names onto the question: the letters that we mixed would reach clients in
		// owners and RDATA, in place of the zone's or the client's (RFC 4343 §4).
		copy(msg[wire.HeaderLen:], l.q.Name.Wire())
	}
	m, err := rrset.Parse(msg)
	if err != nil {
		l.observe(f, infra.Answered, now)
		l.strike(f.to, "sent a malformed message")
		l.report(f, "malformed", msg, nil, now)
		return nil, nil
	}
	if !l.cookieFits(f, m, now) {
		l.again(f, infra.Suspicious, "wrong cookie", now)
		return nil, nil
	}
	if f.try.Proto == transport.TCP {
		l.keepalive(f, m)
	}
	switch rc := m.RCode(); rc {
	case wire.FormErr, wire.NotImp, wire.BadVers:
		l.again(f, infra.Rejected, "answered "+rc.String(), now)
		return nil, nil
	case wire.BadCookie:
		l.again(f, infra.BadCookie, "answered BADCOOKIE", now)
		return nil, nil
	}
	l.observe(f, infra.Answered, now)
	return l.classify(f, m, msg, now), nil
}

// cookieFits checks the cookie of a reply to a query that had one, and learns
// the server's.
func (l *list) cookieFits(f *flying, m *rrset.Message, now time.Time) bool {
	if !f.try.Cookie {
		return true
	}
	var option []byte
	if v, err := edns.Parse(m.OPT); err == nil && m.OPT.Count > 0 {
		if c, ok := v.Option(edns.Cookie); ok {
			option = c
		}
	}
	return l.Walker.servers.CookieReply(f.to.addr, option, f.try.Proto == transport.TCP, l.steady(now))
}

// keepalive passes on how long the server keeps a connection that is idle
// (RFC 7828 §3.2.2). Over UDP it would say nothing.
func (l *list) keepalive(f *flying, m *rrset.Message) {
	k, ok := l.net.(transport.Keeper)
	if !ok {
		return
	}
	v, err := edns.Parse(m.OPT)
	if err != nil {
		return
	}
	data, ok := v.Option(edns.Keepalive)
	if !ok {
		return
	}
	if timeout, given, err := edns.ParseKeepalive(data); err == nil && given {
		k.Idle(f.to.addr, l.from(f.to.addr), timeout)
	}
}

// classify scrubs the reply and returns it if it is of use.
func (l *list) classify(f *flying, m *rrset.Message, msg []byte, now time.Time) *reply {
	r := &reply{
		Response: scrub.Classify(m, l.q), asked: l.q,
		zone: l.q.Zone, source: l.q.Kind, server: f.to.addr,
	}
	l.report(f, r.Kind.String(), msg, m, now)
	if l.o.Beside {
		r.beside = scrub.Beside(m, l.q, &r.Response)
	}
	switch {
	case r.Kind == scrub.Lame:
		l.Walker.servers.MarkLame(f.to.addr, l.q.Zone, l.steady(now))
		l.strike(f.to, lameText(r))
	case r.Kind == scrub.Useless:
		if r.Broken {
			l.reasons.broken++
		}
		l.strike(f.to, lameText(r))
	case l.doubts(r):
		l.strike(f.to, lameText(r))
		if l.resort == nil {
			l.resort = r
		}
	default:
		if l.q.Name.IsRoot() && l.q.Type == wire.TypeNS && r.Kind == scrub.Answer {
			l.primed(m, r, now)
		}
		return r
	}
	return nil
}

// maxEmpty is how many servers with an empty answer are not believed at once:
// some lost the data, but many never say more, and each costs a query.
const maxEmpty = 2

// doubts reports whether others are to be heard before r is used: it comes of a
// server without authority, or says nothing at all.
func (l *list) doubts(r *reply) bool {
	if !r.LastResort || r.Kind != scrub.NoData {
		return r.LastResort
	}
	l.empty++
	return !l.shown.partial && l.empty <= maxEmpty
}

func lameText(r *reply) string {
	if r.RCode != wire.NoError {
		return "answered " + r.RCode.String()
	}
	return r.Why
}

// report tells the Observer what came of a send.
func (l *list) report(f *flying, outcome string, msg []byte, m *rrset.Message, now time.Time) {
	if l.task.Watch == nil {
		return
	}
	e := observe.Received{
		At: now, Query: l.task.ID, Server: f.to.addr, Proto: f.try.Proto.String(),
		Name: l.q.Name, Type: uint16(l.q.Type), Outcome: outcome,
		Octets: len(msg), Took: now.Sub(f.at), Message: msg,
	}
	if m != nil {
		e.RCode = uint16(m.RCode())
	}
	l.task.watch(e)
}
