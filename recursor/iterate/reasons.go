package iterate

import (
	"errors"
	"net/netip"
	"strings"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/recursor/delegation"
)

// reasons collects why the servers of a cut gave nothing.
type reasons struct {
	list     []reason
	unusable netip.Addr // a server address that may not be asked
	lookup   error      // why a name server has no address
	network  bool       // the system itself refused to send
	broken   int        // servers whose data is at fault, not they
	busy     bool       // some server has enough to do
}

type reason struct {
	server netip.Addr
	why    string
}

// add keeps the latest reason of each server.
func (r *reasons) add(server netip.Addr, why string) {
	for i := range r.list {
		if r.list[i].server == server {
			r.list[i].why = why
			return
		}
	}
	r.list = append(r.list, reason{server, why})
}

// alike reports whether all servers gave the same reason.
func (r *reasons) alike() bool {
	for i := range r.list {
		if r.list[i].why != r.list[0].why {
			return false
		}
	}
	return true
}

// maxReasons is how many servers an error names.
const maxReasons = 3

// failure is the error of a cut whose servers all failed. It is evidence about
// the zone unless all there is is a spent budget below.
func (l *list) failure() error {
	e := &ede.Error{Code: ede.NoReachableAuthority, Zone: l.q.Zone, Upstream: true}
	switch {
	case l.reasons.busy: // nobody can tell what it would have said
		e.Code, e.Upstream = ede.Other, false
		e.Err = errors.New(l.of() + l.reasons.text())
	case len(l.reasons.list) > 0:
		if l.reasons.network {
			e.Code = ede.NetworkError
		}
		text := l.reasons.text()
		if l.reasons.broken >= len(l.reasons.list) {
			// They were reached, and what they have is no answer.
			e.Code = ede.Other
			if l.reasons.alike() {
				text = l.reasons.list[0].why
			}
		}
		e.Err = errors.New(l.of() + text)
	case l.reasons.lookup != nil:
		e.Upstream = upstream(l.reasons.lookup) || errors.Is(l.reasons.lookup, ErrCycle)
		if !e.Upstream {
			e.Code = ede.Other // our own limit, of which the servers know nothing
		}
		e.Err = l.reasons.lookup
	case l.reasons.unusable.IsValid():
		e.Err = errors.New(l.of() + "no usable name server address: " + l.reasons.unusable.String() + " may not be asked")
	default:
		e.Err = ErrNoServers
	}
	return e
}

// of names those servers that an operator chose.
func (l *list) of() string {
	switch {
	case l.point.Hints:
		return "root hints: "
	case l.point.Kind == delegation.Forward:
		return "forwarders: "
	default:
		return ""
	}
}

func (r *reasons) text() string {
	var b strings.Builder
	for i, x := range r.list {
		switch {
		case i == maxReasons:
			b.WriteString(" …")
			return b.String()
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(x.server.String())
		b.WriteByte(' ')
		b.WriteString(x.why)
	}
	return b.String()
}

// noAddress is the reason of a name server that has no address.
func noAddress(name domain.Name) error {
	return &ede.Error{Code: ede.NoReachableAuthority, Upstream: true, Err: errors.New("name server " + name.String() + " has no address")}
}
