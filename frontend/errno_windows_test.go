package frontend

import "golang.org/x/sys/windows"

const (
	errTaken  = windows.WSAEADDRINUSE
	errAbsent = windows.WSAEADDRNOTAVAIL
	errFamily = windows.WSAEAFNOSUPPORT
	errFiles  = windows.WSAEMFILE
)
