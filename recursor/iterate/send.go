package iterate

import (
	"net/netip"
	"time"

	"recursor/dns/edns"
	"recursor/dns/wire"
	"recursor/observe"
	"recursor/random"
	"recursor/recursor/delegation"
	"recursor/recursor/infra"
	"recursor/transport"
)

// flying is a query under way.
type flying struct {
	to       *candidate
	try      infra.Try
	exchange transport.Exchange
	at       time.Time
	late     bool // its time-out has passed; a reply is still welcome
	pass     infra.Pass
}

// given is what a send that is given up came to.
func (f *flying) given() infra.Outcome {
	if f.late {
		return infra.Failed
	}
	return infra.Moot
}

// sendNext sends the question to the best server, false where there is none.
// An error means that the budget has no send left.
func (l *list) sendNext(now time.Time) (bool, error) {
	for {
		c := l.best(now)
		if c == nil {
			return false, nil
		}
		var cookie [40]byte
		try, option, ok := l.Walker.servers.Plan(c.addr, &c.history, l.need(), l.task.Random, cookie[:0], l.steady(now))
		if !ok {
			c.struck = true
			continue
		}
		if l.sends >= l.o.Limits.SendsPerName {
			return false, spent(ErrSends)
		}
		pass, admission := l.traffic.Send(c.addr, l.top(), l.steady(now))
		if admission != infra.Free {
			l.hold(c, admission, now)
			continue
		}
		if err := l.task.Budget.send(now); err != nil {
			pass.Done(infra.Moot, l.steady(now))
			return false, err
		}
		l.sends++
		c.sends++
		c.history.Sent(try)
		l.send(c, try, option, now)
		l.flying[len(l.flying)-1].pass = pass
		return true, nil
	}
}

// hold lets a server be that is busy, or strikes it where that takes too long.
func (l *list) hold(c *candidate, a infra.Admission, now time.Time) {
	if l.held.IsZero() {
		l.held = now
	}
	if a == infra.Failing || now.Sub(l.held) >= holdOut {
		l.reasons.busy = true
		l.strike(c, "not asked: too many queries to it are under way")
		return
	}
	c.held = now.Add(holdStep)
}

// newFlying is memory for one more send.
func (l *list) newFlying() *flying {
	if r := &l.room; r.sent < len(r.sends) {
		r.sent++
		return &r.sends[r.sent-1]
	}
	return new(flying)
}

// need is what the question asks of a send.
func (l *list) need() infra.Need {
	return infra.Need{
		Payload:  l.o.Payload,
		MayPlain: l.mayPlain(),
		Case:     l.o.Case,
		Cookies:  l.o.Cookies,
		TCPOnly:  l.point.TCP,
	}
}

// mayPlain reports whether plain DNS loses nothing that is needed
// (RFC 6891 §6.2.2, RFC 4035 §4.1). Where that takes a proof, it is sought only
// once there is a reason to doubt that EDNS gets through.
func (l *list) mayPlain() bool {
	if l.judge == nil {
		return true
	}
	if l.doubtEDNS && !l.sought {
		l.sought = true
		l.insecure = l.judge.Insecure(l.task, l.q.Zone)
		l.tick()
	}
	return l.insecure
}

func (l *list) send(c *candidate, try infra.Try, cookie []byte, now time.Time) {
	msg := l.message(try, cookie)
	q := transport.Query{
		To:      transport.Endpoint{Addr: c.addr, Proto: try.Proto},
		Message: msg,
		Random:  l.task.Random,
	}
	q.From = l.from(c.addr)
	if l.task.Watch != nil {
		l.task.watch(observe.Sent{
			At: now, Query: l.task.ID, Server: c.addr, Proto: try.Proto.String(), Zone: l.q.Zone,
			Name: l.q.Name, Type: uint16(l.q.Type), Octets: len(msg),
		})
	}
	f := l.newFlying()
	*f = flying{to: c, try: try, at: now, exchange: l.net.Start(q, l.signal)}
	l.flying = append(l.flying, f)
}

// from is the address to ask the server from; the zero Addr leaves it to the
// system.
func (w *Walker) from(to netip.AddrPort) netip.Addr {
	var from netip.Addr
	for _, s := range w.o.Sources {
		if s.Is4() == to.Addr().Is4() {
			from = s
		}
	}
	return from
}

// message builds the query: our own header and options, nothing of the client's
// (DO and CD set, AD clear: RFC 4035 §3.2.1, RFC 6840 §5.9).
func (l *list) message(try infra.Try, cookie []byte) []byte {
	h := wire.Header{ID: l.task.Random.Uint16(), Flags: wire.FlagCD, QD: 1}
	if l.q.Kind == delegation.Forward {
		h.Flags |= wire.FlagRD
	}
	if try.Payload > 0 {
		h.AR = 1
	}
	msg := make([]byte, 0, wire.HeaderLen+l.q.Name.Len()+4+11+4+40)
	msg = h.Append(msg)
	msg = l.q.Name.AppendWire(msg)
	if try.Case {
		mixCase(msg[wire.HeaderLen:], l.task.Random)
	}
	msg = append(msg, byte(l.q.Type>>8), byte(l.q.Type), 0, byte(wire.ClassIN))
	if try.Payload == 0 {
		return msg
	}
	o := edns.OPT{Payload: try.Payload, DO: true}
	if len(cookie) > 0 {
		o.Options = []edns.Option{{Code: edns.Cookie, Data: cookie}}
	}
	if try.Keepalive {
		o.Options = append(o.Options, edns.Option{Code: edns.Keepalive})
	}
	return o.Append(msg)
}

// mixCase gives each letter of a name a case by chance (0x20).
func mixCase(name []byte, r *random.Stream) {
	var bits uint64
	var left int
	for i, c := range name {
		if c < 'a' || c > 'z' {
			continue // length octets are below 64
		}
		if left == 0 {
			bits, left = r.Uint64(), 64
		}
		if bits&1 == 1 {
			name[i] = c - ('a' - 'A')
		}
		bits >>= 1
		left--
	}
}

// observe tells the table what came of a send.
func (l *list) observe(f *flying, result infra.Result, now time.Time) {
	if result == infra.Rejected || result == infra.TimedOut && f.to.sends > 1 {
		l.doubtEDNS = true
	}
	l.Walker.servers.Observe(f.to.addr, &f.to.history, infra.Observation{
		Try: f.try, Result: result, Took: now.Sub(f.at), MayPlain: l.mayPlain(),
	}, l.steady(f.at), l.steady(now))
}
