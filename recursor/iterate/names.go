package iterate

import (
	"net/netip"
	"time"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/recursor/delegation"
	"recursor/recursor/scrub"
)

// lookup is the search for the address of one name server.
type lookup struct {
	name    domain.Name
	t       wire.Type
	pending Pending
	begun   time.Time
}

// lookupPatience is how long one name server's address is looked for before
// the next one's is, beside it.
const lookupPatience = 400 * time.Millisecond

// fromCache adds the addresses that the cache has for a name server, and
// reports whether there were any.
func (l *list) fromCache(name domain.Name, now time.Time) bool {
	before := len(l.servers)
	for _, t := range [...]wire.Type{wire.TypeA, wire.TypeAAAA} {
		if !l.family(t) {
			continue
		}
		if e, ok := l.cache.Get(name, t, now); ok {
			for _, a := range delegation.AppendAddrs(nil, &e.Set) {
				l.add(name, netip.AddrPortFrom(a, l.o.Port))
			}
		}
	}
	return len(l.servers) > before
}

// family reports whether addresses of the type may be asked at all.
func (l *list) family(t wire.Type) bool {
	if t == wire.TypeA {
		return !l.o.Usable.NoIPv4
	}
	return !l.o.Usable.NoIPv6
}

// lookUp begins to look for the address of a name server without one, where
// there is one left, and reports whether it did.
func (l *list) lookUp(now time.Time) bool {
	if l.fromLater(now) {
		return true
	}
	if l.recentLookup(now) || len(l.lookups) >= l.o.Limits.NSLookupsBeside {
		return false
	}
	if len(l.names) == 0 {
		l.doubtGlue()
	}
	if len(l.names) == 0 {
		if len(l.lookups) == 0 && l.foreignGlue(now) {
			return true
		}
		l.dry = len(l.lookups) == 0
		return false
	}
	i := l.task.Random.IntN(len(l.names))
	name := l.names[i]
	l.names = append(l.names[:i:i], l.names[i+1:]...)
	if err := l.task.Budget.lookup(); err != nil {
		l.reasons.lookup, l.names = err, nil
		return false
	}
	t := wire.TypeA
	if !l.family(t) {
		t = wire.TypeAAAA
	}
	l.begin(name, t, now)
	return true
}

// fromLater asks the cache about the name servers that were left for later, and
// reports whether it knew addresses.
func (l *list) fromLater(now time.Time) bool {
	before := len(l.servers)
	for _, name := range l.later {
		if !l.fromCache(name, now) {
			l.names = append(l.names, name)
		}
	}
	l.later = nil
	return len(l.servers) > before
}

// recentLookup reports whether an address is being looked for that may still
// come within patience.
func (l *list) recentLookup(now time.Time) bool {
	for i := range l.lookups {
		if now.Before(l.lookups[i].begun.Add(lookupPatience)) {
			return true
		}
	}
	return false
}

// doubtGlue turns to the names of servers whose glue all failed: the parent's
// glue may be out of date (RFC 9471 §2).
func (l *list) doubtGlue() {
	if l.gluedDoubted || l.point.Hints {
		return
	}
	l.gluedDoubted = true
	for i := range l.point.Servers {
		if s := &l.point.Servers[i]; len(s.Addrs) > 0 && !s.Name.Within(l.point.Zone) {
			l.names = append(l.names, s.Name)
		}
	}
}

// scout looks for the address of one more of the cut's name servers, for the
// sake of those who ask next, where few are known and none of them is fast:
// otherwise the first address found would be asked for as long as it lasts.
func (l *list) scout() {
	if len(l.names) == 0 || len(l.servers) >= enough || l.task.depth > 0 || l.fast(l.now) {
		return
	}
	task, err := l.task.Below()
	if err != nil || l.task.Budget.lookup() != nil {
		return
	}
	k := Key{Name: l.names[l.task.Random.IntN(len(l.names))], Type: wire.TypeA, CD: true}
	if !l.family(k.Type) {
		k.Type = wire.TypeAAAA
	}
	l.asker.Begin(task.Alone(), k, l.clock.NewSignal()).Leave()
}

// fast reports whether some server of the list answers much sooner than servers
// do.
func (l *list) fast(now time.Time) bool {
	for _, c := range l.servers {
		if class, st := l.class(c, now); !c.struck && class == 0 && st.Fast {
			return true
		}
	}
	return false
}

// foreignGlue turns, where all else failed, to the addresses that the name
// servers' own zones are delegated with: what the child says of them may be
// wrong while its parent still knows. It reports whether there were new ones.
func (l *list) foreignGlue(now time.Time) bool {
	if l.gluedForeign || l.point.Hints {
		return false
	}
	l.gluedForeign = true
	before := len(l.servers)
	for i := range l.point.Servers {
		for _, a := range l.points.Glue(l.point.Servers[i].Name, now) {
			l.add(l.point.Servers[i].Name, netip.AddrPortFrom(a, l.o.Port))
		}
	}
	return len(l.servers) > before
}

// begin starts to resolve the address of a name server. What the client's
// validator would say of it does not matter: the answer of the server is judged.
func (l *list) begin(name domain.Name, t wire.Type, now time.Time) {
	k := Key{Name: name, Type: t, CD: true}
	task, err := l.task.Below()
	if l.task.inside(k) && name.Within(l.point.Zone) && !l.point.Zone.IsRoot() {
		// The referral came without glue that it needs. The servers that gave it
		// may have an answer (RFC 9471 §3.1: glue may have been left out).
		k.Avoid = l.point.Zone
	}
	if err == nil && l.task.inside(k) {
		err = ErrCycle
	}
	if err != nil {
		l.reasons.lookup = err
		return
	}
	l.lookups = append(l.lookups, lookup{name: name, t: t, begun: now, pending: l.asker.Begin(task, k, l.signal)})
}

// addresses takes what look-ups have found. A name without IPv4 address is
// asked for its IPv6 one.
func (l *list) addresses(now time.Time) {
	kept := l.lookups[:0]
	var again []lookup
	for _, x := range l.lookups {
		result, err, ok := x.pending.Done()
		if !ok {
			kept = append(kept, x)
			continue
		}
		x.pending.Leave()
		found := 0
		if last := result.Last(); err == nil && last != nil && last.Kind == scrub.Answer {
			for _, a := range delegation.AppendAddrs(nil, &last.Set.Set) {
				l.add(x.name, netip.AddrPortFrom(a, l.o.Port))
				found++
			}
		}
		if found == 0 {
			if err != nil {
				l.reasons.lookup = err
			} else if l.reasons.lookup == nil {
				l.reasons.lookup = noAddress(x.name)
			}
			if x.t == wire.TypeA && l.family(wire.TypeAAAA) {
				again = append(again, x)
			}
		}
	}
	l.lookups = kept
	for _, x := range again {
		l.begin(x.name, wire.TypeAAAA, now)
	}
}
