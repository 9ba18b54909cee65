package scenario

import (
	"encoding/binary"
	"fmt"

	"recursor/dns/domain"
	"recursor/dns/edns"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/dns/wire"
)

// heard is a message as it came, of the resolver or to the client.
type heard struct {
	wire.Header
	question *Question
	sections [3][]rrset.Record
	opt      wire.OPT
	tcp      bool
	octets   []byte
}

// hear takes a message apart, record by record: unlike a cache it wants to
// know of each one where it stood. The error comes with what could be read.
func hear(msg []byte, tcp bool) (*heard, error) {
	h, err := wire.ParseHeader(msg)
	m := &heard{Header: h, tcp: tcp, octets: msg}
	if err != nil {
		return m, err
	}
	c := wire.NewCursor(msg)
	for range h.QD {
		q, _, err := c.RawQuestion(nil)
		if err != nil {
			return m, err
		}
		m.question = &Question{Owner: q.Raw, Name: domain.FromValid(q.Raw), Type: q.Type, Class: q.Class}
	}
	for i, n := range [...]uint16{h.AN, h.NS, h.AR} {
		for range n {
			rr, err := c.RR()
			if err != nil {
				return m, err
			}
			if rr.Type == wire.TypeOPT {
				m.opt.Note(msg, rr, wire.Section(i))
				continue
			}
			owner, _, err := wire.AppendName(nil, msg, rr.Off)
			if err != nil {
				return m, err
			}
			rdata, err := wire.AppendRData(nil, msg, rr)
			if err != nil {
				return m, err
			}
			m.sections[i] = append(m.sections[i], rrset.Record{Owner: owner, Type: rr.Type, Class: rr.Class, TTL: rr.TTL, RData: rdata})
		}
	}
	if c.Off != len(msg) {
		return m, wire.ErrTrailing
	}
	return m, nil
}

// rcode is the response code with the OPT's part.
func (m *heard) rcode() wire.RCode {
	rc := m.Flags.RCode()
	if m.opt.Count > 0 {
		rc |= wire.RCode(m.opt.TTL>>24) << 4
	}
	return rc
}

// edns is what the OPT says; options that are malformed are left off.
func (m *heard) edns() edns.View {
	v, _ := edns.Parse(m.opt) // a scenario may hold any OPT
	return v
}

// errors are the codes of the extended errors (RFC 8914).
func (m *heard) errors() []uint16 {
	var codes []uint16
	for code, data := range m.edns().All() {
		if code == edns.EDE && len(data) >= 2 {
			codes = append(codes, binary.BigEndian.Uint16(data))
		}
	}
	return codes
}

// otherOptions are the EDNS options but for extended errors, which have a word of
// their own.
func (m *heard) otherOptions() []byte {
	var other []byte
	v := m.edns()
	for code, data := range v.All() {
		if code != edns.EDE {
			other = edns.Option{Code: code, Data: data}.Append(other)
		}
	}
	return other
}

// optionLen is the length of the first option with the code, -1 without one.
func (m *heard) optionLen(code edns.Code) int {
	if data, ok := m.edns().Option(code); ok {
		return len(data)
	}
	return -1
}

// String is the question in text.
func (q *Question) String() string {
	if q == nil {
		return "no question"
	}
	name, _, err := domain.FromWire(q.Owner)
	if err != nil {
		return "no name"
	}
	if q.Class != wire.ClassIN {
		return fmt.Sprintf("%s %s %s", name, text.ClassString(q.Class), q.Type)
	}
	return fmt.Sprintf("%s %s", name, q.Type)
}

// flagNames are the flags of a header in words, with a space before each.
func flagNames(f wire.Flags) string {
	var s string
	for _, x := range [...]struct {
		f    wire.Flags
		name string
	}{
		{wire.FlagQR, "qr"},
		{wire.FlagAA, "aa"},
		{wire.FlagTC, "tc"},
		{wire.FlagRD, "rd"},
		{wire.FlagRA, "ra"},
		{wire.FlagAD, "ad"},
		{wire.FlagCD, "cd"},
	} {
		if f.Has(x.f) {
			s += " " + x.name
		}
	}
	return s
}
