package reply

import (
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
	// TC is set (RFC 2181 §9). Additional is not. A Set without Owner is owned
	// by the QNAME, and one owned by the QNAME is written in the question's
	// spelling. No signature of any Set is written unless EDNS.DO.
	Answer, Authority, Additional []rrset.Set
	EDNS                          EDNS
}

// Append appends the response to dst, at most limit octets long. Limits below
// 512 count as 512 (RFC 6891 §6.2.3), those above 65,535 as that.
func (r *Reply) Append(dst []byte, limit int) []byte {
	w := writer{room: min(max(limit, minMessage), maxMessage)}
	w.b.Reset(dst)
	h := wire.Header{ID: r.ID, Flags: r.Flags &^ wire.FlagTC}
	if len(r.Question.Raw) > 0 {
		w.b.Question(r.Question.Raw, r.Question.Type, r.Question.Class)
		h.QD = 1
	}
	full := w.room
	if r.EDNS.Present {
		// The OPT stands also in a truncated response (RFC 6891 §7). Notes have
		// no place kept: they are the first thing to be left off (RFC 8914 §3).
		w.room -= r.EDNS.fixed(full - w.b.Len())
	}
	if w.section(r, r.Answer, &h.AN) && w.section(r, r.Authority, &h.NS) {
		w.optional(r, &h.AR)
	} else {
		h.Flags |= wire.FlagTC
	}
	if r.EDNS.Present {
		h.AR++
	}
	h.Flags = h.Flags.WithRCode(r.RCode)
	w.b.Header(h)
	msg := w.b.Bytes()
	if r.EDNS.Present {
		msg = r.EDNS.append(msg, len(dst), r.RCode, full)
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

// optional writes the Sets of the additional section that fit, leaving out
// those that the response has already (RFC 2181 §5.5).
func (w *writer) optional(r *Reply, count *uint16) {
	for i := range r.Additional {
		set := &r.Additional[i]
		if holds(r.Answer, set) || holds(r.Authority, set) || holds(r.Additional[:i], set) {
			continue
		}
		if n, ok := w.set(r, set); ok {
			*count += n
		}
	}
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
		owner = r.Question.Raw
	}
	before := w.b.Mark()
	for rdata := range s.RData.All() {
		w.b.RR(owner, s.Type, s.Class, s.TTL, rdata)
		if n++; w.b.Len() > w.room {
			w.b.Rollback(before)
			return 0, false
		}
	}
	if !r.EDNS.DO {
		return n, true
	}
	for rdata := range s.Sigs.All() {
		w.b.RR(owner, wire.TypeRRSIG, s.Class, s.TTL, rdata)
		if n++; w.b.Len() > w.room {
			w.b.Rollback(before)
			return 0, false
		}
	}
	return n, true
}
