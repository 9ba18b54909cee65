package daemon

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"recursor/daemon/config"
)

func TestLogger(t *testing.T) {
	for level, want := range map[config.LogLevel]string{
		config.LogDebug: "a b c d", config.LogInfo: "b c d", config.LogWarn: "c d", config.LogError: "d",
	} {
		for _, format := range []config.LogFormat{config.LogConsole, config.LogJSON} {
			var out bytes.Buffer
			c := config.Default()
			c.Log.Level, c.Log.Format = level, format
			l := NewLogger(c, &out)
			l.Debug("a")
			l.Info("b", zap.Duration("took", 1500*time.Millisecond))
			l.Warn("c")
			l.Error("d")
			var got []string
			for line := range strings.Lines(out.String()) {
				got = append(got, message(t, format, line))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("level %v, format %v: %q, want %s", level, format, out.String(), want)
			}
			if level == config.LogInfo && !strings.Contains(out.String(), `"1.5s"`) {
				t.Errorf("durations are for people: %s", out.String())
			}
		}
	}
}

// message is that of a line, which must have its time and level too.
func message(t *testing.T, format config.LogFormat, line string) string {
	t.Helper()
	if format == config.LogConsole {
		m := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\S+\t(DEBUG|INFO|WARN|ERROR)\t(\w)(\t\{.*\})?\n$`).FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("line %q", line)
		}
		return m[2]
	}
	var object struct{ TS, Level, Msg string }
	if err := json.Unmarshal([]byte(line), &object); err != nil || object.TS == "" || object.Level == "" {
		t.Fatalf("line %q: %v", line, err)
	}
	return object.Msg
}

// TestLoad: no file is the defaults, and a file is read with those that it names.
func TestLoad(t *testing.T) {
	if c, err := Load(""); err != nil || c.YAML() != config.Default().YAML() {
		t.Errorf("no file: %v", err)
	}
	path := filepath.Join(t.TempDir(), "c.yaml")
	write(t, path, "root-hints: gone\n")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "root-hints: ") {
		t.Errorf("a file that names one which is not there: %v", err)
	}
	write(t, path, "workers: 7\n")
	if c, err := Load(path); err != nil || c.Workers != 7 {
		t.Errorf("%v, %v", c, err)
	}
}
