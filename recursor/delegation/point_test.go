package delegation

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
)

func TestFromReferralKeepsSoManyServersWithTheirGlue(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	ns := rrset.New(domain.MustParse("example."), wire.TypeNS, 300)
	for _, l := range "abcdef" {
		ns.RData = ns.RData.Append(domain.MustParse(string(l) + ".example.").AppendWire(nil))
	}
	glue := []rrset.Set{
		rrset.New(domain.MustParse("a.example."), wire.TypeA, 300, []byte{192, 0, 2, 1}, []byte{192, 0, 2, 2}),
		rrset.New(domain.MustParse("a.example."), wire.TypeAAAA, 300, netip.MustParseAddr("2001:db8::1").AsSlice()),
		rrset.New(domain.MustParse("z.example."), wire.TypeA, 300, []byte{192, 0, 2, 9}),
	}
	p := FromReferral(&ns, glue, 4, now)
	if len(p.Servers) != 4 || p.Zone != ns.Name || !p.Expires.Equal(now.Add(5*time.Minute)) {
		t.Fatalf("%+v", p)
	}
	want := []netip.Addr{
		netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("2001:db8::1"),
	}
	if !reflect.DeepEqual(p.Servers[0].Addrs, want) || p.Servers[1].Addrs != nil {
		t.Errorf("glue %v, %v", p.Servers[0].Addrs, p.Servers[1].Addrs)
	}
}

func TestStoredPointsComeBackWhole(t *testing.T) {
	p := &Point{Zone: domain.MustParse("example."), Expires: time.Unix(1_800_000_000, 0), Servers: []Server{
		{Name: domain.MustParse("a.example."), Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}},
		{Name: domain.MustParse("b.other.")},
	}}
	b := p.append(nil)
	got, ok := decode(p.Zone, string(b), p.Expires)
	if !ok {
		t.Fatal("does not decode")
	}
	got.Servers[1].Addrs = nil
	if !reflect.DeepEqual(got, p) {
		t.Errorf("got %+v, want %+v", got, p)
	}
	for n := range b {
		if q, ok := decode(p.Zone, string(b[:n]), p.Expires); ok && len(q.Servers) == 2 {
			t.Errorf("%d octets of %d pass for the whole", n, len(b))
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{1, 1, 'a', 0, 1, 0, 192, 0, 2, 1})
	f.Add([]byte{1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := decode(domain.Root(), string(b), time.Time{})
		if !ok {
			return
		}
		again, ok := decode(domain.Root(), string(p.append(nil)), time.Time{})
		if !ok || !reflect.DeepEqual(p.Servers, again.Servers) {
			t.Errorf("%x: %+v, then %+v", b, p, again)
		}
	})
}

func TestRootHintsAreThirteenInBothFamilies(t *testing.T) {
	p := RootHints()
	if len(p.Servers) != 13 || !p.Hints {
		t.Fatalf("%d servers", len(p.Servers))
	}
	for _, s := range p.Servers {
		if len(s.Addrs) != 2 || !s.Addrs[0].Is4() || !s.Addrs[1].Is6() {
			t.Errorf("%v: %v", s.Name, s.Addrs)
		}
	}
}

func TestUsable(t *testing.T) {
	for _, c := range []struct {
		addr             string
		strict, allowing bool
	}{
		{"198.41.0.4:53", true, true},
		{"[2001:503:ba3e::2:30]:53", true, true},
		{"127.0.0.1:53", false, true},
		{"10.1.2.3:53", false, true},
		{"100.64.0.1:53", false, true},
		{"169.254.1.1:53", false, true},
		{"192.0.2.1:53", false, true},
		{"198.18.0.1:53", false, true},
		{"198.51.100.1:53", false, true},
		{"203.0.113.1:53", false, true},
		{"240.0.0.1:53", false, true},
		{"[::1]:53", false, true},
		{"[fd00::1]:53", false, true},
		{"[fe80::1]:53", false, true},
		{"[2001:db8::1]:53", false, true},
		{"[2002:7f00:1::]:53", false, true},
		{"[3fff::1]:53", false, true},
		{"0.0.0.0:53", false, false},
		{"[::]:53", false, false},
		{"224.0.0.1:53", false, false},
		{"[ff02::1]:53", false, false},
		{"255.255.255.255:53", false, false},
		{"198.41.0.4:0", false, false},
		{"9.9.9.9:5300", false, false}, // the resolver's own
	} {
		a := netip.MustParseAddrPort(c.addr)
		own := []netip.AddrPort{netip.MustParseAddrPort("9.9.9.9:5300")}
		if got := (&Usable{Own: own}).Allows(a); got != c.strict {
			t.Errorf("%s: %v", c.addr, got)
		}
		if got := (&Usable{Own: own, Special: true}).Allows(a); got != c.allowing {
			t.Errorf("%s where special addresses are allowed: %v", c.addr, got)
		}
		if got := (&Usable{Special: true, NoIPv4: true}).Allows(a); got && a.Addr().Is4() {
			t.Errorf("%s without IPv4", c.addr)
		}
		if got := (&Usable{Special: true, NoIPv6: true}).Allows(a); got && a.Addr().Is6() {
			t.Errorf("%s without IPv6", c.addr)
		}
	}
}
