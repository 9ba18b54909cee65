package zone_test

import (
	"net/netip"
	"testing"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/zone"
)

func addrs(texts ...string) []netip.Addr {
	var all []netip.Addr
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

// What clients are told of the encrypted listeners, and what they are not.
//
// RFC: 9461.1, 9462.1, 9462.2, 9606.1, 9606.2
func TestDiscovery(t *testing.T) {
	d := new(zone.Discovery)
	table := zone.SpecialUse().With(d)
	ask := func(name string, qtype wire.Type) (answer, additional string, local bool) {
		t.Helper()
		ans, ok := table.Lookup(domain.MustParse(name), qtype)
		if ok && ans.RCode != wire.NoError {
			t.Errorf("%s %d: rcode %d", name, qtype, ans.RCode)
		}
		if ok && len(ans.Answer) == 0 && text(t, ans.Authority) != soa("resolver.arpa.") {
			t.Errorf("%s %d: NODATA with %s", name, qtype, text(t, ans.Authority))
		}
		return text(t, ans.Answer), text(t, ans.Additional), ok
	}
	nothing := func(when string) {
		t.Helper()
		for _, name := range []string{"resolver.arpa.", "_dns.resolver.arpa.", "x._dns.resolver.arpa."} {
			for _, qtype := range []wire.Type{wire.TypeSVCB, wire.TypeRESINFO, wire.TypeA} {
				if answer, _, ok := ask(name, qtype); !ok || answer != "" {
					t.Errorf("%s: %s %d is answered %q, %v", when, name, qtype, answer, ok)
				}
			}
		}
	}
	nothing("before anything is designated")

	d.Set(zone.Designation{
		Name: domain.MustParse("dns.example.net."),
		Endpoints: []zone.Endpoint{
			{Protocols: []string{"dot"}, Port: 853, Standard: 853, Addrs: addrs("192.0.2.1", "2001:db8::1")},
			{Protocols: []string{"h2", "h3"}, Port: 8443, Standard: 443, Template: "/dns-query{?dns}", Addrs: addrs("192.0.2.1")},
		},
		Info: []string{"qnamemin", "exterr=1-3,15"},
	})
	const want = `_dns.resolver.arpa. 300 IN SVCB 1 dns.example.net. alpn="dot" ipv4hint="192.0.2.1" ipv6hint="2001:db8::1"
_dns.resolver.arpa. 300 IN SVCB 2 dns.example.net. alpn="h2,h3" port="8443" ipv4hint="192.0.2.1" dohpath="/dns-query{?dns}"`
	answer, additional, _ := ask("_dns.resolver.arpa.", wire.TypeSVCB)
	if answer != want {
		t.Errorf("designated\n%s\nwant\n%s", answer, want)
	}
	if want := "dns.example.net. 300 IN A 192.0.2.1\ndns.example.net. 300 IN AAAA 2001:db8::1"; additional != want {
		t.Errorf("additional\n%s\nwant\n%s", additional, want)
	}
	for _, name := range []string{"resolver.arpa.", "dns.example.net."} {
		answer, _, _ := ask(name, wire.TypeRESINFO)
		if want := name + ` 300 IN RESINFO "qnamemin" "exterr=1-3,15"`; answer != want {
			t.Errorf("%s says of itself\n%s\nwant\n%s", name, answer, want)
		}
	}
	for _, tc := range []struct {
		name  string
		qtype wire.Type
	}{
		{"dns.example.net.", wire.TypeA}, {"_dns.dns.example.net.", wire.TypeSVCB}, {"x.dns.example.net.", wire.TypeRESINFO},
	} {
		if _, _, ok := ask(tc.name, tc.qtype); ok {
			t.Errorf("%s %d is answered here, and is the zone's of that name", tc.name, tc.qtype)
		}
	}
	for _, tc := range []struct {
		name  string
		qtype wire.Type
	}{
		{"_dns.resolver.arpa.", wire.TypeA}, {"_dns.resolver.arpa.", wire.TypeRESINFO}, {"resolver.arpa.", wire.TypeSVCB},
	} {
		if answer, _, ok := ask(tc.name, tc.qtype); !ok || answer != "" {
			t.Errorf("%s %d: %q, want NODATA", tc.name, tc.qtype, answer)
		}
	}

	d.Set(zone.Designation{Endpoints: []zone.Endpoint{{Protocols: []string{"doq"}, Port: 8853, Standard: 853, Addrs: addrs("::1")}}})
	answer, additional, _ = ask("_dns.resolver.arpa.", wire.TypeSVCB)
	if want := `_dns.resolver.arpa. 300 IN SVCB 1 resolver.arpa. alpn="doq" port="8853" ipv6hint="::1"`; answer != want {
		t.Errorf("without a name\n%s\nwant\n%s", answer, want)
	}
	if want := "resolver.arpa. 300 IN AAAA ::1"; additional != want {
		t.Errorf("additional\n%s\nwant\n%s", additional, want)
	}
	if _, _, ok := ask("dns.example.net.", wire.TypeRESINFO); ok {
		t.Error("the name before is still this resolver's")
	}
	d.Set(zone.Designation{Info: []string{"qnamemin"}})
	nothing("when no listener is left")
}

// RFC 9462 §6.1: without other zones held here, this one is; an operator may have
// it resolved all the same.
func TestDiscoveryAlone(t *testing.T) {
	d := new(zone.Discovery)
	d.Set(zone.Designation{Endpoints: []zone.Endpoint{{Protocols: []string{"dot"}, Port: 853, Standard: 853, Addrs: addrs("::1")}}})
	name := domain.MustParse("_dns.resolver.arpa.")
	table := (*zone.Table)(nil).With(d)
	if ans, ok := table.Lookup(name, wire.TypeSVCB); !ok || len(ans.Answer) != 1 {
		t.Errorf("%v, %v", ans, ok)
	}
	if _, ok := table.Lookup(domain.MustParse("localhost."), wire.TypeA); ok {
		t.Error("localhost is held though nobody wants it")
	}
	if _, ok := table.Transparent(domain.MustParse("resolver.arpa.")).Lookup(name, wire.TypeSVCB); ok {
		t.Error("held though it is to be resolved")
	}
	if ans, _ := zone.SpecialUse().Lookup(name, wire.TypeSVCB); len(ans.Answer) != 0 {
		t.Error("a Table told of another's Discovery")
	}
}
