package daemon

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"recursor/daemon/config"
)

func TestUsualFolder(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("the folders of other systems")
	}
	home := func() (string, error) { return "/home/a", nil }
	homeless := func() (string, error) { return "", errors.New("no home") }
	for _, tc := range []struct {
		env  map[string]string
		home func() (string, error)
		user int
		want string
	}{
		{map[string]string{"STATE_DIRECTORY": "/var/lib/x:/var/lib/y", "XDG_STATE_HOME": "/s"}, home, 5, "/var/lib/x"},
		{map[string]string{"XDG_STATE_HOME": "/s"}, home, 5, "/s/recursor"},
		{map[string]string{"XDG_STATE_HOME": "/s"}, home, 0, "/s/recursor"},
		{map[string]string{"XDG_STATE_HOME": "relative"}, home, 5, "/home/a/.local/state/recursor"}, // to be ignored, the specification says
		{nil, home, 5, "/home/a/.local/state/recursor"},
		{nil, home, 0, "/var/lib/recursor"},
		{nil, homeless, 5, ""},
	} {
		got, err := usualFolder(func(key string) string { return tc.env[key] }, tc.home, tc.user)
		if got != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("%v, user %d: %q, %v; want %q", tc.env, tc.user, got, err, tc.want)
		}
	}
}

func TestOpenState(t *testing.T) {
	dir := t.TempDir()
	c := config.Default()
	c.State = filepath.Join(dir, "a", "b")
	s, err := OpenState(c)
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := s.File("x"); !ok || f.Path != filepath.Join(dir, "a", "b", "x") || f.Write([]byte("y")) != nil {
		t.Errorf("%+v, %v", f, ok)
	}
	if entries, err := os.ReadDir(c.State); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	c.State = config.StateOff
	if s, err := OpenState(c); err != nil || s != (State{}) {
		t.Errorf("off: %+v, %v", s, err)
	}
	if _, ok := s.File("x"); !ok {
		t.Error("a folder that is there has no files")
	}
	if _, ok := (State{}).File("x"); ok {
		t.Error("no folder has a file")
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.State = filepath.Join(dir, "file")
	if s, err := OpenState(c); err == nil || s != (State{}) {
		t.Errorf("a file is no folder: %+v, %v", s, err)
	}
}

// A folder has one resolver at a time: the second is told, and where it was given no
// folder keeps nothing.
func TestHold(t *testing.T) {
	c := config.Default()
	c.State = filepath.Join(t.TempDir(), "state")
	first, err := New(c, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(c, zap.NewNop(), nil)
	if !errors.Is(err, ErrStateTaken) || !strings.Contains(err.Error(), c.State+"; name another folder with the key state") {
		t.Errorf("the second of a folder: %v", err)
	}
	t.Setenv("STATE_DIRECTORY", c.State)
	usual := config.Default()
	usual.Listen.DoT = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	core, said := observer.New(zap.WarnLevel)
	second, err := New(usual, zap.New(core), nil)
	if err != nil || second.state != (State{}) {
		t.Fatalf("the second of the usual folder keeps its state in %+v, %v", second.state, err)
	}
	if lines := said.All(); len(lines) != 2 || !strings.HasPrefix(lines[0].Message, "state is not kept") || !strings.HasPrefix(lines[1].Message, "the self-signed certificate is not kept") {
		t.Errorf("logged %v", lines)
	}
	first.release()
	third, err := New(c, zap.NewNop(), nil)
	if err != nil {
		t.Fatalf("given back, and yet: %v", err)
	}
	third.release()
	if release, err := (State{}).Hold(); err != nil {
		t.Errorf("what is kept nowhere is nobody's: %v", err)
	} else {
		release()
	}
}

// What cannot be made leaves the folder to others.
func TestHoldEndsWithoutADaemon(t *testing.T) {
	c := config.Default()
	c.State, c.RootHints = t.TempDir(), filepath.Join(t.TempDir(), "none")
	if _, err := New(c, zap.NewNop(), nil); err == nil {
		t.Fatal("hints that are not there were read")
	}
	c.RootHints = ""
	d, err := New(c, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	d.release()
}
