package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const configs = "../../configs"

// TestReference: the reference is what the table says, and means the defaults.
func TestReference(t *testing.T) {
	path := filepath.Join(configs, "reference.yaml")
	golden(t, path, Reference())
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, Default()) {
		t.Errorf("the reference means\n%s\nand not the defaults\n%s", c.YAML(), Default().YAML())
	}
}

// There is no look-aside validation, and no key that would ask for it.
//
// RFC: 8749.1
func TestNoLookAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yaml")
	for _, key := range []string{"dlv-anchor", "dlv-anchor-file", "dnssec-lookaside"} {
		if strings.Contains(Reference(), key) {
			t.Errorf("the reference has %s", key)
		}
		if err := os.WriteFile(path, []byte("validation:\n  "+key+": dlv.example.\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "unknown key") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// TestReferenceSaysAll reads the file as a person does: every key stands in it,
// under its section, and above it its range.
func TestReferenceSaysAll(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(configs, "reference.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	comments := map[string]string{}
	section, comment := "", ""
	for _, line := range strings.Split(string(data), "\n") {
		word := strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(word, "#"); ok {
			comment += text
			continue
		}
		name, value, ok := strings.Cut(word, ":")
		switch {
		case word == "":
			comment = ""
		case ok && !strings.HasPrefix(line, " ") && value == "":
			section, comment = name+".", ""
		case ok && !strings.HasPrefix(line, " "):
			comments[name], comment = comment, ""
		case ok && !strings.HasPrefix(word, "-"):
			comments[section+name], comment = comment, ""
		}
	}
	table := Default().keys()
	for _, k := range table {
		comment, ok := comments[k.path]
		if !ok {
			t.Errorf("%s is missing", k.path)
			continue
		}
		if len(comment) < 20 {
			t.Errorf("%s is not explained: %q", k.path, comment)
		}
		wanted := []string{"default "}
		if _, ok := k.value.(ranged); ok {
			wanted = append(wanted, "min ", "max ", k.value.lines()[0])
		}
		for _, want := range wanted {
			if !strings.Contains(comment, want) {
				t.Errorf("the comment of %s does not say %q: %q", k.path, want, comment)
			}
		}
		delete(comments, k.path)
	}
	for path := range comments {
		t.Errorf("%s is no key", path)
	}
}

// TestExamples loads every file of configs.
func TestExamples(t *testing.T) {
	examples, err := filepath.Glob(filepath.Join(configs, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"reference.yaml", "home.yaml", "forward.yaml", "testbed.yaml"} {
		if !contains(examples, name) {
			t.Errorf("%s is gone", name)
		}
	}
	for _, path := range examples {
		c, err := Load(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if filepath.Base(path) != "reference.yaml" && reflect.DeepEqual(c, Default()) {
			t.Errorf("%s changes nothing", path)
		}
		roundTrip(t, c)
	}
}

func contains(paths []string, base string) bool {
	for _, p := range paths {
		if filepath.Base(p) == base {
			return true
		}
	}
	return false
}

// roundTrip: what YAML prints, Parse reads as the same.
func roundTrip(t *testing.T, c *Config) {
	t.Helper()
	again, err := Parse("printed.yaml", []byte(c.YAML()))
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, c.YAML())
	}
	if !reflect.DeepEqual(c, again) {
		t.Fatalf("printed\n%s\nread again\n%s", c.YAML(), again.YAML())
	}
}
