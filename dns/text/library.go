package text

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/miekg/dns"

	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// ErrMeta tells that a type is for messages only: an OPT, for one, must not be
// loaded from a file (RFC 6891 §6.1.1).
var ErrMeta = errors.New("a type that no RRset has")

// maxRecord is longer than any record: owner, fixed fields, RDATA.
const maxRecord = 255 + 10 + 0xffff

// folder makes Sets of the library's records by way of their octets, so that
// they pass the checks that the network's do.
type folder struct {
	sets rrset.Collector
	buf  []byte
}

func (f *folder) fold(rr dns.RR) error {
	h := rr.Header()
	msg, err := f.pack(rr)
	switch {
	case err != nil:
	case wire.Type(h.Rrtype).IsMeta():
		err = ErrMeta
	default:
		err = f.add(msg)
	}
	if err != nil {
		return fmt.Errorf("text: %s %s: %w", h.Name, dns.Type(h.Rrtype), err)
	}
	return nil
}

// pack is rr in wire form without compression, valid until the next call.
func (f *folder) pack(rr dns.RR) ([]byte, error) {
	if n := dns.Len(rr); len(f.buf) < n {
		f.buf = make([]byte, n)
	}
	n, err := dns.PackRR(rr, f.buf, 0, nil, false)
	if err != nil && len(f.buf) < maxRecord { // its Len may be too low
		f.buf = make([]byte, maxRecord)
		n, err = dns.PackRR(rr, f.buf, 0, nil, false)
	}
	if err != nil {
		return nil, err
	}
	return f.buf[:n], nil
}

func (f *folder) add(msg []byte) error {
	cur := wire.Cursor{Msg: msg}
	rr, err := cur.RR()
	if err == nil {
		const fixed = 10 // type, class, TTL and length
		err = f.sets.Add(rrset.Record{
			Owner: msg[:rr.Start-fixed], Type: rr.Type, Class: rr.Class, TTL: rr.TTL, RData: msg[rr.Start:rr.End],
		})
	}
	return err
}

// appendRecord appends r in wire form without compression.
func appendRecord(dst []byte, r rrset.Record) []byte {
	dst = append(dst, r.Owner...)
	dst = binary.BigEndian.AppendUint16(dst, uint16(r.Type))
	dst = binary.BigEndian.AppendUint16(dst, uint16(r.Class))
	dst = binary.BigEndian.AppendUint32(dst, r.TTL)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(r.RData)))
	return append(dst, r.RData...)
}

// unpack makes the library's record of r.
func unpack(r rrset.Record) (dns.RR, error) {
	rr, _, err := dns.UnpackRR(appendRecord(nil, r), 0)
	return rr, err
}

// FromMsg makes Sets of the library's message.
func FromMsg(m *dns.Msg) (*rrset.Message, error) {
	msg, err := m.Pack()
	if err != nil {
		return nil, fmt.Errorf("text: packing: %w", err)
	}
	return rrset.Parse(msg)
}

// ToMsg makes the library's message of m, OPT and all.
func ToMsg(m *rrset.Message) (*dns.Msg, error) {
	var b wire.Builder
	b.Reset(nil)
	h := m.Header
	if h.QD > 0 {
		b.Question(m.Question.Raw, m.Question.Type, m.Question.Class)
	}
	counts := [...]*uint16{&h.AN, &h.NS, &h.AR}
	for i, sets := range [...][]rrset.Set{m.Answer, m.Authority, m.Additional} {
		*counts[i] = 0
		for j := range sets {
			for r := range sets[j].Records() {
				b.RR(r.Owner, r.Type, r.Class, r.TTL, r.RData)
				*counts[i]++
			}
		}
	}
	if o := m.OPT; o.Count > 0 {
		b.RR([]byte{0}, wire.TypeOPT, wire.Class(o.Payload), o.TTL, o.RData)
		h.AR++
	}
	b.Header(h)
	out := new(dns.Msg)
	if err := out.Unpack(b.Bytes()); err != nil {
		return nil, fmt.Errorf("text: %w", err)
	}
	return out, nil
}
