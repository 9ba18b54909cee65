package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// built is where the command lies that the tests share; it is built when the first asks for it.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	// The command, built with the race detector, would sleep for a second at each of its many ends, for the races of
	// goroutines that are left; what reads its environment here are only those that we start.
	if err := os.Setenv("GORACE", strings.TrimSpace(os.Getenv("GORACE")+" atexit_sleep_ms=0")); err != nil {
		panic(err)
	}
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// buildRecursor builds the command and returns the path of the binary, which has the race detector in it where this
// test has.
func buildRecursor(t *testing.T) string {
	t.Helper()
	built.once.Do(func() { built.err = build() })
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "recursor")
}

func build() error {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		return err
	}
	if built.dir, err = os.MkdirTemp("", "recursor-integration-"); err != nil {
		return err
	}
	// Without the date of the commit, which a clock may well be behind where commits come from elsewhere.
	args := []string{"build", "-buildvcs=false", "-o", filepath.Join(built.dir, "recursor")}
	if raceDetector {
		args = append(args, "-race")
	}
	cmd := exec.CommandContext(context.Background(), goCommand, append(args, "./cmd/recursor")...)
	cmd.Dir = treeRoot
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// resolver is the daemon, running.
type resolver struct {
	*process
	addr string // of the first address, without port
	port string
}

// settings are what a resolver of a test has of its own.
type settings struct {
	listen []string // addresses; 127.0.0.1 where empty
	more   string   // lines of configuration
}

// resolve starts the daemon over the world and waits for the line that says it is ready.
func (w *world) resolve(t *testing.T, s settings) *resolver {
	t.Helper()
	if len(s.listen) == 0 {
		s.listen = []string{"127.0.0.1"}
	}
	for range 3 { // the port may be taken from us before it is ours
		r := &resolver{addr: s.listen[0], port: strconv.Itoa(freePort(t, s.listen[0]))}
		r.process = w.serve(t, s, r.port)
		if r.waitFor(`"ready"`) {
			r.checkReady(t, s)
			t.Cleanup(func() {
				if t.Failed() {
					logTail(t, r.process)
				}
			})
			return r
		}
		logTail(t, r.process)
		if !strings.Contains(r.said.String(), "another service has this port") {
			break
		}
	}
	t.Fatal("the resolver does not come up")
	return nil
}

// serve starts `recursor serve`.
func (w *world) serve(t *testing.T, s settings, port string) *process {
	t.Helper()
	dir := t.TempDir()
	listen := make([]string, len(s.listen))
	for i, a := range s.listen {
		listen[i] = strconv.Quote(net.JoinHostPort(a, port))
	}
	writeFile(t, filepath.Join(dir, "root.hints"), w.hints)
	writeFile(t, filepath.Join(dir, "root.ds"), w.anchors)
	config := filepath.Join(dir, "recursor.yaml")
	writeFile(t, config, fmt.Sprintf("listen: {dns: [%s]}\nroot-hints: root.hints\ntrust-anchors: [root.ds]\n"+
		"upstream: {port: %d, allow-special-addresses: true}\nstate: \"off\"\nlog: {format: json}\n%s\n", strings.Join(listen, ", "), w.port, s.more))
	return run(t, dir, w.binary, "serve", "--config", config)
}

// checkReady holds the line that says the daemon is ready to what it listens on: UDP and TCP at each address.
func (r *resolver) checkReady(t *testing.T, s settings) {
	t.Helper()
	var ready struct {
		Level     string   `json:"level"`
		Listening []string `json:"listening"`
	}
	for line := range strings.Lines(r.said.String()) {
		if strings.Contains(line, `"ready"`) {
			if err := json.Unmarshal([]byte(line), &ready); err != nil {
				t.Errorf("log line %q: %v", line, err)
			}
		}
	}
	var want []string
	for range 2 {
		for _, a := range s.listen {
			want = append(want, net.JoinHostPort(a, r.port))
		}
	}
	if ready.Level != "info" || strings.Join(ready.Listening, " ") != strings.Join(want, " ") {
		t.Errorf("ready: %+v, want %v", ready, want)
	}
}

// finish ends the daemon as an operator does and checks that it ends well.
func (r *resolver) finish(t *testing.T) {
	t.Helper()
	if !r.end(syscall.SIGTERM) {
		t.Error("SIGTERM does not end the daemon")
	}
	said := r.said.String()
	if code := r.cmd.ProcessState.ExitCode(); code != 0 || !strings.Contains(said, `"msg":"stopped"`) {
		t.Errorf("SIGTERM: exit code %d, %v", code, r.err)
		logTail(t, r.process)
	}
	for _, bad := range []string{"DATA RACE", "panic", "broken invariant", `"level":"error"`} {
		if strings.Contains(said, bad) {
			t.Errorf("the log has %q:\n%s", bad, said)
		}
	}
}
