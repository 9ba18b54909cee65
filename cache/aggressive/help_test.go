package aggressive_test

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/cache/aggressive"
	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/dns/wire"
	"recursor/testbed/sim"
	"recursor/transport"
)

func name(s string) domain.Name { return domain.MustParse(s) }

func start() time.Time { return time.Unix(1_800_000_000, 0) }

// free is a Work without end that counts.
type free struct{ hashes int }

func (f *free) Hashes(n int) error {
	f.hashes += n
	return nil
}

// signed makes a signed zone.
func signed(t testing.TB, origin, lines string, o sim.SignOptions) *sim.Zone {
	t.Helper()
	z, err := sim.ParseZone(origin, "@ 3600 IN SOA ns admin 1 7200 3600 1209600 300\n@ 3600 IN NS ns\nns 3600 IN A 192.0.2.53\n"+lines)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sim.Sign(z, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// chain is the zone's NSEC or NSEC3 RRsets with their signatures, and its SOA.
func chain(t testing.TB, z *sim.Zone) (soa rrset.Set, records []aggressive.Record) {
	t.Helper()
	sets, err := text.FromRRs(z.All())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sets {
		switch s.Type {
		case wire.TypeSOA:
			soa = s
		case wire.TypeNSEC, wire.TypeNSEC3:
			records = append(records, aggressive.Record{Zone: z.Origin, Set: s, TTL: s.TTL})
		}
	}
	if soa.Len() == 0 || len(records) == 0 {
		t.Fatal("no chain")
	}
	return soa, records
}

// truth is what the zone's server says: "NXDOMAIN", "NODATA", "expanded", "data",
// "referral" or "alias".
func truth(t testing.TB, a *sim.Authority, n domain.Name, rrtype wire.Type) string {
	t.Helper()
	q := new(dns.Msg)
	q.SetQuestion(n.String(), uint16(rrtype))
	q.SetEdns0(4096, true)
	b, err := q.Pack()
	if err != nil {
		t.Fatal(err)
	}
	m := new(dns.Msg)
	if err := m.Unpack(a.Answer(sim.Packet{Message: b, Proto: transport.TCP})[0].Message); err != nil {
		t.Fatal(err)
	}
	proof := false
	for _, rr := range m.Ns {
		proof = proof || rr.Header().Rrtype == dns.TypeNSEC || rr.Header().Rrtype == dns.TypeNSEC3
	}
	switch {
	case len(m.Answer) > 0 && m.Answer[0].Header().Rrtype != uint16(rrtype):
		return "alias"
	case m.Rcode == dns.RcodeNameError:
		return "NXDOMAIN"
	case len(m.Answer) > 0 && proof:
		return "expanded"
	case len(m.Answer) > 0:
		return "data"
	case !m.Authoritative:
		return "referral"
	default:
		return "NODATA"
	}
}

// said is what the Index says, "" where it says nothing.
func said(f aggressive.Found, ok bool) string {
	switch {
	case !ok:
		return ""
	case f.NXDomain:
		return "NXDOMAIN"
	case !f.Source.IsZero():
		return "expanded"
	default:
		return "NODATA"
	}
}

// owners is the owners of a proof in one line.
func owners(f aggressive.Found) string {
	var all []string
	for i := range f.Proof {
		all = append(all, f.Proof[i].Name.String())
	}
	return strings.Join(all, " ")
}
