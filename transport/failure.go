package transport

import (
	"errors"
	"syscall"
)

// FailureKind is the kind of outcome that an error of the system means:
// Exhausted where this host ran out of descriptors, buffers or memory, else
// Unreachable, for every other refusal to send concerns the way to the server.
func FailureKind(err error) Kind {
	var errno syscall.Errno
	if errors.As(err, &errno) && shortage(errno) {
		return Exhausted
	}
	return Unreachable
}
