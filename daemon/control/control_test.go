package control_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"recursor/clock"
	"recursor/daemon/control"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errUnknown = errors.New("not understood;\none of: do")

// serving is a Server over a new socket.
func serving(t *testing.T, run control.Run) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ctl")
	start(t, path, run)
	return path
}

func start(t *testing.T, path string, run control.Run) (stop func()) {
	t.Helper()
	c := clock.NewReal()
	s := control.New(path, c, run)
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	c.Go("server", func() { ended <- s.Run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func TestAsk(t *testing.T) {
	var mu sync.Mutex
	var heard [][]string
	path := serving(t, func(words []string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, words)
		if words[0] != "do" {
			return "", errUnknown
		}
		return "done\nand more\n", nil
	})
	ctx := context.Background()
	if text, err := control.Ask(ctx, path, []string{"do", "it"}); text != "done\nand more\n" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	_, err := control.Ask(ctx, path, []string{"undo"})
	var refused *control.Refused
	if !errors.As(err, &refused) || refused.Text != errUnknown.Error() {
		t.Errorf("%v", err)
	}
	if len(heard) != 2 || !slices.Equal(heard[0], []string{"do", "it"}) {
		t.Errorf("heard %q", heard)
	}
	if _, err := control.Ask(ctx, path+"no", []string{"do"}); err == nil || errors.As(err, &refused) {
		t.Errorf("nobody there: %v", err)
	}
}

// What is no request gets no reply, and runs nothing.
func TestWhatIsNoRequest(t *testing.T) {
	path := serving(t, func(words []string) (string, error) {
		t.Errorf("ran %q", words)
		return "", nil
	})
	for _, text := range []string{"", "no end", strings.Repeat("long ", 1000) + "\n"} {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(text)); err != nil && len(text) < 1000 {
			t.Error(err)
		}
		if err := conn.(*net.UnixConn).CloseWrite(); err != nil && len(text) < 1000 {
			t.Error(err)
		}
		if n, _ := conn.Read(make([]byte, 10)); n != 0 {
			t.Errorf("a reply to %.20q", text)
		}
		_ = conn.Close()
	}
}

// The socket is its owner's, replaces one that was left behind, not one in use
// and not what is no socket, and goes with the resolver.
func TestSocket(t *testing.T) {
	run := func([]string) (string, error) { return "", nil }
	path := filepath.Join(t.TempDir(), "ctl")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	_ = left.Close()
	stop := start(t, path, run)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode != 0o600 {
		t.Errorf("mode %v", mode)
	}
	if err := control.New(path, clock.NewReal(), run).Listen(); !errors.Is(err, control.ErrInUse) {
		t.Errorf("in use: %v", err)
	}
	stop()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := control.New(path, clock.NewReal(), run).Listen(); err == nil {
		t.Error("a file was replaced")
	}
	if text, err := os.ReadFile(path); string(text) != "precious" {
		t.Errorf("%q, %v", text, err)
	}
}
