package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recursor/clock"
)

// What is recorded over the testbed is played without it, with the same outcome: answers, denials, failures and what
// comes of settings, all of which depend on the date.
func TestRecordThenReplay(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "recursor.yaml")
	startTestbed(t, "--write-config", config)
	written, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	until := clock.NewReal().Now().Signature.AddDate(0, 0, 3).Format("2006-01-02T15:04:05Z")
	own := filepath.Join(dir, "own.yaml")
	more := "zones: {forward: [{name: plain.com, to: [127.53.2.1], tcp: true}]}\n" +
		"validation: {negative-anchors: [{name: expired.com, until: " + until + ", reason: a test, test: false}]}\n" +
		"cookies: {secrets: [000102030405060708090a0b0c0d0e0f]}\nclock: {file: now}\n"
	if err := os.WriteFile(own, append(written, more...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "now"), []byte(clock.NewReal().Now().TTL.UTC().Format("@2006-01-02 15:04:05\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, config, want string }{
		{"www.signed.com", config, "NOERROR QR RD RA AD"},
		{"none.signed.com", config, "NXDOMAIN QR RD RA AD"},
		{"www.expired.com", config, "SERVFAIL QR RD RA"},
		{"www.lame.com", config, "SERVFAIL QR RD RA"},
		{"www.tconly.se", config, "NOERROR QR RD RA AD"},
		{"www.expired.com", own, "NOERROR QR RD RA"},
		{"www.plain.com", own, "NOERROR QR RD RA"},
	} {
		t.Run(c.name+" by "+filepath.Base(c.config), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "story.rpl")
			run := func(command func(context.Context, []string, stdio) int, args ...string) string {
				t.Helper()
				var out, errs strings.Builder
				if code := command(context.Background(), args, stdio{nil, &out, &errs}); code != exitOK {
					t.Fatalf("exit code %d\n%s%s", code, &out, &errs)
				}
				return out.String()
			}
			run(record, c.name, "A", "-o", file, "--config", c.config)
			story, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(story), "000102030405") || strings.Contains(string(story), dir) {
				t.Errorf("it tells what is nobody's business:\n%s", story)
			}
			page := file + ".html"
			run(replay, "--compare", "sections+ede", "--html", page, file)
			if first, again := run(replay, "--transcript", file), run(replay, "--transcript", file); first != again {
				t.Error("it happens in two ways")
			}
			if drawn, err := os.ReadFile(page); err != nil || !strings.Contains(string(drawn), "<svg") {
				t.Errorf("%v: %s", err, drawn)
			}
			flags := strings.Fields(c.want)
			for line := range strings.Lines(string(story)[strings.Index(string(story), "CHECK_ANSWER"):]) {
				if words, ok := strings.CutPrefix(line, "REPLY "); ok {
					for _, f := range flags {
						if !strings.Contains(" "+strings.TrimSpace(words)+" ", " "+f+" ") {
							t.Errorf("recorded %q, want %q", words, c.want)
						}
					}
				}
			}
		})
	}
}
