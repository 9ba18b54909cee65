package serve

import (
	"recursor/dns/ede"
	"recursor/dns/wire"
)

// The steps of Handler.admit and Handler.local, as far as they have no file of their own.

// opcode: only QUERY is served. The others are told so, whatever else their
// messages hold (RFC 8906 §3.1.2, RFC 8490 §5.1).
func (h *Handler) opcode(r *request, o *outcome) bool {
	if r.header.Flags.Opcode() == wire.OpQuery {
		return false
	}
	return o.refuse(wire.NotImp, ede.NotSupported, "only the opcode QUERY is served")
}

// access: who may not ask is told so (RFC 5358 §4, RFC 8914 §4.19). The
// response is hardly longer than the query, so it is of no use for
// amplification.
func (h *Handler) access(r *request, o *outcome) bool {
	if h.allow.Contains(r.client.Addr()) || !r.has(wire.FlagRD) && h.snoop.Contains(r.client.Addr()) {
		return false
	}
	o.refuse(wire.Refused, ede.Prohibited, "not in the access list")
	o.unserved = true // RFC 1035 §4.1.1: recursion is not available to it
	return true
}

// form: what is no question of the right form.
func (h *Handler) form(r *request, o *outcome) bool {
	if r.fault.rcode == wire.NoError {
		return false
	}
	o.refuse(r.fault.rcode, r.fault.note.Code, r.fault.note.Text)
	o.unserved = r.fault.rcode == wire.FormErr // nor to what is no question
	return true
}

// class: Internet, and a few names of CHAOS. Other classes have no servers to
// ask, and have been a source of defects (CVE-2026-5946).
func (h *Handler) class(r *request, o *outcome) bool {
	switch r.class {
	case wire.ClassIN:
		return false
	case wire.ClassCH:
		if sets := h.chaosAnswer(r); sets != nil {
			*o = outcome{answer: sets, from: "local"} // of no zone, so without AA
			return true
		}
	}
	return o.refuse(wire.Refused, ede.NotSupported, "only the class IN is served")
}

// qtype: types that no RRset can have are not asked of anybody.
func (h *Handler) qtype(r *request, o *outcome) bool {
	switch t := r.qtype; {
	case t == wire.TypeANY:
		return false
	case t == wire.TypeAXFR || t == wire.TypeIXFR:
		return o.refuse(wire.Refused, ede.NotSupported, "no zone transfers here")
	case t == wire.TypeMAILA || t == wire.TypeMAILB: // RFC 1035 §3.2.3, obsolete
		return o.refuse(wire.NotImp, ede.NotSupported, "obsolete query type")
	case t == wire.TypeNone || t == wire.TypeOPT || t == wire.TypeTSIG || t == wire.TypeNXNAME:
		// RFC 9824 §3.5 has it for NXNAME; the others are parts of messages.
		return o.refuse(wire.FormErr, ede.InvalidQueryType, "no query may have this type")
	case t.IsMeta(): // unassigned, or TKEY
		return o.refuse(wire.Refused, ede.InvalidQueryType, "no RRset can have this type")
	default:
		return false
	}
}

// zone: zones held here, whether or not recursion is desired.
func (h *Handler) zone(r *request, o *outcome) bool {
	ans, ok := h.set.Zones.LookupWire(r.lowered(), r.qtype)
	if ok {
		// Authoritative (RFC 6303 §3), and never AD: nobody signed it.
		*o = outcome{rcode: ans.RCode, aa: true, answer: ans.Answer, authority: ans.Authority, additional: ans.Additional, from: "local"}
	}
	return ok
}

// recursion: without RD only the cache may answer, and only for those who may
// know what others asked.
func (h *Handler) recursion(r *request, o *outcome) bool {
	if r.has(wire.FlagRD) || h.snoop.Contains(r.client.Addr()) {
		return false
	}
	return o.refuse(wire.Refused, ede.NotAuthoritative, "not answered without RD") // RFC 8914 §4.21
}
