package iterate

import (
	"net/netip"
	"slices"
	"time"

	"recursor/dns/domain"
	"recursor/recursor/delegation"
	"recursor/recursor/infra"
	"recursor/recursor/scrub"
)

// list is SLIST (RFC 1034 §5.3.3) for one question at one cut.
type list struct {
	*walk
	q       scrub.Asked
	point   *delegation.Point
	servers []*candidate
	pool    []candidate   // where the next candidates come from
	names   []domain.Name // name servers whose addresses are not known
	later   []domain.Name // name servers that the cache was not asked about
	lookups []lookup
	flying  []*flying
	prefer  *candidate // to be asked again at once: it told us how
	resort  *reply     // better than nothing
	empty   int        // answers that said nothing
	silent  bool       // some server did not answer in time
	holding int        // servers that are too busy at present
	held    time.Time  // when the first was
	reasons reasons
	// dry: there is nobody left to send to; gluedDoubted: the names of servers
	// with glue are being looked up too; gluedForeign: the glue of their own
	// zones' delegations was taken.
	dry, gluedDoubted, gluedForeign bool
	relented                        int // of the shunned servers, those that may be asked after all
	// doubtEDNS: a server may be at odds with EDNS; sought: the proof that the
	// zone is insecure has been sought, and insecure is what came of it.
	doubtEDNS, sought, insecure bool

	room room
}

// room is memory for a list of the usual size.
type room struct {
	candidates [enough + 1]candidate
	servers    [enough + 1]*candidate
	sends      [2]flying
	sent       int // of sends, those taken
	flying     [2]*flying
}

// candidate is a server of the list.
type candidate struct {
	addr    netip.AddrPort
	name    domain.Name
	history infra.History
	struck  bool
	held    time.Time // until when it is too busy to be asked
	sends   int
}

// newList collects the addresses of the cut's servers: those of the
// configuration, glue, and what the cache knows of names without glue.
func (w *walk) newList(q scrub.Asked) *list {
	if w.slist == nil {
		if w.slist, _ = w.lists.Get().(*list); w.slist == nil {
			w.slist = new(list)
		}
	}
	l := w.slist
	*l = list{walk: w, q: q, point: w.cut}
	l.servers, l.pool, l.flying = l.room.servers[:0], l.room.candidates[:], l.room.flying[:0]
	now := w.now
	for _, a := range w.cut.Addrs {
		l.add(domain.Name{}, a)
	}
	first, found := 0, 0
	if n := len(w.cut.Servers); n > enough {
		first = w.task.Random.IntN(n)
	}
	for i := range w.cut.Servers {
		s := &w.cut.Servers[(first+i)%len(w.cut.Servers)]
		glued := false
		for _, a := range s.Addrs {
			glued = l.add(s.Name, netip.AddrPortFrom(a, w.o.Port)) || glued
		}
		switch {
		case glued:
		case found >= enough:
			l.later = append(l.later, s.Name)
		case l.fromCache(s.Name, now):
			found++
		default:
			l.names = append(l.names, s.Name)
		}
	}
	return l
}

// giveBack leaves the memory of the walk's list to others.
func (w *walk) giveBack() {
	if w.slist != nil {
		*w.slist = list{} // it keeps nothing alive
		w.lists.Put(w.slist)
		w.slist = nil
	}
}

// enough is how many name servers without glue are looked for in the cache
// before one is asked; the others wait until they are needed.
const enough = 3

// add puts an address on the list, unless it may not be asked, is there, or was
// found to lie. It reports whether it may be asked: then its name has an address
// and none is to be looked for.
func (l *list) add(name domain.Name, addr netip.AddrPort) (known bool) {
	if !l.o.Usable.Allows(addr) {
		l.reasons.unusable = addr.Addr()
		return false
	}
	for _, c := range l.servers {
		if c.addr == addr {
			return true
		}
	}
	for _, d := range l.distrusted {
		if d == addr {
			return true
		}
	}
	if len(l.pool) == 0 {
		l.pool = make([]candidate, 4)
	}
	c := &l.pool[0]
	l.pool = l.pool[1:]
	c.addr, c.name = addr, name
	l.servers = append(l.servers, c)
	return true
}

// class is how willingly a candidate is asked; lower is better.
func (l *list) class(c *candidate, now time.Time) (class int, st infra.Standing) {
	st = l.Walker.servers.Standing(c.addr, &c.history, l.q.Zone, l.steady(now))
	switch {
	case st.Lame:
		class = 3
	case st.Down:
		class = 2
	case st.DeadFamily:
		class = 1
	}
	return class, st
}

// explore is how often, one in so many, a server other than the best is asked
// first, so that it can show that it became better (RFC 4697 §2.5.1).
const explore = 24

// best is the server to ask next, nil where there is none: the one asked least
// for this question, and of those the one that is expected to answer first.
func (l *list) best(now time.Time) *candidate {
	if c := l.prefer; c != nil {
		l.prefer = nil
		if !c.struck && !c.history.Spent() {
			return c
		}
	}
	wander := l.task.Random.IntN(explore) == 0
	var best *candidate
	var bestRank, bestExpect int64
	l.holding = 0
	for _, c := range l.servers {
		if c.struck || c.history.Spent() || l.isFlying(c) || l.shuns(c) {
			continue
		}
		if now.Before(c.held) {
			l.holding++
			continue
		}
		class, st := l.class(c, now)
		if class >= 2 && c.sends > 0 {
			continue // down or lame: one probe is enough
		}
		if l.point.First && l.gaveUp(c, st) {
			continue
		}
		rank := int64(c.sends)<<8 | int64(class)
		expect := int64(st.Expect) + l.task.lot(c.addr.Addr())
		if wander && c.sends == 0 {
			expect = int64(l.task.Random.IntN(int(time.Second)))
		}
		if class == 0 && c.sends == 0 {
			rank = -1
		}
		if best == nil || rank < bestRank || rank == bestRank && expect < bestExpect {
			best, bestRank, bestExpect = c, rank, expect
		}
	}
	return best
}

// maxInVain is how often a server of a zone with another way to its names is
// asked in vain.
const maxInVain = 3

// gaveUp reports whether c, a server of a zone with First, is not worth waiting
// for: those that the delegations lead to are asked instead.
func (l *list) gaveUp(c *candidate, st infra.Standing) bool {
	if st.Down && c.sends == 0 {
		l.reasons.add(c.addr.Addr(), "did not answer before, and is asked again later")
		return true
	}
	return c.history.Timeouts() >= maxInVain
}

// shuns reports whether others are to be asked before c.
func (l *list) shuns(c *candidate) bool {
	return slices.Contains(l.task.shunned[l.relented:], c.addr)
}

// relent lets one more of the shunned servers be asked, as nobody else is left:
// first the one that has been shunned for longest. It reports whether there was
// one.
func (l *list) relent() bool {
	if l.relented == len(l.task.shunned) {
		return false
	}
	l.relented++
	return true
}

func (l *list) isFlying(c *candidate) bool {
	for _, f := range l.flying {
		if f.to == c && !f.late {
			return true
		}
	}
	return false
}

// strike takes a server off the list and remembers why.
func (l *list) strike(c *candidate, why string) {
	c.struck = true
	l.reasons.add(c.addr.Addr(), why)
}
