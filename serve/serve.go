package serve

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"recursor/dns/ede"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/frontend"
	"recursor/observe"
	"recursor/serve/limit"
)

// Handler answers the queries of clients. It is a frontend.Handler.
type Handler struct {
	set         Options
	ctx         context.Context
	allow       limit.List
	snoop       limit.List
	cookies     *limit.Cookies // nil: ignored
	resolutions *limit.Resolutions
	chaos       []chaosAnswer
	any         []rrset.Set
	tellsHits   bool // the Observer wants to know of them
	tellsGood   bool // and of answers that are no failures
	queries     atomic.Uint64
	rooms       sync.Pool // of *[maxPayload]byte: for responses over UDP
	counters    counters
	refreshes   refreshes
}

var _ frontend.Handler = (*Handler)(nil)

// New is a Handler. The end of ctx ends its resolutions.
func New(ctx context.Context, o Options) *Handler {
	o = o.withDefaults()
	h := &Handler{
		set:         o,
		ctx:         ctx,
		allow:       limit.NewList(o.Allow),
		snoop:       limit.NewList(o.Snoop),
		resolutions: limit.NewResolutions(o.Resolutions, o.ResolutionsPerClient, o.GiveWay),
		chaos:       chaosAnswers(o.Identity, o.Version),
		any:         []rrset.Set{anyRecord(o.AnyTTL)},
		tellsHits:   o.Observer != nil && observe.Wants(o.Observer, observe.Hits),
		tellsGood:   o.Observer != nil && observe.Wants(o.Observer, observe.Answers),
	}
	if o.Cookies.Mode != CookiesIgnored {
		h.cookies = limit.NewCookies(o.Random, o.Cookies.Secrets...)
	}
	return h
}

// Hit implements frontend.Handler: the part of the route that waits for nothing.
func (h *Handler) Hit(q *frontend.Query, dst []byte) (n int, ok bool) {
	var r request
	var o outcome
	if !r.read(q) {
		return 0, true
	}
	if !h.admit(&r, &o) {
		if n := h.finished(&r, dst); n > 0 { // octets of an earlier answer
			return n, true
		}
		if !h.local(&r, &o) {
			return 0, false
		}
	}
	msg := h.append(dst[:0:len(dst)], &r, &o) // what lies behind dst is another's
	if len(msg) > len(dst) {
		return 0, false
	}
	h.counters.add(&r, AtHand, o.rcode)
	if h.tellsHits {
		h.observe(&r, &o, h.queries.Add(1))
	}
	return copy(dst, msg), true
}

// admit and local are the steps that need no resolution, in their order. Each
// reports whether it had the last word, and what that is. Those of admit look at
// who asks and how, those of local at what is asked.
func (h *Handler) admit(r *request, o *outcome) bool {
	return h.opcode(r, o) || // QUERY only
		h.access(r, o) || // who may ask
		h.form(r, o) || // is it a question at all
		h.cookie(r, o) // does the client receive what we send
}

func (h *Handler) local(r *request, o *outcome) bool {
	return h.class(r, o) || // IN, and what CH is asked for
		h.qtype(r, o) || // can there be such an RRset
		h.zone(r, o) || // zones held here
		h.minimalAny(r, o) || // not by the servers of the name
		h.recursion(r, o) // RD=0 is for few
}

// Miss implements frontend.Handler: the whole route.
func (h *Handler) Miss(q *frontend.Query, send func(msg []byte)) {
	var r request
	if !r.read(q) {
		return
	}
	id := h.queries.Add(1)
	h.now(&r)
	// Stands where a panic ends the work: the client is answered all the same,
	// and the panic goes on to whoever started the goroutine.
	o := failed(wire.ServFail, ede.Other, "internal error")
	defer func() {
		if !h.late(&r) {
			h.send(&r, &o, send)
		}
		h.counters.add(&r, o.source, o.rcode)
		if h.tellsGood || h.set.Observer != nil && o.rcode == wire.ServFail {
			h.observe(&r, &o, id)
		}
		h.keep(&r, &o) // the client has its answer
		if o.due {
			h.refresh(&r)
		}
	}()
	var done outcome
	if !h.admit(&r, &done) && !h.local(&r, &done) {
		h.stamp(&r)
		done = h.resolve(&r, id)
	}
	o = done
}

// late reports whether an answer comes too late to be sent: over UDP, under
// pressure, to a client that has not shown that it is there. Answers that pile up
// for an address and leave together are a weapon (DNSBomb, CVE-2024-33655).
func (h *Handler) late(r *request) bool {
	return r.transport == frontend.UDP && !r.cookie.good && h.resolutions.Pressed() &&
		h.set.Clock.Now().TTL.Sub(r.at) > h.set.Late
}

// send makes the response and sends it. Over UDP it is nobody's afterwards, and
// its memory serves for the next.
func (h *Handler) send(r *request, o *outcome, send func(msg []byte)) {
	if r.transport != frontend.UDP {
		send(h.append(make([]byte, 0, maxPayload), r, o))
		return
	}
	room, _ := h.rooms.Get().(*[maxPayload]byte)
	if room == nil {
		room = new([maxPayload]byte)
	}
	send(h.append(room[:0], r, o))
	h.rooms.Put(room)
}

// resolve asks the Resolver, where there is a place left.
func (h *Handler) resolve(r *request, id uint64) outcome {
	place, verdict := h.resolutions.Enter(r.client.Addr(), h.now(r))
	switch verdict {
	case limit.Full:
		return failed(wire.ServFail, ede.Other, "too many queries in progress")
	case limit.ClientFull:
		return failed(wire.Refused, ede.Other, "too many queries of this client in progress")
	case limit.Admitted:
	}
	defer h.resolutions.Leave(&place)
	ctx := h.ctx
	if h.resolutions.Pressed() {
		var giveUp context.CancelFunc
		ctx, giveUp = context.WithCancel(ctx)
		defer giveUp()
		h.resolutions.MayGiveWay(&place, giveUp)
	}
	ans, err := h.set.Resolver.Resolve(ctx, Question{
		ID:        id,
		Name:      r.qname(),
		Type:      r.qtype,
		Class:     r.class,
		CD:        r.has(wire.FlagCD),
		CacheOnly: !r.has(wire.FlagRD),
		Client:    r.client,
		Transport: r.transport,
		Deadline:  h.deadline(r.transport),
	})
	if err != nil && ctx.Err() != nil && h.ctx.Err() == nil {
		return failed(wire.ServFail, ede.Other, "given up for others: too many queries in progress")
	}
	return finish(r, &ans, err)
}

// deadline is the time within which a client is answered.
func (h *Handler) deadline(t frontend.Transport) time.Duration {
	if t == frontend.UDP {
		return h.set.UDPDeadline
	}
	return h.set.Deadline
}

// now is when the query was first asked about the time: one reading for each.
func (h *Handler) now(r *request) time.Time {
	if r.at.IsZero() {
		r.at = h.set.Clock.Now().TTL
	}
	return r.at
}
