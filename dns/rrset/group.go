package rrset

import (
	"encoding/binary"

	"recursor/dns/domain"
	"recursor/dns/wire"
)

const (
	maxRData = 0xffff
	// linear is how many Sets are searched one by one before there is an index.
	linear = 64
	// few is how many RDATA are compared one by one; those after them are hashed.
	few = 16
)

// group sorts records into Sets, one for each owner, type and class of a
// section (RFC 2181 §5). Its work is linear in the octets, whatever they are.
type group struct {
	// buf receives owners and RDATA one behind the other, so that a message
	// costs few allocations.
	buf  []byte
	sets []Set
	from int // where the Sets of the section begin

	// The owner at hand: octets as sent, lower-cased, and the Name once found.
	raw, low [domain.MaxName]byte
	length   int
	name     domain.Name
	// likely is a name whose ancestors are likely owners; they share its
	// octets. It is the QNAME, so that nothing keeps more than a name.
	likely domain.Name

	tail  tail
	loose int // Sets of the section with signatures only

	// What a search one by one would be too slow for.
	names map[string]domain.Name
	index map[key]int
	seen  map[duplicate]struct{}
	canon []byte // scratch
}

// tail is the list that ends where buf did: the next RDATA of the same Set just
// makes it longer.
type tail struct {
	set, from, to int
	sig           bool
}

type key struct {
	name  domain.Name
	t     wire.Type
	class wire.Class
	from  int
}

type duplicate struct {
	set   int
	sig   bool
	rdata string
}

// entry is an RDATA behind its length, at the end of buf.
type entry struct {
	set int
	sig bool // it is an RRSIG over the Set
	at  int
	ttl uint32
}

// begin begins a section.
func (g *group) begin() {
	g.from, g.loose, g.tail, g.seen = len(g.sets), 0, tail{}, nil
}

// named tells that raw has the owner at hand, n octets of it.
func (g *group) named(n int) {
	low := domain.AppendLower(g.low[:0], g.raw[:n])
	g.length = n
	if g.name.Wire() == string(low) {
		return
	}
	if g.name = g.known(low); g.name.IsZero() {
		g.name = domain.FromLowered(low)
	}
	if g.names != nil {
		g.names[g.name.Wire()] = g.name
	}
}

// known is a Name already made that has these octets, zero where there is none.
func (g *group) known(low []byte) domain.Name {
	if n, ok := g.likely.Suffix(low); ok {
		return n
	}
	if g.names != nil {
		return g.names[string(low)]
	}
	for i := len(g.sets) - 1; i >= 0; i-- {
		if g.sets[i].Name.Wire() == string(low) {
			return g.sets[i].Name
		}
	}
	return domain.Name{}
}

// find is the Set of the owner at hand, a fresh one where there was none.
func (g *group) find(t wire.Type, class wire.Class) int {
	if g.index == nil && len(g.sets) > linear {
		g.makeIndex()
	}
	if g.index != nil {
		if i, ok := g.index[key{g.name, t, class, g.from}]; ok {
			return i
		}
		g.index[key{g.name, t, class, g.from}] = len(g.sets)
	} else {
		for i := len(g.sets) - 1; i >= g.from; i-- {
			s := &g.sets[i]
			if s.Type == t && s.Class == class && s.Name == g.name {
				return i
			}
		}
	}
	at := len(g.buf)
	g.buf = append(g.buf, g.raw[:g.length]...)
	g.sets = append(g.sets, Set{Name: g.name, Owner: g.buf[at:len(g.buf):len(g.buf)], Type: t, Class: class})
	g.loose++
	return len(g.sets) - 1
}

func (g *group) makeIndex() {
	g.names = make(map[string]domain.Name, 2*len(g.sets))
	g.index = make(map[key]int, 2*len(g.sets))
	for i := range g.sets {
		s := &g.sets[i]
		g.names[s.Name.Wire()] = s.Name
		if i >= g.from {
			g.index[key{s.Name, s.Type, s.Class, g.from}] = i
		}
	}
}

// put adds the entry at the end of buf to its Set, unless the Set has it
// already. RRSIGs over one RRset are no RRset: their TTLs are not compared with
// each other's nor with the records' (RFC 4034 §3), the lowest counts.
func (g *group) put(e entry) {
	s := &g.sets[e.set]
	list, t := &s.RData, s.Type
	switch {
	case e.sig:
		if list, t = &s.Sigs, wire.TypeRRSIG; len(*list) == 0 || e.ttl < s.sigTTL {
			s.sigTTL = e.ttl
		}
	case len(*list) == 0:
		s.TTL = e.ttl
		g.loose--
	case e.ttl != s.TTL:
		s.Mismatch, s.TTL = true, min(s.TTL, e.ttl)
	}
	end := len(g.buf)
	at := tail{set: e.set, sig: e.sig, from: g.tail.from, to: e.at}
	switch {
	case g.has(e, *list, t):
		g.buf = g.buf[:e.at]
		return
	case len(*list) == 0:
		at.from = e.at
	case at != g.tail:
		*list = append(*list, g.buf[e.at:]...)
		g.buf = g.buf[:e.at]
		return
	}
	*list = List(g.buf[at.from:end:end])
	at.to = end
	g.tail = at
}

// has reports whether list has the RDATA of e already (RFC 2181 §5).
func (g *group) has(e entry, list List, t wire.Type) bool {
	rdata := g.buf[e.at+2:]
	off := 0
	for range few {
		if off == len(list) {
			return false
		}
		rd, next := list.at(off)
		if wire.SameRData(t, rd, rdata) {
			return true
		}
		off = next
	}
	if g.seen == nil {
		g.seen = make(map[duplicate]struct{})
	}
	g.canon = wire.AppendCanonical(g.canon[:0], t, rdata)
	if _, ok := g.seen[duplicate{e.set, e.sig, string(g.canon)}]; ok {
		return true
	}
	g.seen[duplicate{e.set, e.sig, string(g.canon)}] = struct{}{}
	return false
}

// finish ends the section: each Set's TTL becomes that of records and
// signatures, and RRSIGs that cover nothing here become one Set of type RRSIG
// for each owner, as the answer to a question for RRSIG is. It returns where
// the section's Sets end.
func (g *group) finish() int {
	if g.loose > 0 {
		g.gatherLoose()
	}
	for i := g.from; i < len(g.sets); i++ {
		s := &g.sets[i]
		if len(s.Sigs) > 0 {
			s.TTL = min(s.TTL, s.sigTTL)
		}
		s.sigTTL = 0
	}
	return len(g.sets)
}

// gatherLoose makes Sets without records Sets of the RRSIGs they have.
func (g *group) gatherLoose() {
	type owner struct {
		name  domain.Name
		class wire.Class
	}
	gathered := make(map[owner]int)
	kept := g.sets[:g.from]
	for _, s := range g.sets[g.from:] {
		if len(s.RData) > 0 {
			kept = append(kept, s)
			continue
		}
		o := owner{s.Name, s.Class}
		if i, ok := gathered[o]; ok {
			kept[i].RData = append(kept[i].RData, s.Sigs...)
			kept[i].TTL = min(kept[i].TTL, s.sigTTL)
			continue
		}
		gathered[o] = len(kept)
		s.Type, s.TTL, s.RData, s.Sigs = wire.TypeRRSIG, s.sigTTL, s.Sigs, nil
		kept = append(kept, s)
	}
	clear(g.sets[len(kept):])
	g.sets = kept
}

// Record is one record, owner and RDATA uncompressed.
type Record struct {
	Owner []byte
	Type  wire.Type
	Class wire.Class
	TTL   uint32
	RData []byte
}

// Collector makes Sets of records that come from elsewhere than a message. The
// zero Collector is ready.
type Collector struct{ group }

// Add adds a record and keeps nothing of it. The error tells that the owner is
// no name or that the RDATA does not fit its type.
func (c *Collector) Add(r Record) error {
	if _, n, err := domain.FromWire(r.Owner); err != nil || n != len(r.Owner) {
		return ErrOwner
	}
	if err := wire.CheckRData(r.Type, r.RData); err != nil || len(r.RData) > maxRData {
		return wire.ErrRData
	}
	t, sig := r.Type, false
	if t == wire.TypeRRSIG {
		t, sig = wire.Type(binary.BigEndian.Uint16(r.RData)), true
	}
	c.named(copy(c.raw[:], r.Owner))
	i := c.find(t, r.Class)
	at := len(c.buf)
	c.buf = append(binary.BigEndian.AppendUint16(c.buf, uint16(len(r.RData))), r.RData...)
	c.put(entry{set: i, sig: sig, at: at, ttl: r.TTL})
	return nil
}

// Sets is the records as Sets, in the order of each Set's first record. The
// Collector is empty afterwards.
func (c *Collector) Sets() []Set {
	c.finish()
	sets := c.sets
	c.group = group{}
	return sets
}
