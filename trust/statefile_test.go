package trust_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"recursor/trust"
)

func TestStateFile(t *testing.T) {
	dir := t.TempDir()
	f := trust.StateFile{Path: filepath.Join(dir, "state")}
	if _, err := f.Read(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	for _, content := range []string{"one", "two, which is longer", "", "x"} {
		if err := f.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := f.Read(); err != nil || string(got) != content {
			t.Errorf("read %q, %v; want %q", got, err, content)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	// What keeps the new content from being written leaves the old one.
	if err := os.Mkdir(f.Path+".new", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.Path+".new", "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Write([]byte("three")); err == nil {
		t.Error("written through a folder")
	}
	if got, err := f.Read(); err != nil || string(got) != "x" {
		t.Errorf("after a failure: %q, %v", got, err)
	}
	// What keeps it from taking the old one's place, too.
	other := trust.StateFile{Path: filepath.Join(dir, "folder")}
	if err := os.MkdirAll(filepath.Join(other.Path, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := other.Write([]byte("x")); err == nil {
		t.Error("written over a folder")
	}
	if _, err := os.Stat(other.Path + ".new"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
	if err := (trust.StateFile{Path: filepath.Join(dir, "none", "state")}).Write(nil); err == nil {
		t.Error("written into a folder that is not there")
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, trust.MaxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (trust.StateFile{Path: large}).Read(); !errors.Is(err, trust.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

// content is a state that shows whether it is whole.
func content(i int) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("%08d\n", i), 500) + "end\n")
}

// A process that writes state after state is killed again and again, wherever
// it is; what is read is always one state, whole, and not an older one than the
// last that it called written.
//
// RFC: 5011.4
func TestStateSurvivesKills(t *testing.T) {
	if path := os.Getenv("TRUST_TEST_WRITER"); path != "" {
		writeForEver(path)
		return
	}
	f := trust.StateFile{Path: filepath.Join(t.TempDir(), "state")}
	if err := f.Write(content(0)); err != nil {
		t.Fatal(err)
	}
	for round := range 25 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestStateSurvivesKills$")
		cmd.Env = append(os.Environ(), "TRUST_TEST_WRITER="+f.Path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		written := 0
		for range round%7 + 1 {
			if !lines.Scan() {
				t.Fatal("the writer ended")
			}
			if _, err := fmt.Sscan(lines.Text(), &written); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		got, err := f.Read()
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(got), "\n")
		i, err := strconv.Atoi(first)
		if err != nil || !bytes.Equal(got, content(i)) || i < written {
			t.Fatalf("round %d: %d octets of state %d, %v; state %d was written", round, len(got), i, err, written)
		}
	}
}

func writeForEver(path string) {
	f := trust.StateFile{Path: path}
	for i := 1; ; i++ {
		if err := f.Write(content(i)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Fprintln(os.Stdout, i)
	}
}
