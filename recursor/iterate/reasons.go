package iterate

import (
	"errors"
	"net/netip"
	"strings"

	"recursor/dns/domain"
	"recursor/dns/ede"
)

// reasons collects why the servers of a cut gave nothing.
type reasons struct {
	list     []reason
	unusable netip.Addr // a server address that may not be asked
	lookup   error      // why a name server has no address
	network  bool       // the system itself refused to send
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

// maxReasons is how many servers an error names.
const maxReasons = 3

// failure is the error of a cut whose servers all failed. It is evidence about
// the zone unless all there is is a spent budget below.
func (l *list) failure() error {
	e := &ede.Error{Code: ede.NoReachableAuthority, Zone: l.q.Zone, Upstream: true}
	switch {
	case len(l.reasons.list) > 0:
		if l.reasons.network {
			e.Code = ede.NetworkError
		}
		e.Err = errors.New(l.reasons.text())
	case l.reasons.lookup != nil:
		e.Upstream = upstream(l.reasons.lookup) || errors.Is(l.reasons.lookup, ErrCycle)
		e.Err = l.reasons.lookup
	case l.reasons.unusable.IsValid():
		e.Err = errors.New("no usable name server address: " + l.reasons.unusable.String() + " may not be asked")
	default:
		e.Err = ErrNoServers
	}
	return e
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
