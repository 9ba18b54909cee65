package rrset

import (
	"encoding/binary"
	"errors"

	"recursor/dns/wire"
)

// Errors of the makers of Sets, beside those of package wire.
var (
	// ErrQuestions tells that a message has more than one question (RFC 9619).
	ErrQuestions = errors.New("rrset: more than one question")
	// ErrOwner tells that an owner is not one uncompressed name.
	ErrOwner = errors.New("rrset: owner is not a name")
)

// Message is a message as Sets.
type Message struct {
	wire.Header
	// Question is zero where QDCOUNT is 0.
	Question wire.Question
	// The sections, in the order in which each Set's first record stood. OPT
	// is not among them; other meta types are, as the octets they came as.
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
// (RFC 1035 §7.3). Octets after the last record are wire.ErrTrailing. The Sets
// keep nothing of msg, the OPT does.
func Parse(msg []byte) (*Message, error) {
	h, err := wire.ParseHeader(msg)
	if err != nil {
		return nil, err
	}
	if h.QD > 1 {
		return nil, ErrQuestions
	}
	m := &Message{Header: h}
	counts := [...]int{int(h.AN), int(h.NS), int(h.AR)}
	p := parser{m: m, cur: wire.NewCursor(msg)}
	n := counts[0] + counts[1] + counts[2]
	p.buf = make([]byte, 0, len(msg)+typicalName*min(n, linear)) // names unfold
	switch {
	case n > typicalSets: // glue: mostly a record each
		p.sets = make([]Set, 0, min(n, linear/2))
	case n > 0: // mostly two, be it record and signature
		p.sets = make([]Set, 0, (n+1)/2)
	}
	if h.QD == 1 {
		if m.Question, p.buf, err = p.cur.Question(p.buf); err != nil {
			return nil, err
		}
		p.likely = m.Question.Name
	}
	var ends [len(counts)]int
	for i, n := range counts {
		p.section = wire.Section(i)
		if ends[i], err = p.records(n); err != nil {
			return nil, err
		}
	}
	if p.cur.Off != len(msg) {
		return nil, wire.ErrTrailing
	}
	m.Answer = p.sets[:ends[0]:ends[0]]
	m.Authority = p.sets[ends[0]:ends[1]:ends[1]]
	m.Additional = p.sets[ends[1]:ends[2]:ends[2]]
	return m, nil
}

// What room is made for: the octets by which a record's name and those in its
// RDATA unfold, and the records of a message without much glue.
const (
	typicalName = 16
	typicalSets = 16
)

// parser reads the records of one message.
type parser struct {
	m       *Message
	cur     wire.Cursor
	section wire.Section
	group
	// pointer is the compression pointer that was the last owner, 0 for none:
	// most owners repeat the one before.
	pointer uint16
}

// records reads the n records of a section and returns where its Sets end.
func (p *parser) records(n int) (int, error) {
	p.begin()
	for range n {
		rr, err := p.cur.RR()
		if err != nil {
			return 0, err
		}
		if rr.Type == wire.TypeOPT {
			p.m.OPT.Note(p.cur.Msg, rr, p.section)
			continue
		}
		if err := p.record(rr); err != nil {
			return 0, err
		}
	}
	return p.finish(), nil
}

// record adds one record to the Set it belongs to.
func (p *parser) record(rr wire.RR) error {
	if err := p.owner(rr.Off); err != nil {
		return err
	}
	t, sig := rr.Type, false
	if t == wire.TypeRRSIG {
		if rr.End-rr.Start < 2 {
			return wire.ErrRData
		}
		t, sig = wire.Type(binary.BigEndian.Uint16(p.cur.Msg[rr.Start:])), true
	}
	i := p.find(t, rr.Class)
	at := len(p.buf)
	buf, err := wire.AppendRData(append(p.buf, 0, 0), p.cur.Msg, rr)
	if err != nil {
		return err
	}
	n := len(buf) - at - 2
	if n > maxRData {
		return wire.ErrRData
	}
	binary.BigEndian.PutUint16(buf[at:], uint16(n))
	p.buf = buf
	p.put(entry{set: i, sig: sig, at: at, ttl: rr.TTL})
	return nil
}

// owner makes the name at off the owner at hand.
func (p *parser) owner(off int) error {
	if c := p.cur.Msg[off]; c >= 0xc0 {
		pointer := binary.BigEndian.Uint16(p.cur.Msg[off:])
		if pointer == p.pointer {
			return nil
		}
		p.pointer = pointer
	} else {
		p.pointer = 0
	}
	raw, _, err := wire.AppendName(p.raw[:0], p.cur.Msg, off)
	if err != nil {
		return err
	}
	p.named(len(raw))
	return nil
}
