package limit

import (
	"crypto/subtle"
	"encoding/binary"
	"net/netip"
	"sync/atomic"
	"time"

	"recursor/dns/edns"
	"recursor/random"
)

// Secret is a server secret (RFC 9018 §4.4).
type Secret = [16]byte

// CookieLen is the length of a COOKIE option with a server cookie of version 1.
const CookieLen = edns.ClientCookieLen + serverCookieLen

const (
	serverCookieLen = 16
	version         = 1
	// Times of RFC 9018 §4.3.
	maxAge   = 3600
	maxAhead = 300
	renewAge = 1800
)

// Cookies makes and judges server cookies.
type Cookies struct {
	// configured secrets: the first makes cookies, all judge them, so that a
	// set of servers can change theirs in the three stages of RFC 9018 §5.
	configured []Secret
	own        rolling // where none is configured
}

// NewCookies is Cookies with the given secrets, or with one of the seeder's
// that changes by itself where none is given.
func NewCookies(seeder random.Seeder, secrets ...Secret) *Cookies {
	if len(secrets) > 0 {
		return &Cookies{configured: secrets}
	}
	c := new(Cookies)
	c.own.draw(seeder.Stream())
	return c
}

// Judge reports whether server is a cookie that was made here for this client
// and is neither too old nor from the future.
func (c *Cookies) Judge(client edns.ClientCookie, server []byte, addr netip.Addr, now time.Time) bool {
	// The exact length is what keeps an IPv4 address and cookie from passing
	// for an IPv6 one (RFC 9018 §4.4).
	if len(server) != serverCookieLen || server[0] != version {
		return false
	}
	made := binary.BigEndian.Uint32(server[4:])
	// RFC 1982 §3.2 as RFC 9018 §4.3 wants it: the difference modulo 2^32, signed.
	if age := int32(uint32(now.Unix()) - made); age > maxAge || age < -maxAhead {
		return false
	}
	var want [serverCookieLen]byte
	for i := range max(1, len(c.configured)) {
		copy(want[:8], server) // reserved octets as they are (RFC 9018 §4.2)
		c.sign(&want, i, client, addr)
		if subtle.ConstantTimeCompare(want[:], server) == 1 {
			return true
		}
	}
	return false
}

// Renew reports whether a client that sent this cookie, which was judged good,
// is to be given another: it is older than half an hour (RFC 9018 §4.3), comes
// from the future, or was made with a secret that makes none any more
// (RFC 7873 §7.1).
func (c *Cookies) Renew(client edns.ClientCookie, server []byte, addr netip.Addr, now time.Time) bool {
	made := binary.BigEndian.Uint32(server[4:])
	if age := int32(uint32(now.Unix()) - made); age > renewAge || age < 0 {
		return true
	}
	if len(c.configured) == 0 {
		return c.own.epoch(made) != c.own.epoch(uint32(now.Unix()))
	}
	var want [serverCookieLen]byte
	copy(want[:8], server)
	c.sign(&want, 0, client, addr)
	return want != [serverCookieLen]byte(server)
}

// Make appends the data of a COOKIE option with a fresh server cookie.
func (c *Cookies) Make(dst []byte, client edns.ClientCookie, addr netip.Addr, now time.Time) []byte {
	var server [serverCookieLen]byte
	server[0] = version
	binary.BigEndian.PutUint32(server[4:], uint32(now.Unix()))
	c.sign(&server, 0, client, addr)
	return edns.AppendCookie(dst, client, server[:])
}

// sign writes the hash into a server cookie whose other fields are set, with
// the n-th secret.
func (c *Cookies) sign(server *[serverCookieLen]byte, n int, client edns.ClientCookie, addr netip.Addr) {
	var buf [edns.ClientCookieLen + 8 + 16]byte
	msg := append(buf[:0], client[:]...)
	msg = append(msg, server[:8]...)
	if addr = addr.Unmap(); addr.Is4() {
		a := addr.As4()
		msg = append(msg, a[:]...)
	} else {
		a := addr.As16()
		msg = append(msg, a[:]...)
	}
	var secret Secret
	if len(c.configured) > 0 {
		secret = c.configured[n]
	} else {
		secret = c.own.secret(binary.BigEndian.Uint32(server[4:]))
	}
	binary.LittleEndian.PutUint64(server[8:], sipHash(&secret, msg))
}

// rolling is a secret for each span of time, derived from one that never leaves
// the process: the time in a cookie tells which secret made it, so nothing has
// to be kept, and an old secret counts for as long as its cookies do.
type rolling struct {
	master Secret
	span   uint32 // seconds a secret lasts
	phase  uint32
	// known are secrets that were made before, of even and of odd epochs: cookies
	// that are judged are of the present epoch or one beside it.
	known [2]atomic.Pointer[epochSecret]
}

// epochSecret is the secret of one epoch.
type epochSecret struct {
	epoch  uint32
	secret Secret
}

// draw draws the secret and, so that nobody can tell when it changes, how long
// each lasts: a day less up to 40 % (RFC 7873 §7.1).
func (r *rolling) draw(s *random.Stream) {
	const day = 86400
	binary.LittleEndian.PutUint64(r.master[:8], s.Uint64())
	binary.LittleEndian.PutUint64(r.master[8:], s.Uint64())
	r.span = uint32(day - s.IntN(day*2/5))
	r.phase = uint32(s.IntN(day))
}

func (r *rolling) epoch(at uint32) uint32 { return (at + r.phase) / r.span }

func (r *rolling) secret(at uint32) Secret {
	epoch := r.epoch(at)
	known := &r.known[epoch%2]
	if k := known.Load(); k != nil && k.epoch == epoch {
		return k.secret
	}
	made := r.make(epoch)
	known.Store(&epochSecret{epoch, made})
	return made
}

// make makes the secret of an epoch.
func (r *rolling) make(epoch uint32) (s Secret) {
	var msg [5]byte
	binary.BigEndian.PutUint32(msg[:], epoch)
	for half := range 2 {
		msg[4] = byte(half)
		binary.LittleEndian.PutUint64(s[8*half:], sipHash(&r.master, msg[:]))
	}
	return s
}
