package integration_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/testbed/sim"
)

const flagZones = `
$SERVER ns.root. 192.0.2.1
$SERVER ns.tld. 192.0.2.2
$SERVER ns.plain. 192.0.2.3
$ZONE . ns.root. ecdsap256sha256
$ZONE tld. ns.tld. ecdsap256sha256 corrupt=bogus/A corrupt=late/A
secure A 192.0.2.10
bogus A 192.0.2.11
late A 192.0.2.12
$ZONE plain. ns.plain.
www A 192.0.2.13
`

// flagRow is a row of the matrix of RFC 4035 §3.2 and RFC 6840 §5.7-5.9: what data is worth, what the query has, and what
// it is told.
type flagRow struct {
	name       string
	worth      string
	cd, do     bool
	rcode      int
	ad         bool // where the query has DO or AD
	records    int
	signatures int
	ede        string // the codes
}

// flagMatrix is the table.
func flagMatrix() []flagRow {
	const no, yes, bad = dns.RcodeSuccess, true, dns.RcodeServerFailure
	return []flagRow{
		{"secure.tld.", "secure", false, false, no, yes, 1, 0, ""},
		{"secure.tld.", "secure", false, true, no, yes, 1, 1, ""},
		{"secure.tld.", "secure", true, false, no, yes, 1, 0, ""},
		{"secure.tld.", "secure", true, true, no, yes, 1, 1, ""},
		{"www.plain.", "insecure", false, false, no, false, 1, 0, ""},
		{"www.plain.", "insecure", false, true, no, false, 1, 0, ""},
		{"www.plain.", "insecure", true, false, no, false, 1, 0, ""},
		{"www.plain.", "insecure", true, true, no, false, 1, 0, ""},
		{"bogus.tld.", "bogus", false, false, bad, false, 0, 0, "6"},
		{"bogus.tld.", "bogus", false, true, bad, false, 0, 0, "6"},
		{"bogus.tld.", "bogus", true, false, no, false, 1, 0, ""},
		{"bogus.tld.", "bogus", true, true, no, false, 1, 1, ""},
		{"secure.tld.", "indeterminate", false, false, no, false, 1, 0, "5"},
		{"secure.tld.", "indeterminate", false, true, no, false, 1, 1, "5"},
		{"secure.tld.", "indeterminate", true, false, no, false, 1, 0, ""},
		{"secure.tld.", "indeterminate", true, true, no, false, 1, 1, ""},
	}
}

// TestFlagMatrix asks each row of the matrix, with AD and without, in many orders: what one client was told, whatever it
// set, changes nothing of what another is told.
//
// RFC: 4035.1, 4035.6, 6840.4
func TestFlagMatrix(t *testing.T) {
	in, err := sim.ParseInternet(flagZones, sim.InternetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	type question struct {
		flagRow
		ad bool
	}
	var questions []question
	for _, r := range flagMatrix() {
		questions = append(questions, question{r, false}, question{r, true})
	}
	for round := range 40 {
		rng := rand.New(rand.NewPCG(uint64(round), 4035))
		rng.Shuffle(len(questions), func(i, j int) { questions[i], questions[j] = questions[j], questions[i] })
		known := simulateOver(t, in, in.Anchors(), "")
		// An anchor elsewhere: of these names nothing is known.
		unknown := simulateOver(t, in, strings.Replace(in.Anchors(), ".\t", "elsewhere.\t", 1), "")
		for i, q := range questions {
			s := known
			if q.worth == "indeterminate" {
				s = unknown
			}
			m := s.ask(q.name, dns.TypeA, flags{do: q.do, ad: q.ad, cd: q.cd})
			what := fmt.Sprintf("round %d, question %d, %s, CD %t, DO %t, AD %t", round, i, q.worth, q.cd, q.do, q.ad)
			wantAD := q.flagRow.ad && (q.do || q.ad)
			if q.cd && m.AuthenticatedData != wantAD && !m.AuthenticatedData {
				wantAD = false // with CD only where it was validated for another client (RFC 6840 §5.8)
			}
			if m.Rcode != q.rcode || m.AuthenticatedData != wantAD || !m.RecursionAvailable || m.CheckingDisabled != q.cd {
				t.Errorf("%s:\n%s", what, m)
			}
			if n := signatures(m.Answer); n != q.signatures || len(m.Answer)-n != q.records {
				t.Errorf("%s: %d signatures of %d records\n%s", what, n, len(m.Answer), m)
			}
			var codes []string
			for _, e := range m.edes {
				code, _, _ := strings.Cut(e, " ")
				if code != "13" { // a failure may be remembered (RFC 9520)
					codes = append(codes, code)
				}
			}
			if got := strings.Join(codes, " "); got != q.ede {
				t.Errorf("%s: EDE %q, want %q", what, m.edes, q.ede)
			}
			if q.rcode == dns.RcodeServerFailure && (!strings.Contains(strings.Join(m.edes, "\n"), "signature does not verify, zone tld., key ")) {
				t.Errorf("%s: %q does not name zone, key and cause", what, m.edes)
			}
		}
	}
}

// A failure that is remembered is told as one, with its first cause, and does not concern who checks for himself.
//
// RFC: 9520.4, 9520.5
func TestFlagsOfARememberedFailure(t *testing.T) {
	s := simulate(t, flagZones, "")
	for i, want := range []string{"6", "13 6", "13 6"} {
		s.net.Take()
		m := s.ask("late.tld.", dns.TypeA, flags{do: i == 1, ad: i == 2})
		var codes []string
		for _, e := range m.edes {
			code, _, _ := strings.Cut(e, " ")
			codes = append(codes, code)
		}
		all, _ := s.sentTo("")
		if got := strings.Join(codes, " "); m.Rcode != dns.RcodeServerFailure || got != want || i > 0 && all > 0 || m.AuthenticatedData {
			t.Errorf("time %d: %s, EDE %q, want %s; %d questions", i, dns.RcodeToString[m.Rcode], m.edes, want, all)
		}
	}
	if m := s.ask("late.tld.", dns.TypeA, flags{do: true, cd: true}); m.Rcode != dns.RcodeSuccess || len(m.Answer) != 2 || m.AuthenticatedData {
		t.Errorf("with CD:\n%s", m)
	}
}

// Keys and DS records that cannot be had are the misfortune of those who have answers judged; who sets CD is told what the
// servers say.
//
// RFC: 4035.6
func TestKeysThatCannotBeHad(t *testing.T) {
	for fault, want := range map[string]string{"DNSKEY": "9 fetching DNSKEY for tld., ", "DS": "23 fetching DS for "} {
		root, tld := "", ""
		if fault == "DS" {
			root = " type-rcode=DS:SERVFAIL no-ds"
		} else {
			tld = " type-rcode=DNSKEY:SERVFAIL"
		}
		zones := strings.NewReplacer("192.0.2.1\n", "192.0.2.1"+root+"\n", "192.0.2.2\n", "192.0.2.2"+tld+"\n").Replace(flagZones)
		s := simulate(t, zones, "")
		for range 2 {
			m := s.ask("secure.tld.", dns.TypeA, flags{do: true})
			if last := len(m.edes) - 1; m.Rcode != dns.RcodeServerFailure || last < 0 || !strings.HasPrefix(m.edes[last], want) {
				t.Errorf("%s: %s %q, want EDE %s", fault, dns.RcodeToString[m.Rcode], m.edes, want)
			}
			m = s.ask("secure.tld.", dns.TypeA, flags{do: true, cd: true})
			if m.Rcode != dns.RcodeSuccess || len(m.Answer) != 2 || m.AuthenticatedData {
				t.Errorf("%s, with CD:\n%s", fault, m)
			}
		}
	}
}

// An operator refuses SHA-1 in signatures: a zone that has no others is insecure then, and its clients are told why; one
// that is signed otherwise is none the worse for it.
//
// RFC: 9905.1, 9905.2
func TestRefusedSHA1(t *testing.T) {
	const zones = `
$SERVER ns.root. 192.0.2.1
$ZONE . ns.root. ecdsap256sha256
$ZONE old. ns.root. rsasha1
www A 192.0.2.10
$ZONE older. ns.root. rsasha1-nsec3-sha1 nsec3
www A 192.0.2.11
$ZONE new. ns.root. rsasha256
www A 192.0.2.12
`
	in, err := sim.ParseInternet(zones, sim.InternetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, refused := range []bool{false, true} {
		s := simulateOver(t, in, in.Anchors(), fmt.Sprintf("validation: {refuse-sha1: %t}\n", refused))
		for zone, rsasha1 := range map[string]bool{"old.": true, "older.": true, "new.": false} {
			for name, rcode := range map[string]int{"www.": dns.RcodeSuccess, "nobody.": dns.RcodeNameError} {
				m := s.ask(name+zone, dns.TypeA, flags{do: true})
				told := strings.HasPrefix(strings.Join(m.edes, "\n"), "1 algorithm unsupported, zone "+zone)
				if insecure := refused && rsasha1; m.Rcode != rcode || m.AuthenticatedData == insecure || told != insecure {
					t.Errorf("refused %t: %q\n%s", refused, m.edes, m)
				}
			}
		}
	}
}

// Where validation is permissive, what is bogus is served each time, without AD and with its cause, to the second client as
// to the first, whoever asked with CD between them; and so is what cannot be judged since the keys cannot be had.
//
// RFC: 4035.6
func TestPermissive(t *testing.T) {
	const zones = flagZones + `
$SERVER ns.nokeys. 192.0.2.4
$ZONE expired. ns.tld. ecdsap256sha256 expired
www A 192.0.2.20
out CNAME secure.tld.
$ZONE nokeys. ns.nokeys. ecdsap256sha256
www A 192.0.2.22
`
	const no, nx = dns.RcodeSuccess, dns.RcodeNameError
	for _, first := range []flags{{do: true}, {ad: true}, {cd: true}} {
		s := simulate(t, zones, "validation: {mode: permissive}\n")
		s.internet.Server("ns.nokeys.").Faults.Hook = func(_ sim.Packet, q, m *dns.Msg) bool {
			if q.Question[0].Qtype == dns.TypeDNSKEY {
				m.Rcode, m.Answer, m.Ns = dns.RcodeServerFailure, nil, nil
			}
			return true
		}
		for _, row := range []struct {
			name           string
			rcode, records int
			cause          string // of what is not secure
		}{
			{"secure.tld.", no, 1, ""},
			{"bogus.tld.", no, 1, "6 signature does not verify, zone tld., key "},
			{"www.expired.", no, 1, "7 signature expired, zone expired., key "},
			{"nobody.expired.", nx, 0, "7 signature expired, zone expired., key "},
			{"out.expired.", no, 2, "7 signature expired, zone expired., key "},
			{"www.nokeys.", no, 1, "9 fetching DNSKEY for nokeys."},
		} {
			s.ask(row.name, dns.TypeA, first)
			for i, f := range []flags{{do: true}, {ad: true}, {cd: true}, {do: true, ad: true}, {}} {
				m := s.ask(row.name, dns.TypeA, f)
				what := fmt.Sprintf("%s after %+v, %d: %+v", row.name, first, i, f)
				if m.Rcode != row.rcode || len(m.Answer)-signatures(m.Answer) != row.records {
					t.Errorf("%s:\n%s\n%q", what, m, m.edes)
				}
				switch {
				case f.cd:
				case row.cause == "":
					if m.AuthenticatedData != (f.do || f.ad) || len(m.edes) > 0 {
						t.Errorf("%s: AD %t, %q", what, m.AuthenticatedData, m.edes)
					}
				case m.AuthenticatedData || len(m.edes) == 0 || !strings.HasPrefix(m.edes[0], row.cause):
					t.Errorf("%s: AD %t, %q", what, m.AuthenticatedData, m.edes)
				}
			}
		}
	}
}

// Whatever makes data bogus, who sets CD gets it while the failure is remembered, also where the data itself is not kept;
// and it is remembered all the same.
//
// RFC: 4035.6, 9520.4
func TestFailureOfAnUnknownAlgorithm(t *testing.T) {
	s := simulate(t, "$SERVER ns.root. 192.0.2.1\n$ZONE . ns.root. ed25519\n$ZONE tld. ns.root. ed25519\nwww 0 A 192.0.2.10\n", "")
	s.internet.Server("ns.root.").Faults.Hook = func(_ sim.Packet, _, m *dns.Msg) bool {
		for i, rr := range m.Answer {
			if sig, ok := rr.(*dns.RRSIG); ok && sig.TypeCovered == dns.TypeA {
				other := *sig
				other.Algorithm = 200
				m.Answer[i] = &other
			}
		}
		return true
	}
	if m := s.ask("www.tld.", dns.TypeA, flags{}); m.Rcode != dns.RcodeServerFailure || len(m.edes) != 1 || !strings.HasPrefix(m.edes[0], "1 algorithm unsupported, zone tld., key ") {
		t.Errorf("%s\n%q", m, m.edes)
	}
	if m := s.ask("www.tld.", dns.TypeA, flags{cd: true}); m.Rcode != dns.RcodeSuccess || len(m.Answer) != 1 || m.AuthenticatedData {
		t.Errorf("with CD:\n%s\n%q", m, m.edes)
	}
	s.net.Take()
	m := s.ask("www.tld.", dns.TypeA, flags{}) // which that one does not end
	if all, _ := s.sentTo(""); m.Rcode != dns.RcodeServerFailure || len(m.edes) != 2 || m.edes[0] != "13 " || all > 0 {
		t.Errorf("%d questions:\n%s\n%q", all, m, m.edes)
	}
}
