package scenario_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"recursor/dns/wire"
	"recursor/testbed/scenario"
)

// parse reads a scenario that must be good.
func parse(t *testing.T, text string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("test.rpl", text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const unboundFile = `; One story.
; It goes on.
server:
	access-control: 127.0.0.1 allow_snoop  # who asks
	qname-minimisation: "no"
forward-zone: name: "." forward-addr: 192.0.2.1
CONFIG_END
; comment
SCENARIO_BEGIN A title ; all of it
RANGE_BEGIN 0 100
	ADDRESS 192.0.2.7
	ADDRESS 192.0.2.1
ENTRY_BEGIN
MATCH opcode qtype
MATCH qname
ADJUST copy_id copy_query
REPLY QR AA NXDOMAIN
SECTION QUESTION
WWW.example. IN A
SECTION ANSWER
SECTION AUTHORITY
example.	300	IN	SOA ns host 1 2 3 4 5 ;{id = 1}
# a comment here too
www TXT "with ; inside"
HEX_EDNSDATA_BEGIN
000a 0008 ; cookie
0102030405060708
HEX_EDNSDATA_END
ENTRY_END
RANGE_END
STEP 1 QUERY ADDRESS 198.51.100.1
ENTRY_BEGIN
MATCH TCP
REPLY RD DO
SECTION QUESTION
www.example. A
ENTRY_END
STEP 5 TIME_PASSES ELAPSE 0.25
STEP 7 CHECK_ANSWER
ENTRY_BEGIN
MATCH all ttl ede=22 ede:23
REPLY QR RD RA SERVFAIL
SECTION QUESTION
www.example. IN A
ENTRY_END
STEP 9 ASSIGN x = 5
SCENARIO_END
whatever follows
`

func TestParseUnbound(t *testing.T) {
	s := parse(t, unboundFile)
	if s.Dialect != scenario.Unbound || s.Title != "A title ; all of it" || s.Story != "One story. It goes on." {
		t.Errorf("%v %q %q", s.Dialect, s.Title, s.Story)
	}
	if len(s.Options) != 4 || s.Options[3].Name != "forward-addr" || s.Options[3].Values[0] != "192.0.2.1" ||
		s.Options[2].Group != s.Options[3].Group || s.Options[1].Values[0] != "no" {
		t.Errorf("options %+v", s.Options)
	}
	if len(s.Ranges) != 1 || len(s.Ranges[0].Addresses) != 1 || s.Ranges[0].Addresses[0] != netip.MustParseAddrPort("192.0.2.1:53") {
		t.Fatalf("ranges %+v", s.Ranges[0]) // the last address counts
	}
	e := s.Ranges[0].Entries[0]
	if e.Match.Words != scenario.Opcode|scenario.QType|scenario.QName || !e.Adjust.CopyID || !e.Adjust.CopyQuery {
		t.Errorf("%+v", e)
	}
	if e.RCode != wire.NXDomain || e.Flags != wire.FlagQR|wire.FlagAA|3 || e.Question.Name.String() != "www.example." ||
		string(e.Question.Owner) != "\x03WWW\x07example\x00" {
		t.Errorf("%+v %+v", e.Message, e.Question)
	}
	authority := e.Sections[wire.Authority]
	if len(authority) != 2 || authority[0].TTL != 300 || authority[1].TTL != 3600 || string(authority[1].RData) != "\x0dwith ; inside" {
		t.Errorf("authority %v", authority)
	}
	if !e.EDNS || len(e.EDNSData) != 12 {
		t.Errorf("EDNS %t %x", e.EDNS, e.EDNSData)
	}
	q, wait, check := s.Steps[0], s.Steps[1], s.Steps[2]
	if q.Kind != scenario.StepQuery || q.Address != netip.MustParseAddr("198.51.100.1") || !q.Entry.Match.Words.Has(scenario.TCP) || !q.Entry.DO {
		t.Errorf("%+v", q)
	}
	if wait.Elapse != 250*time.Millisecond || wait.ID != 5 {
		t.Errorf("%+v", wait)
	}
	if m := check.Entry.Match; !m.Words.Has(scenario.All|scenario.TTL) || len(m.EDE) != 2 || m.EDE[1] != 23 {
		t.Errorf("%+v", m)
	}
	if s.Steps[3].Variable != "x" || s.Steps[3].Expression != "5" || s.StepAfter(5) != check || s.StepAfter(9) != nil {
		t.Errorf("%+v", s.Steps[3])
	}
}

func TestParseDeckard(t *testing.T) {
	s := parse(t, `do-ip6: no
;server:
	stub-addr: 193.0.14.129 	# K.ROOT-SERVERS.NET.
	trust-anchor: ". IN DS 1 8 2 AA BB"
this line says nothing
CONFIG_END
SCENARIO_BEGIN x
RANGE_BEGIN 0 100 192.0.2.1
	ADDRESS 192.0.2.2
	ADDRESS 2001:db8::1
ENTRY_BEGIN
MANDATORY
MATCH opcode subdomain
ADJUST copy_id do_not_answer raw_id
FLAGS QR BADVERS
SECTION QUESTION
example. IN A
ENTRY_END
RANGE_END
STEP 10 QUERY
ENTRY_BEGIN
RAW
0001 0203
ENTRY_END
STEP 11 ANSWER
ENTRY_BEGIN
MATCH rcode
ENTRY_END
SCENARIO_END
`)
	if s.Dialect != scenario.Deckard || len(s.Options) != 3 || s.Options[2].Values[0] != ". IN DS 1 8 2 AA BB" {
		t.Errorf("%v %+v", s.Dialect, s.Options)
	}
	if r := s.Ranges[0]; len(r.Addresses) != 3 || !r.Entries[0].Mandatory || !r.Entries[0].Adjust.DoNotAnswer ||
		r.Entries[0].RCode != wire.BadVers {
		t.Errorf("%+v", r)
	}
	if s.Steps[0].Entry.Raw == nil || s.Steps[1].Kind != scenario.StepCheckAnswer {
		t.Errorf("%+v", s.Steps)
	}
}

// Records that are wrong on purpose, or that only some parsers take.
func TestParseIsLenient(t *testing.T) {
	for line, want := range map[string]string{
		`a.example. IN DS 1 8 2 AABB`:                                       "\x00\x01\x08\x02\xaa\xbb", // of the wrong length
		`a.example. IN NSEC b.example. NSEC RRSIG A`:                        "\x01b\x07example\x00\x00\x06\x40\x00\x00\x00\x00\x03",
		`a.example. 300 IN TYPE65000 \# 3 010203`:                           "\x01\x02\x03",
		`a.example. IN A \# 2 0102`:                                         "\x01\x02",
		`a.example. ANY TXT text`:                                           "\x04text",
		`a.example. IN SOA a. b. 1 2 3 4 5 6`:                               "\x01a\x00\x01b\x00\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00\x05",
		`a.example. IN RRSIG A 8 2 60 20300101000000 20200101000000 1 . QQ`: "\x00\x01\x08\x02\x00\x00\x00\x3c\x70\xdb\xd8\x80\x5e\x0b\xe1\x00\x00\x01\x00A",
	} {
		s, err := scenario.Parse("test.rpl", "server:\nCONFIG_END\nSCENARIO_BEGIN x\nSTEP 1 CHECK_ANSWER\nENTRY_BEGIN\nSECTION ANSWER\n"+line+"\nENTRY_END\nSCENARIO_END\n")
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if got := s.Steps[0].Entry.Sections[0][0].RData; string(got) != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// A DSA signature in ASN.1 comes out in the form of RFC 2536.
func TestParseDSA(t *testing.T) {
	s := parse(t, `server:
CONFIG_END
SCENARIO_BEGIN x
STEP 1 CHECK_ANSWER
ENTRY_BEGIN
SECTION ANSWER
www.example.com.        3600    IN      RRSIG   A 3 3 3600 20070926134150 20070829134150 2854 example.com. MC0CFC99iE9K5y2WNgI0gFvBWaTi9wm6AhUAoUqOpDtG5Zct+Qr9F3mSdnbc6V4= ;{id = 2854}
ENTRY_END
SCENARIO_END
`)
	rd := s.Steps[0].Entry.Sections[0][0].RData
	if sig := rd[18+13:]; len(sig) != 41 || sig[0] != 0 || sig[1] != 0x2f || sig[21] != 0xa1 {
		t.Errorf("%d octets: %x", len(sig), sig)
	}
}

// A signature that stands in another section than its RRset is brought to it.
func TestSignaturesComeToTheirSets(t *testing.T) {
	const sig = "RRSIG A 8 2 60 20300101000000 20200101000000 1 . QUJD"
	s := parse(t, `server:
CONFIG_END
SCENARIO_BEGIN x
RANGE_BEGIN 0 1
ENTRY_BEGIN
SECTION ANSWER
a.example. A 192.0.2.1
ns.example. `+sig+`
SECTION ADDITIONAL
ns.example. A 192.0.2.2
A.example. `+sig+`
lost.example. `+sig+`
ENTRY_END
RANGE_END
STEP 1 NOTHING
SCENARIO_END
`)
	m := &s.Ranges[0].Entries[0].Message
	if a := m.Sections[wire.Answer]; len(a) != 2 || a[1].Type != wire.TypeRRSIG || string(a[1].Owner) != "\x01A\x07example\x00" {
		t.Errorf("answer %v", a)
	}
	// The one that comes here stays, although another leaves.
	if a := m.Sections[wire.Additional]; len(a) != 3 || a[2].Type != wire.TypeRRSIG || string(a[2].Owner) != "\x02ns\x07example\x00" {
		t.Errorf("additional %v", a)
	}
}

func TestParseErrors(t *testing.T) {
	const (
		head  = "server:\nCONFIG_END\nSCENARIO_BEGIN x\n"
		query = "STEP 1 QUERY\nENTRY_BEGIN\nREPLY RD\nSECTION QUESTION\na. A\nENTRY_END\n"
		tail  = "SCENARIO_END\n"
		one   = head + "RANGE_BEGIN 0 1\n"
	)
	for _, c := range []struct {
		text, want string
		line       int
	}{
		{"", "CONFIG_END", 1},
		{"server:\nTEMPFILE_CONTENTS x\n", "TEMPFILE_END", 3},
		{"CONFIG_END\nhello\n", "SCENARIO_BEGIN", 2},
		{head, "SCENARIO_END", 4},
		{head + tail, "a STEP", 4},
		{head + "STEPS\n", "RANGE_BEGIN, STEP or SCENARIO_END", 4},
		{head + "STEP x QUERY\n", "the number of the step", 4},
		{head + "STEP 1\n", "a number and a step type", 4},
		{head + "STEP 1 DANCE\n", "a step type", 4},
		{head + query + "STEP 1 NOTHING\n", "a number above the last step's, 1", 10},
		{head + "STEP 1 QUERY FROM x\n", "ADDRESS and an address", 4},
		{head + "STEP 1 QUERY ADDRESS x\n", "an address", 4},
		{head + "STEP 1 TIME_PASSES ELAPSE x\n", "a number of seconds", 4},
		{head + "STEP 1 TIME_PASSES\n", "ELAPSE and a number of seconds", 4},
		{head + "STEP 1 TIME_PASSES ELAPSE 1e30\n", "a number of seconds", 4},
		{head + "STEP 1 ASSIGN x\n", "variable = expression", 4},
		{head + "STEP 1 CHECK_TEMPFILE x\nhello\n", "FILE_BEGIN", 5},
		{head + "STEP 1 CHECK_TEMPFILE x\nFILE_BEGIN\n", "FILE_END", 6},
		{head + "STEP 1 QUERY\nhello\n", "ENTRY_BEGIN", 5},
		{head + "STEP 1 QUERY\nENTRY_BEGIN\nENTRY_END\n", "a question in the query", 5},
		{head + "STEP 1 REPLY\nENTRY_BEGIN\n", "ENTRY_END", 6},
		{head + "STEP 1 REPLY\nENTRY_BEGIN\nMATCH qname,qtype\n", "a MATCH word", 6},
		{head + "STEP 1 REPLY\nENTRY_BEGIN\nMATCH ede=x\n", "an extended error", 6},
		{head + "STEP 1 REPLY\nENTRY_BEGIN\nADJUST everything\n", "an ADJUST word", 6},
		{head + "STEP 1 REPLY\nENTRY_BEGIN\nREPLY WHAT\n", "a flag, RCODE or opcode", 6},
		{head + "STEP 1 REPLY\nENTRY_BEGIN\nSECTION OTHER\n", "QUESTION, ANSWER, AUTHORITY or ADDITIONAL", 6},
		{head + "STEP 1 REPLY\nENTRY_BEGIN\na. A 192.0.2.1\n", "MATCH, ADJUST, REPLY, SECTION or ENTRY_END", 6},
		{head + "STEP 1 REPLY\nENTRY_BEGIN\nSECTION ANSWER\na. A here\n", "a record", 7},
		{head + "STEP 1 REPLY\nENTRY_BEGIN\nSECTION QUESTION\na..b A\n", "a domain name", 7},
		{head + "STEP 1 REPLY\nENTRY_BEGIN\nSECTION QUESTION\na. IN WHAT\n", "a class or a type", 7},
		{head + "STEP 1 REPLY\nENTRY_BEGIN\nHEX_ANSWER_BEGIN\nxx\n", "hexadecimal", 7},
		{head + "STEP 1 REPLY\nENTRY_BEGIN\nHEX_ANSWER_BEGIN\n00\n", "HEX_ANSWER_END", 8},
		{head + "STEP 1 REPLY\nENTRY_BEGIN\nRAW\nxx\n", "hexadecimal", 7},
		{head + "STEP 1 REPLY\nENTRY_BEGIN\nTSIG key secret\n", "TSIG", 6},
		{head + "RANGE_BEGIN 0\n", "the first and the last step", 4},
		{head + "RANGE_BEGIN a b\n", "the first and the last step", 4},
		{one + "ADDRESS here\n", "an address", 5},
		{one + "ADDRESS 192.0.2.1@x\n", "an address", 5},
		{one + "STEP 1 NOTHING\n", "ADDRESS, ENTRY_BEGIN or RANGE_END", 5},
		{one, "RANGE_END", 5},
		{head + "$ORIGIN a..b\n", "a domain name", 4},
		{head + "$TTL x\n", "a number of seconds", 4},
	} {
		_, err := scenario.Parse("test.rpl", c.text)
		var e *scenario.Error
		if !errors.As(err, &e) || !strings.Contains(e.Want, c.want) || e.Line != c.line || !strings.HasPrefix(err.Error(), "test.rpl:") {
			t.Errorf("%q: %v, want line %d, %q", c.text, err, c.line, c.want)
		}
	}
}
