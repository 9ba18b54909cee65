package trust

import (
	"maps"
	"slices"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// Key is one anchor: a key of a zone, or its digest.
type Key struct {
	Zone domain.Name
	Type wire.Type // TypeDNSKEY or TypeDS
	// RData is the record's.
	RData []byte
	// From and Until bound its use (RFC 9718 §2.1.2); the zero times do not.
	From, Until time.Time
}

// Valid reports whether the key may be used.
func (k *Key) Valid(now time.Time) bool { return !now.Before(k.From) && !k.Over(now) }

// Over reports whether the time of the key is over.
func (k *Key) Over(now time.Time) bool { return !k.Until.IsZero() && !now.Before(k.Until) }

// Anchor is the trusted keys of a zone, in either form. Each vouches for the
// zone (RFC 4035 §5). There may be none: then nothing does.
type Anchor struct {
	Zone       domain.Name
	DS, DNSKEY rrset.List
}

// Anchors are the anchors of all zones.
type Anchors struct {
	zones map[domain.Name][]Key
	whole map[domain.Name]Anchor // with all keys of the zone
}

// New makes Anchors of keys. The same key given twice counts once.
func New(keys ...Key) *Anchors {
	a := &Anchors{zones: make(map[domain.Name][]Key)}
	for _, k := range keys {
		if !slices.ContainsFunc(a.zones[k.Zone], k.same) {
			a.zones[k.Zone] = append(a.zones[k.Zone], k)
		}
	}
	a.gather()
	return a
}

// gather makes what most calls of Closest return.
func (a *Anchors) gather() {
	a.whole = make(map[domain.Name]Anchor, len(a.zones))
	for zone, keys := range a.zones {
		a.whole[zone] = of(zone, keys, func(*Key) bool { return true })
	}
}

func (k *Key) same(o Key) bool {
	return k.Type == o.Type && string(k.RData) == string(o.RData) && k.From.Equal(o.From) && k.Until.Equal(o.Until)
}

// With is a and zones that are anchors without keys where a has none of them:
// nothing there verifies.
func (a *Anchors) With(zones ...domain.Name) *Anchors {
	all := &Anchors{zones: maps.Clone(a.zones)}
	for _, z := range zones {
		if _, ok := all.zones[z]; !ok {
			all.zones[z] = nil
		}
	}
	all.gather()
	return all
}

// Equal reports whether both are the same keys of the same zones.
func (a *Anchors) Equal(o *Anchors) bool {
	return maps.EqualFunc(a.zones, o.zones, func(x, y []Key) bool {
		return len(x) == len(y) && !slices.ContainsFunc(x, func(k Key) bool { return !slices.ContainsFunc(y, k.same) })
	})
}

// Zones are the zones that have anchors, in canonical order.
func (a *Anchors) Zones() []domain.Name {
	out := make([]domain.Name, 0, len(a.zones))
	for z := range a.zones {
		out = append(out, z)
	}
	slices.SortFunc(out, domain.Compare)
	return out
}

// Keys are the keys of a zone, whether they may be used now or not.
func (a *Anchors) Keys(zone domain.Name) []Key { return slices.Clone(a.zones[zone]) }

// Closest is the anchor of name, or else of the nearest name above that has
// one. It is what may be used at the moment; that can be nothing.
func (a *Anchors) Closest(name domain.Name, now time.Time) (Anchor, bool) {
	for ; ; name = name.Parent() {
		if keys, ok := a.zones[name]; ok {
			for i := range keys {
				if !keys[i].Valid(now) {
					return of(name, keys, func(k *Key) bool { return k.Valid(now) }), true
				}
			}
			return a.whole[name], true
		}
		if name.IsRoot() || name.IsZero() {
			return Anchor{}, false
		}
	}
}

// of is the anchor with those of the keys that are usable.
func of(zone domain.Name, keys []Key, usable func(*Key) bool) Anchor {
	anchor := Anchor{Zone: zone}
	for i := range keys {
		switch k := &keys[i]; {
		case !usable(k):
		case k.Type == wire.TypeDS:
			anchor.DS = anchor.DS.Append(k.RData)
		default:
			anchor.DNSKEY = anchor.DNSKEY.Append(k.RData)
		}
	}
	// They go to many at once: who appends to them must get an array of his own.
	anchor.DS, anchor.DNSKEY = slices.Clip(anchor.DS), slices.Clip(anchor.DNSKEY)
	return anchor
}
