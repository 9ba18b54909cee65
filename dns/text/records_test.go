package text_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/rrset"
	"recursor/dns/text"
	"recursor/dns/wire"
)

func parse(t *testing.T, zone string) []rrset.Set {
	t.Helper()
	sets, err := text.ParseRRs(zone, domain.MustParse("example."))
	if err != nil {
		t.Fatal(err)
	}
	return sets
}

// A zone file makes Sets: one for each owner and type, signatures where they
// belong, in the order of the lines.
//
// RFC: 2181.2
func TestParseRRs(t *testing.T) {
	sets := parse(t, `
$TTL 1h
@		IN SOA	ns.example. host 1 7200 900 1209600 300
		NS	ns
www	300	A	192.0.2.1
ns		A	192.0.2.53	; between the records of www
WWW	300	A	192.0.2.2
www	300	A	192.0.2.1	; again
www	300	RRSIG	A 13 2 300 20260131000000 20260101000000 370 @ QUJD
www	200	RRSIG	AAAA 13 2 200 20260131000000 20260101000000 370 @ QUJD
www	100	RRSIG	TXT 13 2 100 20260131000000 20260101000000 370 @ QUJD
`)
	want := []struct {
		name string
		t    wire.Type
		ttl  uint32
		n    int
		sigs int
	}{
		{"example.", wire.TypeSOA, 3600, 1, 0},
		{"example.", wire.TypeNS, 3600, 1, 0},
		{"www.example.", wire.TypeA, 300, 2, 1},
		{"ns.example.", wire.TypeA, 3600, 1, 0},
		{"www.example.", wire.TypeRRSIG, 100, 2, 0},
	}
	if len(sets) != len(want) {
		t.Fatalf("%d sets, want %d", len(sets), len(want))
	}
	for i, w := range want {
		s := &sets[i]
		if s.Name.String() != w.name || s.Type != w.t || s.TTL != w.ttl || s.Len() != w.n || s.Sigs.Len() != w.sigs || s.Class != wire.ClassIN {
			t.Errorf("set %d is %v %v TTL %d with %d records and %d signatures, want %v", i, s.Name, s.Type, s.TTL, s.Len(), s.Sigs.Len(), w)
		}
	}
}

// RFC: 6891.1
func TestParseRRsRefuses(t *testing.T) {
	for _, tc := range []struct{ name, zone string }{
		{"no address", "www A 192.0.2"},
		{"relative to nothing", "$ORIGIN .\nwww A"},
		{"a record without RDATA", "www.example. A"},
		{"$INCLUDE", "$INCLUDE /etc/passwd"},
		{"RDATA that does not fit its type", `www TYPE1 \# 3 c00002`},
		{"a type that does not exist", "www NOSUCH 1"},
	} {
		if sets, err := text.ParseRRs(tc.zone, domain.MustParse("example.")); err == nil {
			t.Errorf("%s: %v, want an error", tc.name, sets)
		}
	}
	if _, err := text.ParseRRs(`. 0 CLASS4096 TYPE41 \# 0`, domain.Name{}); !errors.Is(err, text.ErrMeta) {
		t.Errorf("OPT: error %v, want %v", err, text.ErrMeta)
	}
	_, err := text.ParseRRs("www A 192.0.2.1", domain.Name{})
	if err == nil {
		t.Error("a relative name without origin is taken")
	}
	_, err = text.ParseRRs("x.example. A 192.0.2.1\nwww.example. A \\# 0", domain.Name{})
	if !errors.Is(err, wire.ErrRData) || !strings.Contains(err.Error(), "www.example. A") {
		t.Errorf("error %v, want one that names the record", err)
	}
}

// Examples of RFC 3597 §5, and the ways it allows for types we know.
//
// RFC: 3597.3
func TestGenericForm(t *testing.T) {
	for _, tc := range []struct {
		line  string
		t     wire.Type
		class wire.Class
		rdata string
		want  string // as we write it
	}{
		{`a.example. CLASS32 TYPE731 \# 6 abcd ( ef 01 23 45 )`, 731, 32, "\xab\xcd\xef\x01\x23\x45", "a.example.\t3600\tCLASS32\tTYPE731\t\\# 6 ABCDEF012345"},
		{`b.example. HS TYPE62347 \# 0`, 62347, 4, "", "b.example.\t3600\tHS\tTYPE62347\t\\# 0 "},
		{`e.example. IN A \# 4 0A000001`, wire.TypeA, 1, "\x0a\x00\x00\x01", "e.example.\t3600\tIN\tA\t10.0.0.1"},
		{`e.example. CLASS1 TYPE1 10.0.0.2`, wire.TypeA, 1, "\x0a\x00\x00\x02", "e.example.\t3600\tIN\tA\t10.0.0.2"},
		{`x.example. IN TYPE66 \# 2 0102`, 66, 1, "\x01\x02", "x.example.\t3600\tIN\tTYPE66\t\\# 2 0102"},
		{`y.example. CLASS255 A 10.0.0.3`, wire.TypeA, 255, "\x0a\x00\x00\x03", "y.example.\t3600\tCLASS255\tA\t10.0.0.3"},
		{`z.example. CLASS255 TYPE731 \# 1 0a`, 731, 255, "\x0a", "z.example.\t3600\tCLASS255\tTYPE731\t\\# 1 0A"},
	} {
		sets := parse(t, tc.line)
		if len(sets) != 1 || sets[0].Type != tc.t || sets[0].Class != tc.class || string(sets[0].RData.First()) != tc.rdata {
			t.Errorf("%s: read as %+v", tc.line, sets)
			continue
		}
		if got := text.SetString(&sets[0]); got != tc.want+"\n" {
			t.Errorf("%s: written as %q, want %q", tc.line, got, tc.want)
		}
	}
}

func TestSetString(t *testing.T) {
	sets := parse(t, `
Www	300	A	192.0.2.2
www	300	RRSIG	A 13 2 300 20260131000000 20260101000000 370 @ QUJD
www	300	A	192.0.2.1
`)
	want := "Www.example.\t300\tIN\tA\t192.0.2.2\n" +
		"Www.example.\t300\tIN\tA\t192.0.2.1\n" +
		"Www.example.\t300\tIN\tRRSIG\tA 13 2 300 20260131000000 20260101000000 370 example. QUJD\n"
	if got := text.SetString(&sets[0]); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for r := range sets[0].Records() {
		if got := text.RDataString(r); got != "192.0.2.2" {
			t.Errorf("RDATA %q", got)
		}
		break
	}
}

// Octets that would break a line, or that the library reads back as others, are
// written as RFC 3597 has it.
func TestLineIsALine(t *testing.T) {
	for _, tc := range []struct {
		name    string
		t       wire.Type
		rdata   string
		generic bool
		unread  bool // the library does not read the generic form either, or as other octets
	}{
		{"TXT with a new line", wire.TypeTXT, "\x03a\nb", false, false},
		{"TXT with everything", wire.TypeTXT, "\x08\x00\"\\;\x7f\xff(\t", false, false},
		{"CAA with a quote", wire.TypeCAA, "\x00\x05issue\"x\n", false, false},
		{"CAA without tag", wire.TypeCAA, "\x00\x00x", true, false},
		{"URI with a backslash", wire.TypeURI, "\x00\x01\x00\x01a\\F", true, true},
		{"HINFO", wire.TypeHINFO, "\x01\n\x01\r", false, false},
		{"NAPTR", wire.TypeNAPTR, "\x00\x01\x00\x02\x01\n\x01\"\x02\\1\x00", false, false},
		{"unknown", 65280, "\n", true, false},
		{"NULL", wire.TypeNULL, "a\nb", true, false},
		{"OPT", wire.TypeOPT, "", true, true},
		{"LOC cut short", wire.TypeLOC, "\x00\x01", true, true},
		{"NSEC with a padded bitmap", wire.TypeNSEC, "\x00\x00\x02\x40\x00", true, true},
		{"SVCB that the library refuses", wire.TypeSVCB, "\x00\x01\x00\x00\x03\x00\x01\x00", true, true},
		{"X25", wire.TypeX25, "\x01\n", false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := rrset.Record{Owner: []byte("\x04\n\".\\\x07example\x00"), Type: tc.t, Class: wire.ClassIN, TTL: 1, RData: []byte(tc.rdata)}
			line := text.Line(r)
			for _, c := range []byte(line) {
				if c != '\t' && (c < ' ' || c > '~') {
					t.Fatalf("octet %d in %q", c, line)
				}
			}
			if strings.Contains(line, `\# `) != tc.generic {
				t.Errorf("%q, want generic form %t", line, tc.generic)
			}
			sets, err := text.ParseRRs(line, domain.Name{})
			read := err == nil && string(sets[0].Owner) == string(r.Owner) && string(sets[0].RData.First()) == tc.rdata
			if read == tc.unread {
				t.Errorf("%q came back as %v, %v", line, sets, err)
			}
		})
	}
}

func TestLibraryRecords(t *testing.T) {
	zone := "www.example.\t300\tIN\tA\t192.0.2.1\nwww.example.\t300\tIN\tRRSIG\tA 13 2 300 20260131000000 20260101000000 370 example. QUJD\n"
	sets := parse(t, zone)
	rrs, err := text.ToRRs(&sets[0])
	if err != nil || len(rrs) != 2 || rrs[0].String()+"\n"+rrs[1].String()+"\n" != zone {
		t.Errorf("ToRRs: %v, %v", rrs, err)
	}
	again, err := text.FromRRs(rrs)
	if err != nil || len(again) != 1 || text.SetString(&again[0]) != zone {
		t.Errorf("FromRRs: %v, %v", again, err)
	}
	bad := rrset.New(domain.MustParse("example."), wire.TypeAPL, 1, []byte{0, 9, 1})
	if _, err := text.ToRRs(&bad); err == nil {
		t.Error("ToRRs takes an APL that the library refuses")
	}
	unqualified := &dns.NS{Hdr: dns.RR_Header{Name: "example.", Rrtype: dns.TypeNS, Class: 1}, Ns: "ns"}
	if _, err := text.FromRRs([]dns.RR{unqualified}); err == nil {
		t.Error("FromRRs takes a name without its end")
	}
}

func TestMessages(t *testing.T) {
	m := new(dns.Msg)
	m.SetQuestion("WWW.example.", dns.TypeA)
	m.Response, m.Compress = true, true
	for _, line := range []string{"www.example. 300 IN A 192.0.2.1", "www.example. 300 IN A 192.0.2.2"} {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	m.SetEdns0(1232, true)
	ours, err := text.FromMsg(m)
	if err != nil {
		t.Fatal(err)
	}
	if string(ours.Question.Raw) != "\x03WWW\x07example\x00" || len(ours.Answer) != 1 || ours.Answer[0].Len() != 2 || ours.OPT.Count != 1 {
		t.Errorf("FromMsg: %+v", ours)
	}
	theirs, err := text.ToMsg(ours)
	if err != nil || theirs.String() != m.String() {
		t.Errorf("ToMsg: %v\n%v\nwant\n%v", err, theirs, m)
	}
	m.Answer = append(m.Answer, &dns.NS{Hdr: dns.RR_Header{Name: "x", Rrtype: dns.TypeNS, Class: 1}, Ns: "y"})
	if _, err := text.FromMsg(m); err == nil {
		t.Error("FromMsg takes a name without its end")
	}
	ours.Answer = append(ours.Answer, rrset.New(domain.MustParse("example."), wire.TypeAPL, 1, []byte{0, 9, 1}))
	if _, err := text.ToMsg(ours); err == nil {
		t.Error("ToMsg takes an APL that the library refuses")
	}
	empty, err := text.ToMsg(&rrset.Message{})
	if err != nil || len(empty.Question) != 0 {
		t.Errorf("ToMsg of a bare header: %v, %v", empty, err)
	}
}

// Records come with the lines on which they end, whatever is between them, and what is wrong is told by its line.
func TestEachRR(t *testing.T) {
	read := func(lines string) (string, error) {
		var out []string
		err := text.EachRR(lines, domain.Root(), func(line int, r rrset.Record) error {
			out = append(out, fmt.Sprintf("%d %s", line, r.Type))
			if r.Type == wire.TypeTXT {
				return errStop
			}
			return nil
		})
		return strings.Join(out, ", "), err
	}
	for lines, want := range map[string]string{
		"":               "",
		"a. A 192.0.2.1": "1 A",
		"; one\n\na. A 192.0.2.1 ; two\n\nb. ( MX\n 1\n c. )\n\tNS e.\n": "3 A, 7 MX, 8 NS",
		"a. A 192.0.2.1\n\tAAAA 2001:db8::1":                             "1 A, 2 AAAA",
	} {
		if got, err := read(lines); got != want || err != nil {
			t.Errorf("%q: %s, %v; want %s", lines, got, err, want)
		}
	}
	if got, err := read("a. A 192.0.2.1\na. TXT x\na. A 192.0.2.2\n"); got != "1 A, 2 TXT" || !errors.Is(err, errStop) {
		t.Errorf("%s, %v", got, err)
	}
	for lines, want := range map[string]string{
		"a. A 192.0.2.1\nb. DS 1 8 2 ABC\n": "line 2: ",
		"a. A 192.0.2.256\n":                "at line: 1",
		"$INCLUDE x\n":                      "text: ",
	} {
		if _, err := read(lines); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", lines, err, want)
		}
	}
}

var errStop = errors.New("enough")
