package scrub_test

import (
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/wire"
	"recursor/recursor/scrub"
)

// Only what belongs to the answer's zone, is in bailiwick and has to do with the
// answer is taken.
func TestBeside(t *testing.T) {
	for _, c := range []struct {
		name  string
		q     string
		qtype uint16
		r     response
		want  string
	}{
		{
			name: "servers of the zone and their addresses", q: "www.example.", qtype: dns.TypeA,
			r: response{
				aa: true, answer: "www.example. 300 A 192.0.2.1", authority: "example. 300 NS ns.example.\nexample. 300 NS ns.other.",
				additional: "ns.example. 300 A 192.0.2.2\nns.example. 300 AAAA 2001:db8::2\nns.other. 300 A 192.0.2.66\nx.example. 300 A 192.0.2.66",
			},
			want: "example. NS, ns.example. A, ns.example. AAAA",
		},
		{
			name: "of another zone", q: "www.example.", qtype: dns.TypeA,
			r: response{
				aa: true, answer: "www.example. 300 A 192.0.2.1", authority: "sub.example. 300 NS ns.example.\n. 300 NS ns.example.",
				additional: "ns.example. 300 A 192.0.2.66",
			},
		},
		{
			name: "addresses of what the answer leads to", q: "example.", qtype: dns.TypeMX,
			r: response{
				aa: true, answer: "example. 300 MX 10 mail.example.\nexample. 300 MX 20 mail.other.",
				additional: "mail.example. 300 A 192.0.2.2\nmail.other. 300 A 192.0.2.66",
			},
			want: "mail.example. A",
		},
		{
			name: "of a service", q: "_x._tcp.example.", qtype: dns.TypeSRV,
			r: response{
				aa: true, answer: "_x._tcp.example. 300 SRV 1 2 3 host.example.", additional: "host.example. 300 AAAA 2001:db8::2",
			},
			want: "host.example. AAAA",
		},
		{
			name: "beside a denial", q: "no.example.", qtype: dns.TypeA,
			r: response{aa: true, rcode: dns.RcodeNameError, authority: soa + "example. 300 NS ns.example."},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := parse(t, c.q, c.qtype, c.r)
			a := scrub.Asked{
				Zone: domain.MustParse("example."), Name: domain.MustParse(c.q), Type: wire.Type(c.qtype), Aliases: 12, MaxRecords: 500,
			}
			r := scrub.Classify(m, a)
			var got []string
			for _, s := range scrub.Beside(m, a, &r) {
				got = append(got, s.Name.String()+" "+s.Type.String())
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}
