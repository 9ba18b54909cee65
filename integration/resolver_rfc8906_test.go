package integration_test

import (
	"slices"
	"strings"
	"testing"
)

// testRFC8906 runs the commands of RFC 8906 §8 as they stand there, for a recursive server: with RD, of a zone that it
// does not serve, and without AA expected.
func testRFC8906(t *testing.T, _ *world, r *resolver) {
	const zone = "ldns.com" // signed, as §8.2.7 wants it
	for _, tc := range []struct {
		section, args string
		want          string // status, and what is expected to be present
		not           string // what is not
	}{
		{"8.1.1 configured", "+noedns +noad soa $zone", "NOERROR soa rd ra", "ad opt"},
		{"8.1.2 unknown type", "+noedns +noad type1000 $zone", "NOERROR rd ra", "answer ad opt"},
		{"8.1.3.1 CD", "+noedns +noad +cd soa $zone", "NOERROR soa rd ra cd", "ad opt"},
		{"8.1.3.2 AD", "+noedns +ad soa $zone", "NOERROR soa rd ra", "opt"},
		{"8.1.3.3 reserved bit", "+noedns +noad +zflag soa $zone", "NOERROR soa rd ra", "MBZ ad opt"},
		{"8.1.3.4 RD", "+noedns +noad +rec soa $zone", "NOERROR soa rd ra", "ad opt"},
		{"8.1.4 unknown opcode", "+noedns +noad +opcode=15 +norec +header-only", "NOTIMP opcode=RESERVED15", "answer authority rd ad opt"},
		{"8.1.5 TCP", "+noedns +noad +tcp soa $zone", "NOERROR soa rd ra tcp", "ad opt"},
		{"8.2.1 EDNS", "+nocookie +edns=0 +noad soa $zone", "NOERROR soa opt rd ra", "ad options"},
		{"8.2.2 version", "+nocookie +edns=1 +noednsneg +noad soa $zone", "BADVERS opt", "answer ad options"},
		{"8.2.3 unknown option", "+nocookie +edns=0 +noad +ednsopt=100 soa $zone", "NOERROR soa opt rd ra", "OPT=100 ad options"},
		{"8.2.4 unknown flag", "+nocookie +edns=0 +noad +ednsflags=0x40 soa $zone", "NOERROR soa opt rd ra", "MBZ ad options"},
		{"8.2.5 version, unknown flag", "+nocookie +edns=1 +noednsneg +noad +ednsflags=0x40 soa $zone", "BADVERS opt", "answer MBZ ad options"},
		{"8.2.6 version, unknown option", "+nocookie +edns=1 +noednsneg +noad +ednsopt=100 soa $zone", "BADVERS opt", "answer OPT=100 ad options"},
		{"8.2.7 truncated", "+dnssec +bufsize=512 +ignore dnskey $zone", "NOERROR opt do rd ra", "MBZ"},
		{"8.2.7 truncated, of other data", "+dnssec +bufsize=512 +ignore big.alpha.com TXT", "NOERROR opt do rd ra tc", "MBZ answer"},
		{"8.2.8 DO", "+nocookie +edns=0 +noad +dnssec soa $zone", "NOERROR soa opt do rd ra", "MBZ options"},
		{"8.2.9 version, DO", "+nocookie +edns=1 +noednsneg +noad +dnssec soa $zone", "BADVERS opt do", "answer MBZ options"},
		{"8.2.10 defined options", "+edns=0 +noad +cookie +nsid +expire +subnet=0.0.0.0/0 soa $zone", "NOERROR soa opt rd ra", "ad MBZ"},
	} {
		t.Run(tc.section, func(t *testing.T) {
			a := r.dig(t, strings.Fields(strings.ReplaceAll(tc.args, "$zone", zone))...)
			status, want, _ := strings.Cut(tc.want, " ")
			if a.status != status {
				t.Errorf("status %s, want %s", a.status, status)
			}
			for _, w := range strings.Fields(want) {
				if !a.has(w) {
					t.Errorf("%s is expected to be present", w)
				}
			}
			// §8: "Non-authoritative answers (AA=0) are expected when talking to a recursive server."
			for _, n := range append(strings.Fields(tc.not), "aa") {
				if a.has(n) {
					t.Errorf("%s is expected NOT to be present", n)
				}
			}
			if t.Failed() {
				t.Log(a.text)
			}
		})
	}
}

// has reports whether a reply has what RFC 8906 §8 has a word for.
func (a *reply) has(what string) bool {
	switch what {
	case "soa":
		return slices.ContainsFunc(owners(a.answer), func(o string) bool { return strings.HasSuffix(o, " SOA") })
	case "answer":
		return len(a.answer) > 0
	case "authority":
		return len(a.authority) > 0
	case "opt":
		return a.edns
	case "do":
		return slices.Contains(strings.Fields(a.ednsFlags), "do")
	case "options":
		return len(a.options) > 0
	case "tcp":
		return a.tcp
	case "MBZ", "OPT=100":
		return strings.Contains(a.text, what)
	}
	if opcode, ok := strings.CutPrefix(what, "opcode="); ok {
		return a.opcode == opcode
	}
	return slices.Contains(strings.Fields(a.flags), what)
}
