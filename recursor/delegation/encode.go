package delegation

import (
	"net/netip"
	"time"

	"recursor/dns/domain"
)

// Stored Points: a version octet, then for each server the name, the number of
// IPv4 and IPv6 addresses, and the addresses. The zone is the key.
const encoding = 1

// append writes the servers of p.
func (p *Point) append(dst []byte) []byte {
	dst = append(dst, encoding)
	for _, s := range p.Servers {
		dst = s.Name.AppendWire(dst)
		at := len(dst)
		dst = append(dst, 0, 0)
		for _, a := range s.Addrs {
			if a.Is4() {
				dst[at]++
				dst = append(dst, a.AsSlice()...)
			}
		}
		for _, a := range s.Addrs {
			if !a.Is4() {
				dst[at+1]++
				dst = append(dst, a.AsSlice()...)
			}
		}
	}
	return dst
}

// decode reads what append wrote, false where it is not that. The names of the
// servers share the octets of b.
func decode(zone domain.Name, b string, expires time.Time) (*Point, bool) {
	if len(b) < 2 || b[0] != encoding {
		return nil, false
	}
	p := &Point{Zone: zone, Expires: expires, Servers: make([]Server, 0, 4)}
	var pool []netip.Addr // one array for the addresses of most servers
	for b = b[1:]; len(b) > 0; {
		name, n, err := domain.FromLoweredString(b)
		if err != nil || len(b) < n+2 {
			return nil, false
		}
		n4, n6 := int(b[n]), int(b[n+1])
		b = b[n+2:]
		if len(b) < 4*n4+16*n6 {
			return nil, false
		}
		if pool == nil {
			pool = make([]netip.Addr, 0, 4)
		}
		start := len(pool)
		for ; n4 > 0; n4-- {
			pool = append(pool, netip.AddrFrom4([4]byte([]byte(b[:4]))))
			b = b[4:]
		}
		for ; n6 > 0; n6-- {
			pool = append(pool, netip.AddrFrom16([16]byte([]byte(b[:16]))))
			b = b[16:]
		}
		p.Servers = append(p.Servers, Server{Name: name, Addrs: pool[start:len(pool):len(pool)]})
	}
	return p, true
}
