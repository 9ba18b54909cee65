package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files and the reference anew")

// golden compares text with a file of testdata.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s differs (-update writes it anew); now:\n%s\nwas:\n%s", path, text, want)
	}
}

// TestErrors holds what operators read, word by word.
func TestErrors(t *testing.T) {
	cases, err := filepath.Glob("testdata/errors/*.yaml")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range cases {
		base := filepath.Base(path)
		t.Run(strings.TrimSuffix(base, ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			c, err := Parse(base, data)
			if err == nil {
				t.Fatal("accepted")
			}
			if c != nil {
				t.Error("a Config comes with the error")
			}
			wellFormed(t, err)
			golden(t, strings.TrimSuffix(path, ".yaml")+".txt", err.Error()+"\n")
		})
	}
}

// wellFormed asserts what every error of Parse promises.
func wellFormed(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) == 0 {
		t.Fatalf("the error %v tells no problem", err)
	}
	for _, p := range e.Problems {
		if p.Text == "" || p.Line > 0 && (p.Column < 1 || p.Width < 1) {
			t.Errorf("incomplete: %+v", p)
		}
	}
	for _, c := range err.Error() {
		if c != '\n' && printable(string(c)) != string(c) {
			t.Errorf("the message has the character %q", c)
		}
	}
}

func TestLoadOfWhatCannotBeRead(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "absent.yaml"))
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"absent.yaml: the configuration cannot be read: no such file", "--config"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("of a folder: %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	for name, data := range map[string]string{
		"octets":  strings.Repeat("# comment\n", 1<<17),
		"lines":   strings.Repeat("\n", maxLines),
		"line":    "identity: " + strings.Repeat("x", maxLine),
		"entries": strings.Repeat("- ", maxLine/2),
	} {
		_, err := Parse("large.yaml", []byte(data))
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		wellFormed(t, err)
		if len(err.Error()) > 600 {
			t.Errorf("%s: the message has %d octets", name, len(err.Error()))
		}
	}
}
