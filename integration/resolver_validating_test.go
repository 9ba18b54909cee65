package integration_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// delv asks as a client that trusts nobody: it fetches keys and DS records through the resolver, with CD, and judges
// each answer by itself from the root's key. It returns what it says of it.
func (w *world) delv(t *testing.T, r *resolver, name, qtype string) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "anchors"), w.bindAnchors())
	out := output(t, dir, "delv", "-a", "anchors", "-p", r.port, "@"+r.addr, "+nosplit", name, qtype)
	var said []string // of each zone that an alias leads through
	for _, m := range regexp.MustCompile(`(?m)^(?:; ((?:negative response, )?fully validated|(?:negative response, )?unsigned answer)|;; (resolution failed: .*))$`).FindAllStringSubmatch(out, -1) {
		said = append(said, m[1]+m[2])
	}
	return strings.Join(said, ", then ")
}

// testValidatingClient has a validating client of others find what it needs for its proofs in what we answer.
func testValidatingClient(t *testing.T, w *world, r *resolver) {
	for _, row := range []struct{ name, qtype, said string }{
		{"www.ldns.com", "A", "fully validated"},
		{"www.knot.org", "A", "fully validated"},
		{"www.bind.net", "A", "fully validated"},
		{"bind.net", "MX", "fully validated"},
		{"alias.knot.org", "A", "fully validated"},
		{"bind.net", "DNSKEY", "fully validated"},
		{"ldns.com", "DS", "fully validated"},
		// Denials, by NSEC and by NSEC3 with and without salt.
		{"www.ldns.com", "TXT", "negative response, fully validated"},
		{"www.knot.org", "TXT", "negative response, fully validated"},
		{"www.bind.net", "TXT", "negative response, fully validated"},
		{"ent.ldns.com", "A", "negative response, fully validated"},
		{"ent.knot.org", "A", "negative response, fully validated"},
		{"missing.ldns.com", "A", "negative response, fully validated"},
		{"missing.knot.org", "A", "negative response, fully validated"},
		{"missing.bind.net", "A", "negative response, fully validated"},
		{"missing.com", "A", "negative response, fully validated"},
		{"missing", "A", "negative response, fully validated"},
		// Wildcards, with the proof that the name itself does not exist.
		{"fresh1.wild.ldns.com", "A", "fully validated"},
		{"fresh1.wild.knot.org", "A", "fully validated"},
		{"fresh1.wild.bind.net", "A", "fully validated"},
		{"fresh2.wild.ldns.com", "TXT", "negative response, fully validated"},
		{"fresh2.wild.bind.net", "TXT", "negative response, fully validated"},
		// DNAME, whose CNAME nobody signs.
		{"x.dn.ldns.com", "A", "fully validated"},
		{"x.dn.knot.org", "A", "fully validated"},
		{"www.far.knot.org", "A", "fully validated, then unsigned answer"},
		// Below a delegation without DS.
		{"plain.ldns.com", "DS", "negative response, fully validated"},
		{"www.plain.ldns.com", "A", "unsigned answer"},
		{"www.plain.knot.org", "A", "unsigned answer"},
		{"www.plain.bind.net", "A", "unsigned answer"},
		{"www.alpha.com", "A", "unsigned answer"},
		{"out.ldns.com", "A", "fully validated, then unsigned answer"},
	} {
		t.Run(row.name+" "+row.qtype, func(t *testing.T) {
			// The second answer comes from the cache, which must have kept the proofs.
			for _, asked := range []string{"first", "cached"} {
				said := w.delv(t, r, row.name, row.qtype)
				if said != row.said {
					t.Errorf("%s: delv says %q, want %q", asked, said, row.said)
				}
			}
		})
	}
}
