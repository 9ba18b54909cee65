package doh

import (
	"bytes"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"recursor/clock"
	"recursor/frontend"
)

// RFC: 8484.1, 8484.2, 8484.4, 8484.5
func TestRequests(t *testing.T) { overBoth(t, testRequests) }

func testRequests(t *testing.T, by HTTP2) {
	const dns = "application/dns-message"
	e := &echo{}
	begin := clock.NewReal().Now().TTL.Truncate(time.Second)
	s := serve(t, Options{Handler: e, HTTP2: by}, secure)
	long := query(bytes.Repeat([]byte{'h'}, 60_000)...)
	tooLong := make([]byte, frontend.MaxMessage+1)
	servfail := query('h')
	servfail[3] = 2
	for _, v := range []version{one, two, three} {
		c := s.client(v)
		for _, tc := range []struct {
			name   string
			r      *http.Request
			status int
			body   []byte // of the query that comes back, nil where none does
		}{
			{"GET", s.request("GET", Path+inURL(query('h')), nil), 200, query('h')},
			{"GET, padded", s.request("GET", Path+inURL(query('h'))+"==", nil), 200, query('h')},
			{"GET, escaped", s.request("GET", Path+"?dns=AAAAAAAAAAAAAAAA%61A", nil), 200, query(0x68)},
			{"GET, among others", s.request("GET", Path+"?ct=x&dnssec=1&"+inURL(query('h'))[1:]+"&x", nil), 200, query('h')},
			{"GET, a miss", s.request("GET", Path+inURL(query('m')), nil), 200, query('m')},
			{"GET, SERVFAIL", s.request("GET", Path+inURL(servfail), nil), 200, servfail},
			{"POST", s.request("POST", Path, query('h'), "Content-Type", dns), 200, query('h')},
			{"POST, with a parameter", s.request("POST", Path, query('h'), "Content-Type", dns+"; charset=x"), 200, query('h')},
			{"POST, long", s.request("POST", Path, long, "Content-Type", dns), 200, long},

			{"no dns", s.request("GET", Path, nil), 400, nil},
			{"dns is not base64url", s.request("GET", Path+"?dns=a+/*", nil), 400, nil},
			{"dns has a broken escape", s.request("GET", Path+"?dns=AA%2", nil), 400, nil},
			{"dns is short", s.request("GET", Path+"?dns=AAAB", nil), 400, nil},
			{"dns is empty", s.request("GET", Path+"?dns=", nil), 400, nil},
			{"a response", s.request("POST", Path, append([]byte{0, 0, 0x80}, make([]byte, 9)...), "Content-Type", dns), 400, nil},
			{"another path", s.request("GET", "/"+inURL(query('h')), nil), 404, nil},
			{"below the path", s.request("GET", Path+"/x"+inURL(query('h')), nil), 404, nil},
			{"PUT", s.request("PUT", Path, query('h'), "Content-Type", dns), 405, nil},
			{"DELETE", s.request("DELETE", Path+inURL(query('h')), nil), 405, nil},
			{"too long", s.request("POST", Path, tooLong, "Content-Type", dns), 413, nil},
			{"JSON", s.request("POST", Path, query('h'), "Content-Type", "application/dns-json"), 415, nil},
			{"no type", s.request("POST", Path, query('h')), 415, nil},
			{"silence", s.request("GET", Path+inURL(query('s')), nil), 503, nil},
			{"no answer", s.request("GET", Path+inURL(query('n')), nil), 500, nil},
			{"a panic on the way", s.request("GET", Path+inURL(query('q')), nil), 500, nil},
		} {
			t.Run(string(v)+"/"+tc.name, func(t *testing.T) {
				got := s.do(c, tc.r)
				if got.status != tc.status {
					t.Fatalf("status %d, want %d: %s", got.status, tc.status, got.body)
				}
				if got.proto != string(v) {
					t.Errorf("spoke %s", got.proto)
				}
				if announced := got.header.Get("Alt-Svc"); (announced == `h3=":`+port(s.at)+`"; ma=86400`) != (v != three) {
					t.Errorf("Alt-Svc: %q", announced)
				}
				if at, err := http.ParseTime(got.header.Get("Date")); v != three && (err != nil || at.Before(begin)) {
					t.Errorf("Date: %q", got.header.Get("Date"))
				}
				if tc.body == nil {
					if allow := got.header.Get("Allow"); (tc.status == 405) != (allow == "GET, HEAD, POST") {
						t.Errorf("Allow: %q", allow)
					}
					return
				}
				tc.body[2] |= 0x80
				if !bytes.Equal(got.body, tc.body) {
					t.Errorf("%d octets came back, want %d", len(got.body), len(tc.body))
				}
				if got.header.Get("Content-Type") != dns || got.header.Get("Content-Length") != strconv.Itoa(len(tc.body)) {
					t.Errorf("headers %v", got.header)
				}
				if got.header.Get("Cache-Control") != "max-age=0" {
					t.Errorf("Cache-Control: %q", got.header.Get("Cache-Control"))
				}
				tc.body[2] &^= 0x80
			})
		}
	}
	t.Run("a panic", func(t *testing.T) {
		for _, v := range []version{one, two} {
			if _, err := s.client(v).Do(s.request("GET", Path+inURL(query('p')), nil)); err == nil {
				t.Errorf("%s: answered", v)
			}
		}
		s.do(s.client(two), s.request("GET", Path+inURL(query('h')), nil))
	})
	q := e.seen[0]
	if q.Transport != frontend.DoH || q.Client.Addr() != netip.MustParseAddr("127.0.0.1") || q.Local != s.at {
		t.Errorf("the handler saw %v from %v at %v", q.Transport, q.Client, q.Local)
	}
	s.stop()
	if open := s.o.Connections.Open(); open != 0 {
		t.Errorf("%d connections are open at the end", open)
	}
}

func port(a netip.AddrPort) string { return strconv.Itoa(int(a.Port())) }

// Behind a proxy HTTP is spoken in the clear, version 2 included, and there is
// no HTTP/3 to announce.
func TestPlain(t *testing.T) { overBoth(t, testPlain) }

func testPlain(t *testing.T, by HTTP2) {
	s := serve(t, Options{Handler: &echo{}, Path: "/q", HTTP2: by}, plain)
	for _, v := range []version{one, two} {
		got := s.do(s.client(v), s.request("GET", "/q"+inURL(query('h')), nil))
		if got.status != 200 || got.proto != string(v) || got.header.Get("Alt-Svc") != "" {
			t.Errorf("%s: %d %s %v", v, got.status, got.proto, got.header)
		}
	}
}

func TestProxiesAreBelieved(t *testing.T) {
	const us, here = "127.0.0.1", "127.0.0.0/8"
	for _, tc := range []struct {
		name    string
		field   ProxyHeader
		proxies []string
		header  []string
		want    string
	}{
		{"nobody is believed", XForwardedFor, nil, []string{"192.0.2.1"}, us},
		{"another is", XForwardedFor, []string{"192.0.2.0/24"}, []string{"192.0.2.1"}, us},
		{"a proxy names its client", XForwardedFor, []string{here}, []string{"192.0.2.1"}, "192.0.2.1"},
		{"IPv6", XForwardedFor, []string{here}, []string{"2001:db8::1"}, "2001:db8::1"},
		{"IPv4 in IPv6", XForwardedFor, []string{here}, []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		{"a port", XForwardedFor, []string{here}, []string{"198.51.100.1, 192.0.2.1:4711"}, "192.0.2.1"},
		{"IPv6 and a port", XForwardedFor, []string{here}, []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{"a port that is none", XForwardedFor, []string{here}, []string{"192.0.2.1:x"}, us},
		{"no header", XForwardedFor, []string{here}, nil, us},
		{"what the client wrote", XForwardedFor, []string{here}, []string{"127.0.0.9, 198.51.100.1, 192.0.2.1"}, "192.0.2.1"},
		{"in headers of its own", XForwardedFor, []string{here}, []string{"198.51.100.1", "192.0.2.1"}, "192.0.2.1"},
		{"a row of proxies", XForwardedFor, []string{here, "10.0.0.0/8"}, []string{"198.51.100.1, 192.0.2.1, 10.0.0.1"}, "192.0.2.1"},
		{"proxies alone", XForwardedFor, []string{here, "10.0.0.0/8"}, []string{"10.0.0.2, 10.0.0.1"}, "10.0.0.2"},
		{"no address", XForwardedFor, []string{here}, []string{"192.0.2.1, unknown"}, us},
		{"a lie behind no address", XForwardedFor, []string{here, "10.0.0.0/8"}, []string{"192.0.2.1, x, 10.0.0.1"}, "10.0.0.1"},

		{"Forwarded, nobody is believed", Forwarded, nil, []string{"for=192.0.2.1"}, us},
		{"Forwarded", Forwarded, []string{here}, []string{"for=192.0.2.1"}, "192.0.2.1"},
		{"Forwarded, among others", Forwarded, []string{here}, []string{`by=203.0.113.43; For="192.0.2.1";proto=https`}, "192.0.2.1"},
		{"Forwarded, a port", Forwarded, []string{here}, []string{`for="192.0.2.1:4711"`}, "192.0.2.1"},
		{"Forwarded, IPv6", Forwarded, []string{here}, []string{`for="[2001:db8:cafe::17]:4711"`}, "2001:db8:cafe::17"},
		{"Forwarded, IPv6 without a port", Forwarded, []string{here}, []string{`for="[2001:db8::1]"`}, "2001:db8::1"},
		{"Forwarded, IPv6 without brackets", Forwarded, []string{here}, []string{`for="2001:db8::1"`}, us},
		{"Forwarded, what the client wrote", Forwarded, []string{here}, []string{"for=198.51.100.1, for=192.0.2.1"}, "192.0.2.1"},
		{"Forwarded, in headers of its own", Forwarded, []string{here}, []string{"for=198.51.100.1", "for=192.0.2.1"}, "192.0.2.1"},
		{"Forwarded, a comma in quotes", Forwarded, []string{here}, []string{`for=192.0.2.1;ext="a, for=198.51.100.1"`}, "192.0.2.1"},
		{"Forwarded, hidden", Forwarded, []string{here}, []string{"for=192.0.2.1, for=_secret"}, us},
		{"Forwarded, unknown", Forwarded, []string{here}, []string{"for=unknown"}, us},
		{"Forwarded, nobody named", Forwarded, []string{here}, []string{"for=192.0.2.1, proto=https"}, us},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, v := range []version{one, two} {
				o := Options{Handler: &echo{}, ProxyHeader: tc.field}
				for _, p := range tc.proxies {
					o.Proxies = append(o.Proxies, netip.MustParsePrefix(p))
				}
				s := serve(t, o, plain)
				r := s.request("GET", Path+inURL(query('h')), nil)
				other := "Forwarded"
				if tc.field == Forwarded {
					other = "X-Forwarded-For"
				}
				r.Header.Set(other, "203.0.113.9") // which is not believed
				for _, line := range tc.header {
					r.Header.Add(tc.field.field(), line)
				}
				if got := s.do(s.client(v), r); got.status != 200 {
					t.Fatalf("status %d", got.status)
				}
				e := o.Handler.(*echo)
				if got := e.seen[0].Client.Addr().String(); got != tc.want {
					t.Errorf("%s: the client is %s, want %s", v, got, tc.want)
				}
			}
		})
	}
}

func TestListenErrorNamesTheKey(t *testing.T) {
	s := serve(t, Options{Handler: &echo{}}, secure)
	for name, l := range map[string]*Listener{
		"plain":  New(Options{Addrs: []netip.AddrPort{s.at}, Handler: &echo{}, Clock: s.o.Clock}),
		"secure": New(Options{Addrs: []netip.AddrPort{s.at}, Handler: &echo{}, Clock: s.o.Clock, TLS: s.o.TLS, QUIC: s.o.QUIC}),
	} {
		err := l.Listen()
		if err == nil || !strings.Contains(err.Error(), "listen.doh: cannot listen on "+s.at.String()+" (doh)") || len(l.Addrs()) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
