package daemon

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recursor/daemon/config"
)

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"good.yaml":  "root-hints: root.hints\nworkers: 3\n",
		"bad.yaml":   "workers: three\n",
		"files.yaml": "root-hints: gone.hints\n",
		"own.yaml":   "root-hints: own.hints\n",
		"own.hints":  ". NS a.example.\na.example. A 192.0.2.1\n",
		"root.hints": ". NS a.example.\na.example. A 198.41.0.4\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Check(filepath.Join(dir, "good.yaml"))
	if err != nil || c.Workers != 3 {
		t.Errorf("good.yaml: %v, %v", c, err)
	}
	for name, want := range map[string]string{
		"bad.yaml":    "workers: \"three\" is text",
		"files.yaml":  "gone.hints cannot be read",
		"own.yaml":    "set upstream.allow-special-addresses",
		"absent.yaml": "the configuration cannot be read",
	} {
		_, err := Check(filepath.Join(dir, name))
		var e *config.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", name, err, want)
		}
	}
}

func TestReference(t *testing.T) {
	c, err := config.Parse("reference.yaml", []byte(Reference()))
	if err != nil || c.YAML() != config.Default().YAML() {
		t.Errorf("the reference is not the defaults: %v", err)
	}
}
