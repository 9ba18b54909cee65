package iterate

import (
	"errors"
	"net/netip"
	"time"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/recursor/delegation"
	"recursor/recursor/infra"
	"recursor/recursor/scrub"
)

// Errors of a cut that gives no answer.
var (
	ErrNoServers = errors.New("delegation without usable name servers")
	ErrCycle     = errors.New("name servers depend on one another in a circle")
)

// reply is a usable response and where it came from.
type reply struct {
	scrub.Response
	asked  scrub.Asked
	zone   domain.Name
	source delegation.Kind
	server netip.AddrPort
	beside []rrset.Set // what clients are to see beside the answer
}

// ask puts the next question to the servers of the cut. A minimised question
// is a flight of its own, so that walks to different names below one cut do not
// ask the same twice.
func (w *walk) ask() (*reply, error) {
	q := w.question()
	if !w.shown.partial {
		return w.askServers(q)
	}
	k := Key{Name: q.Name, Type: q.Type, Cut: q.Zone}
	fl, how := w.flights.Join(k, w.task.flight, w.signal)
	switch how {
	case Cycles:
		return w.askServers(q)
	case Leads:
		defer w.flights.Leave(w.task.flight, fl)
		defer w.flights.Finish(fl)
		fl.Err = spent(ErrDeadline) // stands if the walk breaks off
		fl.reply, fl.Err = w.askServers(q)
		return fl.reply, fl.Err
	default:
		defer w.flights.Leave(w.task.flight, fl)
	}
	landed := w.flights.Await(fl, w.signal, w.task, w.clock)
	w.tick()
	if !landed {
		return nil, spent(ErrDeadline)
	}
	if fl.Err != nil && !upstream(fl.Err) {
		return w.askServers(q) // its leader's misfortune is not ours
	}
	return fl.reply, fl.Err
}

// upstream reports whether err is evidence that servers gave.
func upstream(err error) bool {
	var e *ede.Error
	return errors.As(err, &e) && e.Upstream
}

// maxBeside is how many sends for one question may wait for replies at a time.
const maxBeside = 3

// askServers asks servers of the cut until one gives a usable response, as long
// as there are not too many questions to its zone already.
func (w *walk) askServers(q scrub.Asked) (r *reply, err error) {
	pass, admission := w.traffic.Question(q.Zone, w.top(), w.steady(w.now))
	for since := w.now; admission != infra.Free; pass, admission = w.traffic.Question(q.Zone, w.top(), w.steady(w.now)) {
		if admission == infra.Failing || w.now.Sub(since) >= holdOut {
			return nil, &ede.Error{Code: ede.Other, Zone: q.Zone, Err: ErrFetches}
		}
		w.signal.Wait(holdStep)
		w.tick()
	}
	l := w.newList(q)
	defer func() {
		l.close()
		pass.Done(l.result(r, err), l.steady(l.now))
	}()
	if r, err = l.seek(); r != nil {
		l.scout()
	}
	return r, err
}

// A question waits for a place among those to a zone or server that is busy and
// well: bursts are over soon. It looks again every so often, and not for long.
const (
	holdOut  = 250 * time.Millisecond
	holdStep = 50 * time.Millisecond
)

// top tells whether names of everybody lead through the cut.
func (w *walk) top() infra.Top {
	return infra.Top(w.cut.Zone.Labels() <= 1 || w.cut.Kind != delegation.Authoritative)
}

// result is what a question to a zone came to.
func (l *list) result(r *reply, err error) infra.Outcome {
	switch {
	case r != nil:
		return infra.Good
	case upstream(err) || l.silent:
		return infra.Failed
	default:
		return infra.Moot
	}
}

// seek asks the servers of the list: the best first, another beside it when it is
// slower than it should be, each down its ladder, until the list is empty or the
// budget spent.
func (l *list) seek() (*reply, error) {
	for {
		now := l.now
		if r, err := l.collect(now); r != nil || err != nil {
			return r, err
		}
		if l.task.left(now) <= 0 {
			return nil, spent(ErrDeadline)
		}
		if l.maySend(now) {
			sent, err := l.sendNext(now)
			switch {
			case sent:
				continue
			case err != nil && !l.waiting():
				return nil, err
			case err == nil && l.lookUp(now):
				continue
			case !l.waiting() && l.relent():
				continue
			case !l.waiting() && l.resort != nil:
				return l.resort, nil
			case !l.waiting():
				return nil, l.failure()
			}
		}
		l.signal.Wait(l.nextMoment(now))
		l.tick()
	}
}

// waiting reports whether something may still come: a reply, an address, or a
// place among what is under way to a server.
func (l *list) waiting() bool {
	return len(l.flying) > 0 && l.live() > 0 || len(l.lookups) > 0 || l.holding > 0
}

// live counts the sends whose time-out has not come.
func (l *list) live() int {
	n := 0
	for _, f := range l.flying {
		if !f.late {
			n++
		}
	}
	return n
}

// maySend reports whether another server may be asked now: nobody is being
// waited for within his patience, and not too many at all.
func (l *list) maySend(now time.Time) bool {
	if l.live() >= maxBeside {
		return false
	}
	for _, f := range l.flying {
		if !f.late && now.Before(f.at.Add(f.try.Patience)) {
			return false
		}
	}
	return true
}

// nextMoment is how long to wait until something is to be done without a
// signal.
func (l *list) nextMoment(now time.Time) time.Duration {
	next := l.task.left(now)
	beside := l.live() < maxBeside && !l.dry
	for _, f := range l.flying {
		if f.late {
			continue
		}
		d := f.at.Add(f.try.Timeout).Sub(now)
		if p := f.at.Add(f.try.Patience).Sub(now); beside && p > 0 {
			d = min(d, p)
		}
		next = min(next, d)
	}
	for i := range l.lookups {
		if d := l.lookups[i].begun.Add(lookupPatience).Sub(now); d > 0 && !l.dry {
			next = min(next, d)
		}
	}
	if l.holding > 0 {
		next = min(next, holdStep)
	}
	return max(next, time.Microsecond)
}

// close gives up what is under way. A server that was over its patience when
// another one answered is remembered as slow.
func (l *list) close() {
	now := l.now
	for _, f := range l.flying {
		f.exchange.Cancel()
		f.pass.Done(f.given(), l.steady(now))
		if took := now.Sub(f.at); !f.late && took > f.try.Patience {
			l.observe(f, infra.Overtaken, now)
		}
	}
	for i := range l.lookups {
		l.lookups[i].pending.Leave()
	}
}
