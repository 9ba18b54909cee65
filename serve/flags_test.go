package serve_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"recursor/dns/domain"
	"recursor/dns/ede"
	"recursor/dns/wire"
	"recursor/frontend"
	"recursor/serve"
)

// TestFlagMatrix has the matrix of what a client sees, by what it sent and what
// validation came to (RFC 4035 §3.2, RFC 6840 §5.7-5.9). The Resolver withholds
// bogus data from CD=0 and gives them to CD=1, as is its part of the rules.
// RFC: 4035.1, 6840.4, 3225.1, 3225.2, 8914.4
func TestFlagMatrix(t *testing.T) {
	signed := sets(t, "a.example. 300 IN A 192.0.2.1", "a.example. 300 IN RRSIG A 13 2 300 20300101000000 20200101000000 1 example. c2lnbmF0dXJlIG92ZXIgdGhlIEFBQQ==")
	data := func(secure bool, notes ...ede.Note) func(serve.Question) (serve.Answer, error) {
		return func(serve.Question) (serve.Answer, error) {
			return serve.Answer{Answer: signed, Secure: secure, Notes: notes}, nil
		}
	}
	failure := func(code ede.Code, cause string) func(serve.Question) (serve.Answer, error) {
		return func(q serve.Question) (serve.Answer, error) {
			if q.CD {
				return serve.Answer{Answer: signed}, nil
			}
			return serve.Answer{}, fmt.Errorf("judging: %w", &ede.Error{Code: code, Zone: domain.MustParse("example."), Err: errors.New(cause)})
		}
	}
	const none = -1
	for _, tc := range []struct {
		status string
		answer func(serve.Question) (serve.Answer, error)
		cd     bool
		rcode  int
		ad     bool // where DO or AD was sent
		code   int
	}{
		{"secure", data(true), false, dns.RcodeSuccess, true, none},
		{"secure", data(true), true, dns.RcodeSuccess, true, none},
		{"not validated", data(false), true, dns.RcodeSuccess, false, none},
		{"insecure", data(false), false, dns.RcodeSuccess, false, none},
		{"insecure", data(false), true, dns.RcodeSuccess, false, none},
		{"bogus", failure(ede.SignatureExpired, "signature expired"), false, dns.RcodeServerFailure, false, 7},
		{"bogus", failure(ede.SignatureExpired, "signature expired"), true, dns.RcodeSuccess, false, none},
		{"indeterminate", data(false, ede.Note{Code: ede.DNSSECIndeterminate, Text: "no anchor"}), false, dns.RcodeSuccess, false, 5},
		{"indeterminate, refused", failure(ede.DNSSECIndeterminate, "no anchor"), false, dns.RcodeServerFailure, false, 5},
		{"failure cached", failure(ede.CachedError, "cached"), false, dns.RcodeServerFailure, false, 13},
		{"failure cached", failure(ede.CachedError, "cached"), true, dns.RcodeSuccess, false, none},
	} {
		for _, client := range []struct {
			edns, do, ad bool
		}{{}, {ad: true}, {edns: true}, {edns: true, ad: true}, {edns: true, do: true}, {edns: true, do: true, ad: true}} {
			t.Run(fmt.Sprintf("%s CD=%t %+v", tc.status, tc.cd, client), func(t *testing.T) {
				m := question("a.example.", dns.TypeA)
				m.CheckingDisabled, m.AuthenticatedData = tc.cd, client.ad
				if client.edns {
					withEDNS(m).IsEdns0().SetDo(client.do)
				}
				w := newWorld(tc.answer, nil)
				got := w.ask(t, m)
				if got.Rcode != tc.rcode || got.CheckingDisabled != tc.cd || got.Authoritative || !got.RecursionDesired || !got.RecursionAvailable {
					t.Errorf("RCODE %d, CD %t, AA %t", got.Rcode, got.CheckingDisabled, got.Authoritative)
				}
				if want := tc.ad && (client.do || client.ad); got.AuthenticatedData != want {
					t.Errorf("AD %t, want %t", got.AuthenticatedData, want)
				}
				records := 0
				if tc.rcode == dns.RcodeSuccess {
					records = 1
					if client.do {
						records = 2
					}
				}
				if len(got.Answer) != records {
					t.Errorf("answer %v", got.Answer)
				}
				if (got.IsEdns0() != nil) != client.edns || client.edns && got.IsEdns0().Do() != client.do {
					t.Errorf("OPT %v", got.IsEdns0())
				}
				if code, _ := note(got); client.edns && code != tc.code {
					t.Errorf("EDE %d, want %d", code, tc.code)
				}
				if q := w.resolver.asked[0]; q.CD != tc.cd || q.Name != domain.MustParse("a.example.") || q.Type != wire.TypeA || q.Class != wire.ClassIN || q.CacheOnly {
					t.Errorf("asked %+v", q)
				}
			})
		}
	}
}

// TestFlagsDoNotLeak: of all bits of a query only RD and CD come back.
// RFC: 8906.1
func TestFlagsDoNotLeak(t *testing.T) {
	w := newWorld(example(t), nil)
	for _, qtype := range []string{"\x00\x06", "\x00\xfc", "\x00\x80"} { // SOA, AXFR, NXNAME
		for bits := range 1 << 12 {
			sent := wire.Flags(bits&0x7f0 | bits&0xf) // AA to CD and the RCODE
			msg := wire.Header{ID: 5, Flags: sent, QD: 1}.Append(nil)
			msg = append(msg, "\x07example\x00"+qtype+"\x00\x01"...)
			reply, _ := w.serve(query(msg))
			h, err := wire.ParseHeader(reply)
			if err != nil {
				t.Fatal(err)
			}
			want := wire.FlagQR | wire.FlagRA | sent&(wire.FlagRD|wire.FlagCD)
			if sent.Has(wire.FlagAD|wire.FlagRD) && h.Flags.RCode() == wire.NoError {
				want |= wire.FlagAD // the answer is secure, and they asked
			}
			if h.Flags&^0xf != want {
				t.Fatalf("%04x came back as %04x, want %04x", sent, h.Flags, want)
			}
		}
	}
}

// RFC: 3225.1, 4035.1
func TestWhatTheClientSees(t *testing.T) {
	const (
		soaOf  = "example. 300 IN SOA ns.example. hostmaster.example. 1 7200 3600 604800 300"
		nsec   = "a.example. 300 IN NSEC c.example. A RRSIG NSEC"
		nsec3  = "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. 300 IN NSEC3 1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr A"
		ns     = "example. 300 IN NS ns.example."
		a      = "b.example. 300 IN A 192.0.2.1"
		cname  = "b.example. 300 IN CNAME c.example."
		target = "c.example. 300 IN A 192.0.2.2"
	)
	sig := func(covered string) string {
		return " 300 IN RRSIG " + covered + " 13 2 300 20300101000000 20200101000000 1 example. c2lnbmF0dXJlIG92ZXIgdGhlIEFBQQ=="
	}
	for _, tc := range []struct {
		what              string
		qtype             uint16
		rcode             wire.RCode
		answer, authority []string
		additional        []string
		plain, do         string // types of the sections, by client
	}{
		{"positive", dns.TypeA, 0, []string{a, "b.example." + sig("A")}, []string{ns}, nil, "A | |", "A RRSIG | |"},
		{"wildcard", dns.TypeA, 0, []string{a, "b.example." + sig("A")}, []string{nsec, "a.example." + sig("NSEC"), ns, soaOf}, nil, "A | |", "A RRSIG | NSEC RRSIG |"},
		{"NODATA", dns.TypeMX, 0, nil, []string{soaOf, "example." + sig("SOA"), nsec, "a.example." + sig("NSEC"), ns}, nil, "| SOA |", "| SOA RRSIG NSEC RRSIG |"},
		{"NXDOMAIN", dns.TypeA, wire.NXDomain, nil, []string{soaOf, nsec3}, nil, "| SOA |", "| SOA NSEC3 |"},
		{"alias", dns.TypeA, 0, []string{cname, "b.example." + sig("CNAME"), target}, nil, nil, "CNAME A | |", "CNAME RRSIG A | |"},
		{"alias to NODATA", dns.TypeMX, 0, []string{cname}, []string{soaOf}, nil, "CNAME | SOA |", "CNAME | SOA |"},
		{"NSEC asked for", dns.TypeNSEC, 0, []string{nsec, "a.example." + sig("NSEC")}, nil, nil, "NSEC | |", "NSEC RRSIG | |"},
		{"RRSIG asked for", dns.TypeRRSIG, 0, []string{"b.example." + sig("A")}, nil, nil, "RRSIG | |", "RRSIG | |"},
		{"additional", dns.TypeMX, 0, []string{"b.example. 300 IN MX 1 c.example."}, nil, []string{target, "c.example." + sig("A"), nsec}, "MX | | A", "MX | | A RRSIG"},
	} {
		w := newWorld(func(serve.Question) (serve.Answer, error) {
			return serve.Answer{RCode: tc.rcode, Answer: sets(t, tc.answer...), Authority: sets(t, tc.authority...), Additional: sets(t, tc.additional...)}, nil
		}, nil)
		for _, client := range []struct {
			m    *dns.Msg
			want string
		}{{question("b.example.", tc.qtype), tc.plain}, {withDO(question("b.example.", tc.qtype)), tc.do}} {
			got := w.ask(t, client.m)
			var types []string
			for i, section := range [][]dns.RR{got.Answer, got.Ns, got.Extra} {
				for _, rr := range section {
					if rr.Header().Rrtype != dns.TypeOPT {
						types = append(types, dns.TypeToString[rr.Header().Rrtype])
					}
				}
				if i < 2 {
					types = append(types, "|")
				}
			}
			if s := strings.Join(types, " "); s != client.want || got.Rcode != int(tc.rcode) {
				t.Errorf("%s: %s, RCODE %d, want %s", tc.what, s, got.Rcode, client.want)
			}
		}
	}
}

// RFC: 8914.1, 8914.2, 8914.4, 6604.1
func TestFailures(t *testing.T) {
	timeout := &ede.Error{Code: ede.NoReachableAuthority, Zone: domain.MustParse("example."), Err: errors.New("no server answered in time")}
	partial := sets(t, "a.example. 300 IN CNAME b.example.")
	for _, tc := range []struct {
		what    string
		answer  serve.Answer
		err     error
		rcode   int
		records int
		codes   []uint16
		text    string // of the first
	}{
		{"an error", serve.Answer{}, timeout, dns.RcodeServerFailure, 0, []uint16{22}, "example.: no server answered in time"},
		{"a wrapped error", serve.Answer{}, fmt.Errorf("resolving: %w", timeout), dns.RcodeServerFailure, 0, []uint16{22}, "example.: no server answered in time"},
		{"any error", serve.Answer{}, errors.New("pq: secret"), dns.RcodeServerFailure, 0, []uint16{0}, "the resolver failed"},
		{"a partial chain", serve.Answer{Answer: partial, Secure: true}, timeout, dns.RcodeServerFailure, 1, []uint16{22}, ""},
		{
			"an error with notes",
			serve.Answer{Notes: []ede.Note{{Code: ede.CachedError, Text: "failed 3 s ago"}}},
			timeout,
			dns.RcodeServerFailure, 0,
			[]uint16{13, 22},
			"failed 3 s ago",
		},
		{
			"an error that a note tells already",
			serve.Answer{Notes: []ede.Note{{Code: ede.NoReachableAuthority, Text: "better told"}}},
			timeout,
			dns.RcodeServerFailure, 0,
			[]uint16{22},
			"better told",
		},
		{"an error with RCODE", serve.Answer{RCode: wire.Refused, Secure: true}, timeout, dns.RcodeRefused, 0, []uint16{22}, ""},
		{"YXDOMAIN", serve.Answer{RCode: wire.YXDomain, Answer: partial}, nil, dns.RcodeYXDomain, 1, nil, ""},
		{"NXDOMAIN at the end of a chain", serve.Answer{RCode: wire.NXDomain, Answer: partial}, nil, dns.RcodeNameError, 1, nil, ""},
		{
			"stale",
			serve.Answer{Answer: partial, Stale: true, Notes: []ede.Note{{Code: ede.StaleAnswer, Text: "servers are silent"}}},
			nil,
			dns.RcodeSuccess, 1,
			[]uint16{3},
			"servers are silent",
		},
		{"an overlong text", serve.Answer{}, &ede.Error{Code: ede.NetworkError, Err: errors.New(strings.Repeat("ä", 500))}, dns.RcodeServerFailure, 0, []uint16{23}, strings.Repeat("ä", 98) + "…"},
		{"two lines", serve.Answer{}, &ede.Error{Code: ede.NetworkError, Err: errors.New("one\ntwo\x00")}, dns.RcodeServerFailure, 0, []uint16{23}, "one\ufffdtwo\ufffd"},
	} {
		w := newWorld(func(serve.Question) (serve.Answer, error) { return tc.answer, tc.err }, nil)
		m := withDO(question("a.example.", dns.TypeA))
		got := w.ask(t, m)
		var codes []uint16
		for _, o := range got.IsEdns0().Option {
			codes = append(codes, o.(*dns.EDNS0_EDE).InfoCode)
		}
		if got.Rcode != tc.rcode || len(got.Answer) != tc.records || fmt.Sprint(codes) != fmt.Sprint(tc.codes) {
			t.Errorf("%s: RCODE %d, answer %v, EDE %v", tc.what, got.Rcode, got.Answer, codes)
		}
		if _, text := note(got); tc.text != "" && text != tc.text {
			t.Errorf("%s: text %q", tc.what, text)
		}
		if tc.err != nil && got.AuthenticatedData {
			t.Errorf("%s: AD", tc.what)
		}
		plain := w.ask(t, question("a.example.", dns.TypeA))
		if plain.Rcode != tc.rcode || plain.IsEdns0() != nil {
			t.Errorf("%s without EDNS: %v", tc.what, plain)
		}
	}
	w := newWorld(func(serve.Question) (serve.Answer, error) { return serve.Answer{RCode: wire.BadCookie}, nil }, nil)
	if got := w.ask(t, question("a.example.", dns.TypeA)); got.Rcode != dns.RcodeServerFailure {
		t.Errorf("an extended RCODE without OPT: %d", got.Rcode)
	}
}

// TestSize: the client's size counts up to ours over UDP, and not at all over
// streams.
// RFC: 6891.4, 6891.6, 9715.2, 2181.5
func TestSize(t *testing.T) {
	var records []string
	for i := range 20 {
		records = append(records, fmt.Sprintf("a.example. 300 IN TXT %02d%s", i, strings.Repeat("x", 98)))
	}
	big := sets(t, records...)
	w := newWorld(func(serve.Question) (serve.Answer, error) { return serve.Answer{Answer: big[:1]}, nil }, nil)
	for _, tc := range []struct {
		payload uint16 // 0: no OPT
		over    frontend.Transport
		n       int // records asked for fit
	}{
		{0, frontend.UDP, 4},
		{100, frontend.UDP, 4},
		{512, frontend.UDP, 4},
		{900, frontend.UDP, 7},
		{1232, frontend.UDP, 10},
		{4096, frontend.UDP, 10},
		{65535, frontend.UDP, 10},
		{512, frontend.TCP, 20},
		{0, frontend.DoT, 20},
		{0, frontend.DoH, 20},
		{0, frontend.DoQ, 20},
	} {
		for n := 1; n <= 20; n++ {
			big = sets(t, records[:n]...)
			m := question("a.example.", dns.TypeTXT)
			if tc.payload > 0 {
				withEDNS(m).IsEdns0().SetUDPSize(tc.payload)
			}
			got := w.askOver(t, m, tc.over)
			fits := n <= tc.n
			if got.Truncated == fits || fits && len(got.Answer) != n || !fits && len(got.Answer) != 0 {
				t.Errorf("%d records to %d over %s: TC %t, %d records", n, tc.payload, tc.over, got.Truncated, len(got.Answer))
			}
			if o := got.IsEdns0(); o != nil && o.UDPSize() != 1232 {
				t.Errorf("we take %d", o.UDPSize())
			}
		}
	}
}
