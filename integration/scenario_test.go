package integration_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"recursor/testbed/scenario"
	"recursor/validate"
)

var update = flag.Bool("update", false, "write the transcripts of the scenarios anew")

// TestScenarios plays this project's own scenarios, which lie in folders by RFC, and holds what happens to the
// transcripts beside them: every query and reply, cache write, verdict and answer, in simulated time.
func TestScenarios(t *testing.T) {
	level := scenario.Level{Depth: scenario.Whole, TTL: true, EDE: true}
	for _, file := range ownScenarios(t) {
		t.Run(strings.TrimSuffix(filepath.ToSlash(file), ".rpl"), func(t *testing.T) {
			path := filepath.Join("testdata", file)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s, err := scenario.Parse(filepath.ToSlash(file), string(text))
			if err != nil {
				t.Fatal(err)
			}
			if !tellsItsStory(string(text)) {
				t.Error("a scenario opens with a comment that tells its story in a sentence")
			}
			first := played(t, s, level)
			if again := played(t, s, level); again != first {
				t.Errorf("it happens in two ways:\n%s", whereTheyPart([]string{first}, []string{again}))
			}
			golden := strings.TrimSuffix(path, ".rpl") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(first), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v (-update writes it)", err)
			}
			if w := strings.ReplaceAll(string(want), "\r\n", "\n"); w != first {
				t.Errorf("other than %s has it (-update writes it anew):\n%s", golden, whereTheyPart([]string{w}, []string{first}))
			}
		})
	}
}

// ownScenarios are the files below testdata, by their paths there.
func ownScenarios(t *testing.T) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS("testdata"), ".", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".rpl") {
			files = append(files, filepath.FromSlash(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 30 {
		t.Fatalf("only %d scenarios", len(files))
	}
	return files
}

// tellsItsStory reports whether a file opens with a comment of one sentence at least.
func tellsItsStory(text string) bool {
	first, _, _ := strings.Cut(text, "\nrecursor:")
	return strings.HasPrefix(first, "; ") && strings.HasSuffix(first, ".") && strings.Count(first, " ") > 6
}

// played plays a scenario and is its transcript.
func played(t *testing.T, s *scenario.Scenario, level scenario.Level) string {
	t.Helper()
	reports, err := scenario.Play{Level: level}.Reports(s)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, r := range reports {
		if r.Failed() {
			t.Errorf("not as expected:\n%s", r)
		}
		all.WriteString(r.Transcript())
	}
	return all.String()
}

// TestEveryReasonHasAStory: for each reason that validation can give, some scenario shows it.
func TestEveryReasonHasAStory(t *testing.T) {
	elsewhere := map[validate.Reason]string{
		validate.None:        "nothing to explain",
		validate.NotSignable: "nobody asks for RRSIG records by themselves",
	}
	var all strings.Builder
	for _, file := range ownScenarios(t) {
		text, err := os.ReadFile(filepath.Join("testdata", strings.TrimSuffix(file, ".rpl")+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for r := validate.None; r <= validate.FetchFailed; r++ {
		shown := strings.Contains(all.String(), ": "+r.String()+"\n")
		if _, ok := elsewhere[r]; !ok && !shown {
			t.Errorf("no scenario shows the reason %q", r)
		}
		// The client hears it, with its code.
		code, tell := r.Code()
		told := regexp.MustCompile(fmt.Sprintf(`(?m)^ +error +%d [^:]*: %s`, code, regexp.QuoteMeta(r.String())))
		if r == validate.FetchFailed || r == validate.SynthesisWrong {
			continue // the error of the fetch is told; another server is right
		}
		if _, ok := elsewhere[r]; !ok && tell && !told.MatchString(all.String()) {
			t.Errorf("no client is told %d for the reason %q", code, r)
		}
	}
}
