package client_test

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"recursor/client"
)

func rr(t *testing.T, s string) dns.RR {
	t.Helper()
	out, err := dns.NewRR(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// replies are replies of many kinds, by name.
func replies(t *testing.T) map[string]client.Reply {
	t.Helper()
	make := func(change func(*dns.Msg)) client.Reply {
		m := new(dns.Msg)
		m.SetQuestion("www.example.", dns.TypeA)
		m.Id, m.Response, m.RecursionAvailable = 4711, true, true
		change(m)
		b, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		return client.Reply{
			Message: b, Server: netip.MustParseAddrPort("[2001:db8::53]:5300"), Took: 1234567 * time.Nanosecond,
			At: time.Date(2026, 11, 23, 6, 7, 8, 0, time.UTC),
		}
	}
	all := map[string]client.Reply{
		"answer": make(func(m *dns.Msg) {
			m.AuthenticatedData = true
			m.SetEdns0(1232, true)
			m.Answer = []dns.RR{
				rr(t, "www.example. 300 CNAME Web.example."), rr(t, "Web.example. 60 A 192.0.2.1"), rr(t, "Web.example. 60 A 192.0.2.2"),
				rr(t, "Web.example. 60 RRSIG A 15 2 60 20270101000000 20260101000000 7 example. AAAA"),
			}
		}),
		"nxdomain": make(func(m *dns.Msg) {
			m.Rcode, m.RecursionDesired, m.CheckingDisabled = dns.RcodeNameError, false, true
			m.Ns = []dns.RR{rr(t, "example. 60 SOA ns.example. host.example. 1 2 3 4 60")}
			m.Extra = []dns.RR{rr(t, "ns.example. 60 AAAA 2001:db8::1")}
		}),
		"failure": make(func(m *dns.Msg) {
			m.Rcode = dns.RcodeServerFailure
			m.SetEdns0(1232, false)
			m.IsEdns0().Option = []dns.EDNS0{
				&dns.EDNS0_EDE{InfoCode: 13},
				&dns.EDNS0_EDE{InfoCode: 22, ExtraText: `a "server" said` + "\x1b[31m\nforged: line \\"},
				&dns.EDNS0_EDE{InfoCode: 49999, ExtraText: "private"},
				&dns.EDNS0_NSID{Code: dns.EDNS0NSID, Nsid: "68657265"},
				&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"},
				&dns.EDNS0_LOCAL{Code: 65001, Data: []byte{1, 255}},
			}
		}),
		"odd": make(func(m *dns.Msg) {
			m.Authoritative, m.Truncated, m.Zero, m.Opcode, m.Rcode = true, true, true, 7, dns.RcodeBadVers
			m.SetEdns0(512, false)
			m.Question[0] = dns.Question{Name: `a\.b\000.example.`, Qtype: 65280, Qclass: 32}
			m.Answer = []dns.RR{
				rr(t, `\000\032\".example. 1 CLASS32 TYPE65280 \# 3 010203`), rr(t, `example. 1 TXT "\027[31m" "tab\009" "\255"`),
			}
		}),
		"empty": make(func(m *dns.Msg) { m.Question, m.Rcode = nil, 12 }),
	}
	retried := all["answer"]
	retried.TCP, retried.Retried = true, true
	all["retried"] = retried
	return all
}

// TestShow compares with testdata; UPDATE_GOLDEN=1 writes it anew.
func TestShow(t *testing.T) {
	for name, r := range replies(t) {
		for form, suffix := range map[client.Form]string{client.Full: "txt", client.Short: "short", client.JSON: "json"} {
			got, err := r.Show(form)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			path := filepath.Join("testdata", name+"."+suffix)
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil || got != string(want) {
				t.Errorf("%s: %v, got\n%s\nwant\n%s", path, err, got, want)
			}
			if strings.ContainsFunc(got, func(c rune) bool { return c != '\n' && c != '\t' && (c < ' ' || c == 0x7f) }) {
				t.Errorf("%s: a terminal would obey %q", path, got)
			}
			if form == client.JSON && !json.Valid([]byte(got)) {
				t.Errorf("%s: not JSON", path)
			}
		}
	}
}

// TestShowRefuses: what cannot be read is an error in each form.
func TestShowRefuses(t *testing.T) {
	good := replies(t)["answer"]
	for _, n := range []int{0, 11, 20, len(good.Message) - 1} {
		r := good
		r.Message = good.Message[:n]
		for _, form := range []client.Form{client.Full, client.Short, client.JSON} {
			if got, err := r.Show(form); err == nil {
				t.Errorf("%d octets, form %d: %q", n, form, got)
			}
		}
	}
}
