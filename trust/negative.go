package trust

import (
	"errors"
	"slices"
	"time"

	"recursor/dns/domain"
)

// Lifetimes of negative anchors (RFC 7646 §4): a short one where none is given,
// and none longer than a week.
const (
	DefaultLifetime = 24 * time.Hour
	MaxLifetime     = 7 * 24 * time.Hour
)

// Errors of negative anchors.
var (
	ErrLifetime = errors.New("trust: a negative anchor lives at most a week")
	ErrReason   = errors.New("trust: a negative anchor needs a reason")
)

// Negative is a negative trust anchor: the zone and what is below it is not
// validated until it ends, but for zones below that have an anchor of their own
// (RFC 7646 §1.1).
type Negative struct {
	Zone domain.Name
	// Since and Until bound its life. There is no unbounded one
	// (RFC 7646 §2.1).
	Since, Until time.Time
	// Reason is for those who look at it later, and for whom to tell.
	Reason string
}

// NewNegative makes a negative anchor from now on; a lifetime of 0 is the
// default.
func NewNegative(zone domain.Name, now time.Time, lifetime time.Duration, reason string) (Negative, error) {
	if lifetime == 0 {
		lifetime = DefaultLifetime
	}
	switch {
	case lifetime < 0 || lifetime > MaxLifetime:
		return Negative{}, ErrLifetime
	case reason == "":
		return Negative{}, ErrReason
	}
	return Negative{Zone: zone, Since: now, Until: now.Add(lifetime), Reason: reason}, nil
}

// Negatives are the negative anchors there are.
type Negatives struct{ zones map[domain.Name]Negative }

// NewNegatives makes Negatives; of two for one zone the later in the list
// counts.
func NewNegatives(list ...Negative) *Negatives {
	n := &Negatives{zones: make(map[domain.Name]Negative, len(list))}
	for _, a := range list {
		n.zones[a.Zone] = a
	}
	return n
}

// Empty reports whether there are none, alive or not.
func (n *Negatives) Empty() bool { return len(n.zones) == 0 }

// All are those that are alive, in canonical order of their zones.
func (n *Negatives) All(now time.Time) []Negative {
	var out []Negative
	for _, a := range n.zones {
		if now.Before(a.Until) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Negative) int { return domain.Compare(a.Zone, b.Zone) })
	return out
}

// Closest is the living negative anchor of name, or else of the nearest name
// above that has one.
func (n *Negatives) Closest(name domain.Name, now time.Time) (Negative, bool) {
	for ; ; name = name.Parent() {
		if a, ok := n.zones[name]; ok && now.Before(a.Until) {
			return a, true
		}
		if name.IsRoot() || name.IsZero() {
			return Negative{}, false
		}
	}
}

// With is n and a; without what is no longer alive.
func (n *Negatives) With(a Negative, now time.Time) *Negatives {
	return NewNegatives(append(n.All(now), a)...)
}

// Without is n but for the zone's; without what is no longer alive. What the
// cache holds at and below the zone is to be flushed then (RFC 7646 §4).
func (n *Negatives) Without(zone domain.Name, now time.Time) *Negatives {
	return NewNegatives(slices.DeleteFunc(n.All(now), func(a Negative) bool { return a.Zone == zone })...)
}
