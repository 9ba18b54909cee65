package serve

import (
	"errors"
	"net/netip"
	"time"

	"recursor/cache/answer"
	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/edns"
	"recursor/dns/wire"
	"recursor/frontend"
)

// request is a query as read from its message, in one value that points to no
// part of itself, so that it stays on the stack.
type request struct {
	client    netip.AddrPort
	transport frontend.Transport
	lane      uint8
	header    wire.Header

	raw   []byte     // QNAME as sent, a part of the message
	key   answer.Key // holds it in lower case
	qtype wire.Type
	class wire.Class

	edns   edns.View
	fault  fault
	cookie cookie
	at     time.Time // when it came; zero until somebody asks (Handler.now)
}

// fault is the first thing that is wrong with the form of a query.
type fault struct {
	rcode wire.RCode
	note  ede.Note // none where Text is empty
}

// cookie is the COOKIE option of a query.
type cookie struct {
	present, malformed, good bool
	client                   edns.ClientCookie
	server                   []byte // a part of the message
}

// read takes the message apart; false: nobody is to be answered. Whatever else
// is wrong is noted, and the OPT is looked for as far as the message can be
// read, since the response to a query that had one has one (RFC 6891 §7).
func (r *request) read(q *frontend.Query) bool {
	h, err := wire.ParseHeader(q.Message)
	switch {
	case err != nil: // no ID to answer to
		return false
	case h.Flags.Has(wire.FlagQR): // or two servers would talk without end
		return false
	case q.Transport == frontend.UDP && q.Client.Port() == 0: // nobody sends from there
		return false
	}
	r.client, r.transport, r.lane, r.header, r.at = q.Client, q.Transport, q.Lane, h, q.At
	cur := wire.NewCursor(q.Message)
	if r.readQuestion(&cur) {
		r.readRecords(&cur)
	}
	r.readOptions()
	return true
}

// wrong notes a fault if it is the first.
func (r *request) wrong(rc wire.RCode, note ede.Note) {
	if r.fault.rcode == wire.NoError {
		r.fault = fault{rc, note}
	}
}

func (r *request) malformed(text string) {
	r.wrong(wire.FormErr, ede.Note{Code: ede.Other, Text: text})
}

// readQuestion reads the question section; false: nothing behind it can be read.
func (r *request) readQuestion(cur *wire.Cursor) bool {
	if r.header.QD > 1 {
		r.malformed("more than one question") // RFC 9619 §4
		for range r.header.QD {
			off, err := wire.SkipName(cur.Msg, cur.Off)
			if err != nil || off+4 > len(cur.Msg) {
				return false
			}
			cur.Off = off + 4
		}
		return true
	}
	if r.header.QD == 0 {
		return true
	}
	q, err := cur.FirstQuestion()
	if err != nil {
		r.malformed("malformed question")
		return false
	}
	r.raw, r.qtype, r.class = q.Raw, q.Type, q.Class
	r.key.SetName(q.Raw)
	return true
}

// readRecords steps over the records, taking down the OPT. What else a query
// carries beside its question is not looked at.
func (r *request) readRecords(cur *wire.Cursor) {
	if r.header.AN == 0 && r.header.NS == 0 && r.header.AR <= 1 { // as in nearly all
		rest := cur.Msg[cur.Off:]
		if r.header.AR == 0 && len(rest) == 0 {
			r.edns = edns.View{Payload: edns.MinPayload}
			return
		}
		if view, ok := edns.ParseLone(rest); ok && r.header.AR == 1 {
			r.edns = view
			return
		}
	}
	var opt wire.OPT
	signed := false
	counts := [...]uint16{wire.Answer: r.header.AN, wire.Authority: r.header.NS, wire.Additional: r.header.AR}
records:
	for section, n := range counts {
		for range n {
			rr, err := cur.RR()
			if err != nil {
				r.malformed("malformed record")
				break records
			}
			switch rr.Type {
			case wire.TypeOPT:
				opt.Note(cur.Msg, rr, wire.Section(section))
			case wire.TypeTSIG, wire.TypeSIG:
				signed = signed || wire.Section(section) == wire.Additional
			}
		}
	}
	if cur.Off != len(cur.Msg) {
		r.malformed("octets after the last record")
	}
	var err error
	if r.edns, err = edns.Parse(opt); err != nil {
		r.badOPT(err)
	}
	if signed {
		// Public-key work for strangers is not done, and a shared key there is
		// none, so the response could not be signed (RFC 8945 §5.2).
		r.wrong(wire.NotAuth, ede.Note{Code: ede.NotSupported, Text: "no signed transactions here"})
	}
}

func (r *request) badOPT(err error) {
	e := new(edns.Error)
	if errors.As(err, &e) && e.Kind == edns.BadVersion {
		// No options in this one: the client may not know their format
		// (RFC 6891 §6.1.3, RFC 8906 §8.2.2).
		r.wrong(wire.BadVers, ede.Note{})
		return
	}
	r.malformed(e.Kind.String())
}

// readOptions checks the options that have a form to be checked (RFC 6891 §7);
// the rest is for those who know it, or ignored (RFC 6891 §6.1.2).
func (r *request) readOptions() {
	for code, data := range r.edns.All() {
		switch code {
		case edns.Cookie:
			if r.cookie.present {
				continue // the first counts (RFC 7873 §5.2)
			}
			r.cookie.present = true
			var err error
			r.cookie.client, r.cookie.server, err = edns.ParseCookie(data)
			r.cookie.malformed = err != nil
		case edns.ECS: // RFC 7871 §6; otherwise not looked at: it goes nowhere
			if _, err := edns.ParseECS(data); err != nil {
				r.malformed("malformed ECS option")
			}
		case edns.Keepalive: // ignored over UDP (RFC 7828 §3.2.1)
			if _, _, err := edns.ParseKeepalive(data); err != nil && r.transport != frontend.UDP {
				r.malformed("malformed KEEPALIVE option")
			}
		}
	}
}

// lowered is the QNAME in lower case, empty without question.
func (r *request) lowered() []byte { return r.key.Name() }

// qname is the QNAME as a Name, the zero Name without question.
func (r *request) qname() domain.Name {
	if len(r.raw) == 0 {
		return domain.Name{}
	}
	return domain.FromLowered(r.lowered())
}

func (r *request) has(f wire.Flags) bool { return r.header.Flags.Has(f) }

// wantsAD: who can make use of AD says so (RFC 6840 §5.7).
func (r *request) wantsAD() bool { return r.edns.DO || r.has(wire.FlagAD) }
