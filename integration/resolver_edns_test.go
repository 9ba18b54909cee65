package integration_test

import (
	"strconv"
	"strings"
	"testing"
)

// testEDNS asks with the options that clients have, and some that they should not have.
func testEDNS(t *testing.T, _ *world, r *resolver) {
	www := []string{"www.alpha.com. IN A 192.0.2.11"}
	for _, row := range []struct {
		want
		kdig    bool
		plain   bool              // no OPT in the reply
		do      bool              // the DO bit is copied (RFC 3225 §3)
		options map[string]string // those of the reply, with the beginning of each value
	}{
		{want: want{args: "+noedns +nocookie www.alpha.com", answer: www}, plain: true},
		{want: want{args: "+noedns www.alpha.com", answer: www}, kdig: true, plain: true},
		{want: want{args: "+edns +nocookie www.alpha.com", answer: www}},
		{want: want{args: "+edns www.alpha.com", answer: www}, kdig: true},
		{want: want{args: "+nocookie +dnssec www.alpha.com", answer: www}, do: true},
		{want: want{args: "+dnssec www.alpha.com", answer: www}, kdig: true, do: true},
		// RFC 6891 §6.1.3, §6.1.2, §6.1.4: versions, options and flags of the future.
		{want: want{args: "+edns=1 +noednsneg +nocookie www.alpha.com", status: "BADVERS"}},
		{want: want{args: "+edns=100 www.alpha.com", status: "BADVERS"}, kdig: true},
		{want: want{args: "+edns=1 +noednsneg +nocookie +ednsopt=65001:abcd missing.alpha.com", status: "BADVERS"}},
		{want: want{args: "+nocookie +ednsopt=65001:abcd www.alpha.com", answer: www}},
		{want: want{args: "+ednsopt=65001:abcd www.alpha.com", answer: www}, kdig: true},
		{want: want{args: "+nocookie +ednsflags=0x4080 www.alpha.com", answer: www}},
		{want: want{args: "+nocookie +dnssec +ednsflags=0x4000 www.alpha.com", answer: www}, do: true},
		// RFC 5001, with two clients' idea of the same octets.
		{want: want{args: "+nocookie +nsid www.alpha.com", answer: www}, options: map[string]string{"NSID": `68 65 72 65 ("here")`}},
		{want: want{args: "+nsid www.alpha.com", answer: www}, kdig: true, options: map[string]string{"NSID": `68657265 "here"`}},
		// RFC 7873: dig says whether its own cookie came back.
		{want: want{args: "+cookie www.alpha.com", answer: www}, options: map[string]string{"COOKIE": ""}},
		{want: want{args: "+cookie=0102030405060708 www.alpha.com", answer: www}, options: map[string]string{"COOKIE": "0102030405060708"}},
		{want: want{args: "+cookie=0102030405060708 www.alpha.com", answer: www}, kdig: true, options: map[string]string{"COOKIE": "0102030405060708"}},
		{want: want{args: "+cookie=01 www.alpha.com", status: "FORMERR", ede: []string{"0 malformed COOKIE option"}}},
		{want: want{args: "+cookie missing.alpha.com", status: "NXDOMAIN", authority: []string{"alpha.com. SOA"}}, options: map[string]string{"COOKIE": ""}},
		// RFC 7871 §7.2.2: no option back where none is used. RFC 7830 §3: no padding in the clear. RFC 7828 §3.2.1.
		{want: want{args: "+nocookie +subnet=192.0.2.0/24 www.alpha.com", answer: www}},
		{want: want{args: "+subnet=2001:db8::/56 www.alpha.com", answer: www}, kdig: true},
		{want: want{args: "+nocookie +padding=128 www.alpha.com", answer: www}},
		{want: want{args: "+nocookie +keepalive www.alpha.com", answer: www}},
		{want: want{args: "+nocookie +keepalive +tcp www.alpha.com", answer: www}, options: map[string]string{"TCP KEEPALIVE": "10.0 secs"}},
		{want: want{args: "+nocookie +expire www.alpha.com", answer: www}},
	} {
		client := map[bool]string{false: "dig ", true: "kdig "}[row.kdig]
		t.Run(client+row.args, func(t *testing.T) {
			ask := r.dig
			if row.kdig {
				ask = r.kdig
			}
			a := ask(t, strings.Fields(row.args)...)
			row.check(t, a)
			if a.edns == row.plain {
				t.Errorf("EDNS in the reply: %v\n%s", a.edns, a.text)
			}
			if a.edns && a.udp != "1232" {
				t.Errorf("payload size %s\n%s", a.udp, a.text)
			}
			if flags := map[bool]string{true: "do"}[row.do]; a.ednsFlags != flags {
				t.Errorf("EDNS flags %q, want %q\n%s", a.ednsFlags, flags, a.text)
			}
			for name, value := range row.options {
				if got, ok := a.options[name]; !ok || !strings.HasPrefix(got, value) {
					t.Errorf("option %s is %q, want %q\n%s", name, got, value, a.text)
				}
			}
			if len(a.options) != len(row.options) || strings.Contains(a.text, "OPT=") {
				t.Errorf("options %v, want %v\n%s", a.options, row.options, a.text)
			}
			if c := a.options["COOKIE"]; c != "" && !row.kdig && !strings.HasSuffix(c, "(good)") {
				t.Errorf("cookie %s", c)
			}
		})
	}
	// A server cookie is taken back as it was given (RFC 9018).
	first := r.kdig(t, "+cookie=0102030405060708", "www.alpha.com").options["COOKIE"]
	again := r.kdig(t, "+cookie="+first, "www.alpha.com").options["COOKIE"]
	if len(first) != 48 || again != first {
		t.Errorf("cookie %s, given back %s", first, again)
	}
}

// testSizes asks for answers of 1.1 and 3 KiB by clients that take more or less.
func testSizes(t *testing.T, w *world, r *resolver) {
	for _, row := range []struct {
		args  string
		whole bool
		most  int
	}{
		{"medium.alpha.com +noedns", false, 512},
		{"medium.alpha.com +bufsize=512", false, 512},
		{"medium.alpha.com +bufsize=100", false, 512}, // means 512 (RFC 6891 §6.2.3)
		{"medium.alpha.com +bufsize=1000", false, 1000},
		{"medium.alpha.com +bufsize=1232", true, 1232},
		{"medium.alpha.com +bufsize=4096", true, 1232},
		{"big.alpha.com +bufsize=1232", false, 1232},
		{"big.alpha.com +bufsize=4096", false, 1232}, // no fragments, whatever a client takes (RFC 9715 §3)
		{"big.alpha.com +bufsize=65535", false, 1232},
		{"big.alpha.com +tcp", true, 65535},
		{"big.alpha.com +tcp +bufsize=512", true, 65535},
		{"big.alpha.com +tcp +noedns", true, 65535},
	} {
		for name, ask := range map[string]func(*testing.T, ...string) *reply{"dig": r.dig, "kdig": r.kdig} {
			t.Run(name+" "+row.args, func(t *testing.T) {
				a := ask(t, append(strings.Fields(row.args), "TXT", "+ignore")...)
				want := "qr tc rd ra"
				if row.whole {
					want = "qr rd ra"
				}
				n, err := strconv.Atoi(a.octets)
				if a.flags != want || len(a.answer) > 0 != row.whole || err != nil || n > row.most || len(a.authority)+len(a.ede) > 0 {
					t.Errorf("%s", a.text)
				}
			})
		}
	}
	// A client that heeds TC gets the rest.
	for _, ask := range []func(*testing.T, ...string) *reply{r.dig, r.kdig} {
		if a := ask(t, "big.alpha.com", "TXT"); !a.retried || !a.tcp || len(a.answer) != 1 || a.flags != "qr rd ra" {
			t.Errorf("no retry by TCP\n%s", a.text)
		}
	}
}
