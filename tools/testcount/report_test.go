package main

import (
	"strings"
	"testing"
)

// stream is the event stream of a run with the given lines.
func stream(lines ...string) *strings.Reader {
	return strings.NewReader(strings.Join(lines, "\n") + "\n")
}

func TestRun(t *testing.T) {
	const (
		pass    = `{"Action":"run","Package":"p","Test":"A"}` + "\n" + `{"Action":"pass","Package":"p","Test":"A"}`
		pkgPass = `{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}` + "\n" + `{"Action":"pass","Package":"p","Elapsed":0.1}`
		pkgFail = `{"Action":"fail","Package":"p","Elapsed":0.1}`
	)
	skipped := func(why string) string {
		return `{"Action":"run","Package":"p","Test":"S"}` + "\n" +
			`{"Action":"output","Package":"p","Test":"S","Output":"    a_test.go:7: ` + why + `\n"}` + "\n" +
			`{"Action":"skip","Package":"p","Test":"S"}`
	}
	everything := Policy{RequirePeers: true, SharedPresent: true}
	for name, tc := range map[string]struct {
		events []string
		policy Policy
		want   string // in the output
		fails  string // in the error; empty means green
	}{
		"green":              {events: []string{pass, pkgPass}, want: "ok  \tp\t0.1s\n1 passed, 0 failed, 0 skipped\n"},
		"failure with words": {events: []string{`{"Action":"run","Package":"p","Test":"B"}`, `{"Action":"output","Package":"p","Test":"B","Output":"got 3\n"}`, `{"Action":"fail","Package":"p","Test":"B"}`, pkgFail}, want: "--- FAIL: p B\ngot 3\n0 passed, 1 failed, 0 skipped\n", fails: "failed"},
		"panic":              {events: []string{pass, `{"Action":"run","Package":"p","Test":"B"}`, `{"Action":"output","Package":"p","Test":"B","Output":"panic: x\n"}`, pkgFail}, want: "--- FAIL: p B (did not end)\npanic: x\n1 passed, 1 failed", fails: "failed"},
		"does not build":     {events: []string{pass, `{"ImportPath":"p","Action":"build-output","Output":"a.go:1: bad\n"}`, `{"ImportPath":"p","Action":"build-fail"}`, pkgFail}, want: "a.go:1: bad\n", fails: "failed"},
		"race outside tests": {events: []string{pass, `{"Action":"output","Package":"p","Output":"WARNING: DATA RACE\n"}`, pkgFail}, want: "WARNING: DATA RACE\n", fails: "failed"},
		"no events":          {events: []string{"go: cannot find main module"}, want: "go: cannot find main module\n0 passed", fails: "nothing was tested"},
		"only skips":         {events: []string{skipped("linux only"), pkgPass}, want: "skipped: p S: linux only\n", fails: "nothing was tested"},
		"skip elsewhere":     {events: []string{pass, skipped("peer nsd is not installed"), pkgPass}, want: "skipped: p S: peer nsd is not installed\n1 passed, 0 failed, 1 skipped\n"},
		"skip of a peer":     {events: []string{pass, skipped("peer nsd is not installed"), pkgPass}, policy: everything, want: "NOT ALLOWED: peers are required here", fails: "not allowed to skip"},
		"skip of data":       {events: []string{pass, skipped("RECURSOR_SHARED is not set"), pkgPass}, policy: everything, want: "NOT ALLOWED: the shared data is there", fails: "not allowed to skip"},
		"data is absent":     {events: []string{pass, skipped("RECURSOR_SHARED is not set"), pkgPass}, policy: Policy{RequirePeers: true}, want: "1 passed, 0 failed, 1 skipped\n"},
		"a platform's skip":  {events: []string{pass, skipped("batches need linux"), pkgPass}, policy: everything, want: "1 passed, 0 failed, 1 skipped\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			err := run(stream(tc.events...), &out, tc.policy)
			if !strings.Contains(out.String(), tc.want) {
				t.Errorf("printed %q, which lacks %q", out.String(), tc.want)
			}
			switch {
			case tc.fails == "" && err != nil:
				t.Errorf("unexpected error: %v", err)
			case tc.fails != "" && (err == nil || !strings.Contains(err.Error(), tc.fails)):
				t.Errorf("error %v, want one that says %q", err, tc.fails)
			}
		})
	}
}
