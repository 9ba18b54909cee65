package infra

import (
	"encoding/binary"
	"time"

	"recursor/random"
)

// cookieAge is how long a server that shows no cookie is left alone with them
// (RFC 9018 §3).
const cookieAge = 5 * time.Minute

// Cookie is what is known of a server's DNS cookies (RFC 7873).
type Cookie struct {
	client  [8]byte
	made    bool
	server  [32]byte
	n       int // octets of server
	absent  time.Time
	refused bool // a query with cookie was rejected
}

// worth reports whether the server should be sent a cookie.
func (c *Cookie) worth(now time.Time) bool {
	return !c.refused && (c.absent.IsZero() || now.Sub(c.absent) >= cookieAge)
}

// Cookie is the option to send: our cookie, one per server address
// (RFC 9018 §3), and the server's where it is known.
func (s *Server) Cookie(r *random.Stream, dst []byte) []byte {
	c := &s.cookie
	if !c.made {
		binary.BigEndian.PutUint64(c.client[:], r.Uint64())
		c.made = true
	}
	dst = append(dst, c.client[:]...)
	return append(dst, c.server[:c.n]...)
}

// CookieReply takes the cookie of a reply, nil where it had none, and reports
// whether the reply may be believed: a wrong client cookie, or none from a
// server that is known to give them, marks a forgery (RFC 7873 §5.3).
func (s *Server) CookieReply(option []byte, now time.Time) bool {
	c := &s.cookie
	if option == nil {
		if c.n > 0 {
			return false
		}
		c.absent, c.made = now, false // not the same cookie again (RFC 9018 §3)
		return true
	}
	if len(option) < 16 || len(option) > 40 || string(option[:8]) != string(c.client[:]) {
		return false
	}
	c.n = copy(c.server[:], option[8:])
	return true
}

// ForgetCookie drops the server's cookie: TCP has shown that it gives none any
// more.
func (s *Server) ForgetCookie() { s.cookie.n = 0 }
