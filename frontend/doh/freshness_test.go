package doh

import (
	"testing"

	"github.com/miekg/dns"
)

// RFC: 8484.3
func TestFreshness(t *testing.T) {
	const soa = "example. 300 IN SOA ns.example. host.example. 1 2 3 4 60"
	for _, tc := range []struct {
		name              string
		rcode             int
		answer, authority []string
		want              uint32
	}{
		{"one record", dns.RcodeSuccess, []string{"a.example. 77 IN A 192.0.2.1"}, nil, 77},
		{"the least", dns.RcodeSuccess, []string{"a.example. 500 IN CNAME b.example.", "b.example. 20 IN A 192.0.2.1"}, nil, 20},
		{"authority does not count", dns.RcodeSuccess, []string{"a.example. 77 IN A 192.0.2.1"}, []string{"example. 5 IN NS ns.example."}, 77},
		{"zero", dns.RcodeSuccess, []string{"a.example. 0 IN A 192.0.2.1"}, nil, 0},
		{"no data: MINIMUM", dns.RcodeSuccess, nil, []string{soa}, 60},
		{"no data: the SOA's own TTL", dns.RcodeSuccess, nil, []string{"example. 30 IN SOA ns.example. host.example. 1 2 3 4 60"}, 30},
		{"no name", dns.RcodeNameError, nil, []string{"example. 10 IN NSEC f.example. A", soa}, 60},
		{"an alias to no name", dns.RcodeNameError, []string{"a.example. 20 IN CNAME b.example."}, []string{soa}, 20},
		{"an alias to no name, for longer", dns.RcodeNameError, []string{"a.example. 2000 IN CNAME b.example."}, []string{soa}, 60},
		{"a referral", dns.RcodeSuccess, nil, []string{"example. 5 IN NS ns.example."}, 0},
		{"SERVFAIL", dns.RcodeServerFailure, []string{"a.example. 77 IN A 192.0.2.1"}, nil, 0},
		{"nothing", dns.RcodeSuccess, nil, nil, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := new(dns.Msg)
			m.SetQuestion("a.example.", dns.TypeA)
			m.Response, m.Rcode, m.Compress = true, tc.rcode, true
			m.SetEdns0(1232, true) // whose TTL is none
			for _, text := range tc.answer {
				m.Answer = append(m.Answer, record(t, text))
			}
			for _, text := range tc.authority {
				m.Ns = append(m.Ns, record(t, text))
			}
			msg, err := m.Pack()
			if err != nil {
				t.Fatal(err)
			}
			if got := freshness(msg); got != tc.want {
				t.Errorf("fresh for %d s, want %d", got, tc.want)
			}
		})
	}
}

func record(t *testing.T, text string) dns.RR {
	t.Helper()
	rr, err := dns.NewRR(text)
	if err != nil {
		t.Fatal(err)
	}
	return rr
}

func FuzzFreshness(f *testing.F) {
	f.Add([]byte("\x00\x00\x80\x00\x00\x01\x00\x01\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x07\x00\x04\xc0\x00\x02\x01"))
	f.Add([]byte("\x00\x00\x80\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x06\x00\x01\x00\x00\x00\x07\x00\x02\x00\x00"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		got := freshness(msg)
		m := new(dns.Msg)
		if m.Unpack(msg) != nil || len(m.Answer) == 0 || m.Rcode != dns.RcodeSuccess {
			return
		}
		for _, rr := range m.Answer {
			if rr.Header().Ttl < got {
				t.Errorf("fresh for %d s, and %v is not", got, rr)
			}
		}
	})
}

// Whatever the query part of a URL, it is a message or a status.
func FuzzParameter(f *testing.F) {
	f.Add("dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB")
	f.Add("ct&dns=AAAB%41A==&dns=x")
	f.Add("dns=%2")
	f.Fuzz(func(t *testing.T, raw string) {
		msg, refusal := fromURL(nil, raw)
		if refusal.code != 0 {
			if msg != nil || refusal.text == "" {
				t.Errorf("%q: %v with %x", raw, refusal, msg)
			}
			return
		}
		if again, refusal := fromURL(nil, inURL(msg)[1:]); refusal.code != 0 || string(again) != string(msg) {
			t.Errorf("%q is %x, which comes back as %x", raw, msg, again)
		}
	})
}
