package integration_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// signer is a program of others that signs zones. It returns the signed zone and the zone's DS records.
type signer func(t *testing.T, origin, zone string) (signed, ds string)

// signers by the name of their package; each makes another kind of denial. What late signs has expired.
func signers() map[string]signer {
	return map[string]signer{
		"ldns": func(t *testing.T, origin, zone string) (string, string) { return signLDNS(t, origin, zone) },
		"late": func(t *testing.T, origin, zone string) (string, string) {
			return signLDNS(t, origin, zone, "-i", "20200101000000", "-e", "20200201000000")
		},
		"bind": signBIND, "knot": signKnot,
	}
}

// signLDNS signs with a key pair and NSEC.
func signLDNS(t *testing.T, origin, zone string, more ...string) (signed, ds string) {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "zone"), zone)
	ksk := strings.TrimSpace(output(t, dir, "ldns-keygen", "-a", "ECDSAP256SHA256", "-k", origin))
	zsk := strings.TrimSpace(output(t, dir, "ldns-keygen", "-a", "ECDSAP256SHA256", origin))
	output(t, dir, "ldns-signzone", append(more, "-o", origin, "-f", "signed", "zone", ksk, zsk)...)
	return readFile(t, filepath.Join(dir, "signed")), readFile(t, filepath.Join(dir, ksk+".ds"))
}

// signBIND signs with a key pair and NSEC3.
func signBIND(t *testing.T, origin, zone string) (signed, ds string) {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "zone"), zone)
	output(t, dir, "dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", origin)
	output(t, dir, "dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", origin)
	output(t, dir, "dnssec-signzone", "-S", "-3", "-", "-H", "0", "-o", origin, "-f", "signed", "zone")
	return readFile(t, filepath.Join(dir, "signed")), readFile(t, filepath.Join(dir, "dsset-"+origin))
}

// signKnot signs with one key and NSEC3 that has a salt and iterations.
func signKnot(t *testing.T, origin, zone string) (signed, ds string) {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "zone"), zone)
	writeFile(t, filepath.Join(dir, "knot.conf"), fmt.Sprintf("server:\n    rundir: %q\ndatabase:\n    storage: %[1]q\n"+
		"policy:\n  - id: ours\n    single-type-signing: on\n    algorithm: ed25519\n    nsec3: on\n    nsec3-iterations: 5\n"+
		"    nsec3-salt-length: 4\nzone:\n  - domain: %s\n    storage: %[1]q\n    file: zone\n    journal-content: none\n"+
		"    dnssec-signing: on\n    dnssec-policy: ours\n", dir, origin))
	if err := os.Mkdir(filepath.Join(dir, "out"), 0o700); err != nil {
		t.Fatal(err)
	}
	output(t, dir, "kzonesign", "-c", "knot.conf", "-o", "out", origin)
	files, err := filepath.Glob(filepath.Join(dir, "out", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("kzonesign left %v, %v", files, err)
	}
	return readFile(t, files[0]), output(t, dir, "keymgr", "-c", "knot.conf", origin, "ds")
}

// trustAnchor is the DS records of a zone as lines that a resolver takes.
func trustAnchor(t *testing.T, ds string) string {
	t.Helper()
	lines := regexp.MustCompile(`(?m)^\.\s.*\bDS\s+\d+ \d+ 2 .*$`).FindAllString(ds, -1)
	if len(lines) == 0 {
		t.Fatalf("no DS record of the root in %q", ds)
	}
	return strings.Join(lines, "\n") + "\n"
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
