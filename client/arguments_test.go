package client_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"recursor/client"
	"recursor/dns/domain"
	"recursor/dns/wire"
)

func TestParseArguments(t *testing.T) {
	type q = client.Question
	usual := func(change func(*q)) q {
		out := q{
			Server: netip.MustParseAddrPort("127.0.0.1:5300"), Name: domain.MustParse("www.example."), Type: wire.TypeA,
			RD: true, AD: true,
		}
		change(&out)
		return out
	}
	for _, tc := range []struct {
		args string
		want func(*q)
		form client.Form
	}{
		{"www.example", func(*q) {}, client.Full},
		{"www.example.", func(*q) {}, client.Full},
		{"", func(q *q) { q.Name, q.Type = domain.Root(), wire.TypeNS }, client.Full},
		{"SOA .", func(q *q) { q.Name, q.Type = domain.Root(), wire.TypeSOA }, client.Full},
		{"www.example AAAA", func(q *q) { q.Type = wire.TypeAAAA }, client.Full},
		{"aaaa www.example", func(q *q) { q.Type = wire.TypeAAAA }, client.Full},
		{"www.example TYPE65280", func(q *q) { q.Type = 65280 }, client.Full},
		{"www.example CH TXT", func(q *q) { q.Type, q.Class = wire.TypeTXT, wire.ClassCH }, client.Full},
		{"CLASS4 www.example", func(q *q) { q.Class = wire.ClassHS }, client.Full},
		{"-q www.example -t mx -c ch", func(q *q) { q.Type, q.Class = wire.TypeMX, wire.ClassCH }, client.Full},
		// What looks like a type is one, unless a dot or -q says otherwise.
		{"mx", func(q *q) { q.Name, q.Type = domain.Root(), wire.TypeMX }, client.Full},
		{"mx.", func(q *q) { q.Name = domain.MustParse("mx.") }, client.Full},
		{"-q mx", func(q *q) { q.Name = domain.MustParse("mx.") }, client.Full},
		{"com NS", func(q *q) { q.Name, q.Type = domain.MustParse("com."), wire.TypeNS }, client.Full},
		{`a\.b.exa\109ple`, func(q *q) { q.Name = domain.MustParse(`a\.b.example.`) }, client.Full},
		{"-x 192.0.2.1", func(q *q) { q.Name, q.Type = domain.MustParse("1.2.0.192.in-addr.arpa."), wire.TypePTR }, client.Full},
		{"-x 2001:db8::1 NS", func(q *q) {
			q.Name, q.Type = domain.Reverse(netip.MustParseAddr("2001:db8::1")), wire.TypeNS
		}, client.Full},
		// Servers: 53 where no port is given.
		{"@192.0.2.1 www.example", func(q *q) { q.Server = netip.MustParseAddrPort("192.0.2.1:53") }, client.Full},
		{"www.example @192.0.2.1:5353", func(q *q) { q.Server = netip.MustParseAddrPort("192.0.2.1:5353") }, client.Full},
		{"@::1 www.example", func(q *q) { q.Server = netip.MustParseAddrPort("[::1]:53") }, client.Full},
		{"@[::1] www.example", func(q *q) { q.Server = netip.MustParseAddrPort("[::1]:53") }, client.Full},
		{"@[fe80::1%eth0]:54 www.example", func(q *q) { q.Server = netip.MustParseAddrPort("[fe80::1%eth0]:54") }, client.Full},
		{"-p 54 www.example", func(q *q) { q.Server = netip.MustParseAddrPort("127.0.0.1:54") }, client.Full},
		{"-p 54 @192.0.2.1 www.example", func(q *q) { q.Server = netip.MustParseAddrPort("192.0.2.1:54") }, client.Full},
		// Options.
		{"www.example +dnssec +cd", func(q *q) { q.DO, q.CD = true, true }, client.Full},
		{"www.example +do +cdflag +nodo +nocd", func(*q) {}, client.Full},
		{"www.example +noad +norec", func(q *q) { q.AD, q.RD = false, false }, client.Full},
		{"www.example +noadflag +norecurse +adflag +rd", func(*q) {}, client.Full},
		{"www.example +tcp", func(q *q) { q.TCP = true }, client.Full},
		{"www.example +vc +notcp", func(*q) {}, client.Full},
		{"www.example +noedns", func(q *q) { q.NoEDNS = true }, client.Full},
		{"www.example +noedns +edns +nsid", func(q *q) { q.NSID = true }, client.Full},
		{"www.example +ignore +bufsize=4096", func(q *q) { q.KeepTruncated, q.Payload = true, 4096 }, client.Full},
		{"www.example +time=2 +tries=7", func(q *q) { q.Timeout, q.Tries = 2*time.Second, 7 }, client.Full},
		{"www.example +timeout=255", func(q *q) { q.Timeout = 255 * time.Second }, client.Full},
		{"www.example +short", func(*q) {}, client.Short},
		{"www.example +json", func(*q) {}, client.JSON},
		{"www.example +short +noshort", func(*q) {}, client.Full},
	} {
		got, form, err := client.ParseArguments(strings.Fields(tc.args))
		if want := usual(tc.want); err != nil || got != want || form != tc.form {
			t.Errorf("%q: %+v, form %d, %v\nwant %+v, form %d", tc.args, got, form, err, want, tc.form)
		}
	}
}

// TestParseArgumentsErrors: each says what is not understood.
func TestParseArgumentsErrors(t *testing.T) {
	for args, want := range map[string]string{
		"@localhost www.example":      "@localhost: want an address",
		"@ www.example":               "@: want an address",
		"@192.0.2.1:99999 a.":         "@192.0.2.1:99999: want an address",
		"-p":                          "-p needs a value",
		"a. -t":                       "-t needs a value",
		"-p 0 a.":                     "-p 0: want a port",
		"-p 65536 a.":                 "-p 65536: want a port",
		"-x localhost":                "-x localhost: want an address",
		"-t NOSUCH a.":                `type "NOSUCH"`,
		"-t TYPE65536 a.":             `type "TYPE65536"`,
		"-c NOSUCH a.":                `class "NOSUCH"`,
		"-q a..b":                     `"a..b" is no domain name`,
		"--help-me a.":                `unknown flag "--help-me"`,
		"a.example b.example":         `"b.example" is neither a type nor a class, and there is a name already`,
		"a.example NOSUCH":            `"NOSUCH" is neither a type nor a class`,
		strings.Repeat("x", 64):       "is no domain name",
		"bücher.example":              `"bücher.example" is no domain name`,
		"a. +nosuch":                  "unknown option +nosuch; there are +dnssec",
		"a. +":                        "unknown option +;",
		"a. +bufsize":                 "+bufsize=: want a number of octets",
		"a. +bufsize=70000":           "+bufsize=70000: want a number of octets",
		"a. +time=0":                  "+time=0: want seconds",
		"a. +timeout=1.5":             "+timeout=1.5: want seconds",
		"a. +tries=0":                 "+tries=0: want a number",
		"a. +dnssec +noedns":          "+dnssec needs EDNS, which +noedns turns off",
		"a. +nsid +noedns":            "+nsid needs EDNS, which +noedns turns off",
		"a. +bufsize=1232 +noedns":    "+bufsize needs EDNS, which +noedns turns off",
		"@192.0.2.1 @192.0.2.2 -x a.": "-x a.: want an address",
	} {
		if q, _, err := client.ParseArguments(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want %q", args, q, err, want)
		}
	}
}

// FuzzParseArguments: whatever is typed, it is understood or refused with a reason.
func FuzzParseArguments(f *testing.F) {
	for _, s := range []string{"@::1 -p 53 www.example mx +dnssec", "-x 192.0.2.1 +short", `a\000b. CH`, "-t", "+=", "@", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		q, form, err := client.ParseArguments(strings.Fields(line))
		if err != nil {
			if err.Error() == "" {
				t.Error("no reason")
			}
			return
		}
		if q.Name.IsZero() || q.Type == wire.TypeNone && !strings.Contains(strings.ToUpper(line), "TYPE0") || !q.Server.IsValid() || form > client.JSON {
			t.Errorf("%+v, form %d", q, form)
		}
	})
}
