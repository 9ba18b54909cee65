package sim_test

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/testbed/sim"
	"recursor/transport"
)

// asked sends a query to an authority and tells what came, a line each.
func asked(t *testing.T, a *sim.Authority, p transport.Proto, q *dns.Msg) string {
	t.Helper()
	var lines []string
	for _, r := range a.Answer(sim.Packet{
		At: epoch(), From: netip.MustParseAddrPort("192.0.2.254:4711"), To: netip.AddrPortFrom(server(), 53), Proto: p, Message: pack(t, q),
	}) {
		line := sim.Summary(r.Message)
		m := new(dns.Msg)
		if err := m.Unpack(r.Message); err == nil {
			if m.Id != q.Id {
				line += " other-id"
			}
			if len(m.Question) == 0 {
				line += " no-question"
			} else if m.Question[0].Name != q.Question[0].Name {
				line += " " + m.Question[0].Name
			}
			if o := m.IsEdns0(); o == nil {
				line += " plain"
			} else if len(o.Option) > 0 {
				line += " options"
			}
		}
		if r.Delay > 0 {
			line += " " + r.Delay.String()
		}
		if r.Midway {
			line += " midway"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

func records(t *testing.T, text string) []dns.RR {
	t.Helper()
	z, err := sim.ParseZone(".", text)
	if err != nil {
		t.Fatal(err)
	}
	return z.All()
}

func TestFaults(t *testing.T) {
	z := signed(t, peersZone(t, "example."), sim.SignOptions{Algorithm: dns.ED25519})
	plain := func(q *dns.Msg) { q.Extra = nil }
	option := func(q *dns.Msg) {
		q.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_NSID{Code: dns.EDNS0NSID}}
	}
	for _, tc := range []struct {
		name   string
		faults sim.Faults
		proto  transport.Proto
		query  string // name and type
		change func(*dns.Msg)
		want   string
	}{
		{"none", sim.Faults{}, transport.UDP, "www.example. A", nil, "NOERROR aa 3/0/0"},
		{"none, plain", sim.Faults{}, transport.UDP, "www.example. A", plain, "NOERROR aa 2/0/0 plain"},
		{"none, NSID", sim.Faults{}, transport.UDP, "www.example. A", option, "NOERROR aa 3/0/0 options"},
		{"none, elsewhere", sim.Faults{}, transport.UDP, "www.other. A", nil, "REFUSED 0/0/0"},
		{"none, other class", sim.Faults{}, transport.UDP, "www.example. A", func(q *dns.Msg) { q.Question[0].Qclass = dns.ClassCHAOS }, "REFUSED 0/0/0"},
		{"none, version 1", sim.Faults{}, transport.UDP, "www.example. A", func(q *dns.Msg) { q.IsEdns0().SetVersion(1) }, "BADVERS 0/0/0"},
		{"none, other opcode", sim.Faults{}, transport.UDP, "www.example. A", func(q *dns.Msg) { q.Opcode = dns.OpcodeStatus }, "NOTIMP 0/0/0"},
		{"none, no question", sim.Faults{}, transport.UDP, "www.example. A", func(q *dns.Msg) { q.Question = nil }, "FORMERR 0/0/0 no-question"},
		{"none, too large", sim.Faults{}, transport.UDP, "example. DNSKEY", func(q *dns.Msg) { q.IsEdns0().SetUDPSize(100) }, "NOERROR aa 3/0/0"},
		{"none, too large for 512", sim.Faults{}, transport.UDP, "example. ANY", func(q *dns.Msg) { q.IsEdns0().SetUDPSize(512) }, "NOERROR aa tc 0/0/0"},
		{"silence", sim.Faults{Silence: true}, transport.TCP, "www.example. A", nil, ""},
		{"loss", sim.Faults{Loss: 1}, transport.UDP, "www.example. A", nil, ""},
		{"loss, TCP", sim.Faults{Loss: 1}, transport.TCP, "www.example. A", nil, "NOERROR aa 3/0/0"},
		{"delay", sim.Faults{Delay: time.Second}, transport.UDP, "www.example. A", nil, "NOERROR aa 3/0/0 1s"},
		{"EDNS silence", sim.Faults{EDNS: sim.EDNSSilence}, transport.UDP, "www.example. A", nil, ""},
		{"EDNS silence, plain", sim.Faults{EDNS: sim.EDNSSilence}, transport.UDP, "www.example. A", plain, "NOERROR aa 2/0/0 plain"},
		{"EDNS FORMERR", sim.Faults{EDNS: sim.EDNSFormErr}, transport.UDP, "www.example. A", nil, "FORMERR 0/0/0 plain"},
		{"EDNS FORMERR, header alone", sim.Faults{EDNS: sim.EDNSFormErrBare}, transport.UDP, "www.example. A", nil, "FORMERR 0/0/0 no-question plain"},
		{"EDNS FORMERR with OPT", sim.Faults{EDNS: sim.EDNSFormErrOPT}, transport.UDP, "www.example. A", nil, "FORMERR 0/0/0"},
		{"EDNS NOTIMP", sim.Faults{EDNS: sim.EDNSNotImp}, transport.UDP, "www.example. A", nil, "NOTIMP 0/0/0 plain"},
		{"EDNS BADVERS", sim.Faults{EDNS: sim.EDNSBadVers}, transport.UDP, "www.example. A", nil, "BADVERS 0/0/0"},
		{"EDNS ignored", sim.Faults{EDNS: sim.EDNSIgnored}, transport.UDP, "www.example. A", nil, "NOERROR aa 2/0/0 plain"},
		{"EDNS options FORMERR", sim.Faults{EDNS: sim.EDNSOptions}, transport.UDP, "www.example. A", option, "FORMERR 0/0/0 plain"},
		{"EDNS options FORMERR, without", sim.Faults{EDNS: sim.EDNSOptions}, transport.UDP, "www.example. A", nil, "NOERROR aa 3/0/0"},
		{"EDNS options silence", sim.Faults{EDNS: sim.EDNSSilentOptions}, transport.UDP, "www.example. A", option, ""},
		{"REFUSED", sim.Faults{RCode: dns.RcodeRefused}, transport.UDP, "www.example. A", nil, "REFUSED 0/0/0"},
		{"SERVFAIL for a type", sim.Faults{TypeRCode: map[uint16]int{dns.TypeAAAA: dns.RcodeServerFailure}}, transport.UDP, "www.example. AAAA", nil, "SERVFAIL 0/0/0"},
		{"SERVFAIL for another type", sim.Faults{TypeRCode: map[uint16]int{dns.TypeAAAA: dns.RcodeServerFailure}}, transport.UDP, "www.example. A", nil, "NOERROR aa 3/0/0"},
		{"drops a type", sim.Faults{DropTypes: []uint16{dns.TypeDS}}, transport.UDP, "www.example. DS", nil, ""},
		{"lame, REFUSED", sim.Faults{Lame: sim.LameRefused}, transport.UDP, "www.example. A", nil, "REFUSED 0/0/0"},
		{"lame, upward", sim.Faults{Lame: sim.LameUpward}, transport.UDP, "www.example. A", nil, "NOERROR 0/1/0"},
		{"lame, upward for what it has not", sim.Faults{Lame: sim.LameUpward}, transport.UDP, "www.other. A", nil, "NOERROR 0/1/0"},
		{"lame, no AA", sim.Faults{Lame: sim.LameNoAA}, transport.UDP, "www.example. A", nil, "NOERROR 3/0/0"},
		{"lame, nothing", sim.Faults{Lame: sim.LameEmpty}, transport.UDP, "www.example. A", nil, "NOERROR 0/0/0"},
		{"folds letters", sim.Faults{FoldCase: true}, transport.UDP, "WwW.eXample. A", nil, "NOERROR aa 3/0/0 www.example."},
		{"keeps letters", sim.Faults{}, transport.UDP, "WwW.eXample. A", nil, "NOERROR aa 3/0/0"},
		{"other question", sim.Faults{WrongQuestion: true}, transport.UDP, "www.example. A", nil, "NOERROR aa 3/0/0 wrong.www.example."},
		{"garbage", sim.Faults{Garbage: true}, transport.UDP, "www.example. A", nil, "unreadable"},
		{"spoofs", sim.Faults{Spoofs: 2}, transport.UDP, "www.example. A", nil, "NOERROR aa 3/0/0 other-id; NOERROR aa 3/0/0 other-id; NOERROR aa 3/0/0"},
		{"truncates", sim.Faults{TruncateUDP: true}, transport.UDP, "www.example. A", nil, "NOERROR aa tc 0/0/0"},
		{"truncates not over TCP", sim.Faults{TruncateUDP: true}, transport.TCP, "www.example. A", nil, "NOERROR aa 3/0/0"},
		{"drops big", sim.Faults{DropBigUDP: 100}, transport.UDP, "www.example. A", nil, ""},
		{"drops big not over TCP", sim.Faults{DropBigUDP: 100}, transport.TCP, "www.example. A", nil, "NOERROR aa 3/0/0"},
		{"TCP midway", sim.Faults{TCPMidway: true}, transport.TCP, "www.example. A", nil, "NOERROR aa 3/0/0 midway"},
		{"strips signatures", sim.Faults{StripSignatures: true}, transport.UDP, "missing.example. A", nil, "NXDOMAIN aa 0/1/0"},
		{"secure referral", sim.Faults{}, transport.UDP, "x.secure.example. A", nil, "NOERROR 0/3/1"},
		{"insecure referral", sim.Faults{}, transport.UDP, "x.sub.example. A", nil, "NOERROR 0/4/6"},
		{"no DS", sim.Faults{NoDS: true}, transport.UDP, "x.secure.example. A", nil, "NOERROR 0/1/1"},
		{"no DS, and no denial", sim.Faults{NoDS: true}, transport.UDP, "x.sub.example. A", plain, "NOERROR 0/2/4 plain"},
		{"no glue", sim.Faults{NoGlue: true}, transport.UDP, "x.secure.example. A", nil, "NOERROR 0/3/0"},
		{"empty non-terminal", sim.Faults{}, transport.UDP, "ent.example. A", plain, "NOERROR aa 0/1/0 plain"},
		{"empty non-terminal denied", sim.Faults{NXDomainForENT: true}, transport.UDP, "ent.example. A", plain, "NXDOMAIN aa 0/1/0 plain"},
		{"ANY", sim.Faults{}, transport.UDP, "www.example. ANY", plain, "NOERROR aa 5/0/1 plain"},
		{"minimal ANY", sim.Faults{MinimalANY: true}, transport.UDP, "www.example. ANY", plain, "NOERROR aa 2/0/0 plain"},
		{"RRSIG", sim.Faults{}, transport.UDP, "ns1.example. RRSIG", nil, "NOERROR aa 3/0/0"},
		{"zone NS", sim.Faults{ZoneNS: true}, transport.UDP, "www.example. A", plain, "NOERROR aa 2/2/2 plain"},
		{"poison", sim.Faults{Extra: sim.Extra{
			Answer: records(t, "bank.test. A 192.0.2.66"), Authority: records(t, "test. NS evil.test."), Additional: records(t, "evil.test. A 192.0.2.66"),
		}}, transport.UDP, "www.example. A", nil, "NOERROR aa 4/1/1"},
		{"hook changes", sim.Faults{Hook: func(_ sim.Packet, _, m *dns.Msg) bool { m.Rcode = dns.RcodeNotAuth; return true }}, transport.UDP, "www.example. A", nil, "NOTAUTH aa 3/0/0"},
		{"hook drops", sim.Faults{Hook: func(_ sim.Packet, q, _ *dns.Msg) bool { return q.IsEdns0() == nil }}, transport.UDP, "www.example. A", nil, ""},
		{"instead", sim.Faults{Instead: func(_ sim.Packet, q *dns.Msg) ([]sim.Reply, bool) {
			return nil, q.Question[0].Qtype == dns.TypeA
		}}, transport.UDP, "www.example. A", nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := sim.NewAuthority("ns1", 1)
			a.Serve(z)
			a.Faults = tc.faults
			name, typ, _ := strings.Cut(tc.query, " ")
			q := new(dns.Msg)
			q.SetQuestion(name, dns.StringToType[typ])
			q.SetEdns0(1232, true)
			if tc.change != nil {
				tc.change(q)
			}
			if got := asked(t, a, tc.proto, q); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if a.Asked() != 1 {
				t.Errorf("asked %d times", a.Asked())
			}
		})
	}
}

func TestSpoofsStop(t *testing.T) {
	a := sim.NewAuthority("ns1", 1)
	a.Serve(peersZone(t, "example."))
	a.Faults = sim.Faults{Spoofs: 300, SpoofedFirst: 1}
	q := new(dns.Msg)
	q.SetQuestion("www.example.", dns.TypeA)
	if got := asked(t, a, transport.UDP, q); strings.Count(got, "other-id") != 300 || strings.Count(got, "NOERROR") != 301 {
		t.Errorf("first: %s", got)
	}
	if got := asked(t, a, transport.UDP, q); got != "NOERROR aa 2/0/0 plain" {
		t.Errorf("second: %s", got)
	}
}

func TestWhatIsNoQuery(t *testing.T) {
	a := sim.NewAuthority("ns1", 1)
	for _, tc := range []struct{ message, want string }{
		{"", ""},
		{"\x12\x34\x00\x00\x00", ""}, // too short to answer
		{"\x12\x34\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00", ""},                   // a response
		{"\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00", "FORMERR 0/0/0 4660"}, // no question follows
		{"\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x40\x00", "FORMERR 0/0/0 4660"},
	} {
		got := ""
		for _, r := range a.Answer(sim.Packet{Message: []byte(tc.message)}) {
			got += fmt.Sprintf("%s %d", sim.Summary(r.Message), int(r.Message[0])<<8|int(r.Message[1]))
		}
		if got != tc.want {
			t.Errorf("%q: %q, want %q", tc.message, got, tc.want)
		}
	}
}

// TestParentAndChildTogether: the nearest zone answers, but DS at its apex is
// the parent's (RFC 4035 §3.1.4.1); alone, the child says it has none.
func TestParentAndChildTogether(t *testing.T) {
	parent := signed(t, peersZone(t, "example."), sim.SignOptions{Algorithm: dns.ED25519})
	child := signed(t, peersZone(t, "secure.example."), sim.SignOptions{Algorithm: dns.ED25519})
	a := sim.NewAuthority("ns1", 1)
	a.Serve(child)
	ask := func(name string, qtype uint16) string {
		q := new(dns.Msg)
		q.SetQuestion(name, qtype)
		return asked(t, a, transport.UDP, q)
	}
	if got := ask("secure.example.", dns.TypeDS); got != "NOERROR aa 0/1/0 plain" {
		t.Errorf("the child alone: %s", got)
	}
	a.Serve(parent)
	if got := ask("secure.example.", dns.TypeDS); got != "NOERROR aa 1/0/0 plain" {
		t.Errorf("DS: %s", got)
	}
	if got := ask("www.secure.example.", dns.TypeA); got != "NOERROR aa 2/0/0 plain" {
		t.Errorf("below the cut: %s", got)
	}
	a.Drop(child.Origin)
	if got := ask("www.secure.example.", dns.TypeA); got != "NOERROR 0/1/1 plain" {
		t.Errorf("without the child: %s", got)
	}
	a.Drop(parent.Origin)
	if got := ask("www.secure.example.", dns.TypeA); got != "REFUSED 0/0/0 plain" {
		t.Errorf("without zones: %s", got)
	}
}

// TestReferralWithoutItsGlueIsTruncated: RFC 9471 §3.1.
func TestReferralWithoutItsGlueIsTruncated(t *testing.T) {
	var glue, servers strings.Builder
	for i := range 13 {
		fmt.Fprintf(&servers, "sub NS a-rather-long-name-for-a-server-%d.sub\nother NS a-rather-long-name-for-a-server-%d.sub\n", i, i)
		fmt.Fprintf(&glue, "a-rather-long-name-for-a-server-%d.sub AAAA 2001:db8::%d\n", i, i)
	}
	z, err := sim.ParseZone("example.", "@ SOA a. b. 1 1 1 1 300\n"+servers.String()+glue.String())
	if err != nil {
		t.Fatal(err)
	}
	a := sim.NewAuthority("ns1", 1)
	a.Serve(z)
	ask := func(name string, size uint16) string {
		q := new(dns.Msg)
		q.SetQuestion(name, dns.TypeA)
		q.SetEdns0(size, false)
		return asked(t, a, transport.UDP, q)
	}
	for _, tc := range []struct{ name, want string }{
		{"x.sub.example.", "NOERROR tc 0/13/"}, // in-domain glue left out
		{"x.other.example.", "NOERROR 0/13/"},  // sibling glue left out
	} {
		if got := ask(tc.name, 700); !strings.HasPrefix(got, tc.want) || strings.HasSuffix(got, "/13") {
			t.Errorf("%s: %s, want %s…", tc.name, got, tc.want)
		}
		if got := ask(tc.name, 1232); got != "NOERROR 0/13/13" {
			t.Errorf("%s: %s", tc.name, got)
		}
	}
}

func TestCookies(t *testing.T) {
	client := "0102030405060708"
	ask := func(a *sim.Authority, at time.Time, p transport.Proto, cookie string) (rcode, got string) {
		q := new(dns.Msg)
		q.SetQuestion("www.example.", dns.TypeA)
		q.SetEdns0(1232, false)
		if cookie != "" {
			q.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: cookie}}
		}
		all := a.Answer(sim.Packet{At: at, From: netip.MustParseAddrPort("192.0.2.254:4711"), Proto: p, Message: pack(t, q)})
		m := new(dns.Msg)
		if err := m.Unpack(all[0].Message); err != nil {
			t.Fatal(err)
		}
		for _, o := range m.IsEdns0().Option {
			if c, ok := o.(*dns.EDNS0_COOKIE); ok {
				got = c.Cookie
			}
		}
		rcode = dns.RcodeToString[m.Rcode]
		if m.Truncated {
			rcode += " tc"
		}
		return rcode, got
	}
	for _, tc := range []struct {
		name   string
		policy sim.CookiePolicy
		proto  transport.Proto
		cookie string
		after  time.Duration // the server cookie is that old; "" above stays ""
		learn  bool
		rcode  string
		back   string // client part of the cookie that comes back
	}{
		{"ignored", sim.CookiesIgnored, transport.UDP, client, 0, false, "NOERROR", ""},
		{"lost", sim.CookiesLost, transport.UDP, client, 0, false, "NOERROR", ""},
		{"work", sim.CookiesWork, transport.UDP, client, 0, false, "NOERROR", client},
		{"work, none sent", sim.CookiesWork, transport.UDP, "", 0, false, "NOERROR", ""},
		{"work, odd length", sim.CookiesWork, transport.UDP, client + "00", 0, false, "NOERROR", ""},
		{"required, none sent", sim.CookiesRequired, transport.UDP, "", 0, false, "NOERROR tc", ""},
		{"required, none sent over TCP", sim.CookiesRequired, transport.TCP, "", 0, false, "NOERROR", ""},
		{"required, client cookie alone", sim.CookiesRequired, transport.UDP, client, 0, false, "BADCOOKIE", client},
		{"required, fresh", sim.CookiesRequired, transport.UDP, client, time.Minute, true, "NOERROR", client},
		{"required, too old", sim.CookiesRequired, transport.UDP, client, 2 * time.Hour, true, "BADCOOKIE", client},
		{"required, from the future", sim.CookiesRequired, transport.UDP, client, -time.Hour, true, "BADCOOKIE", client},
		{"wrong", sim.CookiesWrong, transport.UDP, client, 0, false, "NOERROR", "fe02030405060708"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := sim.NewAuthority("ns1", 1)
			a.Serve(peersZone(t, "example."))
			a.Faults.Cookies = tc.policy
			cookie := tc.cookie
			if tc.learn {
				_, cookie = ask(a, epoch(), tc.proto, cookie)
			}
			rcode, back := ask(a, epoch().Add(tc.after), tc.proto, cookie)
			if rcode != tc.rcode || !strings.HasPrefix(back, tc.back) || (tc.back == "") != (back == "") {
				t.Errorf("%s with cookie %q, want %s with %q", rcode, back, tc.rcode, tc.back)
			}
			if raw, err := hex.DecodeString(back); err != nil || back != "" && len(raw) != 24 {
				t.Errorf("cookie %q: %v", back, err)
			}
		})
	}
}

// TestLettersOfTheQuery: the owner of what was asked for has the letters of
// the query, other names those of the zone.
func TestLettersOfTheQuery(t *testing.T) {
	a := sim.NewAuthority("ns1", 1)
	a.Serve(peersZone(t, "Example."))
	q := new(dns.Msg)
	q.SetQuestion("ALIAS.example.", dns.TypeTXT)
	m := direct(t, a, q)
	if got := m.Answer[0].String(); got != "ALIAS.example.\t3600\tIN\tCNAME\twww.Example." {
		t.Error(got)
	}
	q.SetQuestion("uPPer.example.", dns.TypeTXT)
	if got := direct(t, a, q).Answer[0].String(); got != "uPPer.example.\t3600\tIN\tTXT\t\"Case is Kept\"" {
		t.Error(got)
	}
}

// TestNameTooLongForDNAME: RFC 6672 §2.2.
func TestNameTooLongForDNAME(t *testing.T) {
	label := strings.Repeat("x", 63)
	z, err := sim.ParseZone("example.", "@ SOA a. b. 1 1 1 1 300\nd DNAME "+label+"."+label+"."+label+".\n")
	if err != nil {
		t.Fatal(err)
	}
	a := sim.NewAuthority("ns1", 1)
	a.Serve(z)
	for name, want := range map[string]string{
		label + ".d.example.": "YXDOMAIN aa 1/0/0 plain",
		"short.d.example.":    "NOERROR aa 2/0/0 plain",
	} {
		for qtype, want := range map[uint16]string{dns.TypeA: want, dns.TypeCNAME: want} {
			q := new(dns.Msg)
			q.SetQuestion(name, qtype)
			if got := asked(t, a, transport.TCP, q); got != want {
				t.Errorf("%s %d: %s, want %s", name, qtype, got, want)
			}
		}
	}
}

// TestCompactDenial: RFC 9824.
func TestCompactDenial(t *testing.T) {
	z := signed(t, peersZone(t, "example."), sim.SignOptions{Algorithm: dns.ED25519, Compact: true})
	a := sim.NewAuthority("ns1", 1)
	a.Serve(z)
	key := z.Keys()[1].DNSKEY
	for _, tc := range []struct{ query, want string }{
		{"missing.example. A", "NOERROR missing.example. NSEC \\000.missing.example. RRSIG NSEC NXNAME"},
		{"www.example. TXT", "NOERROR www.example. NSEC \\000.www.example. A MX AAAA RRSIG NSEC"},
		{"ent.example. A", "NOERROR ent.example. NSEC \\000.ent.example. RRSIG NSEC"},
		{"x.sub.example. A", "NOERROR sub.example. NSEC \\000.sub.example. NS RRSIG NSEC"},
		{"y.wild.example. TXT", "NOERROR"},
	} {
		name, typ, _ := strings.Cut(tc.query, " ")
		q := new(dns.Msg)
		q.SetQuestion(name, dns.StringToType[typ])
		q.SetEdns0(1232, true)
		m := direct(t, a, q)
		got := dns.RcodeToString[m.Rcode]
		sigs := map[string]*dns.RRSIG{}
		sets := map[string][]dns.RR{}
		for _, rr := range slices.Concat(m.Answer, m.Ns) {
			id := rr.Header().Name + " " + dns.Type(rr.Header().Rrtype).String()
			switch rr := rr.(type) {
			case *dns.RRSIG:
				sigs[rr.Hdr.Name+" "+dns.Type(rr.TypeCovered).String()] = rr
			case *dns.NSEC:
				got += " " + strings.Join(strings.Fields(strings.Replace(rr.String(), "\t300\tIN", "", 1)), " ")
				sets[id] = append(sets[id], rr)
			default:
				sets[id] = append(sets[id], rr)
			}
		}
		if got != tc.want {
			t.Errorf("%s: got  %s\nwant %s", tc.query, got, tc.want)
		}
		for id, sig := range sigs {
			if err := sig.Verify(key, sets[id]); err != nil {
				t.Errorf("%s: signature of %s: %v", tc.query, id, err)
			}
			if int(sig.Labels) != domain.MustParse(sig.Hdr.Name).Labels() {
				t.Errorf("%s: %s is signed as a wildcard", tc.query, id)
			}
		}
	}
	q := new(dns.Msg)
	q.SetQuestion("missing.example.", dns.TypeA)
	q.SetEdns0(1232, true)
	q.IsEdns0().SetCo(true)
	if m := direct(t, a, q); m.Rcode != dns.RcodeNameError {
		t.Errorf("with the CO flag %s", dns.RcodeToString[m.Rcode])
	}
}
