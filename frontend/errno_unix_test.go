//go:build !windows

package frontend

import "syscall"

const (
	errTaken  = syscall.EADDRINUSE
	errAbsent = syscall.EADDRNOTAVAIL
	errFamily = syscall.EAFNOSUPPORT
	errFiles  = syscall.EMFILE
)
