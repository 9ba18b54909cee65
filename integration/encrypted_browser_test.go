package integration_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"recursor/clock"
)

// policies is where Chromium looks for what an administrator decided.
const policies = "/etc/chromium/policies/managed"

// TestPeersBrowser opens a page in Chromium that only the resolver knows the way to: the settings are those that
// `recursor profile` prints, as a managed policy; the certificate is in the store of Chromium's user. Where it is not,
// the page does not open: there is no other way to the name.
//
// RFC: 8484.1
func TestPeersBrowser(t *testing.T) {
	chromium, certutil := program(t, "chromium"), program(t, "certutil")
	if os.Geteuid() != 0 {
		missing(t, "Chromium's policies, which only root can set")
	}
	e := serveEncrypted(t)
	setPolicy(t, e)
	for _, trusted := range []bool{false, true} {
		home := t.TempDir()
		store := filepath.Join(home, ".pki", "nssdb")
		if err := os.MkdirAll(store, 0o700); err != nil {
			t.Fatal(err)
		}
		output(t, home, certutil, "-d", "sql:"+store, "-N", "--empty-password")
		if trusted {
			output(t, home, certutil, "-d", "sql:"+store, "-A", "-t", "P,,", "-n", "recursor", "-i", e.certificate)
		}
		cmd := exec.CommandContext(t.Context(), chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
			"--no-first-run", "--user-data-dir="+filepath.Join(home, "profile"), "--dump-dom", e.web)
		cmd.Env = append(os.Environ(), "HOME="+home)
		cmd.WaitDelay = 10 * time.Second
		ownGroup(cmd)
		cmd.Cancel = func() error { killGroup(cmd); return nil }
		var errs strings.Builder
		cmd.Stderr = &errs
		late := clock.NewReal().AfterFunc(time.Minute, func() { killGroup(cmd) })
		dom, err := cmd.Output()
		late.Stop()
		opened, over := strings.Contains(string(dom), "only here, as "+page), e.asked(page, "doh")
		if opened != trusted || trusted != (over > 0) {
			t.Errorf("certificate trusted: %v; page open: %v; %d queries over DoH; %v\n%s\n%s", trusted, opened, over, err, dom, &errs)
		}
	}
	if n := e.asked(page, "udp") + e.asked(page, "tcp"); n != 0 {
		t.Errorf("%d queries came without encryption", n)
	}
	e.finish(t)
}

// setPolicy has Chromium ask the resolver, as `recursor profile` says.
func setPolicy(t *testing.T, e *encrypted) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("policies lie elsewhere on this system")
	}
	policy := regexp.MustCompile(`(?m)^\{.*\}$`).FindString(e.profile(t, "Chrome"))
	var read map[string]string
	if err := json.Unmarshal([]byte(policy), &read); err != nil || read["DnsOverHttpsMode"] != "secure" {
		t.Fatalf("%q: %v", policy, err)
	}
	// The name is in nobody's DNS, so Chromium is told the address.
	policy = strings.Replace(policy, "dns.example", loopback, 1)
	for dir := policies; ; dir = filepath.Dir(dir) { // what was not there is taken away again
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
	}
	if err := os.MkdirAll(policies, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(policies, "recursor-test.json")
	if err := os.WriteFile(file, []byte(policy), 0o644); err != nil { //nolint:gosec // Chromium's user reads it
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(file) })
}
