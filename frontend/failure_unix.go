//go:build !windows

package frontend

import "syscall"

func causeOf(number syscall.Errno) cause {
	switch number {
	case syscall.EADDRINUSE:
		return causeTaken
	case syscall.EACCES, syscall.EPERM:
		return causeForbidden
	case syscall.EADDRNOTAVAIL:
		return causeAbsent
	case syscall.EAFNOSUPPORT:
		return causeFamily
	case syscall.EMFILE, syscall.ENFILE:
		return causeFiles
	default:
		return causeOther
	}
}
