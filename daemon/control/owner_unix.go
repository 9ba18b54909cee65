//go:build unix

package control

import "golang.org/x/sys/unix"

// ownerOnly lets files that are made from now on be their owner's alone, until
// restore is called. It goes for the whole process, so this is for its start.
func ownerOnly() (restore func()) {
	old := unix.Umask(0o177)
	return func() { unix.Umask(old) }
}
