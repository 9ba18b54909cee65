//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package daemon

import "os"

// lock takes nothing: what locks there are differs among these systems.
func lock(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) }
