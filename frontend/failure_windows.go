package frontend

import (
	"syscall"

	"golang.org/x/sys/windows"
)

func causeOf(number syscall.Errno) cause {
	switch number {
	case windows.WSAEADDRINUSE:
		return causeTaken
	case windows.WSAEACCES:
		return causeForbidden
	case windows.WSAEADDRNOTAVAIL:
		return causeAbsent
	case windows.WSAEAFNOSUPPORT:
		return causeFamily
	case windows.WSAEMFILE:
		return causeFiles
	default:
		return causeOther
	}
}
