package scenario_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"recursor/testbed/scenario"
)

// play plays a scenario that can be played and gives its only report.
func play(t *testing.T, level, text string) *scenario.Report {
	t.Helper()
	l, err := scenario.ParseLevel(level)
	if err != nil {
		t.Fatal(err)
	}
	reports, err := scenario.Play{Level: l}.Reports(parse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	if len(reports) != 1 {
		t.Fatalf("%d reports", len(reports))
	}
	return reports[0]
}

// The root of small scenarios, which answers for all that is below it.
const (
	forwarding = "forward-zone: name: \".\" forward-addr: 192.0.2.1\nCONFIG_END\nSCENARIO_BEGIN x\n"
	ending     = "SCENARIO_END\n"
)

// entry is an entry of one question and lines of answer.
func entry(head, question string, sections ...string) string {
	return "ENTRY_BEGIN\n" + head + "\nSECTION QUESTION\n" + question + "\n" + strings.Join(sections, "\n") + "\nENTRY_END\n"
}

const (
	matching = "MATCH opcode qtype qname\nADJUST copy_id"
	answerA  = "SECTION ANSWER\na.example. 300 IN A 192.0.2.80"
)

func queryStep(id string, question string) string {
	return "STEP " + id + " QUERY\n" + entry("REPLY RD", question)
}

func checkStep(id, head, question string, sections ...string) string {
	return "STEP " + id + " CHECK_ANSWER\n" + entry(head, question, sections...)
}

func wantPassed(t *testing.T, r *scenario.Report) {
	t.Helper()
	if r.Failed() {
		t.Errorf("%s\n%s", r, r.Transcript())
	}
}

func TestRangesOfUnbound(t *testing.T) {
	// The last range that is active comes first; where it has no entry, the one
	// before it does; after step 20 another epoch begins.
	r := play(t, "core+ttl", forwarding+
		"RANGE_BEGIN 0 100\n"+entry(matching+"\nREPLY QR RA", "b.example. A", "SECTION ANSWER\nb.example. 300 A 192.0.2.81")+"RANGE_END\n"+
		"RANGE_BEGIN 0 20\n"+entry(matching+"\nREPLY QR RA", "a.example. A", answerA)+"RANGE_END\n"+
		"RANGE_BEGIN 21 100\nADDRESS 192.0.2.1\n"+entry(matching+"\nREPLY QR RA", "a.example. A", "SECTION ANSWER\na.example. 300 A 192.0.2.82")+"RANGE_END\n"+
		queryStep("1", "a.example. A")+checkStep("2", "MATCH all ttl\nREPLY QR RD RA", "a.example. A", answerA)+
		queryStep("3", "b.example. A")+checkStep("4", "MATCH all\nREPLY QR RD RA", "b.example. A", "SECTION ANSWER\nb.example. A 192.0.2.81")+
		"STEP 20 TIME_PASSES ELAPSE 100\n"+
		queryStep("21", "a.example. A")+checkStep("22", "MATCH all ttl\nREPLY QR RD RA", "a.example. A", "SECTION ANSWER\na.example. 200 A 192.0.2.80")+
		"STEP 23 TIME_PASSES ELAPSE 201\n"+
		queryStep("24", "a.example. A")+checkStep("25", "MATCH all ttl\nREPLY QR RD RA", "a.example. A", "SECTION ANSWER\na.example. 300 A 192.0.2.82")+
		ending)
	wantPassed(t, r)
	if r.Sends != 3 || r.Elapsed.Seconds() != 301 {
		t.Errorf("%d queries in %v", r.Sends, r.Elapsed)
	}
}

func TestScriptedAnswers(t *testing.T) {
	out := func(id, more string) string {
		return "STEP " + id + " CHECK_OUT_QUERY\n" + entry("MATCH qname qtype"+more, "a.example. A")
	}
	reply := "STEP 4 REPLY\n" + entry(matching+"\nREPLY QR RA", "a.example. A", answerA)
	check := checkStep("5", "MATCH all\nREPLY QR RD RA", "a.example. A", answerA)
	for name, text := range map[string]string{
		"REPLY":                      queryStep("1", "a.example. A") + out("2", "") + reply + check,
		"CHECK_OUT_QUERY as answer":  queryStep("1", "a.example. A") + "STEP 2 CHECK_OUT_QUERY\n" + entry(matching+"\nREPLY QR RA", "a.example. A", answerA) + check,
		"TIMEOUT, then another send": queryStep("1", "a.example. A") + out("2", "") + "STEP 3 TIMEOUT\n" + out("4", "") + strings.Replace(reply, "4 R", "5 R", 1) + strings.Replace(check, "5", "6", 1),
		"ERROR": queryStep("1", "a.example. A") + out("2", "") + "STEP 3 ERROR\n" +
			checkStep("6", "MATCH rcode", "a.example. A") + "",
	} {
		t.Run(name, func(t *testing.T) {
			r := play(t, "core", forwarding+text+ending)
			if name == "ERROR" {
				if p := r.Problems(); len(p) != 1 || !strings.Contains(p[0], "RCODE: expected NOERROR, got SERVFAIL") {
					t.Errorf("%q", p)
				}
				return
			}
			wantPassed(t, r)
		})
	}
}

func TestWhatFails(t *testing.T) {
	served := "RANGE_BEGIN 0 100\n" + entry(matching+"\nREPLY QR RA", "a.example. A", answerA,
		"SECTION AUTHORITY\nexample. SOA a. b. 1 2 3 4 5") + "RANGE_END\n"
	asked := queryStep("1", "a.example. A")
	for _, c := range []struct {
		name, level, text string
		want              []string
	}{
		{"an answer that is missing", "core", served + asked + checkStep("2", "MATCH all\nREPLY QR RD RA", "a.example. A"), []string{
			"step 2 CHECK_ANSWER: answer: unexpected a.example. 300 IN A 192.0.2.80",
		}},
		{"an answer that is another", "core", served + asked + checkStep("2", "MATCH all\nREPLY QR RD RA NXDOMAIN", "b.example. A", "SECTION ANSWER\na.example. A 192.0.2.81"), []string{
			"step 2 CHECK_ANSWER: RCODE: expected NXDOMAIN, got NOERROR",
			"step 2 CHECK_ANSWER: question: expected b.example. A, got a.example. A",
			"step 2 CHECK_ANSWER: answer: missing a.example. 3600 IN A 192.0.2.81",
			"step 2 CHECK_ANSWER: answer: unexpected a.example. 300 IN A 192.0.2.80",
		}},
		{"flags", "core", served + asked + checkStep("2", "MATCH flags\nREPLY QR AA", "a.example. A"), []string{
			"step 2 CHECK_ANSWER: flags: expected qr aa, got qr rd ra",
		}},
		{"a TTL", "core+ttl", served + asked + checkStep("2", "MATCH answer ttl", "a.example. A", "SECTION ANSWER\na.example. 299 A 192.0.2.80"), []string{
			"step 2 CHECK_ANSWER: answer: missing a.example. 299 IN A 192.0.2.80",
			"step 2 CHECK_ANSWER: answer: unexpected a.example. 300 IN A 192.0.2.80",
		}},
		{"a TTL that is not looked at", "core", served + asked + checkStep("2", "MATCH answer ttl", "a.example. A", "SECTION ANSWER\na.example. 299 A 192.0.2.80"), nil},
		{"an authority section that is", "sections", served + asked + checkStep("2", "MATCH all\nREPLY QR RD RA", "a.example. A", answerA, "SECTION AUTHORITY\nexample. NS a."), []string{
			"step 2 CHECK_ANSWER: authority: missing example. 3600 IN NS a.",
		}},
		{"the same at another level", "core", served + asked + checkStep("2", "MATCH all\nREPLY QR RD RA", "a.example. A", answerA, "SECTION AUTHORITY\nexample. NS a."), nil},
		{"only the RCODE", "rcode", served + asked + checkStep("2", "MATCH all\nREPLY NXDOMAIN", "a.example. A"), []string{
			"step 2 CHECK_ANSWER: RCODE: expected NXDOMAIN, got NOERROR",
		}},
		{"the transport, OPT and options", "core+ede", served + asked + checkStep("2", "MATCH TCP DO edns nsid client_cookie ede=7 ede=any ednsdata", "a.example. A", "SECTION ADDITIONAL\nHEX_EDNSDATA_BEGIN\n0003 0000\nHEX_EDNSDATA_END"), []string{
			"step 2 CHECK_ANSWER: transport: expected tcp, got udp",
			"step 2 CHECK_ANSWER: DO: expected set, got clear",
			"step 2 CHECK_ANSWER: OPT: expected version 0, got another or none",
			"step 2 CHECK_ANSWER: EDNS options: expected 00030000, got ",
			"step 2 CHECK_ANSWER: NSID: expected one, got none",
			"step 2 CHECK_ANSWER: cookie: expected 8 octets, got -1",
			"step 2 CHECK_ANSWER: extended error: expected any, got none",
			"step 2 CHECK_ANSWER: extended error: expected 7, got []",
		}},
		{"no answer", "core", queryStep("1", "a.example. A") + "STEP 2 CHECK_ANSWER\n" + entry("MATCH all", "a.example. A") + "STEP 3 CHECK_ANSWER\n" + entry("MATCH all", "a.example. A"), []string{
			"step 2 CHECK_ANSWER: RCODE: expected NOERROR, got SERVFAIL",
			"step 2 CHECK_ANSWER: flags: expected , got qr rd ra",
			"step 3 CHECK_ANSWER: the client got no answer",
		}},
		{"a query that is not sent", "core", served + asked + "STEP 2 CHECK_OUT_QUERY\n" + entry("MATCH qname", "b.example. A") + checkStep("3", "MATCH rcode", "a.example. A"), []string{
			"step 2 CHECK_OUT_QUERY: no such query was sent: b.example. A NOERROR",
		}},
		{"a query to elsewhere", "core", served + asked + "STEP 2 CHECK_OUT_QUERY ADDRESS 192.0.2.9\n" + entry("MATCH qname", "a.example. A") + checkStep("3", "MATCH rcode", "a.example. A"), []string{
			"step 2 CHECK_OUT_QUERY: no such query was sent: a.example. A NOERROR",
		}},
		{"one query checked twice", "core", served + asked + "STEP 2 CHECK_OUT_QUERY\n" + entry("MATCH qname", "a.example. A") + "STEP 3 CHECK_OUT_QUERY\n" + entry("MATCH qname", "a.example. A") + checkStep("4", "MATCH rcode", "a.example. A"), []string{
			"step 3 CHECK_OUT_QUERY: no such query was sent: a.example. A NOERROR",
		}},
		{"nothing to answer", "core", "STEP 1 REPLY\n" + entry("", "a. A") + "STEP 2 TIMEOUT\n", []string{
			"step 1 REPLY: no query waits for an answer", "step 2 TIMEOUT: no query waits for an answer",
		}},
		{"an answer that nobody looks at", "core", served + asked + "STEP 2 TRAFFIC\n", []string{
			"end: an answer that no step looks at: a.example. A NOERROR qr rd ra",
		}},
		{"an entry that must be used", "core", served + "RANGE_BEGIN 0 100\nENTRY_BEGIN\nMANDATORY\nMATCH qname\nSECTION QUESTION\nb. A\nENTRY_END\nRANGE_END\n" + asked + checkStep("2", "MATCH rcode", "a.example. A"), []string{
			"end: MANDATORY entry never used: b. A NOERROR",
		}},
		{"a time that is none", "core", "STEP 1 TIME_PASSES EVAL ${1 - 2}\nSTEP 2 ASSIGN x = ${range 1 5 3}\nSTEP 3 TIME_PASSES EVAL $y\n", []string{
			`step 1 TIME_PASSES: "${1 - 2}" is no time`, `step 2 ASSIGN: "range 1 5 3": out of range`, `step 3 TIME_PASSES: "$y" is no time`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := play(t, c.level, forwarding+c.text+ending)
			if got := r.Problems(); !slices.Equal(got, c.want) {
				t.Errorf("%s\n%s", strings.Join(got, "\n"), r.Transcript())
			}
			if r.Failed() != (len(c.want) > 0) {
				t.Errorf("failed %t", r.Failed())
			}
		})
	}
}

func TestMacros(t *testing.T) {
	r := play(t, "core", forwarding+"STEP 1 ASSIGN t0 = ${time}\nSTEP 2 TIME_PASSES EVAL ${2 + 3 * 4}\nSTEP 3 ASSIGN late = ${$t0 + 20}\n"+
		"STEP 4 TIME_PASSES EVAL ${$late - ${time}}\nSTEP 5 ASSIGN when = ${ctime ${time}}\nSTEP 6 ASSIGN in = ${range 1 5 9}\n"+
		"STEP 7 ASSIGN wait = ${timeout}\n"+ending)
	wantPassed(t, r)
	if r.Elapsed.Seconds() != 20 || !strings.Contains(r.String(), "when = Thu Jan  1 00:00:20 1970") {
		t.Errorf("%v\n%s", r.Elapsed, r)
	}
}

const deckardHead = "stub-addr: 193.0.14.129\ndo-ip6: no\n"

func TestDeckard(t *testing.T) {
	text := func(config, more string) string {
		return deckardHead + config + "CONFIG_END\nSCENARIO_BEGIN x\n" +
			"RANGE_BEGIN 0 100\nADDRESS 193.0.14.129\n" +
			entry("MATCH subdomain\nADJUST copy_id copy_query\nREPLY QR AA", "example. A", answerA) + "RANGE_END\n" +
			"RANGE_BEGIN 0 100\nADDRESS 193.0.14.129\n" + // not looked at: the first one counts
			entry("MATCH subdomain\nADJUST copy_id copy_query\nREPLY QR AA NXDOMAIN", ". A") + "RANGE_END\n" +
			more + ending
	}
	check := checkStep("11", "MATCH rcode flags question answer\nREPLY QR RD RA", "a.example. A", answerA)
	s := parse(t, text("", queryStep("10", "a.example. A")+check+"STEP 12 CHECK_OUT_QUERY\n"+entry("MATCH qname", "never. A")))
	reports, err := scenario.Play{}.Reports(s)
	if err != nil || len(reports) != 2 || reports[0].Variant != "minimise: relaxed" || reports[1].Variant != "minimise: off" {
		t.Fatalf("%v, %d reports", err, len(reports))
	}
	for _, r := range reports {
		wantPassed(t, r)
	}
	if reports[0].Sends != 2 || reports[1].Sends != 1 {
		t.Errorf("%d and %d queries", reports[0].Sends, reports[1].Sends)
	}

	// What no entry is for is SERVFAIL, unless a later REPLY is for it, once.
	oneShot := "STEP 20 REPLY\n" + entry(matching+"\nREPLY QR AA", "b.other. A", "SECTION ANSWER\nb.other. 0 IN A 192.0.2.82")
	r := play(t, "core", text("query-minimization: off\n", queryStep("10", "b.other. A")+
		checkStep("11", "MATCH rcode answer\nREPLY NOERROR", "b.other. A", "SECTION ANSWER\nb.other. A 192.0.2.82")+
		queryStep("12", "b.other. A")+checkStep("13", "MATCH rcode\nREPLY SERVFAIL", "b.other. A")+oneShot))
	wantPassed(t, r)
	if len(r.Unmatched) == 0 {
		t.Error("the query that the file has no answer for is not told")
	}
}

// A range without address, one of a server the file does not know, and an entry
// that is silence.
func TestDeckardRanges(t *testing.T) {
	r := play(t, "core", deckardHead+"query-minimization: off\nCONFIG_END\nSCENARIO_BEGIN x\nRANGE_BEGIN 0 100\nADDRESS 192.0.2.99\n"+
		entry("MATCH qname\nADJUST copy_id do_not_answer\nREPLY QR AA", "dead.example. A")+
		entry("MATCH qname\nADJUST copy_id\nREPLY QR AA", "a.example. A", answerA)+"RANGE_END\n"+
		queryStep("1", "a.example. A")+checkStep("2", "MATCH rcode answer", "a.example. A", answerA)+
		queryStep("3", "dead.example. A")+checkStep("4", "MATCH rcode\nREPLY SERVFAIL", "dead.example. A")+ending)
	wantPassed(t, r)
	if len(r.Unanswered) == 0 || r.Elapsed.Seconds() < 1 {
		t.Errorf("%d unanswered in %v", len(r.Unanswered), r.Elapsed)
	}
}

func TestNotSupported(t *testing.T) {
	const step = "STEP 1 NOTHING\n"
	for _, c := range []struct{ config, more, want string }{
		{"server: tls-upstream: yes\n", step, "test.rpl:1: not supported: tls-upstream yes"},
		{"server: local-zone: a. static\n", step, "not supported: local-zone a. static"},
		{"server: module-config: \"respip iterator\"\n", step, "not supported: module respip"},
		{"server:\n", "STEP 1 INFRA_RTT 1.2.3.4 . 100\n", "test.rpl:4: not supported: INFRA_RTT"},
		{"server:\n", "STEP 1 CHECK_AUTOTRUST x\nFILE_BEGIN\nFILE_END\n", "not supported: CHECK_AUTOTRUST"},
		{"server:\n", "RANGE_BEGIN 0 1\nENTRY_BEGIN\nEXTRA_PACKET\nENTRY_END\nRANGE_END\n" + step, "not supported: EXTRA_PACKET"},
		{"stub-addr: 192.0.2.1\nfeatures: dns64_prefix = 64:ff9b::\n", step, "test.rpl:2: not supported: features dns64_prefix = 64:ff9b::"},
	} {
		_, err := scenario.Play{}.Reports(parse(t, c.config+"CONFIG_END\nSCENARIO_BEGIN x\n"+c.more+ending))
		var u *scenario.Unsupported
		if !errors.As(err, &u) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.config, err, c.want)
		}
	}
}

// TestOwnConfiguration: the clause of this project's own is our configuration.
func TestOwnConfiguration(t *testing.T) {
	const text = "recursor:\n\tidentity: \"me\"\n\tupstream.minimise: strict\n\tlimits.aliases: 3\n" + forwarding +
		"STEP 1 QUERY\nENTRY_BEGIN\nREPLY RD\nSECTION QUESTION\nid.server. CH TXT\nENTRY_END\n" +
		"STEP 2 CHECK_ANSWER\nENTRY_BEGIN\nMATCH answer\nSECTION ANSWER\nid.server. 0 CH TXT me\nENTRY_END\n" + ending
	wantPassed(t, play(t, "core", text))
	c, err := parse(t, text).Configure()
	if err != nil || !strings.Contains(c.YAML, "  aliases: 3\n") || !strings.Contains(c.YAML, "minimise: strict\n") {
		t.Errorf("%v\n%s", err, c.YAML)
	}
	if _, err := (scenario.Play{}).Reports(parse(t, strings.Replace(text, "identity", "identitty", 1))); err == nil ||
		!strings.Contains(err.Error(), `did you mean`) {
		t.Errorf("a key that does not exist: %v", err)
	}
}

func TestParseLevel(t *testing.T) {
	for s, want := range map[string]scenario.Level{
		"core": {}, "sections+ttl": {Depth: scenario.Whole, TTL: true}, "rcode": {Depth: scenario.Code}, "core+ttl+ede": {TTL: true, EDE: true},
	} {
		if l, err := scenario.ParseLevel(s); err != nil || l != want {
			t.Errorf("%s: %+v, %v", s, l, err)
		}
	}
	for _, s := range []string{"", "ttl", "core+core", "all", "core+"} {
		if l, err := scenario.ParseLevel(s); err == nil {
			t.Errorf("%q is %+v", s, l)
		}
	}
}

// A setting that there is not is told with the line that it stands in.
func TestMisconfigured(t *testing.T) {
	for _, c := range []struct{ config, want string }{
		{"recursor:\n\tupstream.priming: false\n\tupstream.minimize: off\n", "test.rpl:3: expected a setting of this resolver; upstream.minimize"},
		{"recursor:\n\tlimits.depth: many\n", "test.rpl:2: expected a setting of this resolver; limits.depth"},
	} {
		_, err := scenario.Play{}.Reports(parse(t, c.config+"CONFIG_END\nSCENARIO_BEGIN x\nSTEP 1 NOTHING\n"+ending))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.config, err, c.want)
		}
	}
}

// Nothing goes on for ever: neither steps nor time.
func TestEndless(t *testing.T) {
	var steps strings.Builder
	for i := range 5001 {
		fmt.Fprintf(&steps, "STEP %d NOTHING\n", i+1)
	}
	for what, c := range map[string]struct{ steps, want string }{
		"steps": {steps.String(), "no end after 5000 turns"},
		"time":  {"STEP 1 TIME_PASSES ELAPSE 3000000000\nSTEP 2 TIME_PASSES ELAPSE 3000000000\nSTEP 3 TIME_PASSES ELAPSE 3000000000\n", "a story ends within 200 years"},
	} {
		r := play(t, "core", forwarding+c.steps+ending)
		if !r.Failed() || !strings.Contains(r.String(), c.want) {
			t.Errorf("%s: want %q\n%s", what, c.want, tail(r.String()))
		}
	}
}

// A server that the network does not reach, and one that gives its cookie.
func TestOurAdjustments(t *testing.T) {
	r := play(t, "core+ede", forwarding+"RANGE_BEGIN 0 2\n"+entry("MATCH opcode\nADJUST unreachable\nREPLY QR", ". A")+"RANGE_END\n"+
		"RANGE_BEGIN 5 9\n"+entry("MATCH qname client_cookie\nADJUST copy_id copy_cookie\nREPLY QR RA", "a.example. A", answerA)+
		entry("MATCH qname server_cookie\nADJUST copy_id\nREPLY QR RA", "b.example. A", "SECTION ANSWER\nb.example. 300 IN A 192.0.2.81")+"RANGE_END\n"+
		"STEP 1 QUERY\n"+entry("REPLY RD DO", "x.example. A")+checkStep("2", "MATCH rcode ede=23\nREPLY SERVFAIL", "x.example. A")+
		"STEP 3 TIME_PASSES ELAPSE 5\n"+
		queryStep("5", "a.example. A")+checkStep("6", "MATCH rcode answer", "a.example. A", answerA)+
		queryStep("7", "b.example. A")+checkStep("8", "MATCH rcode answer", "b.example. A", "SECTION ANSWER\nb.example. 300 IN A 192.0.2.81")+ending)
	wantPassed(t, r)
}

func tail(s string) string { return s[max(0, len(s)-400):] }
