package daemon

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"recursor/clock"
	"recursor/daemon/config"
	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/frontend"
	"recursor/frontend/tlsconf"
	"recursor/random"
	"recursor/zone"
)

// leafFor is a certificate for names and addresses.
func leafFor(t *testing.T, names []string, addrs ...string) *tlsconf.Leaf {
	t.Helper()
	o := tlsconf.Options{Clock: clock.NewReal(), Seeds: random.Secure{}, Names: names}
	for _, a := range addrs {
		o.Addrs = append(o.Addrs, netip.MustParseAddr(a))
	}
	s, err := tlsconf.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s.Leaves()[0]
}

func show(d zone.Designation) string {
	var b strings.Builder
	if !d.Name.IsZero() {
		b.WriteString(d.Name.String() + " ")
	}
	for _, e := range d.Endpoints {
		fmt.Fprintf(&b, "%s:%d%s%v ", strings.Join(e.Protocols, "+"), e.Port, e.Template, e.Addrs)
	}
	return strings.TrimSpace(b.String())
}

// Clients are told of the listeners that they can verify, and of no others.
//
// RFC: 9461.1, 9462.1, 9462.3
func TestDesignation(t *testing.T) {
	byAddress := leafFor(t, []string{"localhost", "thishost", "*.example"}, "192.0.2.1")
	byName := leafFor(t, []string{"localhost", "dns.example"})
	own := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.9"), netip.MustParseAddr("2001:db8::1")}
	at := func(transport frontend.Transport, addr string) endpoint {
		return endpoint{transport, netip.MustParseAddrPort(addr)}
	}
	dns := at(frontend.UDP, "192.0.2.1:53")
	for name, tc := range map[string]struct {
		set    func(c *config.Config)
		live   []endpoint
		leaves []*tlsconf.Leaf
		want   string
	}{
		"nothing encrypted":       {live: []endpoint{dns}, leaves: []*tlsconf.Leaf{byName}, want: "dns.example."},
		"its address":             {live: []endpoint{dns, at(frontend.DoT, "192.0.2.1:853")}, leaves: []*tlsconf.Leaf{byAddress}, want: "dot:853[192.0.2.1]"},
		"another address":         {live: []endpoint{at(frontend.DoT, "192.0.2.9:853")}, leaves: []*tlsconf.Leaf{byAddress}},
		"its name":                {live: []endpoint{at(frontend.DoQ, "192.0.2.9:853")}, leaves: []*tlsconf.Leaf{byName}, want: "dns.example. doq:853[192.0.2.9]"},
		"either":                  {live: []endpoint{at(frontend.DoQ, "192.0.2.9:853")}, leaves: []*tlsconf.Leaf{byAddress, byName}, want: "dns.example. doq:853[192.0.2.9]"},
		"HTTP/2 and 3":            {live: []endpoint{at(frontend.DoH, "192.0.2.1:443")}, leaves: []*tlsconf.Leaf{byAddress}, want: "h2+h3:443/dns-query{?dns}[192.0.2.1]"},
		"HTTP/2":                  {set: func(c *config.Config) { c.DoH.HTTP3, c.DoH.Path = false, "/q" }, live: []endpoint{at(frontend.DoH, "192.0.2.1:443")}, leaves: []*tlsconf.Leaf{byAddress}, want: "h2:443/q{?dns}[192.0.2.1]"},
		"behind a proxy":          {set: func(c *config.Config) { c.DoH.Plain = true }, live: []endpoint{at(frontend.DoH, "192.0.2.1:443")}, leaves: []*tlsconf.Leaf{byAddress}},
		"everywhere, by address":  {live: []endpoint{at(frontend.DoT, "0.0.0.0:853")}, leaves: []*tlsconf.Leaf{byAddress}, want: "dot:853[192.0.2.1]"},
		"everywhere, by name":     {live: []endpoint{at(frontend.DoT, "0.0.0.0:853"), at(frontend.DoT, "[::]:853")}, leaves: []*tlsconf.Leaf{byName}, want: "dns.example. dot:853[192.0.2.1 192.0.2.9 2001:db8::1]"},
		"two ports":               {live: []endpoint{at(frontend.DoT, "192.0.2.1:853"), at(frontend.DoT, "192.0.2.1:8853")}, leaves: []*tlsconf.Leaf{byAddress}, want: "dot:853[192.0.2.1] dot:8853[192.0.2.1]"},
		"a name that is set":      {set: func(c *config.Config) { c.TLS.Name = domain.MustParse("x.example.") }, live: []endpoint{at(frontend.DoT, "192.0.2.9:853")}, leaves: []*tlsconf.Leaf{byAddress}, want: "x.example. dot:853[192.0.2.9]"},
		"a name without its leaf": {set: func(c *config.Config) { c.TLS.Name = domain.MustParse("x.test.") }, live: []endpoint{at(frontend.DoT, "192.0.2.9:853")}, leaves: []*tlsconf.Leaf{byAddress, byName}},
	} {
		t.Run(name, func(t *testing.T) {
			c := config.Default()
			if tc.set != nil {
				tc.set(c)
			}
			if got := show(designation(c, tc.live, tc.leaves, own)); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

// RFC: 9606.2
func TestInformation(t *testing.T) {
	c := config.Default()
	if got, want := strings.Join(information(c), " "), "qnamemin exterr=0-3,5-14,18-25,27,30,33"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	c.Upstream.Minimise, c.Validation.Mode, c.ServeStale.Enabled = config.MinimiseOff, config.ValidationOff, false
	if got, want := strings.Join(information(c), " "), "exterr=0,13-14,18,20-24,30"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := ranges([]ede.Code{4}); got != "4" {
		t.Errorf("%s", got)
	}
}
