package integration_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"recursor/clock"
)

// program finds a peer's program. Where it is not installed the test skips and names it; under REQUIRE_PEERS=1 that is
// a failure.
func program(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin"} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	missing(t, name+" is not installed")
	return ""
}

// missing ends a test that lacks something of the machine.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("REQUIRE_PEERS") == "1" {
		t.Fatal("peer missing, and REQUIRE_PEERS is set: " + what)
	}
	t.Skip("peer missing: " + what)
}

// output runs a program that ends by itself and returns what it printed.
func output(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t, name), args...)
	cmd.Dir = dir
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, &errs)
	}
	return string(out)
}

// process is a server that runs until the test ends, however it ends.
type process struct {
	name string
	cmd  *exec.Cmd
	said record
	done chan struct{} // closed when it has ended
	err  error         // how; stands once done is closed
}

// record is what a process writes, for two to use.
type record struct {
	mu    sync.Mutex
	text  bytes.Buffer
	wrote clock.Signal // set at each write, where there is one
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wrote != nil {
		r.wrote.Set()
	}
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// run starts a server, in a group of its own so that what it starts ends with it.
func run(t *testing.T, dir, path string, args ...string) *process {
	t.Helper()
	p := &process{name: filepath.Base(path), cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.said.wrote = clock.NewReal().NewSignal()
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	p.cmd.WaitDelay = time.Second // for children that keep its output open
	ownGroup(p.cmd)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
		p.said.wrote.Set()
	}()
	t.Cleanup(func() {
		p.end(syscall.SIGTERM)
		killGroup(p.cmd) // what it leaves behind
	})
	return p
}

// logTail shows the end of what a process said.
func logTail(t *testing.T, p *process) {
	lines := strings.Split(strings.TrimSpace(p.said.String()), "\n")
	t.Logf("%s said last:\n%s", p.name, strings.Join(lines[max(0, len(lines)-15):], "\n"))
}

// ended tells whether the process is over.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// waitFor waits until the process has said something, false where it ends without or takes too long.
func (p *process) waitFor(words string) bool {
	real := clock.NewReal()
	for end := real.Now().TTL.Add(10 * time.Second); !strings.Contains(p.said.String(), words); {
		left := end.Sub(real.Now().TTL)
		if p.ended() || left <= 0 {
			return strings.Contains(p.said.String(), words)
		}
		p.said.wrote.Wait(left)
	}
	return true
}

// end asks the process to end, or makes it. It reports whether asking was enough.
func (p *process) end(signal os.Signal) bool {
	if p.ended() {
		return true
	}
	if p.cmd.Process.Signal(signal) != nil { // it has just ended, or the system knows no such signal
		killGroup(p.cmd)
	}
	late := clock.NewReal().AfterFunc(5*time.Second, func() { killGroup(p.cmd) })
	<-p.done
	return late.Stop()
}

// wait waits for a process that is to end by itself.
func (p *process) wait(t *testing.T) {
	t.Helper()
	late := clock.NewReal().AfterFunc(10*time.Second, func() { killGroup(p.cmd) })
	<-p.done
	if !late.Stop() {
		t.Fatalf("%s does not end", p.name)
	}
}
