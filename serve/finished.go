package serve

// This file is hot: a finished answer goes from octets to octets, without an
// allocation and without a message in between.

import (
	"encoding/binary"

	"recursor/cache/answer"
	"recursor/dns/edns"
	"recursor/dns/wire"
	"recursor/frontend"
)

// touchOneIn is how many finished answers are given, more or less, until one of
// them counts as a use of what it was made of.
const touchOneIn = 64

// finished answers with what was finished for an earlier client, writing to
// dst; 0 where there is no such answer that fits this one. Who asks with RD
// clear wants to know what the resolver holds, so that is looked up.
//
// The class, the type and the zones held here need no look: what is kept passed
// them, and they are the same for all who ask this Handler the same question.
func (h *Handler) finished(r *request, dst []byte) int {
	body := wire.HeaderLen + len(r.raw) + 4 // where it begins
	if h.set.Answers == nil || r.class != wire.ClassIN || !r.has(wire.FlagRD) || body > len(dst) {
		return 0
	}
	r.key.Set(r.qtype, r.variant(), 0)
	f, ok := h.set.Answers.Get(&r.key, dst, body, h.now(r))
	if !ok {
		return 0
	}
	msg := dst[:f.End:len(dst)]
	if r.edns.Present {
		f.Additional++
		if msg = h.appendOPT(msg, r, body); len(msg) > len(dst) {
			return 0
		}
	}
	if len(msg) == 0 || len(msg) > h.longest(r) {
		return 0
	}
	flags := r.flags().WithRCode(f.RCode)
	if f.Secure && r.wantsAD() {
		flags |= wire.FlagAD
	}
	wire.Header{
		ID: r.header.ID, Flags: flags, QD: 1, AN: f.Answer, NS: f.Authority, AR: f.Additional,
	}.Append(dst[:0])
	n := wire.HeaderLen + copy(dst[wire.HeaderLen:], r.raw)
	binary.BigEndian.PutUint16(dst[n:], uint16(r.qtype))
	binary.BigEndian.PutUint16(dst[n+2:], uint16(r.class))
	h.counters.add(r, Finished, f.RCode)
	if f.Due {
		h.refresh(r)
	}
	if r.header.ID%touchOneIn == 0 && h.set.Touch != nil {
		h.set.Touch(r.key, r.qtype, h.now(r))
	}
	if h.tellsHits {
		h.observe(r, &outcome{rcode: f.RCode, from: "cache"}, h.queries.Add(1))
	}
	return len(msg)
}

// appendOPT appends the OPT to a message that lacks nothing else and whose
// question ends at body; empty: there is no room for it.
func (h *Handler) appendOPT(msg []byte, r *request, body int) []byte {
	if len(r.edns.Raw) == 0 { // as with h.edns, without the way there
		return edns.OPT{Payload: uint16(h.set.UDPPayload), DO: r.edns.DO}.Append(msg)
	}
	var memory optMemory
	e, options := h.edns(r, &memory)
	e.Options = options.list[:options.n]
	longest := h.longest(r)
	if len(msg)+e.Len(longest-body) > longest {
		return nil
	}
	return e.Append(msg, 0, wire.NoError, longest) // an RCODE of four bits
}

// variant is what the octets that are kept depend on beside the question; what
// else a response depends on is made in finished (RFC 8906 §6).
func (r *request) variant() answer.Variant {
	var v answer.Variant
	if r.edns.DO {
		v |= answer.DO
	}
	if r.has(wire.FlagCD) {
		v |= answer.CD
	}
	return v
}

// stamp makes the key under which the answer will be kept, before it is looked
// for.
func (h *Handler) stamp(r *request) {
	if h.set.Answers != nil {
		r.key.Set(r.qtype, r.variant(), 0)
		h.set.Answers.Stamp(&r.key)
	}
}

// keep finishes an answer for those who ask the same after this client.
func (h *Handler) keep(r *request, o *outcome) {
	if !o.lasting || h.set.Answers == nil || !h.set.Answers.Wanted(&r.key) {
		return
	}
	rep := o.reply(r)
	rep.EDNS.DO = r.edns.DO
	msg := rep.Append(nil, frontend.MaxMessage)
	var memory optMemory
	e, options := h.edns(r, &memory)
	e.Options = options.list[:options.n]
	if longest := h.longest(r); len(msg)+e.Len(longest) > longest {
		return // this client came here because it does not fit, and will come again
	}
	h.set.Answers.Put(&r.key, &answer.Answer{Message: msg, At: h.now(r), Secure: o.secure, Window: o.window})
}
