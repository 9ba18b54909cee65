package zone_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/zone"
)

// text is what an answer says, a record a line, read by the library.
func text(t *testing.T, sets []rrset.Set) string {
	t.Helper()
	var lines []string
	for i := range sets {
		for rd := range sets[i].RData.All() {
			b := &wire.Builder{}
			b.Reset(nil)
			b.RR(sets[i].Owner, sets[i].Type, sets[i].Class, sets[i].TTL, rd)
			rr, _, err := dns.UnpackRR(b.Bytes(), wire.HeaderLen)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, strings.Join(strings.Fields(rr.String()), " "))
		}
	}
	return strings.Join(lines, "\n")
}

func soa(apex string) string {
	return fmt.Sprintf("%s 10800 IN SOA %s nobody.invalid. 1 3600 1200 604800 10800", apex, apex)
}

const (
	loopback4 = "127.in-addr.arpa."
	loopback6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."
)

// RFC: 6303.1, 6303.2, 6303.3, 6303.4, 6598.1, 6761.1, 6761.2, 6761.3, 6762.1, 7686.1, 8375.1, 9476.1, 7050.1, 9462.1, 9462.2
func TestLookup(t *testing.T) {
	const resolved = "resolved"
	table := zone.SpecialUse()
	for _, tc := range []struct {
		name  string
		qtype wire.Type
		want  string // "resolved", "NXDOMAIN apex", "NODATA apex", or the answer
	}{
		// RFC 6303 §3: an empty zone is its SOA and NS.
		{"10.in-addr.arpa.", wire.TypeSOA, soa("10.in-addr.arpa.")},
		{"10.in-addr.arpa.", wire.TypeNS, "10.in-addr.arpa. 10800 IN NS 10.in-addr.arpa."},
		{"10.in-addr.arpa.", wire.TypeA, "NODATA 10.in-addr.arpa."},
		{"10.in-addr.arpa.", wire.TypeANY, soa("10.in-addr.arpa.")},
		{"10.in-addr.arpa.", wire.TypeDS, resolved},
		{"1.2.3.10.in-addr.arpa.", wire.TypePTR, "NXDOMAIN 10.in-addr.arpa."},
		{"1.2.3.10.in-addr.arpa.", wire.TypeDS, "NXDOMAIN 10.in-addr.arpa."},
		{"1.0.16.172.in-addr.arpa.", wire.TypePTR, "NXDOMAIN 16.172.in-addr.arpa."},
		{"1.0.31.172.in-addr.arpa.", wire.TypePTR, "NXDOMAIN 31.172.in-addr.arpa."},
		{"1.0.15.172.in-addr.arpa.", wire.TypePTR, resolved},
		{"1.0.32.172.in-addr.arpa.", wire.TypePTR, resolved},
		{"172.in-addr.arpa.", wire.TypeNS, resolved},
		{"in-addr.arpa.", wire.TypeNS, resolved},
		{"arpa.", wire.TypeNS, resolved},
		// RFC 7793 §2.
		{"1.0.64.100.in-addr.arpa.", wire.TypePTR, "NXDOMAIN 64.100.in-addr.arpa."},
		{"1.0.127.100.in-addr.arpa.", wire.TypePTR, "NXDOMAIN 127.100.in-addr.arpa."},
		{"1.0.63.100.in-addr.arpa.", wire.TypePTR, resolved},
		{"1.0.128.100.in-addr.arpa.", wire.TypePTR, resolved},
		{"64.100.in-addr.arpa.", wire.TypeDS, resolved},
		// RFC 6303 §4.2, §4.3: the loopback addresses have names, and those
		// names have parents.
		{"1.0.0.127.in-addr.arpa.", wire.TypePTR, "1.0.0.127.in-addr.arpa. 10800 IN PTR localhost."},
		{"1.0.0.127.in-addr.arpa.", wire.TypeANY, "1.0.0.127.in-addr.arpa. 10800 IN PTR localhost."},
		{"1.0.0.127.in-addr.arpa.", wire.TypeA, "NODATA " + loopback4},
		{"0.127.in-addr.arpa.", wire.TypePTR, "NODATA " + loopback4},
		{"2.0.0.127.in-addr.arpa.", wire.TypePTR, "NXDOMAIN " + loopback4},
		{"1.1.0.0.127.in-addr.arpa.", wire.TypePTR, "NXDOMAIN " + loopback4},
		{loopback6, wire.TypePTR, loopback6 + " 10800 IN PTR localhost."},
		{loopback6, wire.TypeSOA, soa(loopback6)},
		{"0" + loopback6[1:], wire.TypePTR, "NODATA 0" + loopback6[1:]},
		{"2" + loopback6[1:], wire.TypePTR, resolved},
		// RFC 6761.
		{"localhost.", wire.TypeA, "localhost. 10800 IN A 127.0.0.1"},
		{"localhost.", wire.TypeAAAA, "localhost. 10800 IN AAAA ::1"},
		{"localhost.", wire.TypeMX, "NODATA localhost."},
		{"localhost.", wire.TypeDS, "NODATA localhost."},
		{"localhost.", wire.TypeSOA, soa("localhost.")},
		{"a.b.localhost.", wire.TypeA, "a.b.localhost. 10800 IN A 127.0.0.1"},
		{"a.b.localhost.", wire.TypeTXT, "NODATA localhost."},
		{"a.b.localhost.", wire.TypeSOA, "NODATA localhost."},
		{"invalid.", wire.TypeSOA, "NXDOMAIN invalid."},
		{"a.invalid.", wire.TypeA, "NXDOMAIN invalid."},
		{"a.test.", wire.TypeDS, "NXDOMAIN test."},
		{"example.", wire.TypeA, resolved},
		{"example.com.", wire.TypeA, resolved},
		{"www.example.net.", wire.TypeA, resolved},
		{"latest.", wire.TypeA, resolved},
		{"a.notlocalhost.", wire.TypeA, resolved},
		{"localhost.example.", wire.TypeA, resolved},
		{".", wire.TypeNS, resolved},
		// RFC 6762 §22.1, RFC 7686 §2, RFC 9476.
		{"printer.local.", wire.TypeA, "NXDOMAIN local."},
		{"1.0.254.169.in-addr.arpa.", wire.TypePTR, "NXDOMAIN 254.169.in-addr.arpa."},
		{"b.e.f.ip6.arpa.", wire.TypePTR, "NODATA b.e.f.ip6.arpa."},
		{"c.e.f.ip6.arpa.", wire.TypePTR, resolved},
		{"abc.onion.", wire.TypeA, "NXDOMAIN onion."},
		{"onion.", wire.TypeDS, "NXDOMAIN onion."},
		{"a.alt.", wire.TypeA, "NXDOMAIN alt."},
		// RFC 8375 §4: DS is answered by the parent.
		{"router.home.arpa.", wire.TypeA, "NXDOMAIN home.arpa."},
		{"home.arpa.", wire.TypeNS, "home.arpa. 10800 IN NS home.arpa."},
		{"home.arpa.", wire.TypeDS, resolved},
		// RFC 9462 §6.4: NODATA for whatever is below.
		{"_dns.resolver.arpa.", wire.TypeSVCB, "NODATA resolver.arpa."},
		{"a.b.resolver.arpa.", wire.TypeA, "NODATA resolver.arpa."},
		{"resolver.arpa.", wire.TypeSOA, soa("resolver.arpa.")},
		// RFC 8880 §7.1: no business of a resolver without DNS64.
		{"ipv4only.arpa.", wire.TypeAAAA, resolved},
		{"a.ipv4only.arpa.", wire.TypeA, resolved},
		{"170.0.0.192.in-addr.arpa.", wire.TypePTR, resolved},
	} {
		got := resolved
		if a, ok := table.Lookup(domain.MustParse(tc.name), tc.qtype); ok {
			got = text(t, a.Answer)
			if a.Answer == nil {
				kind := map[wire.RCode]string{wire.NoError: "NODATA ", wire.NXDomain: "NXDOMAIN "}[a.RCode]
				apex, _, _ := strings.Cut(text(t, a.Authority), " ")
				got = kind + apex
				if text(t, a.Authority) != soa(apex) {
					t.Errorf("%s %d: authority %s", tc.name, tc.qtype, text(t, a.Authority))
				}
			} else if a.RCode != wire.NoError || a.Authority != nil {
				t.Errorf("%s %d: positive answer with RCODE %d, authority %v", tc.name, tc.qtype, a.RCode, a.Authority)
			}
		}
		if got != tc.want {
			t.Errorf("%s %d: %s, want %s", tc.name, tc.qtype, got, tc.want)
		}
	}
}

// TestRegistry asks for the reverse names of addresses, so that no zone of
// RFC 6303 §4 is spelt wrongly.
func TestRegistry(t *testing.T) { // RFC: 6303.3
	table := zone.SpecialUse()
	for _, tc := range []struct {
		addr  string
		local bool
	}{
		{"10.0.0.0", true},
		{"10.255.255.255", true},
		{"9.255.255.255", false},
		{"11.0.0.0", false},
		{"172.16.0.1", true},
		{"172.23.0.1", true},
		{"172.31.255.255", true},
		{"172.15.0.1", false},
		{"172.32.0.1", false},
		{"192.168.0.1", true},
		{"192.167.0.1", false},
		{"192.169.0.1", false},
		{"0.0.0.0", true},
		{"0.1.2.3", true},
		{"127.0.0.1", true},
		{"169.254.1.1", true},
		{"192.0.2.1", true},
		{"192.0.3.1", false},
		{"198.51.100.1", true},
		{"203.0.113.1", true},
		{"255.255.255.255", true},
		{"255.255.255.254", false},
		{"100.64.0.0", true},
		{"100.100.0.0", true},
		{"100.127.255.255", true},
		{"100.63.255.255", false},
		{"100.128.0.0", false},
		{"8.8.8.8", false},
		{"::", true},
		{"::1", true},
		{"::2", false},
		{"fd00::1", true},
		{"fc00::1", false}, // RFC 6303 §4.4 has D.F only
		{"fe80::1", true},
		{"febf::1", true},
		{"fec0::1", false}, // §5: out of scope
		{"2001:db8::1", true},
		{"2001:db9::1", false},
		{"2001:4860::1", false},
	} {
		name, err := dns.ReverseAddr(tc.addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := table.Lookup(domain.MustParse(name), wire.TypePTR); ok != tc.local {
			t.Errorf("%s: local %t, want %t", netip.MustParseAddr(tc.addr), ok, tc.local)
		}
	}
}

func TestTransparent(t *testing.T) { // RFC: 6303.1, 6761.1, 8375.1
	table := zone.SpecialUse()
	open := table.Transparent(
		domain.MustParse("test."),
		domain.MustParse("1.168.192.in-addr.arpa."),
		domain.MustParse("corp.home.arpa."),
		domain.MustParse("arpa."),
		domain.MustParse("example."),
		domain.Root(),
	)
	for _, tc := range []struct {
		name          string
		before, after bool
	}{
		{"test.", true, false},
		{"a.test.", true, false},
		{"1.168.192.in-addr.arpa.", true, false},
		{"7.1.168.192.in-addr.arpa.", true, false},
		{"7.2.168.192.in-addr.arpa.", true, true},
		{"168.192.in-addr.arpa.", true, true},
		{"corp.home.arpa.", true, false},
		{"a.corp.home.arpa.", true, false},
		{"xcorp.home.arpa.", true, true},
		{"home.arpa.", true, true},
		{"onion.", true, true},
		{"example.", false, false},
		{"com.", false, false},
	} {
		name := domain.MustParse(tc.name)
		if _, ok := table.Lookup(name, wire.TypeA); ok != tc.before {
			t.Errorf("%s: local %t before", tc.name, ok)
		}
		if _, ok := open.Lookup(name, wire.TypeA); ok != tc.after {
			t.Errorf("%s: local %t after", tc.name, ok)
		}
	}
	var none *zone.Table // switched off as a whole
	if _, ok := none.Transparent(domain.Root()).Lookup(domain.MustParse("localhost."), wire.TypeA); ok {
		t.Error("a nil Table answers")
	}
}

func TestLookupAllocates(t *testing.T) {
	table := zone.SpecialUse()
	for _, tc := range []struct {
		name string
		ok   bool
	}{
		{"www.example.com.", false},
		{"1.0.0.8.in-addr.arpa.", false},
		{"1.0.0.10.in-addr.arpa.", true},
		{"1.0.0.127.in-addr.arpa.", true},
		{"a.onion.", true},
		{"home.arpa.", true},
	} {
		name := domain.MustParse(tc.name).AppendWire(nil)
		if n := testing.AllocsPerRun(100, func() {
			if _, ok := table.LookupWire(name, wire.TypePTR); ok != tc.ok {
				t.Errorf("%s: %t", tc.name, ok)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", tc.name, n)
		}
	}
}

// FuzzLookup holds the look-up to a plain twin: a name is answered here if and
// only if some apex is the name or above it, label by label.
func FuzzLookup(f *testing.F) {
	for _, s := range []string{"localhost.", "a.b.test.", "7.1.168.192.in-addr.arpa.", loopback6, "nottest.", "."} {
		f.Add(domain.MustParse(s).AppendWire(nil), uint16(wire.TypeA))
	}
	table := zone.SpecialUse()
	f.Fuzz(func(t *testing.T, b []byte, qtype uint16) {
		name, _, err := domain.FromWire(b)
		if err != nil {
			return
		}
		a, ok := table.Lookup(name, wire.Type(qtype))
		var apex domain.Name
		for n := name; !n.IsRoot() && apex.IsZero(); n = n.Parent() {
			// Only an apex has, or is denied in, a zone whose SOA is its own.
			if at, yes := table.Lookup(n, wire.TypeNS); yes {
				for _, set := range append(at.Answer, at.Authority...) {
					if set.Name == n {
						apex = n
					}
				}
			}
		}
		if apex.IsZero() && ok {
			t.Fatalf("%s is in no zone and is answered", name)
		}
		if !apex.IsZero() && !ok && (qtype != uint16(wire.TypeDS) || name != apex) {
			t.Fatalf("%s is in %s and is not answered", name, apex)
		}
		for _, set := range a.Authority {
			if set.Name != apex {
				t.Fatalf("%s: SOA of %s, want %s", name, set.Name, apex)
			}
		}
		for _, set := range a.Answer {
			if set.Name != name {
				t.Fatalf("%s: answer of %s", name, set.Name)
			}
		}
	})
}
