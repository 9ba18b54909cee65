// Command testcount reads the event stream of `go test -json` and prints what a person wants of it:
// a line per package, the output of what failed, the reason of every skip, and the counts as the last line.
//
// With -require-peers a skip that blames a missing peer is a failure, and so is a skip that blames missing
// shared data although -shared names a folder that exists. The tests themselves are expected to fail in that
// mode; this is the second lock on the same door, since a green run that tested nothing looks like any other.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	requirePeers := flag.Bool("require-peers", false, "a skip about a missing peer, or about shared data that is there, fails the run")
	shared := flag.String("shared", "", "folder of the shared data; empty or absent means that tests may skip for lack of it")
	flag.Parse()
	policy := Policy{RequirePeers: *requirePeers, SharedPresent: isFolder(*shared)}
	if err := run(os.Stdin, os.Stdout, policy); err != nil {
		fmt.Fprintln(os.Stderr, "testcount:", err)
		os.Exit(1)
	}
}

// run reports the whole stream and returns an error when the run must not count as green.
func run(events io.Reader, out io.Writer, policy Policy) error {
	report := newReport(out)
	if err := report.read(events); err != nil {
		return err
	}
	refused := report.finish(policy)
	switch {
	case report.failed > 0 || report.brokenPackages > 0:
		return errors.New("the run failed")
	case report.passed == 0:
		return errors.New("no test passed: nothing was tested")
	case refused > 0:
		return fmt.Errorf("%d skipped tests are not allowed to skip here", refused)
	}
	return nil
}

func isFolder(path string) bool {
	if path == "" {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
