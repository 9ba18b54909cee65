package integration_test

import (
	"slices"
	"testing"

	"github.com/miekg/dns"
)

// What is insecure because we do not make so many iterations is served with the remark that says so, to who asks first
// and to who is served from the cache: denials, wildcards with their proof, what an alias leads to, and the data of
// zones whose delegation is shown to be unsigned by such a proof.
//
// RFC: 9276.1
func TestRemarksFromTheCache(t *testing.T) {
	s := simulate(t, `
$SERVER ns.root. 192.0.2.1
$SERVER ns.example. 192.0.2.2
$SERVER ns.plain. 192.0.2.3
$ZONE . ns.root. ecdsap256sha256
$ZONE example. ns.example. ecdsap256sha256 nsec3 iterations=200
www A 192.0.2.80
*.wild A 192.0.2.81
alias CNAME missing
$ZONE plain.example. ns.plain.
www A 192.0.2.82
mail A 192.0.2.83
`, "")
	for _, c := range []struct {
		name  string
		qtype uint16
		want  []string // at first
		again []string // from the cache
	}{
		{"www.example.", dns.TypeA, nil, nil},
		{"no.example.", dns.TypeA, []string{"27 too many NSEC3 iterations, zone example., from 192.0.2.2"}, []string{"27 too many NSEC3 iterations"}},
		{"www.example.", dns.TypeTXT, []string{"27 too many NSEC3 iterations, zone example., from 192.0.2.2"}, []string{"27 too many NSEC3 iterations"}},
		{"x.wild.example.", dns.TypeA, []string{"27 too many NSEC3 iterations, zone example., from 192.0.2.2"}, []string{"27 too many NSEC3 iterations"}},
		{"alias.example.", dns.TypeA, []string{"27 too many NSEC3 iterations, zone example., from 192.0.2.2"}, []string{"27 too many NSEC3 iterations"}},
		{"www.plain.example.", dns.TypeA, []string{"27 too many NSEC3 iterations, zone example., from 192.0.2.3"}, []string{"27 too many NSEC3 iterations"}},
		{"mail.plain.example.", dns.TypeA, []string{"27 too many NSEC3 iterations, zone plain.example., from 192.0.2.3"}, []string{"27 too many NSEC3 iterations"}},
	} {
		first := s.ask(c.name, c.qtype, flags{do: true})
		s.net.Take()
		again := s.ask(c.name, c.qtype, flags{do: true})
		if sent, _ := s.sentTo(""); sent > 0 || first.Rcode != again.Rcode || len(first.Answer) != len(again.Answer) {
			t.Errorf("%s: not from the cache: %d sent\n%s", c.name, sent, again)
		}
		if !slices.Equal(first.edes, c.want) || !slices.Equal(again.edes, c.again) {
			t.Errorf("%s %s: told %q, then %q", c.name, dns.TypeToString[c.qtype], first.edes, again.edes)
		}
	}
}
