package integration_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// testLoad has dnsperf ask at a rate that no machine should find hard. Not one query may be lost; how fast the answers
// are is not asked here.
func testLoad(t *testing.T, w *world, r *resolver) {
	dir := t.TempDir()
	var list strings.Builder
	for _, q := range questions(t, w, 400) {
		if strings.HasSuffix(q.Question[0].Name, "expired.com.") {
			continue // SERVFAIL, as for what is lost
		}
		list.WriteString(q.Question[0].Name + " " + dns.Type(q.Question[0].Qtype).String() + "\n")
	}
	writeFile(t, filepath.Join(dir, "queries"), list.String())
	for _, mode := range []string{"udp", "tcp"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel() // a second each, at a rate that leaves time
			out := output(t, dir, "dnsperf", "-s", r.addr, "-p", r.port, "-m", mode, "-d", "queries", "-l", "1", "-Q", "500", "-c", "4", "-T", "1")
			count := func(what string) string {
				m := regexp.MustCompile(`(?m)^\s*` + what + `:\s+(.*)$`).FindStringSubmatch(out)
				if m == nil {
					t.Fatalf("no %q in\n%s", what, out)
				}
				return m[1]
			}
			codes := count("Response codes")
			if !strings.HasPrefix(count("Queries lost"), "0 ") || !strings.HasPrefix(count("Queries completed"), count("Queries sent")+" ") ||
				regexp.MustCompile(`SERVFAIL|REFUSED|FORMERR`).MatchString(codes) {
				t.Errorf("%s", out)
			}
			t.Logf("%s queries: %s", count("Queries sent"), codes)
		})
	}
}
