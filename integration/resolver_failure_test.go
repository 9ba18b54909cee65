package integration_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// RFC: 1123.3
// testFailures asks for names whose servers are dead, deaf, lame or in a circle. What is said of it must lead the
// operator to the cause: which zone, which server, what it did.
func testFailures(t *testing.T, _ *world, r *resolver) {
	for _, row := range []struct{ name, ede string }{
		{"www.lame.com", "22 lame.com.: 127.54.3.1 answered REFUSED"},
		{"www.closed.net", "23 closed.net.: 127.54.9.2 unreachable"},
		{"www.dead.org", "22 dead.org.: 127.54.9.1 timed out"},
	} {
		t.Run(row.name, func(t *testing.T) {
			want{args: row.name, status: "SERVFAIL", ede: []string{row.ede}}.check(t, r.dig(t, row.name))
			// Again at once, nobody is asked (RFC 9520 §3.2), and the reason stays (RFC 8914 §4.14).
			a := r.kdig(t, row.name, "+edns", "+tcp")
			want{args: row.name + " again", status: "SERVFAIL", ede: []string{"13", row.ede}}.check(t, a)
			// Those without EDNS are told no less than that it failed.
			want{args: row.name + " +noedns", status: "SERVFAIL"}.check(t, r.kdig(t, row.name, "+noedns"))
			_, why, _ := strings.Cut(row.ede, " ")
			if line := fmt.Sprintf("SERVFAIL <%s. A>", row.name); !strings.Contains(r.said.String(), line) || !strings.Contains(r.said.String(), why) {
				t.Errorf("the log does not have %q with %q", line, why)
			}
		})
	}
	// What does not validate is kept from clients, but for those who check for themselves (RFC 4035 §3.2.2).
	for _, name := range []string{"www.expired.com", "missing.expired.com", "out.expired.com"} {
		a := r.dig(t, name)
		if a.status != "SERVFAIL" || a.flags != "qr rd ra" || len(a.answer)+len(a.authority) > 0 || len(a.ede) != 1 ||
			!strings.HasPrefix(a.ede[0], "7 signature expired, zone expired.com., key ") {
			t.Errorf("%s: want SERVFAIL and why\n%s", name, a.text)
		}
	}
	own := want{args: "www.expired.com +cd", flags: "qr rd ra cd", answer: []string{"www.expired.com. IN A 192.0.2.61"}}
	own.check(t, r.dig(t, "www.expired.com", "+cdflag"))
	for _, tc := range []struct {
		name, why string
		aliases   int // that stand beside the failure
	}{
		{"loop1.alpha.com", "alias loop", 2},
		{"todead.alpha.com", "dead.org.: 127.54.9.1 timed out", 0},
	} {
		a := r.dig(t, tc.name)
		if a.status != "SERVFAIL" || a.flags != "qr rd ra" || len(a.answer) != tc.aliases || len(a.authority) > 0 ||
			!slices.ContainsFunc(a.ede, func(e string) bool { return strings.Contains(e, tc.why) }) {
			t.Errorf("%s, want SERVFAIL for %q:\n%s", tc.name, tc.why, a.text)
		}
	}
}

// testZones has a resolver that asks other servers than the delegations lead to.
func testZones(t *testing.T, w *world, r *resolver) {
	own := w.resolve(t, settings{more: fmt.Sprintf(quick+`zones:
  forward:
    - {name: beta.org, to: ["127.0.0.1:%[1]s"]}
    - {name: gamma.net, to: ["127.54.9.2:%[2]d"], first: true}
    - {name: ldns.com, to: ["127.54.9.2:%[2]d"]}
    - {name: home.arpa, to: ["127.0.0.1:%[1]s"]}
  stub:
    - {name: corp.example, to: ["127.54.2.1:%[2]d"]}
    - {name: sub.alpha.com, to: ["127.54.2.1:%[2]d", "127.54.9.2:%[2]d"]}
`, r.port, w.port)})
	for _, row := range []want{
		{args: "www.beta.org", answer: []string{"www.beta.org. IN A 192.0.2.31"}}, // by another resolver
		{args: "hop.beta.org", answer: []string{
			"hop.beta.org. IN CNAME hop.gamma.net.", "hop.gamma.net. IN CNAME www.knot.org.", "www.knot.org. IN A 192.0.2.61",
		}},
		{args: "missing.beta.org", status: "NXDOMAIN", authority: []string{"beta.org. SOA"}},
		{args: "beta.org DS", secure: true, authority: []string{"org. SOA"}}, // the parent's, wherever the zone is forwarded to
		{args: "www.gamma.net", answer: []string{"www.gamma.net. IN A 192.0.2.40"}},
		{args: "www.ldns.com", status: "SERVFAIL", ede: []string{"23 ldns.com.: forwarders: 127.54.9.2 unreachable"}},
		{args: "www.sub.alpha.com", answer: []string{"www.sub.alpha.com. IN A 192.0.2.20"}},
		// What is special elsewhere is not where the operator forwards it (RFC 8375 §4): our own answer comes back by
		// way of the other resolver, without its AA.
		{args: "printer.home.arpa", status: "NXDOMAIN", authority: []string{"home.arpa. SOA"}},
		// A stub's server that does not have the zone.
		{args: "www.corp.example", status: "SERVFAIL", ede: []string{"22 corp.example.: 127.54.2.1 answered REFUSED"}},
		{args: "www.alpha.com", answer: []string{"www.alpha.com. IN A 192.0.2.11"}},
	} {
		t.Run(row.args, func(t *testing.T) { row.check(t, own.dig(t, strings.Fields(row.args)...)) })
	}
	own.finish(t)
}
