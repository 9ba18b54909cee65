package serve

import (
	"time"

	"recursor/dns/ede"
	"recursor/dns/edns"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/frontend"
	"recursor/observe"
	"recursor/serve/limit"
	"recursor/serve/reply"
)

// outcome is what a query comes to.
type outcome struct {
	rcode                         wire.RCode
	aa, secure                    bool
	unserved                      bool // no recursion for this client or message
	lasting                       bool // others may be given it, as long as the TTLs say
	answer, authority, additional []rrset.Set
	servers                       []rrset.Set // for the authority section, where there is room
	note                          ede.Note    // before notes; none where Text is empty
	notes                         []ede.Note
	from                          string // as in observe.Answered
	source                        Source
	sends                         int
	due                           bool // of what is at hand, and soon over
	window                        time.Duration
}

// refuse makes o a response without data and says why. It reports true, as a
// step does that has the last word.
func (o *outcome) refuse(rc wire.RCode, code ede.Code, text string) bool {
	*o = failed(rc, code, text)
	return true
}

func failed(rc wire.RCode, code ede.Code, text string) outcome {
	return outcome{rcode: rc, note: ede.Note{Code: code, Text: text}, from: "refused"}
}

// block is the policy of RFC 8467 §4.1 for responses.
const block = 468

// append appends the response. Everything in it but ID, question and the copied
// flags is made here.
func (h *Handler) append(dst []byte, r *request, o *outcome) []byte {
	var (
		memory optMemory
		notes  [1]ede.Note
	)
	rep := o.reply(r)
	e, options := h.edns(r, &memory)
	e.Options, e.Notes = options.list[:options.n], o.notes
	rep.EDNS = e
	if o.note.Text != "" {
		notes[0] = o.note
		rep.EDNS.Notes = notes[:]
	}
	return rep.Append(dst, h.longest(r))
}

// reply is the response without OPT.
func (o *outcome) reply(r *request) reply.Reply {
	rep := reply.Reply{
		ID:         r.header.ID,
		Flags:      r.flags(),
		RCode:      o.rcode,
		Answer:     o.answer,
		Authority:  o.authority,
		Servers:    o.servers,
		Additional: o.additional,
	}
	if o.aa {
		rep.Flags |= wire.FlagAA
	}
	if o.unserved {
		rep.Flags &^= wire.FlagRA
	}
	if o.secure && r.wantsAD() {
		rep.Flags |= wire.FlagAD
	}
	if r.header.Flags.Opcode() == wire.OpQuery { // what other opcodes have in that section is theirs
		rep.Question = reply.Question{Raw: r.raw, Lower: r.lowered(), Type: r.qtype, Class: r.class}
	}
	return rep
}

// options are those of one response, and optMemory is where their data lie: they
// are apart so that both can be on the stack.
type options struct {
	list [3]edns.Option
	n    int
}

type optMemory struct {
	cookie [limit.CookieLen]byte
	idle   [2]byte
}

// with is the options and one more, where there is any.
func (o options) with(code edns.Code, data []byte) options {
	if len(data) > 0 {
		o.list[o.n] = edns.Option{Code: code, Data: data}
		o.n++
	}
	return o
}

// edns is the OPT of the response without options and notes, and its options; it
// is not Present for who sent none.
func (h *Handler) edns(r *request, m *optMemory) (e reply.EDNS, all options) {
	if !r.edns.Present || r.header.Flags.Opcode() == wire.OpDSO { // DSO has no OPT (RFC 8490 §5.1)
		return e, all
	}
	e.Present, e.DO, e.Payload = true, r.edns.DO, uint16(h.set.UDPPayload)
	if len(r.edns.Raw) == 0 { // no option comes unasked
		return e, all
	}
	all = all.with(edns.Cookie, h.cookieOption(m.cookie[:0], r))
	all = all.with(edns.Keepalive, h.keepaliveOption(m.idle[:0], r))
	all = all.with(edns.NSID, h.nsidOption(r))
	if _, asked := r.edns.Option(edns.Padding); asked && encrypted(r.transport) { // RFC 7830 §4, §6
		e.Block = block
	}
	return e, all
}

// flags are those of the response but for AA and AD: RD and CD are copied
// (RFC 1035 §4.1.1, RFC 4035 §3.2.2), everything else is ours. Only RD is known
// to mean the same under opcodes that we do not serve, and in DSO not even that
// (RFC 8490 §5.4).
func (r *request) flags() wire.Flags {
	opcode := r.header.Flags.Opcode()
	f := wire.FlagQR.WithOpcode(opcode)
	copied := wire.FlagRD
	switch opcode {
	case wire.OpQuery:
		f |= wire.FlagRA
		copied |= wire.FlagCD
	case wire.OpDSO:
		copied = 0
	}
	return f | r.header.Flags&copied
}

// longest is how long the response may be: what the client takes over UDP, but no
// more than we send without fragments (RFC 9715 §3).
func (h *Handler) longest(r *request) int {
	switch {
	case r.transport != frontend.UDP:
		return frontend.MaxMessage
	case !r.edns.Present:
		return minPayload
	default:
		return min(int(r.edns.Payload), h.set.UDPPayload) // at least 512: RFC 6891 §6.2.3
	}
}

// keepaliveOption tells a client on TCP or TLS that asked how long it may be
// idle (RFC 7828 §3.3.2). HTTP and QUIC have means of their own (RFC 9250
// §5.5.2), and over UDP there is nothing to keep.
func (h *Handler) keepaliveOption(dst []byte, r *request) []byte {
	if r.transport != frontend.TCP && r.transport != frontend.DoT {
		return nil
	}
	if _, asked := r.edns.Option(edns.Keepalive); !asked {
		return nil
	}
	return edns.AppendKeepalive(dst, h.set.Idle)
}

// nsidOption is for those who ask; what they may have put into the option is
// ignored (RFC 5001 §2.2).
func (h *Handler) nsidOption(r *request) []byte {
	if _, asked := r.edns.Option(edns.NSID); !asked {
		return nil
	}
	return h.set.NSID
}

func encrypted(t frontend.Transport) bool {
	return t == frontend.DoT || t == frontend.DoH || t == frontend.DoQ
}

// observe tells the Observer.
func (h *Handler) observe(r *request, o *outcome, id uint64) {
	began := h.now(r)
	e := observe.Answered{
		At:        h.set.Clock.Now().TTL,
		Query:     id,
		Client:    r.client,
		Transport: r.transport.String(),
		Name:      r.qname(),
		Type:      uint16(r.qtype),
		RCode:     uint16(o.rcode),
		From:      o.from,
		Notes:     o.notes,
		Sends:     o.sends,
	}
	e.Took = e.At.Sub(began)
	if o.note.Text != "" {
		e.Notes = []ede.Note{o.note}
	}
	h.set.Observer.Observe(e)
}
