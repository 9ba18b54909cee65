package scrub_test

import (
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/wire"
	"recursor/recursor/delegation"
	"recursor/recursor/scrub"
)

// response is a message in presentation form: flags and code, then sections.
type response struct {
	aa, ra                        bool
	rcode                         int
	answer, authority, additional string
}

// parse packs the response with the DNS library and reads it as the resolver
// does.
func parse(t *testing.T, q string, qtype uint16, r response) *rrset.Message {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(q, qtype)
	m.Response, m.Authoritative, m.RecursionAvailable, m.Rcode = true, r.aa, r.ra, r.rcode
	m.Answer = records(t, r.answer)
	m.Ns = records(t, r.authority)
	m.Extra = records(t, r.additional)
	packed, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := rrset.Parse(packed)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func records(t *testing.T, text string) []dns.RR {
	t.Helper()
	var out []dns.RR
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out = append(out, rr)
	}
	return out
}

const soa = "example. 300 SOA ns.example. host.example. 1 2 3 4 60\n"

func TestClassify(t *testing.T) {
	type want struct {
		kind   scrub.Kind
		target string // of the chain; "" is the question's name
		chain  string // types of the chain, in order
		child  string
		glue   int
		last   bool
		loop   bool
		forged bool // a CNAME in the place of one that is made
		why    string
	}
	for _, c := range []struct {
		name  string
		zone  string
		from  delegation.Kind
		q     string
		qtype uint16
		r     response
		want  want
	}{
		{
			name: "answer", zone: "example.", q: "www.example.", qtype: dns.TypeA,
			r:    response{aa: true, answer: "www.example. 300 A 192.0.2.1"},
			want: want{kind: scrub.Answer},
		},
		{
			// RFC: 2181.4 RFC: 1034.5 — what was not asked for is dropped.
			name: "answer with poison beside it", zone: "example.", q: "www.example.", qtype: dns.TypeA,
			r: response{
				aa: true, answer: "www.example. 300 A 192.0.2.1\nwww.victim. 300 A 192.0.2.66",
				authority:  "example. 300 NS ns.evil.\nvictim. 300 NS ns.evil.",
				additional: "ns.evil. 300 A 192.0.2.66",
			},
			want: want{kind: scrub.Answer},
		},
		{
			// RFC: 5452.3
			name: "answer out of bailiwick", zone: "example.", q: "www.example.", qtype: dns.TypeA,
			r:    response{aa: true, answer: "www.victim. 300 A 192.0.2.66", authority: soa},
			want: want{kind: scrub.NoData},
		},
		{
			name: "an NSEC record that denies another zone's names", zone: "b.example.", q: "b.example.", qtype: dns.TypeNSEC,
			r:    response{aa: true, answer: "b.example. 300 NSEC c.example. NS SOA RRSIG NSEC DNSKEY", authority: "b.example. 300 SOA ns.example. host.example. 1 2 3 4 60"},
			want: want{kind: scrub.NoData},
		},
		{
			name: "an NSEC record", zone: "b.example.", q: "b.example.", qtype: dns.TypeNSEC,
			r:    response{aa: true, answer: "b.example. 300 NSEC b.example. NS SOA RRSIG NSEC DNSKEY"},
			want: want{kind: scrub.Answer},
		},
		{
			name: "nodata", zone: "example.", q: "www.example.", qtype: dns.TypeAAAA,
			r:    response{aa: true, authority: soa},
			want: want{kind: scrub.NoData},
		},
		{
			name: "nodata without soa", zone: "example.", q: "www.example.", qtype: dns.TypeAAAA,
			r:    response{aa: true},
			want: want{kind: scrub.NoData, last: true},
		},
		{
			name: "nodata with the zone's name servers in place of its soa", zone: "example.", q: "www.example.", qtype: dns.TypeAAAA,
			r:    response{aa: true, authority: "example. 300 NS ns.example."},
			want: want{kind: scrub.NoData, last: true},
		},
		{
			name: "the same with an upward referral beside it", zone: "example.com.", q: "www.example.com.", qtype: dns.TypeAAAA,
			r:    response{aa: true, authority: "example.com. 300 NS ns.example.com.\ncom. 300 NS a.gtld-servers.net."},
			want: want{kind: scrub.Lame, why: "upward"},
		},
		{
			name: "nxdomain", zone: "example.", q: "no.example.", qtype: dns.TypeA,
			r:    response{aa: true, rcode: dns.RcodeNameError, authority: soa},
			want: want{kind: scrub.NXDomain},
		},
		{
			// RFC: 2308.3 — the SOA of a stranger proves nothing, and is not kept.
			name: "nxdomain with a foreign soa", zone: "example.", q: "no.example.", qtype: dns.TypeA,
			r:    response{aa: true, rcode: dns.RcodeNameError, authority: "victim. 300 SOA a. b. 1 2 3 4 60"},
			want: want{kind: scrub.NXDomain},
		},
		{
			name: "alias inside the zone with its target", zone: "example.", q: "www.example.", qtype: dns.TypeA,
			r:    response{aa: true, answer: "www.example. 300 CNAME web.example.\nweb.example. 300 A 192.0.2.1"},
			want: want{kind: scrub.Answer, target: "web.example.", chain: "CNAME"},
		},
		{
			// RFC: 1034.3 — the chain is cut at the border, whatever stands behind.
			name: "alias out of the zone", zone: "example.", q: "www.example.", qtype: dns.TypeA,
			r:    response{aa: true, answer: "www.example. 300 CNAME www.victim.\nwww.victim. 300 A 192.0.2.66"},
			want: want{kind: scrub.Alias, target: "www.victim.", chain: "CNAME"},
		},
		{
			// RFC: 6604.1 — the code speaks of a name this server may not speak of.
			name: "alias out of the zone with nxdomain", zone: "example.", q: "www.example.", qtype: dns.TypeA,
			r:    response{aa: true, rcode: dns.RcodeNameError, answer: "www.example. 300 CNAME no.other.", authority: "other. 300 SOA a. b. 1 2 3 4 60"},
			want: want{kind: scrub.Alias, target: "no.other.", chain: "CNAME"},
		},
		{
			name: "alias inside the zone to nothing", zone: "example.", q: "www.example.", qtype: dns.TypeA,
			r:    response{aa: true, rcode: dns.RcodeNameError, answer: "www.example. 300 CNAME no.example.", authority: soa},
			want: want{kind: scrub.NXDomain, target: "no.example.", chain: "CNAME"},
		},
		{
			name: "alias inside the zone without its target", zone: "example.", q: "www.example.", qtype: dns.TypeA,
			r:    response{aa: true, answer: "www.example. 300 CNAME web.example."},
			want: want{kind: scrub.Alias, target: "web.example.", chain: "CNAME"},
		},
		{
			// RFC: 2308.3
			name: "nxdomain behind an alias but no soa", zone: "example.", q: "www.example.", qtype: dns.TypeA,
			r:    response{aa: true, rcode: dns.RcodeNameError, answer: "www.example. 300 CNAME web.example."},
			want: want{kind: scrub.Alias, target: "web.example.", chain: "CNAME"},
		},
		{
			name: "alias asked for", zone: "example.", q: "www.example.", qtype: dns.TypeCNAME,
			r:    response{aa: true, answer: "www.example. 300 CNAME web.example."},
			want: want{kind: scrub.Answer},
		},
		{
			name: "alias loop", zone: "example.", q: "a.example.", qtype: dns.TypeA,
			r:    response{aa: true, answer: "a.example. 300 CNAME b.example.\nb.example. 300 CNAME a.example."},
			want: want{kind: scrub.Alias, target: "a.example.", chain: "CNAME CNAME", loop: true},
		},
		{
			name: "two CNAMEs at a name", zone: "example.", q: "a.example.", qtype: dns.TypeA,
			r:    response{aa: true, answer: "a.example. 300 CNAME b.example.\na.example. 300 CNAME c.example."},
			want: want{kind: scrub.Useless, why: "more than one CNAME"},
		},
		{
			// RFC: 6672.3 — the CNAME is made here, in the TTL and the letters of the question.
			name: "dname without a cname", zone: "example.", q: "x.old.example.", qtype: dns.TypeA,
			r:    response{aa: true, answer: "old.example. 300 DNAME new.example.\nx.new.example. 300 A 192.0.2.1"},
			want: want{kind: scrub.Answer, target: "x.new.example.", chain: "DNAME CNAME"},
		},
		{
			name: "dname with its cname", zone: "example.", q: "x.old.example.", qtype: dns.TypeA,
			r: response{aa: true, answer: "old.example. 300 DNAME new.example.\n" +
				"x.old.example. 0 CNAME X.new.example.\nx.new.example. 300 A 192.0.2.1"},
			want: want{kind: scrub.Answer, target: "x.new.example.", chain: "DNAME CNAME"},
		},
		{
			// RFC: 6672.4
			name: "dname with a false cname", zone: "example.", q: "x.old.example.", qtype: dns.TypeA,
			r: response{aa: true, answer: "old.example. 300 DNAME new.example.\n" +
				"x.old.example. 300 CNAME x.evil.example.\nx.new.example. 300 A 192.0.2.1"},
			want: want{kind: scrub.Answer, target: "x.new.example.", chain: "DNAME CNAME", forged: true},
		},
		{
			// RFC: 6672.5
			name: "data below a dname", zone: "example.", q: "x.old.example.", qtype: dns.TypeA,
			r:    response{aa: true, answer: "old.example. 300 DNAME other.\nx.old.example. 300 A 192.0.2.66"},
			want: want{kind: scrub.Alias, target: "x.other.", chain: "DNAME CNAME"},
		},
		{
			name: "dname asked for at its owner", zone: "example.", q: "old.example.", qtype: dns.TypeDNAME,
			r:    response{aa: true, answer: "old.example. 300 DNAME other."},
			want: want{kind: scrub.Answer},
		},
		{
			// RFC: 6672.2
			name: "dname that overflows", zone: "example.", q: strings.Repeat("a.", 100) + "old.example.", qtype: dns.TypeA,
			r: response{
				aa: true, rcode: dns.RcodeYXDomain,
				answer: "old.example. 300 DNAME " + strings.Repeat(strings.Repeat("b", 60)+".", 3) + "example.",
			},
			want: want{kind: scrub.Overflow, chain: "DNAME"},
		},
		{
			name: "yxdomain without a dname", zone: "example.", q: "a.example.", qtype: dns.TypeA,
			r:    response{aa: true, rcode: dns.RcodeYXDomain},
			want: want{kind: scrub.Useless, why: "YXDOMAIN"},
		},
		{
			name: "yxdomain with data but no dname", zone: "example.", q: "a.example.", qtype: dns.TypeA,
			r:    response{aa: true, rcode: dns.RcodeYXDomain, answer: "a.example. 300 A 192.0.2.66"},
			want: want{kind: scrub.Useless, why: "YXDOMAIN"},
		},
		{
			// RFC: 1034.2 RFC: 9471.2
			name: "referral with glue, sibling glue and foreign glue", zone: "com.", q: "www.example.com.", qtype: dns.TypeA,
			r: response{
				authority: "example.com. 300 NS ns.example.com.\nexample.com. 300 NS ns.other.com.\nexample.com. 300 NS ns.net.",
				additional: "ns.example.com. 300 A 192.0.2.1\nns.example.com. 300 AAAA 2001:db8::1\nns.other.com. 300 A 192.0.2.2\n" +
					"ns.net. 300 A 192.0.2.66\nwww.victim.com. 300 A 192.0.2.66",
			},
			want: want{kind: scrub.Referral, child: "example.com.", glue: 3},
		},
		{
			name: "root refers with the TLD's own server names", zone: ".", q: "www.example.com.", qtype: dns.TypeA,
			r:    response{authority: "com. 300 NS a.gtld-servers.net.", additional: "a.gtld-servers.net. 300 A 192.5.6.30"},
			want: want{kind: scrub.Referral, child: "com.", glue: 1},
		},
		{
			name: "upward referral", zone: "example.com.", q: "www.example.com.", qtype: dns.TypeA,
			r:    response{authority: "com. 300 NS a.gtld-servers.net."},
			want: want{kind: scrub.Lame, why: "upward"},
		},
		{
			name: "root referral", zone: "example.com.", q: "www.example.com.", qtype: dns.TypeA,
			r:    response{authority: ". 300 NS a.root-servers.net."},
			want: want{kind: scrub.Lame, why: "upward"},
		},
		{
			name: "referral to itself", zone: "example.com.", q: "www.example.com.", qtype: dns.TypeA,
			r:    response{authority: "example.com. 300 NS ns.example.com."},
			want: want{kind: scrub.Lame, why: "itself"},
		},
		{
			name: "sideways referral", zone: "example.com.", q: "www.example.com.", qtype: dns.TypeA,
			r:    response{authority: "ftp.example.com. 300 NS ns.example.com."},
			want: want{kind: scrub.Lame, why: "sideways"},
		},
		{
			name: "refused", zone: "example.", q: "www.example.", qtype: dns.TypeA,
			r:    response{rcode: dns.RcodeRefused},
			want: want{kind: scrub.Lame, why: "refused"},
		},
		{
			name: "servfail", zone: "example.", q: "www.example.", qtype: dns.TypeA,
			r:    response{rcode: dns.RcodeServerFailure},
			want: want{kind: scrub.Useless},
		},
		{
			name: "a resolver's answer", zone: "example.", q: "www.example.", qtype: dns.TypeA,
			r:    response{ra: true, answer: "www.example. 300 A 192.0.2.1"},
			want: want{kind: scrub.Answer, last: true},
		},
		{
			name: "a resolver's empty answer", zone: "example.", q: "www.example.", qtype: dns.TypeA,
			r:    response{ra: true},
			want: want{kind: scrub.Lame, why: "resolver"},
		},
		{
			name: "a forwarder's answer", zone: "example.", from: delegation.Forward, q: "www.example.", qtype: dns.TypeA,
			r:    response{ra: true, answer: "www.example. 300 A 192.0.2.1"},
			want: want{kind: scrub.Answer},
		},
		{
			// RFC: X.5 — a forwarder's word counts for its zone alone.
			name: "a forwarder's referral", zone: "example.", from: delegation.Forward, q: "www.example.", qtype: dns.TypeA,
			r:    response{ra: true, authority: "sub.example. 300 NS ns.evil."},
			want: want{kind: scrub.Useless, why: "does not recurse"},
		},
		{
			name: "a forwarder's referral downward", zone: "example.", from: delegation.Forward, q: "www.sub.example.", qtype: dns.TypeA,
			r:    response{authority: "sub.example. 300 NS ns.sub.example.", additional: "ns.sub.example. 300 A 192.0.2.1"},
			want: want{kind: scrub.Useless, why: "does not recurse"},
		},
		{
			name: "a forwarder's referral to the root", zone: "example.", from: delegation.Forward, q: "www.example.", qtype: dns.TypeA,
			r:    response{authority: ". 300 NS a.root-servers.net."},
			want: want{kind: scrub.Useless, why: "does not recurse"},
		},
		{
			// RFC: 2308.2 — the zone's NS set beside an empty answer with authority is no referral.
			name: "a forwarder's empty answer with authority", zone: "example.", from: delegation.Forward, q: "www.example.", qtype: dns.TypeA,
			r:    response{aa: true, authority: "example. 300 NS ns.example."},
			want: want{kind: scrub.NoData},
		},
		{
			name: "a forwarder's empty answer", zone: "example.", from: delegation.Forward, q: "www.example.", qtype: dns.TypeA,
			r:    response{ra: true},
			want: want{kind: scrub.NoData},
		},
		{
			// RFC: 2181.2
			name: "TTLs that differ, without authority", zone: "example.", q: "www.example.", qtype: dns.TypeA,
			r:    response{answer: "www.example. 300 A 192.0.2.1\nwww.example. 60 A 192.0.2.2"},
			want: want{kind: scrub.Answer, last: true},
		},
		{
			// RFC: X.10 RFC: 4035.3
			name: "the child's answer for DS", zone: "com.", q: "example.com.", qtype: dns.TypeDS,
			r:    response{aa: true, authority: "example.com. 300 SOA a. b. 1 2 3 4 60"},
			want: want{kind: scrub.Lame, why: "child"},
		},
		{
			name: "the parent's denial of DS", zone: "com.", q: "example.com.", qtype: dns.TypeDS,
			r:    response{aa: true, authority: "com. 300 SOA a. b. 1 2 3 4 60"},
			want: want{kind: scrub.NoData},
		},
		{
			name: "the root on its own DS", zone: ".", q: ".", qtype: dns.TypeDS,
			r:    response{aa: true, authority: ". 300 SOA a. b. 1 2 3 4 60"},
			want: want{kind: scrub.NoData},
		},
		{
			name: "referral to the owner of the DS asked for", zone: "com.", q: "example.com.", qtype: dns.TypeDS,
			r:    response{authority: "example.com. 300 NS ns.example.com."},
			want: want{kind: scrub.Lame},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := parse(t, c.q, c.qtype, c.r)
			r := scrub.Classify(m, scrub.Asked{
				Zone: domain.MustParse(c.zone), Kind: c.from, Name: domain.MustParse(c.q),
				Type: wire.Type(c.qtype), Aliases: 12, MaxRecords: 500,
			})
			if r.Kind != c.want.kind {
				t.Fatalf("kind %v (%s), want %v", r.Kind, r.Why, c.want.kind)
			}
			if !strings.Contains(r.Why, c.want.why) {
				t.Errorf("why %q, want %q", r.Why, c.want.why)
			}
			if r.Kind == scrub.Useless || r.Kind == scrub.Lame {
				return
			}
			if r.Loop != c.want.loop {
				t.Errorf("loop: %t", r.Loop)
			}
			if (r.Forged != nil) != c.want.forged {
				t.Errorf("forged: %v", r.Forged)
			}
			if target := c.want.target; target != "" && r.Target != domain.MustParse(target) {
				t.Errorf("target %v, want %v", r.Target, target)
			}
			var chain []string
			for i := range r.Chain {
				chain = append(chain, dns.TypeToString[uint16(r.Chain[i].Type)])
			}
			if got := strings.Join(chain, " "); got != c.want.chain {
				t.Errorf("chain %q, want %q", got, c.want.chain)
			}
			if r.Child.String() != c.want.child {
				t.Errorf("child %v, want %v", r.Child, c.want.child)
			}
			if len(r.Glue) != c.want.glue {
				t.Errorf("%d glue sets, want %d", len(r.Glue), c.want.glue)
			}
			if r.LastResort != c.want.last {
				t.Errorf("last resort %v, want %v", r.LastResort, c.want.last)
			}
			if r.Set != nil && r.Set.Name != r.Target {
				t.Errorf("set of %v, target %v", r.Set.Name, r.Target)
			}
			inBailiwick(t, &r, domain.MustParse(c.zone))
		})
	}
}

// inBailiwick checks that nothing foreign came through.
func inBailiwick(t *testing.T, r *scrub.Response, zone domain.Name) {
	t.Helper()
	all := append(append([]rrset.Set{}, r.Chain...), r.Proof...)
	all = append(all, r.Glue...)
	for _, s := range []*rrset.Set{r.Set, r.SOA, r.NS, r.DS} {
		if s != nil {
			all = append(all, *s)
		}
	}
	for i := range all {
		if !all[i].Name.Within(zone) {
			t.Errorf("%v %d came through, which is not within %v", all[i].Name, all[i].Type, zone)
		}
	}
}

func TestTooManyRecords(t *testing.T) {
	var b strings.Builder
	for i := range 4 {
		b.WriteString("www.example. 300 A 192.0.2." + string(rune('1'+i)) + "\n")
	}
	m := parse(t, "www.example.", dns.TypeA, response{aa: true, answer: b.String()})
	r := scrub.Classify(m, scrub.Asked{
		Zone: domain.MustParse("example."), Name: domain.MustParse("www.example."), Type: wire.TypeA,
		Aliases: 12, MaxRecords: 3,
	})
	if r.Kind != scrub.Useless {
		t.Fatalf("a set of four records passed a limit of three: %v", r.Kind)
	}
}

func TestChainLimit(t *testing.T) {
	// RFC: X.4
	var b strings.Builder
	for i := range 14 {
		b.WriteString(string(rune('a'+i)) + ".example. 300 CNAME " + string(rune('b'+i)) + ".example.\n")
	}
	m := parse(t, "a.example.", dns.TypeA, response{aa: true, answer: b.String()})
	r := scrub.Classify(m, scrub.Asked{
		Zone: domain.MustParse("example."), Name: domain.MustParse("a.example."), Type: wire.TypeA,
		Aliases: 12, MaxRecords: 500,
	})
	if r.Kind != scrub.Useless || r.Why != "alias chain too long" {
		t.Fatalf("%v (%s)", r.Kind, r.Why)
	}
}
