package integration_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// want is what a client of others is to find in a reply.
type want struct {
	args   string // of the client
	status string // NOERROR where empty
	flags  string // all that are set; qr rd ra where empty, and ad where it is secure and the client asked
	secure bool
	// answer is the whole section, records without TTL, the RRsets in order. Of a signed answer, sigs has it as
	// owners and types.
	answer, sigs []string
	authority    []string // owners and types
	ede          []string
}

// check holds a reply to what is wanted. A flag, record or option that is not wanted is as wrong as one that lacks.
func (w want) check(t *testing.T, a *reply) {
	t.Helper()
	if w.status == "" {
		w.status = "NOERROR"
	}
	if w.flags == "" {
		if w.flags = "qr rd ra"; w.secure && a.askedAD {
			w.flags += " ad"
		}
	}
	bad := func(what string, got, want any) {
		t.Helper()
		t.Errorf("%s: %s is %q, want %q\n%s", w.args, what, got, want, a.text)
	}
	if a.status != w.status {
		bad("status", a.status, w.status)
	}
	if a.flags != w.flags {
		bad("flags", a.flags, w.flags)
	}
	if a.opcode != "QUERY" {
		bad("opcode", a.opcode, "QUERY")
	}
	if w.sigs != nil {
		if got := owners(a.answer); !slices.Equal(sortedSets(got), sortedSets(w.sigs)) {
			bad("answer", got, w.sigs)
		}
	} else if !slices.Equal(sortedSets(a.answer), sortedSets(w.answer)) {
		bad("answer", a.answer, w.answer)
	}
	if got := owners(a.authority); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(w.authority))) {
		bad("authority", got, w.authority)
	}
	if !slices.Equal(a.ede, w.ede) {
		bad("EDE", a.ede, w.ede)
	}
	if len(a.additional) > 0 {
		bad("additional", a.additional, "")
	}
	for _, ttl := range a.ttls {
		if n, err := strconv.Atoi(ttl); err != nil || n > 86400 {
			bad("TTL", ttl, "at most a day")
		}
	}
}

// sortedSets sorts the records within each RRset, whose order means nothing, and leaves the order of RRsets, which in
// a chain of aliases does.
func sortedSets(records []string) []string {
	out := slices.Clone(records)
	set := func(i int) string {
		return strings.Join(strings.Fields(out[i])[:2], " ") + strings.Fields(out[i] + " -")[2]
	}
	for i := 0; i < len(out); {
		j := i + 1
		for j < len(out) && set(j) == set(i) {
			j++
		}
		slices.Sort(out[i:j])
		i = j
	}
	return out
}

// testAnswers asks for what the zones hold and lack.
func testAnswers(t *testing.T, w *world, r *resolver) {
	x := strings.TrimSpace(strings.Repeat(`"`+strings.Repeat("x", 250)+`" `, 12))
	for i, row := range []want{
		// What is there.
		{args: "www.alpha.com", answer: []string{"www.alpha.com. IN A 192.0.2.11"}},
		{args: "www.alpha.com AAAA", answer: []string{"www.alpha.com. IN AAAA 2001:db8::11"}},
		{args: "alpha.com", answer: []string{"alpha.com. IN A 192.0.2.10"}},
		{args: "alpha.com MX", answer: []string{"alpha.com. IN MX 10 mail.alpha.com.", "alpha.com. IN MX 20 mail.beta.org."}},
		{args: "alpha.com TXT", answer: []string{`alpha.com. IN TXT "v=spf1 -all" "second string"`}},
		{args: "alpha.com CAA", answer: []string{`alpha.com. IN CAA 0 issue "ca.example"`}},
		{args: "alpha.com NS", answer: []string{"alpha.com. IN NS ns1.alpha.com.", "alpha.com. IN NS ns2.alpha.com."}},
		{args: "alpha.com SOA", answer: []string{"alpha.com. IN SOA ns1.alpha.com. hostmaster.alpha.com. 2026010101 3600 900 604800 300"}},
		{args: "many.alpha.com", answer: []string{"many.alpha.com. IN A 192.0.2.1", "many.alpha.com. IN A 192.0.2.2", "many.alpha.com. IN A 192.0.2.3"}},
		{args: "_sip._tcp.alpha.com SRV", answer: []string{"_sip._tcp.alpha.com. IN SRV 10 20 5060 www.alpha.com."}},
		{args: "svc.alpha.com HTTPS", answer: []string{`svc.alpha.com. IN HTTPS 1 . alpn="h2"`}},
		{args: "unknown.alpha.com TYPE65280", answer: []string{`unknown.alpha.com. IN TYPE65280 \# 4 0A000001`}},
		{args: "zero.alpha.com", answer: []string{"zero.alpha.com. IN A 192.0.2.17"}},
		{args: "big.alpha.com TXT", answer: []string{"big.alpha.com. IN TXT " + x}},
		{args: "www.sub.alpha.com", answer: []string{"www.sub.alpha.com. IN A 192.0.2.20"}}, // parent and child on one server
		{args: "com NS", secure: true, answer: []string{"com. IN NS ns1.tld.net.", "com. IN NS ns2.tld.net."}},
		{args: ". NS", secure: true, answer: []string{". IN NS a.root.", ". IN NS b.root."}},
		// Wildcards.
		{args: "anything.wild.alpha.com", answer: []string{"anything.wild.alpha.com. IN A 192.0.2.14"}},
		{args: "a.b.wild.alpha.com", answer: []string{"a.b.wild.alpha.com. IN A 192.0.2.14"}},
		{args: "here.wild.alpha.com", authority: []string{"alpha.com. SOA"}},
		// Aliases: within the zone, across servers, over four zones, to nothing.
		{args: "alias.alpha.com", answer: []string{"alias.alpha.com. IN CNAME www.alpha.com.", "www.alpha.com. IN A 192.0.2.11"}},
		{args: "alias.alpha.com CNAME", answer: []string{"alias.alpha.com. IN CNAME www.alpha.com."}},
		{args: "far.alpha.com AAAA", answer: []string{"far.alpha.com. IN CNAME www.beta.org.", "www.beta.org. IN AAAA 2001:db8::31"}},
		{args: "further.alpha.com", answer: []string{
			"further.alpha.com. IN CNAME hop.beta.org.", "hop.beta.org. IN CNAME hop.gamma.net.",
			"hop.gamma.net. IN CNAME www.knot.org.", "www.knot.org. IN A 192.0.2.61",
		}},
		{args: "www.moved.alpha.com", answer: []string{
			"moved.alpha.com. IN DNAME gamma.net.", "www.moved.alpha.com. IN CNAME www.gamma.net.", "www.gamma.net. IN A 192.0.2.40",
		}},
		{args: "deep.down.moved.alpha.com", answer: []string{
			"moved.alpha.com. IN DNAME gamma.net.", "deep.down.moved.alpha.com. IN CNAME deep.down.gamma.net.", "deep.down.gamma.net. IN A 192.0.2.41",
		}},
		{args: "moved.alpha.com DNAME", answer: []string{"moved.alpha.com. IN DNAME gamma.net."}},
		{args: "moved.alpha.com", authority: []string{"alpha.com. SOA"}},
		{
			args: "nowhere.alpha.com", status: "NXDOMAIN", answer: []string{"nowhere.alpha.com. IN CNAME missing.beta.org."},
			authority: []string{"beta.org. SOA"},
		},
		{args: "nodata.alpha.com", answer: []string{"nodata.alpha.com. IN CNAME txtonly.beta.org."}, authority: []string{"beta.org. SOA"}},
		{args: "missing.moved.alpha.com", status: "NXDOMAIN", answer: []string{
			"moved.alpha.com. IN DNAME gamma.net.", "missing.moved.alpha.com. IN CNAME missing.gamma.net.",
		}, authority: []string{"gamma.net. SOA"}},
		// What is not there.
		{args: "missing.alpha.com", status: "NXDOMAIN", authority: []string{"alpha.com. SOA"}},
		{args: "no.such.name.alpha.com", status: "NXDOMAIN", authority: []string{"alpha.com. SOA"}},
		{args: "www.alpha.com TXT", authority: []string{"alpha.com. SOA"}},
		{args: "ent.alpha.com", authority: []string{"alpha.com. SOA"}}, // an empty non-terminal
		{args: "missing.com", secure: true, status: "NXDOMAIN", authority: []string{"com. SOA"}},
		{args: "www.missing.example", secure: true, status: "NXDOMAIN", authority: []string{". SOA"}},
		{args: "alpha.com DS", secure: true, authority: []string{"com. SOA"}}, // the parent's to answer
		// Servers that are hard to find or to reach.
		{args: "www.glueless.org", answer: []string{"www.glueless.org. IN A 192.0.2.50"}},
		{args: "www.halfdead.com", answer: []string{"www.halfdead.com. IN A 192.0.2.50"}},
		// Signed zones: signatures for those who want them.
		{args: "www.ldns.com", secure: true, answer: []string{"www.ldns.com. IN A 192.0.2.61"}},
		{args: "www.ldns.com +dnssec", secure: true, sigs: []string{"www.ldns.com. A", "www.ldns.com. RRSIG(A)"}},
		{args: "www.bind.net +dnssec", secure: true, sigs: []string{"www.bind.net. A", "www.bind.net. RRSIG(A)"}},
		{args: "www.knot.org +dnssec", secure: true, sigs: []string{"www.knot.org. A", "www.knot.org. RRSIG(A)"}},
		{args: "www.ldns.com +noadflag", answer: []string{"www.ldns.com. IN A 192.0.2.61"}},
		{args: "www.ldns.com +noadflag +dnssec", secure: true, sigs: []string{"www.ldns.com. A", "www.ldns.com. RRSIG(A)"}},
		{args: "alias.knot.org", secure: true, answer: []string{"alias.knot.org. IN CNAME www.knot.org.", "www.knot.org. IN A 192.0.2.61"}},
		{args: "www.bind.net DNSKEY", secure: true, authority: []string{"bind.net. SOA"}}, // of a name that is no zone
		{args: "ldns.com DS +dnssec", secure: true, sigs: []string{"ldns.com. DS", "ldns.com. RRSIG(DS)"}},
		{args: "www.ldns.com TXT", secure: true, authority: []string{"ldns.com. SOA"}},
		{args: "www.ldns.com TXT +dnssec", secure: true, authority: []string{
			"ldns.com. SOA", "ldns.com. RRSIG(SOA)", "www.ldns.com. NSEC", "www.ldns.com. RRSIG(NSEC)",
		}},
		{args: "missing.bind.net", secure: true, status: "NXDOMAIN", authority: []string{"bind.net. SOA"}},
		{args: "out.knot.org +dnssec", sigs: []string{"out.knot.org. CNAME", "out.knot.org. RRSIG(CNAME)", "www.alpha.com. A"}},
		// Answered here (RFC 6761, RFC 6303), and so with authority.
		{args: "localhost", flags: "qr aa rd ra", answer: []string{"localhost. IN A 127.0.0.1"}},
		{args: "printer.home.arpa", status: "NXDOMAIN", flags: "qr aa rd ra", authority: []string{"home.arpa. SOA"}},
		{args: "-x 10.1.2.3", status: "NXDOMAIN", flags: "qr aa rd ra", authority: []string{"10.in-addr.arpa. SOA"}},
		// RFC 8482.
		{args: "alpha.com ANY", answer: []string{`alpha.com. IN HINFO "RFC8482" ""`}},
	} {
		t.Run(row.args, func(t *testing.T) {
			// Each question over UDP and TCP and by both clients, which hide no answer of the cache from each other:
			// what the second gets is cached.
			addr := []string{"127.0.0.1"}
			if w.ipv6 {
				addr = append(addr, "::1")
			}
			asks := []func(*testing.T, ...string) *reply{r.dig, r.kdig}
			for j := range 2 {
				args := append(strings.Fields(row.args), "@"+addr[(i+j)%len(addr)])
				over := "+notcp"
				if j == 1 {
					over = "+tcp"
				}
				a := asks[(i/2+j)%2](t, append(args, over)...)
				for k := range a.answer {
					a.answer[k] = strings.ReplaceAll(a.answer[k], "alpn=h2", `alpn="h2"`) // kdig quotes only where it must
				}
				row.check(t, a)
				if want := args[len(args)-1][1:] + "#" + r.port; a.from != want {
					t.Errorf("the answer is from %s, want %s", a.from, want)
				}
				if a.tcp != (j == 1 || a.retried) {
					t.Errorf("by TCP: %v\n%s", a.tcp, a.text)
				}
			}
		})
	}
	// The letters of the question come back as they were sent. Names that are compressed onto it may show them too, but
	// no letters that we made up: of a question in lower case nothing else comes back (the table above).
	for range 3 { // from upstream and from the cache
		for _, name := range []string{"aLiAs.AlPhA.cOm", "alias.alpha.com", "ALIAS.ALPHA.COM"} {
			a := r.dig(t, name)
			if want := (want{answer: []string{name + ". IN CNAME www.alpha.com.", "www.alpha.com. IN A 192.0.2.11"}}); len(a.answer) != 2 ||
				!strings.HasPrefix(a.answer[0], name+". ") || a.question[0] != name+". IN A" ||
				!strings.EqualFold(strings.Join(a.answer, ","), strings.Join(want.answer, ",")) ||
				name == strings.ToLower(name) && !slices.Equal(a.answer, want.answer) {
				t.Errorf("%s", a.text)
			}
		}
	}
	if !w.ipv6 {
		t.Log("this machine has no ::1: nothing was asked over IPv6")
		return
	}
	want{args: "www.six.com", answer: []string{"www.six.com. IN A 192.0.2.50"}}.check(t, r.dig(t, "www.six.com"))
}
