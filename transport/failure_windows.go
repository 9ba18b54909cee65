package transport

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// shortage: the process or the system has no more of something. Winsock has
// error numbers of its own beside those that package syscall invents.
func shortage(errno syscall.Errno) bool {
	switch errno {
	case syscall.EMFILE, syscall.ENOBUFS, syscall.ENOMEM,
		windows.WSAEMFILE, windows.WSAENOBUFS, windows.WSAEWOULDBLOCK, windows.ERROR_TOO_MANY_OPEN_FILES,
		windows.ERROR_NOT_ENOUGH_MEMORY:
		return true
	default:
		return false
	}
}
