package reply

import (
	"encoding/binary"

	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// Question is the question as the response echoes it.
type Question struct {
	// Raw is the uncompressed QNAME, octet by octet as it was sent (RFC 4343
	// §4: clients that mix case count on it); Lower is it in lower case. No
	// question is echoed where Raw is empty.
	Raw, Lower []byte
	Type       wire.Type
	Class      wire.Class
}

// Reply is a response to be written.
type Reply struct {
	ID uint16
	// Flags are those of the response but for TC and the RCODE.
	Flags    wire.Flags
	RCode    wire.RCode
	Question Question
	// Answer and Authority are required: where one of their Sets does not fit,
	// TC is set (RFC 2181 §9). Servers, NS Sets that go into the authority
	// section too, and Additional are not. A Set without Owner is owned
	// by the QNAME, and one owned by the QNAME is written in the question's
	// spelling; so is what another name in lower case shares with it. No
	// signature of any Set is written unless EDNS.DO.
	Answer, Authority, Servers, Additional []rrset.Set
	EDNS                                   EDNS
}

// Append appends the response to dst, at most limit octets long. Limits below
// 512 count as 512 (RFC 6891 §6.2.3), those above 65,535 as that.
func (r *Reply) Append(dst []byte, limit int) []byte {
	w := writer{room: min(max(limit, minMessage), maxMessage)}
	w.b.Reset(dst)
	h := wire.Header{ID: r.ID, Flags: r.Flags &^ wire.FlagTC}
	if len(r.Question.Raw) > 0 {
		// In lower case while names are compressed against it, so that the rest of
		// the message does not depend on how the client spells (RFC 4343 §4.1).
		w.b.Question(r.Question.Lower, r.Question.Type, r.Question.Class)
		h.QD = 1
	}
	full := w.room
	if r.EDNS.Present {
		// The OPT stands also in a truncated response (RFC 6891 §7). Notes have
		// no place kept: they are the first thing to be left off (RFC 8914 §3).
		w.room -= r.EDNS.Len(full - w.b.Len())
	}
	if w.section(r, r.Answer, &h.AN) && w.section(r, r.Authority, &h.NS) {
		for i := range r.Servers {
			if n, ok := w.set(r, &r.Servers[i]); ok {
				h.NS += n
			}
		}
		for i := range r.Additional {
			if r.repeated(i) {
				continue
			}
			if n, ok := w.set(r, &r.Additional[i]); ok {
				h.AR += n
			}
		}
	} else {
		h.Flags |= wire.FlagTC
	}
	if r.EDNS.Present {
		h.AR++
	}
	h.Flags = h.Flags.WithRCode(r.RCode)
	w.b.Header(h)
	msg := w.b.Bytes()
	copy(msg[len(dst)+wire.HeaderLen:], r.Question.Raw)
	if r.EDNS.Present {
		msg = r.EDNS.Append(msg, len(dst), r.RCode, full)
	}
	return msg
}

const (
	minMessage = 512
	maxMessage = 65535
)

// writer writes one response.
type writer struct {
	b wire.Builder
	// room is the length that question and Sets may reach.
	room int
}

// section writes required Sets in order; false: one did not fit, and neither it
// nor anything behind it was written.
func (w *writer) section(r *Reply, sets []rrset.Set, count *uint16) bool {
	for i := range sets {
		n, ok := w.set(r, &sets[i])
		if !ok {
			return false
		}
		*count += n
	}
	return true
}

// repeated reports whether the response has the i-th additional Set already
// (RFC 2181 §5.5).
func (r *Reply) repeated(i int) bool {
	set := &r.Additional[i]
	return holds(r.Answer, set) || holds(r.Authority, set) || holds(r.Servers, set) || holds(r.Additional[:i], set)
}

func holds(sets []rrset.Set, s *rrset.Set) bool {
	for i := range sets {
		if sets[i].Type == s.Type && sets[i].Name == s.Name {
			return true
		}
	}
	return false
}

// set writes a whole RRset with its signatures, which belong to it where DNSSEC
// is asked for (RFC 4035 §3.1.1), and tells how many records that were. Where
// it does not fit nothing is written.
func (w *writer) set(r *Reply, s *rrset.Set) (n uint16, ok bool) {
	owner := s.Owner
	if len(owner) == 0 || s.Name.Wire() == string(r.Question.Lower) {
		// The spelling of the owner is that which went upstream, where case is
		// mixed at random; the client knows its own (RFC 4343 §4.1).
		owner = r.Question.Lower
	}
	before := w.b.Mark()
	n, ok = w.records(owner, s.Type, s, s.RData)
	if ok && r.EDNS.DO {
		var sigs uint16
		sigs, ok = w.records(owner, wire.TypeRRSIG, s, s.Sigs)
		n += sigs
	}
	if !ok {
		w.b.Rollback(before)
		return 0, false
	}
	return n, true
}

// records writes a record for each RDATA of list; false: there is no room.
func (w *writer) records(owner []byte, t wire.Type, s *rrset.Set, list rrset.List) (n uint16, ok bool) {
	// Not list.All: a closure would take all that it touches to the heap.
	for len(list) > 0 {
		end := 2 + int(binary.BigEndian.Uint16(list))
		w.b.RR(owner, t, s.Class, s.TTL, list[2:end])
		if w.b.Len() > w.room {
			return n, false
		}
		n++
		list = list[end:]
	}
	return n, true
}
