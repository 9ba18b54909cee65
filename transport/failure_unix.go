//go:build unix

package transport

import "syscall"

// shortage: the process or the system has no more of something.
func shortage(errno syscall.Errno) bool {
	switch errno {
	case syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EAGAIN, syscall.ENOSPC:
		return true
	default:
		return false
	}
}
