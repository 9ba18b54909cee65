package integration_test

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// TestPeersEncrypted holds the encrypted transports to clients of others: the command as it is shipped, over `recursor
// testbed`, asked by dig, kdig, curl, nghttp, h2load, dnsperf, gtlsclient and stubby, by what `recursor profile` and the
// resolver itself say of how it is reached.
func TestPeersEncrypted(t *testing.T) {
	e := serveEncrypted(t)
	for _, part := range []struct {
		name string
		test func(*testing.T, *encrypted)
	}{
		{"every transport", testEveryTransport},
		{"kdig", testEncryptedKdig},
		{"dig", testEncryptedDig},
		{"padding", testEncryptedPadding},
		{"discovery", testDiscovery},
		{"curl", testEncryptedCurl},
		{"nghttp", testEncryptedNghttp},
		{"h2load", testEncryptedH2load},
		{"HTTP/3", testEncryptedHTTP3},
		{"dnsperf", testEncryptedDnsperf},
		{"stubby", testEncryptedStubby},
		{"profile", testEncryptedProfile},
		{"trial", testEncryptedTrial},
		{"check", testEncryptedCheck},
		{"digests", testEncryptedDigests},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, e) })
	}
	t.Run("end", e.finish)
}

// way is how kdig asks over a transport.
type way struct {
	name, port string
	args       []string
	says       string
}

func (e *encrypted) ways() []way {
	return []way{
		{"UDP", e.dns, nil, "(UDP)"},
		{"TCP", e.dns, []string{"+tcp"}, "(TCP)"},
		{"DoT", e.dot, []string{"+tls"}, "TLS1.3"},
		{"DoH", e.doh, []string{"+https"}, "HTTP/2-POST"},
		{"DoH GET", e.doh, []string{"+https-get"}, "HTTP/2-GET"},
		{"DoQ", e.doq, []string{"+quic"}, "QUICv1"},
	}
}

// kdig runs kdig once; the error is its own where it failed.
func (e *encrypted) kdig(t *testing.T, port string, args ...string) (string, error) {
	t.Helper()
	args = append([]string{"@" + loopback, "-p", port, "+retry=0", "+time=8"}, args...)
	out, err := exec.CommandContext(t.Context(), program(t, "kdig"), args...).CombinedOutput()
	return string(out), err
}

// testEveryTransport asks everything that the testbed has over all transports: what is answered must be the same,
// whichever it is.
func testEveryTransport(t *testing.T, e *encrypted) {
	var asked []string
	for _, q := range e.questions {
		asked = append(asked, strings.Fields(q)...)
	}
	// Local names, and what is refused.
	asked = append(asked, "localhost.", "A", "nothing.invalid.", "A", "1.0.0.127.in-addr.arpa.", "PTR", "www.signed.com.", "ANY")
	said, outs, errs := map[string][]string{}, map[string]string{}, map[string]error{}
	var mu sync.Mutex
	put := func(w way, questions []string) {
		out, err := e.kdig(t, w.port, slices.Concat([]string{"+dnssec", "+nocrypto"}, w.args, questions)...)
		mu.Lock()
		defer mu.Unlock()
		outs[w.name] += out
		errs[w.name] = errors.Join(errs[w.name], err)
	}
	ways := e.ways()
	// First over UDP, in parts, as it is now that the resolver waits for servers that are silent.
	parts := make([][]string, 8)
	for i := 0; i < len(asked); i += 2 {
		part := &parts[i/2%len(parts)]
		*part = append(*part, asked[i:i+2]...)
	}
	eachAtOnce(parts, len(parts), func(part []string) { put(ways[0], part) })
	eachAtOnce(ways[1:], len(ways)-1, func(w way) { put(w, asked) })
	for _, w := range ways {
		out, err := outs[w.name], errs[w.name]
		if err != nil {
			t.Fatalf("%s: %v\n%s", w.name, err, out)
		}
		if !strings.Contains(out, w.says) {
			t.Errorf("%s: kdig does not say %q", w.name, w.says)
		}
		for _, part := range strings.Split(out, ";; ->>HEADER<<-")[1:] {
			r, ok := parseReply(";; ->>HEADER<<-" + part)
			if !ok {
				t.Fatalf("%s: %s", w.name, part)
			}
			if r.status == "SERVFAIL" { // what stands beside a failure is there when it is new
				r.answer, r.authority = nil, nil
			}
			for _, section := range [][]string{r.answer, r.authority} {
				slices.Sort(section)
			}
			r.flags = strings.Join(strings.Fields(strings.ReplaceAll(r.flags, "tc", "")), " ")
			said[w.name] = append(said[w.name], strings.Join(slices.Concat([]string{r.status, r.flags}, r.question, []string{"|"}, r.answer, []string{"|"}, r.authority), "\n"))
		}
		// kdig asks for what is truncated again, over TCP.
		if len(said[w.name]) < len(e.questions) {
			t.Fatalf("%s: %d replies to %d questions:\n%s", w.name, len(said[w.name]), len(asked)/2, out)
		}
	}
	for _, w := range e.ways()[2:] {
		for _, reply := range said[w.name] {
			if !slices.Contains(said["TCP"], reply) {
				t.Errorf("over %s, and not over TCP:\n%s", w.name, reply)
			}
		}
		if len(said[w.name]) != len(said["TCP"]) {
			t.Errorf("%d replies over %s, %d over TCP", len(said[w.name]), w.name, len(said["TCP"]))
		}
	}
	for _, reply := range said["TCP"] {
		if !slices.Contains(said["UDP"], reply) {
			t.Errorf("over TCP, and not over UDP:\n%s", reply)
		}
	}
}

// testEncryptedKdig has kdig verify the resolver by its pin and by its name, over each transport, and refuse it where
// they are another's.
//
// RFC: 7858.2, 7858.5, 8310.2, 9250.1
func testEncryptedKdig(t *testing.T, e *encrypted) {
	wrongPin := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for _, w := range e.ways()[2:] {
		for _, tc := range []struct {
			name  string
			args  []string
			taken bool
		}{
			{"unverified", nil, true},
			{"its pin", []string{"+tls-pin=" + e.pin}, true},
			{"its name", []string{"+tls-ca=" + e.certificate, "+tls-hostname=dns.example"}, true},
			{"both", []string{"+tls-ca=" + e.certificate, "+tls-hostname=dns.example", "+tls-pin=" + e.pin}, true},
			{"another pin", []string{"+tls-pin=" + wrongPin}, false},
			{"another name", []string{"+tls-ca=" + e.certificate, "+tls-hostname=other.example"}, false},
			{"another authority", []string{"+tls-ca", "+tls-hostname=dns.example"}, false},
		} {
			t.Run(w.name+", "+tc.name, func(t *testing.T) {
				out, err := e.kdig(t, w.port, slices.Concat(tc.args, w.args, []string{"www.signed.com", "A"})...)
				r, ok := parseReply(out)
				switch {
				case tc.taken && (err != nil || !ok || r.status != "NOERROR" || strings.Join(r.answer, "") != "www.signed.com. IN A 192.0.2.4"):
					t.Errorf("%v\n%s", err, out)
				case !tc.taken && strings.Contains(out, "192.0.2.4"):
					t.Errorf("taken:\n%s", out)
				}
			})
		}
	}
}

// RFC: 7858.2, 8484.1
func testEncryptedDig(t *testing.T, e *encrypted) {
	for _, tc := range []struct {
		name, port string
		args       []string
	}{
		{"DoT", e.dot, []string{"+tls"}},
		{"DoT, by name", e.dot, []string{"+tls", "+tls-ca=" + e.certificate, "+tls-hostname=dns.example"}},
		{"DoH", e.doh, []string{"+https"}},
		{"DoH, by name", e.doh, []string{"+https", "+tls-ca=" + e.certificate, "+tls-hostname=dns.example"}},
		{"DoH, GET", e.doh, []string{"+https-get"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := (&resolver{addr: loopback, port: tc.port}).dig(t, append(tc.args, "+dnssec", "www.signed.com", "A")...)
			if r.status != "NOERROR" || r.flags != "qr rd ra ad" || len(r.answer) != 2 {
				t.Errorf("%s", r.text)
			}
		})
	}
}

// testEncryptedPadding: padded answers for padded queries, in blocks of 468 octets, and for no others.
//
// RFC: 7830.1, 8467.1
func testEncryptedPadding(t *testing.T, e *encrypted) {
	for _, w := range e.ways() {
		for _, ask := range []string{"+padding=128", "+nopadding"} {
			out, err := e.kdig(t, w.port, slices.Concat(w.args, []string{"+edns", ask, "www.signed.com", "A"})...)
			r, ok := parseReply(out)
			if err != nil || !ok {
				t.Fatalf("%s %s: %v\n%s", w.name, ask, err, out)
			}
			octets, _ := strconv.Atoi(r.octets)
			padded := strings.Contains(out, ";; PADDING:")
			want := ask != "+nopadding" && w.port != e.dns
			if padded != want || want != (octets%468 == 0) {
				t.Errorf("%s %s: %d octets, padded %v, want %v\n%s", w.name, ask, octets, padded, want, out)
			}
		}
	}
}

// testDiscovery goes the way of a client that knows the address of the resolver and nothing else: it asks for the
// designated resolvers, and takes those whose certificate has the address it knows (RFC 9462 §4.2).
//
// RFC: 9461.1, 9462.1, 9462.3, 9606.1
func testDiscovery(t *testing.T, e *encrypted) {
	plain := &resolver{addr: loopback, port: e.dns}
	for _, client := range []func(*testing.T, ...string) *reply{plain.dig, plain.kdig} {
		if r := client(t, "_dns.resolver.arpa", "TYPE64"); r.status != "NOERROR" || len(r.answer) != 3 || strings.Join(r.additional, "") != "dns.example. IN A 127.0.0.1" {
			t.Errorf("%s", r.text)
		}
		if r := client(t, "+norec", "resolver.arpa", "TYPE261"); r.status != "NOERROR" || r.flags != "qr aa ra" || len(r.answer) != 1 {
			t.Errorf("%s", r.text)
		}
		if r := client(t, "_dns.resolver.arpa", "AAAA"); r.status != "NOERROR" || len(r.answer) != 0 {
			t.Errorf("%s", r.text)
		}
	}
	q := new(dns.Msg).SetQuestion("_dns.resolver.arpa.", dns.TypeSVCB)
	found, err := dns.ExchangeContext(t.Context(), q, net.JoinHostPort(loopback, e.dns))
	if err != nil {
		t.Fatal(err)
	}
	ports := map[string]string{}
	for _, rr := range found.Answer {
		service := rr.(*dns.SVCB)
		if service.Target != "dns.example." {
			t.Errorf("%v", rr)
		}
		var alpn, port string
		for _, v := range service.Value {
			switch v := v.(type) {
			case *dns.SVCBAlpn:
				alpn = strings.Join(v.Alpn, " ")
			case *dns.SVCBPort:
				port = v.String()
			case *dns.SVCBDoHPath:
				if v.Template != "/dns-query{?dns}" {
					t.Errorf("%v", rr)
				}
			}
		}
		ports[alpn] = port
	}
	for alpn, port := range map[string]string{"dot": e.dot, "h2 h3": e.doh, "doq": e.doq} {
		if ports[alpn] != port {
			t.Errorf("%s is at port %q, want %q: %v", alpn, ports[alpn], port, found.Answer)
		}
	}
	client := dns.Client{Net: "tcp-tls", TLSConfig: &tls.Config{RootCAs: e.roots(t), ServerName: loopback, NextProtos: []string{"dot"}, MinVersion: tls.VersionTLS13}}
	r, _, err := client.ExchangeContext(t.Context(), new(dns.Msg).SetQuestion("www.signed.com.", dns.TypeA), net.JoinHostPort(loopback, ports["dot"]))
	if err != nil || len(r.Answer) != 1 {
		t.Errorf("verified by address: %v, %v", r, err)
	}
}

// testEncryptedStubby has stubby, which trusts the pin alone, ask for others, with the settings that `recursor profile`
// prints; with another pin it gets nothing.
//
// RFC: 8310.2
func testEncryptedStubby(t *testing.T, e *encrypted) {
	settings := e.profile(t, "stubby")
	for _, tc := range []struct {
		name, settings string
		taken          bool
	}{
		{"its pin", settings, true},
		{"another pin", strings.Replace(settings, e.pin, base64.StdEncoding.EncodeToString(make([]byte, 32)), 1), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			port := strconv.Itoa(freePort(t, loopback))
			file := filepath.Join(t.TempDir(), "stubby.yml")
			writeFile(t, file, tc.settings+"listen_addresses: ["+loopback+"@"+port+"]\nidle_timeout: 2000\ntimeout: 2000\n")
			p := run(t, e.dir, program(t, "stubby"), "-C", file)
			defer stop(p)
			if !p.waitFor("Starting DAEMON") {
				logTail(t, p)
				t.Fatal("stubby does not come up")
			}
			before := e.asked("www.ed.se", "dot")
			r := (&resolver{addr: loopback, port: port}).dig(t, "www.ed.se", "A")
			if taken := strings.Join(r.answer, "") == "www.ed.se. IN A 192.0.2.10"; taken != tc.taken {
				t.Errorf("%s", r.text)
			}
			if over := e.asked("www.ed.se", "dot") > before; over != tc.taken {
				t.Errorf("asked over DoT: %v", over)
			}
		})
	}
}

// testEncryptedProfile has another program than ours read the profile for Apple's systems.
func testEncryptedProfile(t *testing.T, e *encrypted) {
	file := filepath.Join(t.TempDir(), "recursor.mobileconfig")
	output(t, e.dir, e.binary, "profile", "--config", e.config, "--apple", file)
	const script = `import json, plistlib, sys
print(json.dumps(plistlib.load(open(sys.argv[1], "rb")), default=lambda b: len(b)))`
	var profile struct {
		PayloadType    string
		PayloadContent []struct {
			PayloadType, PayloadUUID string
			DNSSettings              struct {
				DNSProtocol, ServerURL string
				ServerAddresses        []string
			}
		}
	}
	if err := json.Unmarshal([]byte(output(t, e.dir, "python3", "-c", script, file)), &profile); err != nil {
		t.Fatal(err)
	}
	if profile.PayloadType != "Configuration" || len(profile.PayloadContent) != 2 {
		t.Fatalf("%+v", profile)
	}
	first := profile.PayloadContent[0]
	if s := first.DNSSettings; first.PayloadType != "com.apple.dnsSettings.managed" || s.DNSProtocol != "HTTPS" ||
		s.ServerURL != "https://dns.example:"+e.doh+"/dns-query" || !slices.Equal(s.ServerAddresses, []string{loopback}) {
		t.Errorf("%+v", first)
	}
	if second := profile.PayloadContent[1]; second.PayloadType != "com.apple.security.root" || second.PayloadUUID == first.PayloadUUID {
		t.Errorf("%+v", second)
	}
}

// testEncryptedTrial runs the commands that `recursor profile` prints, for a name that there is.
func testEncryptedTrial(t *testing.T, e *encrypted) {
	_, address, _ := strings.Cut(e.web, "//")
	for line := range strings.Lines(e.profile(t, "To see it answer")) {
		line = strings.TrimSpace(line)
		want := "192.0.2.4"
		if strings.HasPrefix(line, "curl") {
			line, want = strings.Replace(line, "http://example.com/", "--noproxy '*' -s http://"+address, 1), "only here"
		}
		line = strings.Replace(line, "example.com", "www.signed.com", 1)
		if out := output(t, e.dir, "sh", "-c", line); !strings.Contains(out, want) {
			t.Errorf("%s\n%s", line, out)
		}
	}
}

// testEncryptedCheck: `recursor check` tells what the log told at the start.
func testEncryptedCheck(t *testing.T, e *encrypted) {
	out := output(t, e.dir, e.binary, "check", "--config", e.config)
	for _, want := range []string{"self-signed, kept in", e.pin, "ends at 20", "discovery: clients are told of dot at 127.0.0.1:" + e.dot + " as dns.example"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	if strings.Contains(out, "is not for") {
		t.Errorf("%s", out)
	}
}
