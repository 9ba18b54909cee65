package cache

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

// start is when most tests begin; a fraction of a second shows that nothing
// rounds to whole ones.
func start() time.Time { return time.Unix(1_700_000_000, 250_000_000) }

func after(seconds float64) time.Time {
	return start().Add(time.Duration(seconds * float64(time.Second)))
}

func name(s string) domain.Name { return domain.MustParse(s) }

// set makes one RRset of zone-file lines; RRSIGs become its signatures.
func set(t testing.TB, lines ...string) rrset.Set {
	t.Helper()
	var s rrset.Set
	for _, line := range lines {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		var buf [4096]byte
		n, err := dns.PackRR(rr, buf[:], 0, nil, false)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		owner, at, err := domain.FromWire(buf[:n])
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		typ := wire.Type(binary.BigEndian.Uint16(buf[at:]))
		rdata := buf[at+10 : n]
		if typ == wire.TypeRRSIG {
			s.Sigs = s.Sigs.Append(rdata)
			continue
		}
		if s.Owner == nil {
			s = rrset.Set{
				Name: owner, Owner: append([]byte(nil), buf[:at]...), Type: typ, Class: wire.Class(rr.Header().Class),
				TTL: rr.Header().Ttl, Sigs: s.Sigs,
			}
		}
		s.RData = s.RData.Append(rdata)
	}
	return s
}

// a is an A RRset.
func a(t testing.TB, owner string, ttl uint32, addr string) rrset.Set {
	t.Helper()
	s := set(t, owner+" 1 IN A "+addr)
	s.TTL = ttl
	return s
}

// soa is an SOA RRset.
func soa(t testing.TB, zone string, ttl, minimum uint32) rrset.Set {
	t.Helper()
	s := set(t, zone+" 1 IN SOA ns.nic.example. admin.nic.example. 1 7200 900 1209600 0")
	s.TTL = ttl
	binary.BigEndian.PutUint32(s.RData[len(s.RData)-4:], minimum)
	return s
}

// nxdomain denies a name, nodata a name and type.
func nxdomain(t testing.TB, owner, zone string, ttl uint32, s Status) *Denial {
	t.Helper()
	return &Denial{Name: name(owner), SOA: soa(t, zone, ttl, ttl), Status: s}
}

func nodata(t testing.TB, owner string, typ wire.Type, zone string, ttl uint32, s Status) *Denial {
	t.Helper()
	return &Denial{Name: name(owner), Type: typ, SOA: soa(t, zone, ttl, ttl), Status: s}
}

func newCache(o Options) *Cache {
	if o.Size == 0 {
		o.Size = 4 << 20
	}
	o.Seed = 1
	return New(o)
}

// same compares all of two Sets but the TTL.
func same(a, b rrset.Set) bool {
	return a.Name == b.Name && string(a.Owner) == string(b.Owner) && a.Type == b.Type && a.Class == b.Class &&
		a.Mismatch == b.Mismatch && string(a.RData) == string(b.RData) && string(a.Sigs) == string(b.Sigs)
}
