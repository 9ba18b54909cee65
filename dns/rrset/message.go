package rrset

import (
	"encoding/binary"
	"errors"

	"recursor/dns/domain"
	"recursor/dns/wire"
)

// ErrQuestions tells that a message has more than one question (RFC 9619).
var ErrQuestions = errors.New("rrset: more than one question")

// Message is a message as Sets.
type Message struct {
	wire.Header
	// Question is zero where QDCOUNT is 0.
	Question wire.Question
	// The sections, in the order in which each Set's first record stood. OPT
	// is not among them.
	Answer, Authority, Additional []Set
	OPT                           wire.OPT
}

// RCode is the response code with the OPT's upper bits (RFC 6891 §6.1.3).
func (m *Message) RCode() wire.RCode {
	rc := m.Flags.RCode()
	if m.OPT.Count > 0 {
		rc |= wire.RCode(m.OPT.TTL>>24) << 4
	}
	return rc
}

// Parse reads a whole message: every section, or an error and nothing
// (RFC 1035 §7.3). Octets after the last record are wire.ErrTrailing.
func Parse(msg []byte) (*Message, error) {
	h, err := wire.ParseHeader(msg)
	if err != nil {
		return nil, err
	}
	if h.QD > 1 {
		return nil, ErrQuestions
	}
	m := &Message{Header: h}
	p := parser{m: m, cur: wire.NewCursor(msg), buf: make([]byte, 0, len(msg)+len(msg)/2)}
	if h.QD == 1 {
		if m.Question, p.buf, err = p.cur.Question(p.buf); err != nil {
			return nil, err
		}
	}
	sections := []struct {
		n  uint16
		to *[]Set
	}{{h.AN, &m.Answer}, {h.NS, &m.Authority}, {h.AR, &m.Additional}}
	for i, s := range sections {
		p.at = wire.Section(i)
		if *s.to, err = p.section(int(s.n)); err != nil {
			return nil, err
		}
	}
	if p.cur.Off != len(msg) {
		return nil, wire.ErrTrailing
	}
	return m, nil
}

// parser groups the records of one message. buf receives owners and RDATA, so
// that a message costs few allocations.
type parser struct {
	m   *Message
	cur wire.Cursor
	buf []byte
	at  wire.Section
	group
}

func (p *parser) section(n int) ([]Set, error) {
	p.group = group{}
	for range n {
		rr, err := p.cur.RR()
		if err != nil {
			return nil, err
		}
		if rr.Type == wire.TypeOPT {
			p.m.OPT.Note(p.cur.Msg, rr, p.at)
			continue
		}
		if err := p.record(rr); err != nil {
			return nil, err
		}
	}
	return p.group.finish(), nil
}

// record adds one record to the Set it belongs to.
func (p *parser) record(rr wire.RR) error {
	start := len(p.buf)
	buf, _, err := wire.AppendName(p.buf, p.cur.Msg, rr.Off)
	if err != nil {
		return err
	}
	owner := buf[start:len(buf):len(buf)]
	at := len(buf)
	buf = append(buf, 0, 0)
	if buf, err = wire.AppendRData(buf, p.cur.Msg, rr); err != nil {
		return err
	}
	entry := buf[at:len(buf):len(buf)]
	if len(entry)-2 > 0xffff {
		return wire.ErrRData
	}
	binary.BigEndian.PutUint16(entry, uint16(len(entry)-2))
	rdata := entry[2:]

	covered, isSig := rr.Type, false
	if rr.Type == wire.TypeRRSIG {
		covered, isSig = wire.Type(binary.BigEndian.Uint16(rdata)), true
	}
	s, fresh := p.group.find(owner, covered, rr.Class)
	list := &s.RData
	if isSig {
		list = &s.Sigs
	}
	switch {
	case fresh:
		s.TTL = rr.TTL
	case rr.TTL != s.TTL:
		s.Mismatch = s.Mismatch || !isSig && len(s.RData) > 0
		s.TTL = min(s.TTL, rr.TTL)
	}
	if contains(*list, covered, rdata, isSig) {
		return nil // its octets in buf are written over by the next record
	}
	if len(*list) == 0 {
		*list = entry
		p.buf = buf
		return nil
	}
	*list = append(*list, entry...)
	if fresh {
		p.buf = buf
	}
	return nil
}

// contains reports whether list has the RDATA already (RFC 2181 §5.5): names
// compare without case.
func contains(list List, t wire.Type, rdata []byte, isSig bool) bool {
	if len(list) == 0 {
		return false
	}
	if isSig {
		t = wire.TypeRRSIG
	}
	var a, b [512]byte
	want := wire.AppendCanonical(a[:0], t, rdata)
	for rd := range list.All() {
		if len(rd) == len(rdata) && string(wire.AppendCanonical(b[:0], t, rd)) == string(want) {
			return true
		}
	}
	return false
}

// group is the section under construction.
type group struct {
	sets  []Set
	index map[key]int // made when a linear search would get long
}

type key struct {
	name  domain.Name
	t     wire.Type
	class wire.Class
}

// find returns the Set of the owner, type and class, a fresh one where there
// was none.
func (g *group) find(owner []byte, t wire.Type, class wire.Class) (s *Set, fresh bool) {
	var name domain.Name
	if n := len(g.sets); n > 0 {
		last := &g.sets[n-1]
		if string(last.Owner) == string(owner) {
			if last.Type == t && last.Class == class {
				return last, false
			}
			name = last.Name
		}
	}
	if name.IsZero() {
		name = domain.FromValid(owner)
	}
	k := key{name, t, class}
	if g.index == nil && len(g.sets) > 16 {
		g.index = make(map[key]int, 64)
		for i := range g.sets {
			g.index[key{g.sets[i].Name, g.sets[i].Type, g.sets[i].Class}] = i
		}
	}
	if g.index != nil {
		if i, ok := g.index[k]; ok {
			return &g.sets[i], false
		}
		g.index[k] = len(g.sets)
	} else {
		for i := range g.sets {
			if g.sets[i].Name == name && g.sets[i].Type == t && g.sets[i].Class == class {
				return &g.sets[i], false
			}
		}
	}
	g.sets = append(g.sets, Set{Name: name, Owner: owner, Type: t, Class: class})
	return &g.sets[len(g.sets)-1], true
}

// finish makes RRSIGs that cover nothing here Sets of their own, as the answer
// to a question for RRSIG is.
func (g *group) finish() []Set {
	for i := range g.sets {
		s := &g.sets[i]
		if len(s.RData) == 0 && len(s.Sigs) > 0 {
			s.Type, s.RData, s.Sigs = wire.TypeRRSIG, s.Sigs, nil
		}
	}
	return g.sets
}
