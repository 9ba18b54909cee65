package zone

import (
	"maps"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// Answer is what a zone says to a question. The Sets belong to the Table and
// are never changed.
type Answer struct {
	RCode                         wire.RCode
	Answer, Authority, Additional []rrset.Set
}

// Table finds the zone that a name is in. A nil Table has no zones.
type Table struct {
	// zones is keyed by the lower-cased wire form of the apex; nil marks a name
	// that is resolved although a zone above it is held here.
	zones map[string]*held
	// tops are the last labels of all keys: most names are told from special
	// ones by theirs.
	tops map[string]struct{}
	// depth is the number of labels of the longest key.
	depth int
	// discovery is what this resolver says of itself; nil: nothing.
	discovery *Discovery
}

// newTable makes a Table of zones.
func newTable(zones []*held) *Table {
	t := &Table{zones: make(map[string]*held, len(zones)), tops: map[string]struct{}{}}
	for _, z := range zones {
		t.put(z.apex, z)
	}
	return t
}

func (t *Table) put(name domain.Name, z *held) {
	t.zones[name.Wire()] = z
	t.tops[name.Ancestor(1).Wire()] = struct{}{}
	t.depth = max(t.depth, name.Labels())
}

// Transparent is the Table without anything at and below the names: what is
// asked there is resolved (RFC 6303 §3 wants zones to be switched off one by
// one, RFC 6761 §6.2 wants it for test.). A zone held below such a name stays.
func (t *Table) Transparent(names ...domain.Name) *Table {
	if t == nil {
		return nil
	}
	c := t.clone()
	for _, name := range names {
		c.put(name, nil)
	}
	return c
}

func (t *Table) clone() *Table {
	return &Table{zones: maps.Clone(t.zones), tops: maps.Clone(t.tops), depth: t.depth, discovery: t.discovery}
}

// With is the Table with resolver.arpa that tells of this resolver what d says,
// now and later. A nil Table becomes one of this zone alone.
func (t *Table) With(d *Discovery) *Table {
	if t == nil {
		t = newTable(nil)
	}
	c := t.clone()
	z := delegated(domain.MustParse(discoveryApex), bare)
	z.discovery = d
	c.put(z.apex, z)
	c.discovery = d
	return c
}

// Lookup answers a question of class IN; false: the name is to be resolved.
func (t *Table) Lookup(name domain.Name, qtype wire.Type) (Answer, bool) {
	var buf [domain.MaxName]byte
	return t.LookupWire(name.AppendWire(buf[:0]), qtype)
}

// LookupWire is Lookup for a name in lower-cased wire form, which must be
// valid. It does not keep it.
func (t *Table) LookupWire(name []byte, qtype wire.Type) (Answer, bool) {
	if t == nil {
		return Answer{}, false
	}
	if ans, ok := t.discovery.own(name, qtype); ok {
		return ans, true
	}
	z := t.closest(name)
	if z == nil {
		return Answer{}, false
	}
	atApex := len(name) == z.apex.Len()
	// DS is the parent's data, and the parent's proof that nothing is signed
	// below is what a validator behind us needs (RFC 6303 §3, RFC 8375 §4).
	if qtype == wire.TypeDS && atApex && z.delegated {
		return Answer{}, false
	}
	return z.answer(name, qtype, atApex), true
}

// closest is the zone with the longest apex that name is within.
func (t *Table) closest(name []byte) *held {
	var labels [domain.MaxName / 2]uint8
	n := 0
	for off := 0; name[off] != 0; off += 1 + int(name[off]) {
		labels[n] = uint8(off)
		n++
	}
	if n == 0 {
		return nil
	}
	if _, ok := t.tops[string(name[labels[n-1]:])]; !ok {
		return nil
	}
	var found *held
	for i := n - 1; i >= max(n-t.depth, 0); i-- {
		if z, ok := t.zones[string(name[labels[i]:])]; ok {
			found = z
		}
	}
	return found
}
