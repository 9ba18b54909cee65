package integration_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// query asks for www.signed.com A, with the ID 0.
const (
	queryText = "AAABAAABAAAAAAAAA3d3dwZzaWduZWQDY29tAAABAAE"
	queryWire = "\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x06signed\x03com\x00\x00\x01\x00\x01"
)

func (e *encrypted) resource() string { return "https://" + loopback + ":" + e.doh + "/dns-query" }

// answered tells whether octets hold the answer to the query.
func answered(octets string) bool {
	return len(octets) > 12 && octets[7] == 1 && strings.HasSuffix(octets, "\x00\x04\xc0\x00\x02\x04")
}

// testEncryptedCurl: curl resolves by the resolver, and fetches answers as a plain client of HTTP.
//
// RFC: 8484.1, 8484.2, 8484.3
func testEncryptedCurl(t *testing.T, e *encrypted) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "query"), queryWire)
	for _, tc := range []struct {
		name string
		args []string
		line string
	}{
		{"HTTP/1.1, GET", []string{"--http1.1", e.resource() + "?dns=" + queryText}, "HTTP/1.1 200"},
		{"HTTP/2, GET", []string{"--http2", e.resource() + "?dns=" + queryText}, "HTTP/2 200"},
		{"HTTP/2, POST", []string{"--http2", "--data-binary", "@query", "-H", "content-type: application/dns-message", e.resource()}, "HTTP/2 200"},
		{"HTTP/1.1, POST", []string{"--http1.1", "--data-binary", "@query", "-H", "content-type: application/dns-message", e.resource()}, "HTTP/1.1 200"},
		{"no query", []string{"--http2", e.resource()}, "HTTP/2 400"},
		{"another path", []string{"--http2", e.resource() + "/x?dns=" + queryText}, "HTTP/2 404"},
		{"another method", []string{"--http2", "-X", "DELETE", e.resource() + "?dns=" + queryText}, "HTTP/2 405"},
		{"another type", []string{"--http2", "--data-binary", "@query", "-H", "content-type: text/plain", e.resource()}, "HTTP/2 415"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			head := output(t, dir, "curl", append([]string{"-s", "--noproxy", "*", "--cacert", e.certificate, "-D", "-", "-o", "body"}, tc.args...)...)
			if !strings.HasPrefix(head, tc.line) {
				t.Fatalf("%s", head)
			}
			if !strings.HasSuffix(tc.line, "200") {
				return
			}
			body, err := os.ReadFile(filepath.Join(dir, "body"))
			if err != nil || !answered(string(body)) {
				t.Errorf("%x, %v", body, err)
			}
			for _, want := range []string{"content-type: application/dns-message", "cache-control: max-age=", `alt-svc: h3=":` + e.doh + `"`} {
				if !strings.Contains(strings.ToLower(head), want) {
					t.Errorf("%q is missing:\n%s", want, head)
				}
			}
		})
	}
	t.Run("--doh-url", func(t *testing.T) {
		before := e.asked(page, "doh")
		out := output(t, dir, "curl", "-s", "--noproxy", "*", "--cacert", e.certificate, "--doh-url", e.resource(), e.web)
		if !strings.Contains(out, "only here") || e.asked(page, "doh") == before {
			t.Errorf("%s", out)
		}
	})
	t.Run("--doh-url, not trusted", func(t *testing.T) {
		out, err := exec.CommandContext(t.Context(), program(t, "curl"), "-s", "--noproxy", "*", "--doh-url", e.resource(), e.web).CombinedOutput()
		if err == nil {
			t.Errorf("%s", out)
		}
	})
}

func testEncryptedNghttp(t *testing.T, e *encrypted) {
	out := output(t, e.dir, "nghttp", "-v", "-n", "-y", e.resource()+"?dns="+queryText)
	for _, want := range []string{":status: 200", "content-type: application/dns-message", "The negotiated protocol: h2"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
}

func testEncryptedH2load(t *testing.T, e *encrypted) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "query"), queryWire)
	for name, args := range map[string][]string{
		"GET":  {e.resource() + "?dns=" + queryText},
		"POST": {"-d", "query", "-H", "content-type: application/dns-message", e.resource()},
	} {
		t.Run(name, func(t *testing.T) {
			out := output(t, dir, "h2load", append([]string{"-n", "2000", "-c", "8", "-m", "30"}, args...)...)
			if !strings.Contains(out, "2000 succeeded, 0 failed, 0 errored") || !strings.Contains(out, "2000 2xx") || !strings.Contains(out, "Application protocol: h2") {
				t.Errorf("%s", out)
			}
		})
	}
}

// testEncryptedHTTP3 has the example client of ngtcp2 ask.
//
// RFC: 8484.1
func testEncryptedHTTP3(t *testing.T, e *encrypted) {
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program(t, "gtlsclient"), "--exit-on-all-streams-close", "--no-quic-dump", "--timeout=5s",
		"--download="+dir, loopback, e.doh, "https://localhost:"+e.doh+"/dns-query?dns="+queryText)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"Negotiated ALPN is h3", "[:status: 200]", "[content-type: application/dns-message]", "[cache-control: max-age="} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	body, err := os.ReadFile(filepath.Join(dir, "dns-query?dns="+queryText))
	if err != nil {
		body, err = os.ReadFile(filepath.Join(dir, "dns-query"))
	}
	if err != nil || !answered(string(body)) {
		t.Errorf("%x, %v", body, err)
	}
}

// testEncryptedDnsperf: not one query is lost at a rate that no machine should find hard.
func testEncryptedDnsperf(t *testing.T, e *encrypted) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "queries"), "www.signed.com A\nwww.ed.se A\nwww.plain.com A\n")
	for _, tc := range []struct {
		mode, port string
		args       []string
	}{
		{"tcp", e.dns, nil},
		{"dot", e.dot, nil},
		{"doh", e.doh, []string{"-O", "doh-uri=https://localhost/dns-query"}},
		{"doh", e.doh, []string{"-O", "doh-uri=https://localhost/dns-query", "-O", "doh-method=POST"}},
	} {
		t.Run(strings.Join(append([]string{tc.mode}, tc.args...), " "), func(t *testing.T) {
			t.Parallel() // a second each, at a rate that leaves time
			out := output(t, dir, "dnsperf", append([]string{"-m", tc.mode, "-s", loopback, "-p", tc.port, "-d", "queries", "-l", "1", "-Q", "500", "-c", "4", "-T", "1"}, tc.args...)...)
			if !regexp.MustCompile(`(?m)^\s*Queries lost:\s+0 `).MatchString(out) || !regexp.MustCompile(`Response codes:\s+NOERROR \d+ \(100\.00%\)`).MatchString(out) {
				t.Errorf("%s", out)
			}
		})
	}
}
