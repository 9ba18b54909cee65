package sim_test

import (
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/testbed/sim"
)

// variants are the ways in which the zone of the comparison is signed.
func variants(t *testing.T) map[string]*sim.Zone {
	t.Helper()
	text, err := os.ReadFile("testdata/peers.zone")
	if err != nil {
		t.Fatal(err)
	}
	zones := map[string]*sim.Zone{}
	for name, o := range map[string]*sim.SignOptions{
		"plain.example.":  nil,
		"nsec.example.":   {Algorithm: dns.ED25519},
		"nsec3.example.":  {NSEC3: true, Salt: "ABCD", Iterations: 3},
		"optout.example.": {NSEC3: true, OptOut: true, Algorithm: dns.RSASHA256, Bits: 1024, OneKey: true},
	} {
		z, err := sim.ParseZone(name, string(text))
		if err != nil {
			t.Fatal(err)
		}
		if o != nil {
			if z, err = sim.Sign(z, *o); err != nil {
				t.Fatal(err)
			}
		}
		zones[name] = z
	}
	return zones
}

// names are what to ask for: each that exists, one beside it and two
// below it.
func names(z *sim.Zone) []string {
	var all []string
	for _, name := range z.Names() {
		all = append(all, name.String())
		for _, label := range []string{"below", "*", "a.b"} {
			all = append(all, label+"."+name.String())
		}
	}
	return append(all, "zzz."+z.Origin.String(), strings.ToUpper("www."+z.Origin.String()))
}

// shape is what is compared: RCODE, AA, answer and authority as sets, of
// referrals the glue from below the cut too. Letters
// are folded: some give the name of the query to the zone's SOA record too.
func shape(m *dns.Msg) string {
	lines := func(rrs []dns.RR) string {
		var all []string
		for _, rr := range rrs {
			all = append(all, "  "+strings.ToLower(strings.Join(strings.Fields(rr.String()), " ")))
		}
		slices.Sort(all)
		return strings.Join(all, "\n")
	}
	s := fmt.Sprintf("%s aa=%v\n answer\n%s\n authority\n%s", dns.RcodeToString[m.Rcode], m.Authoritative, lines(m.Answer), lines(m.Ns))
	if len(m.Answer) == 0 && !m.Authoritative {
		s += "\n glue\n" + lines(slices.DeleteFunc(m.Extra, func(rr dns.RR) bool {
			return rr.Header().Rrtype == dns.TypeOPT || !dns.IsSubDomain(m.Ns[0].Header().Name, rr.Header().Name)
		}))
	}
	return s
}

// difference is the lines that one has and the other has not.
func difference(ours, theirs string) string {
	a, b := strings.Split(ours, "\n"), strings.Split(theirs, "\n")
	var out strings.Builder
	for _, line := range a {
		if !slices.Contains(b, line) {
			out.WriteString("ours only   " + line + "\n")
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			out.WriteString("theirs only " + line + "\n")
		}
	}
	return out.String()
}

// elsewise is where peers differ from ours, and why ours stays as it is: the
// question as a pattern over `name type`.
func elsewise() map[string]map[string]string {
	return map[string]map[string]string{
		"nsd": {
			`cut\.optout\.example\. `:                 "takes an empty non-terminal without NSEC3 record for a provable encloser (RFC 5155 §7.2.1)",
			`^\*\.(wild|went|dnwild)\.(nsec3|optout)`: "asked for the wildcard itself it proves an encloser on top of the NODATA of RFC 5155 §7.2.3",
			`^(below|a\.b)\.dnwild\.nsec\.`:           "after a DNAME it denies the first name, not the one the wildcard stands in for (RFC 4035 §3.1.3.3)",
			` NSEC$`:                                  "follows aliases for NSEC",
		},
		"knotd": {
			`^(below|a\.b)\.went\.nsec\.`:            "leaves out that the wildcard is an empty non-terminal (RFC 4592 §4.9, RFC 4035 §3.1.3.4)",
			`\.(wild|wcname)\.nsec\.example\. NSEC$`: "has no NSEC record of a wildcard stand for other names",
		},
		"named": {
			`^(below|a\.b)\.went\.nsec\.`: "as knotd",
			`^loop[12]\.`:                 "SERVFAIL for an alias loop",
			`^(sub|secure|low\.secure2|sibling|glueless|deep\.cut)\.nsec\.example\. NSEC$`: "answers NSEC at a cut, where RFC 4035 §3.1.4 has a referral",
		},
	}
}

func TestAnswersAreThoseOfPeers(t *testing.T) {
	zones := variants(t)
	ours := sim.NewAuthority("ours", 1)
	files := map[string]string{}
	for name, z := range zones {
		ours.Serve(z)
		files[name] = z.Text()
	}
	var asked []*dns.Msg
	var ourShapes []string
	for q := range questions(zones) {
		asked, ourShapes = append(asked, q), append(ourShapes, shape(direct(t, ours, q)))
	}
	for name, p := range peers() {
		t.Run(name, func(t *testing.T) {
			conn, err := dns.Dial("tcp", p.start(t, files))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			patterns, excused := map[string]*regexp.Regexp{}, map[string]int{}
			for pattern := range elsewise()[name] {
				patterns[pattern] = regexp.MustCompile(pattern)
			}
			for i, q := range asked {
				mine, theirs := ourShapes[i], shape(over(t, conn, q))
				if mine == theirs {
					continue
				}
				what := q.Question[0].Name + " " + dns.Type(q.Question[0].Qtype).String()
				known := false
				for pattern, r := range patterns {
					if r.MatchString(what) {
						excused[pattern]++
						known = true
						break
					}
				}
				if !known {
					t.Errorf("%s do=%v\n%s", what, q.IsEdns0().Do(), difference(mine, theirs))
				}
			}
			for pattern, why := range elsewise()[name] {
				if excused[pattern] == 0 {
					t.Errorf("no longer differs: %s (%s)", pattern, why)
				}
			}
			t.Logf("%d questions; differ for known reasons: %v", len(asked), excused)
		})
	}
}

// questions asks for every name and its neighbours with many types.
func questions(zones map[string]*sim.Zone) iter.Seq[*dns.Msg] {
	types := []uint16{
		dns.TypeA, dns.TypeNS, dns.TypeDS, dns.TypeTXT, dns.TypeCNAME, dns.TypeDNAME, dns.TypeSOA, dns.TypeMX,
		dns.TypeSRV, dns.TypeDNSKEY, dns.TypeNSEC, dns.TypeNSEC3PARAM, 65280,
	}
	return func(yield func(*dns.Msg) bool) {
		for _, origin := range slices.Sorted(maps.Keys(zones)) {
			for _, qname := range names(zones[origin]) {
				for i := range 2 * len(types) {
					if i%2 == 0 && types[i/2] != dns.TypeA && origin != "plain.example." {
						continue // without DO one type tells
					}
					q := new(dns.Msg)
					q.SetQuestion(qname, types[i/2])
					q.RecursionDesired = false
					q.SetEdns0(1232, i%2 == 1)
					if !yield(q) {
						return
					}
				}
			}
		}
	}
}

func over(t *testing.T, conn *dns.Conn, q *dns.Msg) *dns.Msg {
	t.Helper()
	if err := conn.WriteMsg(q); err != nil {
		t.Fatal(err)
	}
	m, err := conn.ReadMsg()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// direct asks an authority of ours over TCP, without a network.
func direct(t *testing.T, a *sim.Authority, q *dns.Msg) *dns.Msg {
	t.Helper()
	all := a.Answer(sim.Packet{
		At: epoch(), From: netip.MustParseAddrPort("192.0.2.254:4711"), To: netip.AddrPortFrom(server(), 53),
		Proto: 1, Message: pack(t, q),
	})
	if len(all) != 1 {
		t.Fatalf("%d answers to %s", len(all), q.Question[0].String())
	}
	m := new(dns.Msg)
	if err := m.Unpack(all[0].Message); err != nil {
		t.Fatal(err)
	}
	return m
}
