package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"recursor/daemon/config"
	"recursor/trust"
)

// State is the folder of what outlives the process. The zero State keeps
// nothing.
type State struct{ Folder string }

// OpenState is the State of a configuration; its folder is made where it is not
// there. An error says why nothing can be kept, and comes with the zero State.
func OpenState(c *config.Config) (State, error) {
	s, err := stateOf(c)
	if err != nil || s.Folder == "" {
		return State{}, err
	}
	if err := os.MkdirAll(s.Folder, 0o700); err != nil {
		return State{}, fmt.Errorf("state: %w", err)
	}
	// Whether it can be written shows best by writing.
	probe, err := os.CreateTemp(s.Folder, ".probe-")
	if err == nil {
		err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil {
		return State{}, fmt.Errorf("state: %w", err)
	}
	return s, nil
}

// stateOf is OpenState that looks at nothing.
func stateOf(c *config.Config) (State, error) {
	switch c.State {
	case config.StateOff:
		return State{}, nil
	case "":
		folder, err := usualFolder(os.Getenv, os.UserHomeDir, os.Geteuid())
		return State{folder}, err
	default:
		return State{c.State}, nil
	}
}

// lockFile is what a resolver that runs holds in its folder. It stays there: who
// removed it could take away another's.
const lockFile = "lock"

// errHeld: another process has the file.
var errHeld = errors.New("held by another")

// Hold takes the folder for this process alone until release is called: two that
// wrote the same files would leave neither's. The error, which names what to do,
// is ErrStateTaken where another resolver has the folder.
func (s State) Hold() (release func(), err error) {
	if s.Folder == "" {
		return func() {}, nil
	}
	f, err := lock(filepath.Join(s.Folder, lockFile))
	switch {
	case errors.Is(err, errHeld):
		return nil, fmt.Errorf("%w: %s; name another folder with the key state, or set it to \"off\"", ErrStateTaken, s.Folder)
	case err != nil:
		return nil, fmt.Errorf("state: %w", err)
	}
	return func() { _ = f.Close() }, nil // nothing was written
}

// ErrStateTaken says that a folder of state has one resolver at a time.
var ErrStateTaken = errors.New("state: another resolver that runs has the folder")

// File is a file of the folder; false where nothing is kept.
func (s State) File(name string) (trust.StateFile, bool) {
	return trust.StateFile{Path: filepath.Join(s.Folder, name)}, s.Folder != ""
}

var errNoFolder = errors.New("state: there is no folder for it; name one with the key state, or set it to \"off\"")

// usualFolder is where state is kept unless the configuration says otherwise:
// where a service manager, the XDG base directories or the system want it.
func usualFolder(env func(string) string, home func() (string, error), user int) (string, error) {
	const own = "recursor"
	if list := filepath.SplitList(env("STATE_DIRECTORY")); len(list) > 0 && filepath.IsAbs(list[0]) {
		return list[0], nil
	}
	if xdg := env("XDG_STATE_HOME"); filepath.IsAbs(xdg) {
		return filepath.Join(xdg, own), nil
	}
	if user == 0 { // never on Windows
		return filepath.Join("/var/lib", own), nil
	}
	if local := env("LocalAppData"); runtime.GOOS == "windows" && local != "" {
		return filepath.Join(local, own), nil
	}
	at, err := home()
	switch {
	case err != nil:
		return "", errNoFolder
	case runtime.GOOS == "darwin":
		return filepath.Join(at, "Library", "Application Support", own), nil
	}
	return filepath.Join(at, ".local", "state", own), nil
}
