package integration_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

const denialZones = `
$SERVER ns.root. 192.0.2.1
$SERVER ns.example. 192.0.2.2
$ZONE . ns.root. ecdsap256sha256
$ZONE example. ns.example. ecdsap256sha256 %s
a A 192.0.2.10
b A 192.0.2.11
c.d.e A 192.0.2.12
alias CNAME a
h MX 10 a
k TXT k
*.wild A 192.0.2.13
x.wild A 192.0.2.14
*.aliases CNAME a
m A 192.0.2.15
p A 192.0.2.16
t A 192.0.2.17
plain NS ns.plain
ns.plain A 192.0.2.3
`

// Random names under a signed zone cost at most as many questions as its chain has records, and each denial is proven
// to clients that ask for proof.
//
// RFC: 8198.1
func TestRandomNamesCostTheChain(t *testing.T) {
	for what, words := range map[string]string{"NSEC": "nsec", "NSEC3": "nsec3 iterations=5 salt=ab"} {
		s := simulate(t, fmt.Sprintf(denialZones, words), "")
		chain := s.chainLength("example.")
		s.ask("a.example.", dns.TypeA, flags{}) // the way there
		s.net.Take()
		rng := rand.New(rand.NewPCG(8198, 1))
		for i := range 300 {
			name := fmt.Sprintf("%c%08x.example.", 'a'+rng.IntN(26), rng.Uint32())
			f := flags{do: i%2 == 0, ad: i%3 == 0}
			m := s.ask(name, dns.TypeA, f)
			if m.Rcode != dns.RcodeNameError || len(m.Answer) > 0 || m.AuthenticatedData != (f.do || f.ad) {
				t.Fatalf("%s: %s: %s", what, name, m)
			}
			if m.Ns[0].Header().Rrtype != dns.TypeSOA || m.Ns[0].Header().Ttl > 900 {
				t.Fatalf("%s: %s: %s", what, name, m)
			}
			if n := signatures(m.Ns); f.do && (n < 2 || n > 4) || !f.do && len(m.Ns) != 1 {
				t.Fatalf("%s: %s: %d signatures in\n%s", what, name, n, m)
			}
		}
		all, there := s.sentTo("192.0.2.2")
		if there == 0 || all > chain {
			t.Errorf("%s: %d questions, %d of them to the zone, whose chain has %d records", what, all, there, chain)
		}
		st := s.Denials.Stats()
		if int(st.NXDomain) != 300-there {
			t.Errorf("%s: %d denials were made of others; 300 names took %d questions", what, st.NXDomain, there)
		}
		t.Logf("%s: a chain of %d records, %d questions", what, chain, all)
	}
}

// What follows of records that are known is not asked: types that a name does not have, empty non-terminals, wildcards.
// What does not follow is asked.
//
// RFC: 8198.1, 8198.2, 8198.3
func TestSynthesis(t *testing.T) {
	for what, words := range map[string]string{"NSEC": "nsec", "NSEC3": "nsec3"} {
		s := simulate(t, fmt.Sprintf(denialZones, words), "")
		// Everything that the zone has, so that its whole chain is known.
		for _, name := range []string{"a", "b", "c.d.e", "e", "d.e", "alias", "h", "k", "x.wild", "m", "p", "t", "ns", "wild", "aliases", "*.wild", "*.aliases"} {
			s.ask(name+".example.", dns.TypeSRV, flags{})
			s.ask("0."+name+".example.", dns.TypeSRV, flags{})
			s.ask(name+"0.example.", dns.TypeSRV, flags{})
		}
		s.ask("plain.example.", dns.TypeDS, flags{})
		s.ask("example.", dns.TypeSRV, flags{})
		s.ask("y.wild.example.", dns.TypeA, flags{})
		s.ask("y.aliases.example.", dns.TypeA, flags{})
		for _, c := range []struct {
			name  string
			qtype uint16
			cd    bool
			want  string // RCODE, AD, how many records; "asked" where it is
		}{
			{"q.example.", dns.TypeA, false, "NXDOMAIN ad 0"},
			{"q.q.example.", dns.TypeAAAA, false, "NXDOMAIN ad 0"},
			{"below.a.example.", dns.TypeA, false, "NXDOMAIN ad 0"},
			{"a.example.", dns.TypeMX, false, "NOERROR ad 0"},
			{"d.e.example.", dns.TypeA, false, "NOERROR ad 0"},
			{"q.wild.example.", dns.TypeA, false, "NOERROR ad 2"},
			{"q.wild.example.", dns.TypeMX, false, "NOERROR ad 0"},
			{"q.q.wild.example.", dns.TypeA, false, "NOERROR ad 2"},
			{"q.aliases.example.", dns.TypeA, false, "NOERROR ad 4"}, // with its target, which is asked
			{"plain.example.", dns.TypeDS, false, "NOERROR ad 0"},
			{"alias.example.", dns.TypeMX, false, "NOERROR ad 2"}, // the alias is in the cache
			{"h.example.", dns.TypeMX, false, "asked"},
			{"k.example.", dns.TypeTXT, false, "asked"},
			{"zz.example.", dns.TypeA, true, "asked"}, // who sets CD checks what the servers say
		} {
			s.ask("a.example.", dns.TypeA, flags{}) // the target
			s.net.Take()
			m := s.ask(c.name, c.qtype, flags{do: true, cd: c.cd})
			got := dns.RcodeToString[m.Rcode]
			if m.AuthenticatedData {
				got += " ad"
			}
			got += fmt.Sprintf(" %d", len(m.Answer))
			if all, _ := s.sentTo(""); all > 0 {
				got = "asked"
			}
			if got != c.want {
				t.Errorf("%s: %s %s: %s, want %s\n%s", what, c.name, dns.TypeToString[c.qtype], got, c.want, m)
			}
		}
		// Expanded answers carry the name that was asked for, and the proof that it is not there itself.
		m := s.ask("Q1.wild.example.", dns.TypeA, flags{do: true})
		if len(m.Answer) != 2 || !strings.EqualFold(m.Answer[0].Header().Name, "q1.wild.example.") || signatures(m.Ns) == 0 {
			t.Errorf("%s: an expanded answer:\n%s", what, m)
		}
	}
}

// A flush of a name, or of the cache, takes with it what was derived; cache.aggressive turns it off; and without
// validation there is none.
func TestSynthesisCanBeForgottenAndTurnedOff(t *testing.T) {
	zones := fmt.Sprintf(denialZones, "nsec")
	asked := func(s *simulated, name string) int {
		s.net.Take()
		s.ask(name, dns.TypeA, flags{})
		all, _ := s.sentTo("")
		return all
	}
	for what, flush := range map[string]func(*simulated){
		"a name":  func(s *simulated) { s.Cache.Flush(mustName("qb.example.")) },
		"a tree":  func(s *simulated) { s.Cache.FlushTree(mustName("example.")) },
		"all":     func(s *simulated) { s.Cache.FlushAll() },
		"denials": func(s *simulated) { s.Cache.FlushNegative() },
	} {
		s := simulate(t, zones, "")
		s.ask("qa.example.", dns.TypeA, flags{})
		if n := asked(s, "qb.example."); n != 0 {
			t.Fatalf("%d questions for what follows", n)
		}
		flush(s)
		if n := asked(s, "qb.example."); n == 0 {
			t.Errorf("flushing %s left what was derived", what)
		}
	}
	for _, lines := range []string{"cache: {aggressive: false}\n", "validation: {mode: off}\n"} {
		s := simulate(t, zones, lines)
		s.ask("qa.example.", dns.TypeA, flags{})
		if n := asked(s, "qb.example."); n == 0 {
			t.Errorf("%s: nothing was asked", lines)
		}
	}
}
