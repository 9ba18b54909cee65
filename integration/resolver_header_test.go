package integration_test

import (
	"slices"
	"strings"
	"testing"
)

// RFC: 5625.1
// testHeader asks with flags, opcodes, classes and types that a resolver must not be led astray by.
func testHeader(t *testing.T, _ *world, r *resolver) {
	www := []string{"www.alpha.com. IN A 192.0.2.11"}
	only := []string{"21 only the class IN is served"}
	noType := []string{"30 no query may have this type"}
	for _, row := range []want{
		// Nothing of the query's flags but RD and CD comes back (RFC 1035 §4.1.1, RFC 4035 §3.2.2), and nothing of the
		// servers' flags at all.
		{args: "+zflag www.alpha.com", answer: www},
		{args: "+aaflag +tcflag +raflag +adflag www.alpha.com", answer: www},
		{args: "+cdflag www.alpha.com", flags: "qr rd ra cd", answer: www},
		{args: "+cdflag +adflag +dnssec www.ldns.com", flags: "qr rd ra ad cd", sigs: []string{"www.ldns.com. A", "www.ldns.com. RRSIG(A)"}},
		{args: "+zflag +aaflag +norec www.alpha.com", status: "REFUSED", flags: "qr ra", ede: []string{"20 not answered without RD"}},
		{args: "+norec +cdflag missing.alpha.com", status: "REFUSED", flags: "qr ra cd", ede: []string{"20 not answered without RD"}},
		{args: "+norec localhost", flags: "qr aa ra", answer: []string{"localhost. IN A 127.0.0.1"}},
		// Classes (RFC 4892).
		{args: "version.bind CH TXT", flags: "qr rd ra", answer: []string{`version.bind. CH TXT "a test"`}},
		{args: "hostname.bind CH TXT", status: "REFUSED", ede: only},
		{args: "www.alpha.com HS A", status: "REFUSED", ede: only},
		{args: "-c ANY www.alpha.com", status: "REFUSED", ede: only},
		// Types that nothing can have, or that are not for resolvers.
		{args: "alpha.com TYPE0", status: "FORMERR", ede: noType},
		{args: "alpha.com OPT", status: "FORMERR", ede: noType},
		{args: "alpha.com TSIG", status: "FORMERR", ede: noType},
		{args: "alpha.com TYPE128", status: "FORMERR", ede: noType}, // NXNAME, RFC 9824 §3.5
		{args: "alpha.com MAILA", status: "NOTIMP", ede: []string{"21 obsolete query type"}},
		{args: "alpha.com TYPE200", status: "REFUSED", ede: []string{"30 no RRset can have this type"}},
		{args: "alpha.com TKEY", status: "REFUSED", ede: []string{"30 no RRset can have this type"}},
		// A question is needed (RFC 9619 §4), but for one who wants a cookie (RFC 7873 §5.4).
		{args: "+header-only +nocookie www.alpha.com", status: "FORMERR", ede: []string{"0 no question"}},
		{args: "+header-only +cookie www.alpha.com"},
	} {
		for _, over := range []string{"+notcp", "+tcp"} {
			t.Run(row.args+" "+over, func(t *testing.T) {
				row.check(t, r.dig(t, append(strings.Fields(row.args), over)...))
			})
		}
	}
	// Opcodes: what is not QUERY is not served (RFC 8906 §3.1.2), and RA belongs to queries. A DSO message has no RD
	// to be copied and no OPT (RFC 8490 §5.1, §5.4).
	for opcode, name := range map[string]string{
		"1": "IQUERY", "2": "STATUS", "3": "RESERVED3", "4": "NOTIFY", "5": "UPDATE", "6": "RESERVED6", "15": "RESERVED15",
	} {
		t.Run("opcode "+name, func(t *testing.T) {
			a := r.dig(t, "+opcode="+opcode, "alpha.com", "SOA")
			flags, dso := "qr rd", name == "RESERVED6"
			if dso {
				flags = "qr"
			}
			if a.opcode != name || a.status != "NOTIMP" || a.flags != flags || a.edns == dso || len(a.answer)+len(a.authority) > 0 {
				t.Errorf("%s", a.text)
			}
		})
	}
	// dig says of a transfer only that it failed, and with +comments why.
	for _, qtype := range []string{"AXFR", "IXFR=1"} {
		out := output(t, t.TempDir(), "dig", "-r", "-p", r.port, "@"+r.addr, "+noall", "+comments", "alpha.com", qtype)
		if a, _ := parseReply(out); a.status != "REFUSED" || !slices.Equal(a.ede, []string{"21 no zone transfers here"}) {
			t.Errorf("%s: %s", qtype, out)
		}
	}
}

// testAccess asks from addresses that may not ask, or may do more than others.
func testAccess(t *testing.T, w *world, _ *resolver) {
	r := w.resolve(t, settings{more: "access: {allow: [127.0.0.1, 127.0.0.3], snoop: [127.0.0.3]}\n"})
	www := []string{"www.alpha.com. IN A 192.0.2.11"}
	prohibited := []string{"18 not in the access list"}
	for _, row := range []want{
		// Recursion is not available to them (RFC 1035 §4.1.1).
		{args: "-b 127.0.0.2 www.alpha.com", status: "REFUSED", flags: "qr rd", ede: prohibited},
		{args: "-b 127.0.0.2 +tcp www.alpha.com", status: "REFUSED", flags: "qr rd", ede: prohibited},
		{args: "-b 127.0.0.2 +zflag +adflag +aaflag +cdflag www.alpha.com", status: "REFUSED", flags: "qr rd cd", ede: prohibited},
		{args: "-b 127.0.0.2 localhost", status: "REFUSED", flags: "qr rd", ede: prohibited},
		// From the cache alone.
		{args: "-b 127.0.0.3 +norec www.alpha.com", status: "REFUSED", flags: "qr ra", ede: []string{"14 not in the cache, and the query does not ask for recursion"}},
		{args: "-b 127.0.0.1 www.alpha.com", answer: www},
		{args: "-b 127.0.0.3 +norec www.alpha.com", flags: "qr ra", answer: www},
		{args: "-b 127.0.0.3 +norec +tcp www.alpha.com", flags: "qr ra", answer: www},
		{args: "-b 127.0.0.1 +norec www.alpha.com", status: "REFUSED", flags: "qr ra", ede: []string{"20 not answered without RD"}},
	} {
		row.check(t, r.dig(t, strings.Fields(row.args)...))
	}
	r.finish(t)
}

// testWildcardListener asks at many addresses of one listener: the reply must come from the one that was asked, or
// clients take it for a forgery.
func testWildcardListener(t *testing.T, w *world, _ *resolver) {
	listen, asked := []string{"0.0.0.0"}, []string{"127.0.0.1", "127.0.0.2", "127.55.66.77", "127.255.255.254"}
	if w.ipv6 {
		listen, asked = append(listen, "::"), append(asked, "::1")
	}
	r := w.resolve(t, settings{listen: listen})
	for _, addr := range asked {
		for _, over := range []string{"+notcp", "+tcp"} {
			for _, ask := range []func(*testing.T, ...string) *reply{r.dig, r.kdig} {
				a := ask(t, "@"+addr, over, "www.alpha.com")
				if a.from != addr+"#"+r.port || len(a.answer) != 1 || strings.Contains(a.text, "unexpected source") {
					t.Errorf("asked %s:\n%s", addr, a.text)
				}
			}
		}
	}
	r.finish(t)
}
