package scenario

import (
	"bytes"
	"encoding/binary"

	"recursor/dns/domain"
	"recursor/dns/edns"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// Payload sizes that messages of the two dialects offer.
const (
	payloadUnbound = 1232
	payloadDeckard = 4096
)

// query is the message in octets as a client sends it.
func (m *Message) query(d Dialect, id uint16) []byte {
	if m.Raw != nil {
		raw := bytes.Clone(m.Raw)
		if len(raw) >= 2 {
			wire.SetID(raw, id)
		}
		return raw
	}
	o := m.opt(payloadUnbound)
	if d == Deckard {
		o = m.opt(payloadDeckard)
		o.present = true
	}
	return m.octets(id, m.Question, o)
}

// answer is the entry's message as the answer to q. Its ID is always that of
// the query, and the name in the question has the query's letters: resolvers
// that mix them would not know it otherwise. A query with OPT is answered with
// one; half of the files were written for a network that leaves it off.
func (e *Entry) answer(m *Message, q *heard) []byte {
	if m.Raw != nil {
		raw := bytes.Clone(m.Raw)
		if len(raw) >= 2 {
			wire.SetID(raw, q.ID)
		}
		return raw
	}
	question := m.Question
	switch {
	case q.question == nil:
	case e.Adjust.CopyQuery:
		question = q.question
	case question != nil && question.Name == q.question.Name:
		question = &Question{Owner: q.question.Owner, Name: question.Name, Type: question.Type, Class: question.Class}
	}
	o := m.opt(payloadUnbound)
	if q.opt.Count > 0 {
		o.present = true
		o.DO = o.DO || q.edns().DO
	}
	if c, ok := q.edns().Option(edns.Cookie); ok && e.Adjust.CopyCookie && len(c) >= edns.ClientCookieLen {
		const server = "\x01\x00\x00\x00a server" // its time and hash are its own affair (RFC 9018 §4)
		cookie := append(bytes.Clone(c[:edns.ClientCookieLen]), server+"says"...)
		o.data = edns.Option{Code: edns.Cookie, Data: cookie}.Append(bytes.Clone(o.data))
	}
	return m.octets(q.ID, question, o)
}

// opt is the OPT record of a message, where present.
type opt struct {
	present bool
	edns.OPT
	data []byte // of the options, as written
}

func (m *Message) opt(payload uint16) opt {
	return opt{
		present: m.EDNS || m.RCode > 0xf, data: m.EDNSData,
		OPT: edns.OPT{Payload: payload, DO: m.DO, CO: m.CO, RCodeHigh: edns.High(m.RCode)},
	}
}

func (o opt) append(dst []byte) []byte {
	dst = o.OPT.Append(dst)
	binary.BigEndian.PutUint16(dst[len(dst)-2:], uint16(len(o.data)))
	return append(dst, o.data...)
}

// octets writes the message, uncompressed.
func (m *Message) octets(id uint16, q *Question, o opt) []byte {
	h := wire.Header{
		ID: id, Flags: m.Flags,
		AN: uint16(len(m.Sections[0])), NS: uint16(len(m.Sections[1])), AR: uint16(len(m.Sections[2])),
	}
	if q != nil {
		h.QD = 1
	}
	if o.present {
		h.AR++
	}
	b := h.Append(nil)
	if q != nil {
		b = append(b, q.Owner...)
		b = binary.BigEndian.AppendUint16(b, uint16(q.Type))
		b = binary.BigEndian.AppendUint16(b, uint16(q.Class))
	}
	for _, section := range m.Sections {
		for _, r := range section {
			b = appendRecord(b, r)
		}
	}
	if o.present {
		b = o.append(b)
	}
	return b
}

func appendRecord(b []byte, r rrset.Record) []byte {
	b = append(b, r.Owner...)
	b = binary.BigEndian.AppendUint16(b, uint16(r.Type))
	b = binary.BigEndian.AppendUint16(b, uint16(r.Class))
	b = binary.BigEndian.AppendUint32(b, r.TTL)
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.RData)))
	return append(b, r.RData...)
}

// normalise puts each signature beside the RRset it covers: some files have it
// in another section, which only a resolver that pairs across sections can use
// and which none is meant to be tested for.
func (m *Message) normalise() {
	for i := range m.Sections {
		section := m.Sections[i] // with what an earlier one had of it
		var kept []rrset.Record
		for _, r := range section {
			if to := m.home(r, i); to != i {
				m.Sections[to] = append(m.Sections[to], r)
			} else {
				kept = append(kept, r)
			}
		}
		if len(kept) < len(section) {
			m.Sections[i] = kept
		}
	}
}

// home is the section in which the RRset is that a signature covers: its own
// where it is there or nowhere.
func (m *Message) home(r rrset.Record, at int) int {
	if r.Type != wire.TypeRRSIG || len(r.RData) < 2 || m.holds(at, r) {
		return at
	}
	for i := range m.Sections {
		if m.holds(i, r) {
			return i
		}
	}
	return at
}

// holds reports whether a section has records that the signature covers.
func (m *Message) holds(section int, sig rrset.Record) bool {
	owner, covered := domain.FromValid(sig.Owner), wire.Type(binary.BigEndian.Uint16(sig.RData))
	for _, r := range m.Sections[section] {
		if r.Type == covered && r.Class == sig.Class && domain.FromValid(r.Owner) == owner {
			return true
		}
	}
	return false
}
