package serve

import (
	"recursor/dns/ede"
	"recursor/dns/edns"
	"recursor/dns/wire"
	"recursor/frontend"
)

// cookie judges the COOKIE option (RFC 7873 §5.2) and answers messages without
// a question, which nobody may send but to get a cookie (RFC 7873 §5.4,
// RFC 9619 §4).
func (h *Handler) cookie(r *request, o *outcome) bool {
	c := &r.cookie
	switch {
	case h.cookies == nil || !c.present:
		if r.header.QD == 0 {
			return o.refuse(wire.FormErr, ede.Other, "no question")
		}
		return false
	case c.malformed:
		return o.refuse(wire.FormErr, ede.Other, "malformed COOKIE option")
	}
	if c.server != nil {
		c.good = h.cookies.Judge(c.client, c.server, r.client.Addr(), h.now(r))
	}
	switch {
	case r.header.QD == 0:
		*o = outcome{from: "local"}
		if c.server != nil && !c.good {
			o.rcode = wire.BadCookie
		}
		return true
	case c.good || h.set.Cookies.Mode != CookiesRequired || r.transport != frontend.UDP || !h.resolutions.Pressed():
		// TCP shows as much as a cookie does (RFC 7873 §5.2.3).
		return false
	}
	return o.refuse(wire.BadCookie, ede.Other, "busy: return the cookie of this response")
}

// cookieOption is the COOKIE option of the response, nil for a client that sent
// none: its own cookie again while it is fresh, else a new one.
func (h *Handler) cookieOption(dst []byte, r *request) []byte {
	c := &r.cookie
	if h.cookies == nil || !c.present || c.malformed {
		return nil
	}
	addr, now := r.client.Addr(), h.now(r)
	if c.good && !h.cookies.Renew(c.client, c.server, addr, now) {
		return edns.AppendCookie(dst, c.client, c.server)
	}
	return h.cookies.Make(dst, c.client, addr, now)
}
