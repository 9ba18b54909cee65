package sim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"recursor/dns/domain"
)

// Zone is the content of a zone. It must not change while a Loopback serves
// it; on a Clock it may change between runs.
type Zone struct {
	Origin domain.Name

	nodes map[domain.Name]*node // names that exist, empty non-terminals too
	nsec3 []*hashedOwner        // by hash
	nsec  []domain.Name         // owners of NSEC records in canonical order; nil where not collected yet
	keys  []*Key                // it was signed with, for answers made on the fly
	live  *SignOptions          // where denials are made on the fly (RFC 9824)
}

// node is a name in the tree of a zone.
type node struct {
	sets map[uint16][]dns.RR
	sigs map[uint16][]dns.RR // by the type covered
}

func (n *node) has(t uint16) bool { return n != nil && len(n.sets[t]) > 0 }

// empty reports whether the node is a name without records, or none at all.
func (n *node) empty() bool { return n == nil || len(n.sets) == 0 }

// types lists the types of the node's RRsets in order.
func (n *node) types() []uint16 { return slices.Sorted(maps.Keys(n.sets)) }

// hashedOwner is an NSEC3 record. Its owner is no name of the tree: a query
// for it finds nothing (RFC 5155 §7.2.8).
type hashedOwner struct {
	hash string // lower-case base32hex
	rr   *dns.NSEC3
	sigs []dns.RR
}

// ErrNotInZone says that a record's owner is not within the zone.
var ErrNotInZone = errors.New("sim: owner outside of the zone")

// NewZone is a zone without records.
func NewZone(origin domain.Name) *Zone {
	return &Zone{Origin: origin, nodes: map[domain.Name]*node{origin: newNode()}}
}

func newNode() *node { return &node{sets: map[uint16][]dns.RR{}, sigs: map[uint16][]dns.RR{}} }

// ParseZone reads a zone from master-file text (RFC 1035 §5). Records without
// a TTL have one of an hour.
func ParseZone(origin, text string) (*Zone, error) {
	name, err := domain.Parse(origin)
	if err != nil {
		return nil, fmt.Errorf("zone %q: %w", origin, err)
	}
	z := NewZone(name)
	return z, z.addText(text, dns.Fqdn(origin)) // with its letters
}

// AddText adds the records of master-file text.
func (z *Zone) AddText(text string) error { return z.addText(text, z.Origin.String()) }

func (z *Zone) addText(text, origin string) error {
	rrs, err := parseRecords(text, origin)
	if err != nil {
		return fmt.Errorf("zone %s: %w", z.Origin, err)
	}
	return z.Add(rrs...)
}

func parseRecords(text, origin string) ([]dns.RR, error) {
	p := dns.NewZoneParser(strings.NewReader(text), origin, "")
	p.SetDefaultTTL(3600)
	var rrs []dns.RR
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		rrs = append(rrs, rr)
	}
	return rrs, p.Err()
}

// Add adds records. One that is there already, TTL aside, is not added again.
func (z *Zone) Add(rrs ...dns.RR) error {
	z.nsec = nil
	for _, rr := range rrs {
		owner, err := domain.Parse(rr.Header().Name)
		if err != nil {
			return fmt.Errorf("zone %s: %q: %w", z.Origin, rr.Header().Name, err)
		}
		if !owner.Within(z.Origin) {
			return fmt.Errorf("zone %s: %s: %w", z.Origin, owner, ErrNotInZone)
		}
		z.add(owner, rr)
	}
	return nil
}

func (z *Zone) add(owner domain.Name, rr dns.RR) {
	switch rr := rr.(type) {
	case *dns.NSEC3:
		z.hashed(owner).rr = rr
	case *dns.RRSIG:
		if rr.TypeCovered == dns.TypeNSEC3 {
			h := z.hashed(owner)
			h.sigs = append(h.sigs, rr)
			return
		}
		n := z.enter(owner)
		n.sigs[rr.TypeCovered] = append(n.sigs[rr.TypeCovered], rr)
	default:
		n := z.enter(owner)
		t := rr.Header().Rrtype
		if !slices.ContainsFunc(n.sets[t], func(o dns.RR) bool { return dns.IsDuplicate(o, rr) }) {
			n.sets[t] = append(n.sets[t], rr)
		}
	}
}

// enter is the node of a name, made with the empty non-terminals above it
// where there is none.
func (z *Zone) enter(name domain.Name) *node {
	if n := z.nodes[name]; n != nil {
		return n
	}
	z.enter(name.Parent())
	n := newNode()
	z.nodes[name] = n
	return n
}

// hashed is the place of the NSEC3 records of an owner.
func (z *Zone) hashed(owner domain.Name) *hashedOwner {
	hash := owner.FirstLabel()
	i, found := slices.BinarySearchFunc(z.nsec3, hash, func(h *hashedOwner, s string) int { return strings.Compare(h.hash, s) })
	if !found {
		z.nsec3 = slices.Insert(z.nsec3, i, &hashedOwner{hash: hash})
	}
	return z.nsec3[i]
}

// Records is the RRset of a name, nil where there is none.
func (z *Zone) Records(name domain.Name, t uint16) []dns.RR {
	n := z.nodes[name]
	if n == nil {
		return nil
	}
	return n.sets[t]
}

// Remove takes an RRset and its signatures out; for dns.TypeRRSIG all
// signatures of the name, for dns.TypeANY everything there.
func (z *Zone) Remove(name domain.Name, t uint16) {
	z.nsec = nil
	n := z.nodes[name]
	switch {
	case n == nil:
		return
	case t == dns.TypeANY:
		clear(n.sets)
		clear(n.sigs)
	case t == dns.TypeRRSIG:
		clear(n.sigs)
	default:
		delete(n.sets, t)
		delete(n.sigs, t)
	}
	z.prune(name)
}

// RemoveSignatures takes the signatures of one RRset out.
func (z *Zone) RemoveSignatures(name domain.Name, t uint16) {
	if n := z.nodes[name]; n != nil {
		delete(n.sigs, t)
	}
}

// prune forgets a name that has neither records nor names below it.
func (z *Zone) prune(name domain.Name) {
	n := z.nodes[name]
	if name == z.Origin || n == nil || !n.empty() || len(n.sigs) > 0 {
		return
	}
	for other := range z.nodes {
		if other.Below(name) {
			return
		}
	}
	delete(z.nodes, name)
	z.prune(name.Parent())
}

// Names lists the names that exist in canonical order, empty non-terminals
// and names below cuts included.
func (z *Zone) Names() []domain.Name {
	return slices.SortedFunc(maps.Keys(z.nodes), domain.Compare)
}

// All lists all records: the SOA record, then the rest in canonical order of
// names, each RRset followed by its signatures, NSEC3 last.
func (z *Zone) All() []dns.RR {
	var all []dns.RR
	all = append(all, z.Records(z.Origin, dns.TypeSOA)...)
	for _, name := range z.Names() {
		n := z.nodes[name]
		for _, t := range n.types() {
			if t != dns.TypeSOA || name != z.Origin {
				all = append(all, n.sets[t]...)
			}
			all = append(all, n.sigs[t]...)
		}
	}
	for _, h := range z.nsec3 {
		if h.rr != nil {
			all = append(all, h.rr)
		}
		all = append(all, h.sigs...)
	}
	return all
}

// Text is the zone as a master file with full names.
func (z *Zone) Text() string {
	var b strings.Builder
	for _, rr := range z.All() {
		line := rr.String()
		if _, unknown := rr.(*dns.RFC3597); unknown {
			line = strings.Replace(line, "\tCLASS1\t", "\tIN\t", 1) // not everybody reads it
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// Clone is a copy that shares nothing that may change.
func (z *Zone) Clone() *Zone {
	c := NewZone(z.Origin)
	for _, rr := range z.All() {
		owner, _ := domain.Parse(rr.Header().Name) // it was parsed before
		c.add(owner, dns.Copy(rr))
	}
	c.keys, c.live = z.keys, z.live
	return c
}

// SOA is the SOA record, nil where the zone has none.
func (z *Zone) SOA() *dns.SOA {
	if set := z.Records(z.Origin, dns.TypeSOA); len(set) > 0 {
		return set[0].(*dns.SOA)
	}
	return nil
}

// cutAbove is the topmost zone cut at or above name, false where name is not
// at or below one.
func (z *Zone) cutAbove(name domain.Name) (domain.Name, bool) {
	for k := z.Origin.Labels() + 1; k <= name.Labels(); k++ {
		if a := name.Ancestor(k); z.nodes[a].has(dns.TypeNS) {
			return a, true
		}
	}
	return domain.Name{}, false
}
