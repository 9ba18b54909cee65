package serve_test

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/dns/wire"
	"recursor/frontend"
	"recursor/serve"
	"recursor/serve/limit"
)

// cookieOf is the COOKIE of a response, "" where there is none.
func cookieOf(m *dns.Msg) string {
	if o := m.IsEdns0(); o != nil {
		for _, option := range o.Option {
			if c, ok := option.(*dns.EDNS0_COOKIE); ok {
				return c.Cookie
			}
		}
	}
	return ""
}

func cookie(s string) dns.EDNS0 { return &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: s} }

// TestCookieExchange is RFC 9018 A.1 and A.2 from query to response.
// RFC: 7873.1, 9018.2, 9018.3, 9018.4
func TestCookieExchange(t *testing.T) {
	secret, err := hex.DecodeString("e5e973e5a6b2a43f48e7dc849e37bfcf")
	if err != nil {
		t.Fatal(err)
	}
	const first, renewed = "2464c4abcf10c957010000005cf79f111f8130c3eee29480", "2464c4abcf10c957010000005cf7a871d4a564a1442aca77"
	for _, tc := range []struct {
		now        int64
		sent, want string
		stranger   bool // not in the access list: REFUSED, with a cookie all the same
	}{
		{1559731985, "2464c4abcf10c957", first, false},
		{1559731985 + 1800, first, first, false},
		{1559734385, first, renewed, false},
		{1559734385, first[:46] + "00", renewed, false},
		{1559734385, first + "00", renewed, false},
		{1559734385, "2464c4abcf10c957", renewed, true},
		{1559734385, first, renewed, true},
	} {
		w := newWorld(example(t), func(o *serve.Options) {
			o.Cookies.Secrets = []limit.Secret{limit.Secret(secret)}
			if o.Allow = nil; !tc.stranger {
				o.Allow = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
			}
		})
		w.clock.at = time.Unix(tc.now, 0)
		packed, err := withEDNS(question("example.", dns.TypeSOA), cookie(tc.sent)).Pack()
		if err != nil {
			t.Fatal(err)
		}
		q := query(packed)
		q.Client = addrPort("198.51.100.100:53")
		reply, _ := w.serve(q)
		got := read(t, reply)
		if (got.Rcode == dns.RcodeRefused) != tc.stranger || cookieOf(got) != tc.want {
			t.Errorf("%d: %s gave %v", tc.now, tc.sent, got)
		}
	}
}

// TestCookieWithoutQuestion is RFC 7873 §5.4.
// RFC: 7873.3, 9619.2
func TestCookieWithoutQuestion(t *testing.T) {
	w := newWorld(nil, nil)
	ask := func(sent string) *dns.Msg {
		m := withEDNS(question("example.", dns.TypeSOA), cookie(sent))
		m.Question = nil
		got := w.ask(t, m)
		if len(got.Question)+len(got.Answer)+len(got.Ns) != 0 || got.IsEdns0() == nil {
			t.Fatalf("%v", got)
		}
		return got
	}
	learnt := ask("0102030405060708")
	c := cookieOf(learnt)
	if learnt.Rcode != dns.RcodeSuccess || len(c) != 48 || !strings.HasPrefix(c, "0102030405060708") {
		t.Fatalf("%v", learnt)
	}
	if again := ask(c); again.Rcode != dns.RcodeSuccess || cookieOf(again) != c {
		t.Errorf("%v", again)
	}
	if wrong := ask(strings.Replace(c, "0102", "0103", 1)); wrong.Rcode != dns.RcodeBadCookie || len(cookieOf(wrong)) != 48 {
		t.Errorf("%v", wrong)
	}
	w = newWorld(nil, func(o *serve.Options) { o.Cookies.Mode = serve.CookiesIgnored })
	m := withEDNS(question("example.", dns.TypeSOA), cookie("0102030405060708"))
	m.Question = nil
	if got := w.ask(t, m); got.Rcode != dns.RcodeFormatError || cookieOf(got) != "" {
		t.Errorf("without cookies: %v", got)
	}
}

// TestCookieRequired: BADCOOKIE only where it was asked for, under pressure,
// over UDP, and to those who know what a cookie is.
// RFC: 7873.1
func TestCookieRequired(t *testing.T) {
	// Each resolution asks again, so that places are taken while it is asked.
	for _, tc := range []struct {
		mode    serve.CookieMode
		over    frontend.Transport
		pressed bool
		cookie  string // "good": one of ours
		rcode   int
	}{
		{serve.CookiesRequired, frontend.UDP, true, "0102030405060708", dns.RcodeBadCookie},
		{serve.CookiesRequired, frontend.UDP, true, "0102030405060708010000000000000000000000000000aa", dns.RcodeBadCookie},
		{serve.CookiesRequired, frontend.UDP, true, "good", dns.RcodeSuccess},
		{serve.CookiesRequired, frontend.UDP, true, "", dns.RcodeSuccess},
		{serve.CookiesRequired, frontend.UDP, false, "0102030405060708", dns.RcodeSuccess},
		{serve.CookiesRequired, frontend.TCP, true, "0102030405060708", dns.RcodeSuccess},
		{serve.CookiesGiven, frontend.UDP, true, "0102030405060708", dns.RcodeSuccess},
		{serve.CookiesIgnored, frontend.UDP, true, "0102030405060708", dns.RcodeSuccess},
	} {
		var w *world
		var got *dns.Msg
		inner := func() {
			sent := tc.cookie
			if sent == "good" {
				sent = cookieOf(w.askOver(t, withEDNS(question("localhost.", dns.TypeA), cookie("0102030405060708")), frontend.TCP))
			}
			m := withEDNS(question("b.example.", dns.TypeA))
			if sent != "" {
				m.IsEdns0().Option = []dns.EDNS0{cookie(sent)}
			}
			got = w.askOver(t, m, tc.over)
		}
		w = newWorld(func(q serve.Question) (serve.Answer, error) {
			if q.Name.FirstLabel() == "a" {
				inner()
			}
			return serve.Answer{}, nil
		}, func(o *serve.Options) { o.Cookies.Mode, o.Resolutions = tc.mode, 2 })
		if tc.pressed {
			w.ask(t, question("a.example.", dns.TypeA))
		} else {
			inner()
		}
		if got.Rcode != tc.rcode {
			t.Errorf("%+v: %v", tc, got)
		}
		if c := cookieOf(got); (len(c) == 48) != (tc.mode != serve.CookiesIgnored && tc.cookie != "") {
			t.Errorf("%+v: cookie %q", tc, c)
		}
	}
}

// RFC: 7828.1, 7828.3, 7828.4
func TestKeepalive(t *testing.T) {
	for _, tc := range []struct {
		over  frontend.Transport
		asked bool
		want  int // in units of 100 ms, -1: no option
	}{
		{frontend.UDP, true, -1},
		{frontend.TCP, true, 75},
		{frontend.DoT, true, 75},
		{frontend.DoH, true, -1},
		{frontend.DoQ, true, -1},
		{frontend.TCP, false, -1},
	} {
		w := newWorld(example(t), func(o *serve.Options) { o.Idle = 7500 * time.Millisecond })
		msg := hand(wire.Header{Flags: wire.FlagRD, QD: 1, AR: 1}, exampleSOA+emptyOPT)
		if tc.asked {
			msg = hand(wire.Header{Flags: wire.FlagRD, QD: 1, AR: 1}, exampleSOA+optWith("\x00\x0b\x00\x00"))
		}
		q := query(msg)
		q.Transport = tc.over
		reply, _ := w.serve(q)
		got := -1
		for _, o := range read(t, reply).IsEdns0().Option {
			if k, ok := o.(*dns.EDNS0_TCP_KEEPALIVE); ok {
				got = int(k.Timeout)
			}
		}
		if got != tc.want {
			t.Errorf("%s, asked %t: %d, want %d", tc.over, tc.asked, got, tc.want)
		}
	}
}

// RFC: 7830.1, 7830.2, 7830.3, 8467.2
func TestPadding(t *testing.T) {
	for _, over := range []frontend.Transport{frontend.UDP, frontend.TCP, frontend.DoT, frontend.DoH, frontend.DoQ} {
		for _, padding := range []string{"", "\x00\x0c\x00\x00", "\x00\x0c\x00\x03abc"} {
			for _, name := range []string{exampleSOA, "\x05local\x04host\x00\x00\x01\x00\x01", "\x09localhost\x00\x00\x01\x00\x01"} {
				q := query(hand(wire.Header{Flags: wire.FlagRD, QD: 1, AR: 1}, name+optWith(padding)))
				q.Transport = over
				reply, _ := newWorld(example(t), nil).serve(q)
				padded := padding != "" && over >= frontend.DoT
				if (len(reply)%468 == 0) != padded {
					t.Errorf("%s %q: %d octets", over, padding, len(reply))
				}
				if options := read(t, reply).IsEdns0().Option; (len(options) == 1) != padded {
					t.Errorf("%s %q: options %v", over, padding, options)
				}
			}
		}
	}
}

// RFC: 5001.1
func TestNSID(t *testing.T) {
	nsid := func(m *dns.Msg) string {
		for _, o := range m.IsEdns0().Option {
			if n, ok := o.(*dns.EDNS0_NSID); ok {
				return n.Nsid
			}
		}
		return ""
	}
	asking := func() *dns.Msg {
		return withEDNS(question("example.", dns.TypeSOA), &dns.EDNS0_NSID{Code: dns.EDNS0NSID})
	}
	told := newWorld(example(t), func(o *serve.Options) { o.NSID = []byte("lab-7") })
	if got := nsid(told.ask(t, asking())); got != hex.EncodeToString([]byte("lab-7")) {
		t.Errorf("%q", got)
	}
	if got := nsid(told.ask(t, withEDNS(question("example.", dns.TypeSOA)))); got != "" {
		t.Errorf("%q though nobody asked", got)
	}
	if got := nsid(newWorld(example(t), nil).ask(t, asking())); got != "" {
		t.Errorf("%q though none is configured", got)
	}
}
