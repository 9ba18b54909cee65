package sim

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"time"

	"github.com/miekg/dns"

	"recursor/transport"
)

// CookiePolicy is what a server does with cookies (RFC 7873).
type CookiePolicy uint8

// CookiePolicies.
const (
	// CookiesIgnored: the option is not known.
	CookiesIgnored CookiePolicy = iota
	// CookiesWork: a server cookie comes with each answer to who sent one.
	CookiesWork
	// CookiesRequired: over UDP, without a good server cookie there is
	// BADCOOKIE, or TC for who sent none at all.
	CookiesRequired
	// CookiesWrong: the answer has another client cookie.
	CookiesWrong
	// CookiesLost: the answer has no cookie though others had.
	CookiesLost
)

// Lifetimes of a server cookie (RFC 9018 §4.3).
const (
	cookieAge   = time.Hour
	cookieAhead = 5 * time.Minute
)

func hexOf(s string) string { return hex.EncodeToString([]byte(s)) }

// cookieOf is the COOKIE option of a message, nil where it has none or one of
// an impossible length.
func cookieOf(q *dns.Msg) []byte {
	opt := q.IsEdns0()
	if opt == nil {
		return nil
	}
	for _, o := range opt.Option {
		if c, ok := o.(*dns.EDNS0_COOKIE); ok {
			b, err := hex.DecodeString(c.Cookie)
			if err == nil && (len(b) == 8 || len(b) >= 16 && len(b) <= 40) {
				return b
			}
		}
	}
	return nil
}

// serverCookie is a cookie in the layout of RFC 9018 §4; its hash is not the
// one named there, which nobody but this server needs to know.
func (a *Authority) serverCookie(p Packet, client []byte, at time.Time) []byte {
	b := []byte{1, 0, 0, 0}
	b = binary.BigEndian.AppendUint32(b, uint32(at.Unix()))
	h := sha256.Sum256(slices.Concat([]byte(a.Name), client, b, p.From.Addr().AsSlice()))
	return append(b, h[:8]...)
}

// goodCookie reports whether a cookie is one this server gave, lately.
func (a *Authority) goodCookie(p Packet, cookie []byte) bool {
	if len(cookie) != 24 {
		return false
	}
	made := time.Unix(int64(binary.BigEndian.Uint32(cookie[12:])), 0)
	if age := p.At.Sub(made); age > cookieAge || age < -cookieAhead {
		return false
	}
	return slices.Equal(cookie[8:], a.serverCookie(p, cookie[:8], made))
}

// needCookie answers queries without the cookie that a server requires, nil
// for others.
func (a *Authority) needCookie(p Packet, q *dns.Msg) *dns.Msg {
	if a.Faults.Cookies != CookiesRequired || p.Proto == transport.TCP {
		return nil
	}
	cookie := cookieOf(q)
	switch {
	case cookie == nil:
		m := a.refusal(q, dns.RcodeSuccess)
		m.Truncated = true // RFC 7873 §5.2.1: come by TCP
		return m
	case a.goodCookie(p, cookie):
		return nil
	}
	m := a.refusal(q, dns.RcodeBadCookie)
	a.echoCookie(p, q, m)
	return m
}

// echoCookie gives a response to a query with a cookie its own.
func (a *Authority) echoCookie(p Packet, q, m *dns.Msg) {
	cookie, opt := cookieOf(q), m.IsEdns0()
	if cookie == nil || opt == nil || a.Faults.Cookies == CookiesIgnored || a.Faults.Cookies == CookiesLost {
		return
	}
	client := slices.Clone(cookie[:8])
	if a.Faults.Cookies == CookiesWrong {
		client[0] ^= 0xff
	}
	full := append(client, a.serverCookie(p, cookie[:8], p.At)...)
	opt.Option = append(opt.Option, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: hex.EncodeToString(full)})
}
