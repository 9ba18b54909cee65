package frontend

import (
	"errors"
	"net/netip"
	"syscall"
)

// ListenError is a Listen that failed. Its text names the key of the
// configuration, the address and what to do about it.
type ListenError struct {
	// Key is where the configuration has the address: listen.dns.
	Key       string
	Transport Transport
	Addr      netip.AddrPort
	Err       error
}

// Error is for the operator.
func (e *ListenError) Error() string {
	cause := e.Err.Error()
	var number syscall.Errno
	if errors.As(e.Err, &number) {
		cause = number.Error() // what stands before it repeats the address
	}
	text := e.Key + ": cannot listen on " + e.Addr.String() + " (" + e.Transport.String() + "): " + cause
	if remedy := e.Remedy(); remedy != "" {
		text += "; " + remedy
	}
	return text
}

// Unwrap is the system's error.
func (e *ListenError) Unwrap() error { return e.Err }

// Remedy says what to do, in words; empty where nothing better than the
// system's own is known.
func (e *ListenError) Remedy() string {
	var number syscall.Errno
	if !errors.As(e.Err, &number) {
		return ""
	}
	switch causeOf(number) {
	case causeTaken:
		return "another service has this port: stop it, or choose another port in " + e.Key
	case causeForbidden:
		if e.Addr.Port() >= 1024 {
			return "the system forbids it: look at its security policy (SELinux, AppArmor, firewall)"
		}
		return "a port below 1024 needs the capability CAP_NET_BIND_SERVICE (or root): grant it, or choose a port above 1023 in " + e.Key
	case causeAbsent:
		return "this host has no such address: correct " + e.Key + ", or bring the interface up first"
	case causeFamily:
		return "this system has no such address family: take the address out of " + e.Key + ", or enable IPv6"
	case causeFiles:
		return "no file descriptor is left: raise the limit of open files (ulimit -n, LimitNOFILE)"
	default:
		return ""
	}
}

// cause is why an address could not be bound.
type cause uint8

const (
	causeOther     cause = iota
	causeTaken           // the port is in use
	causeForbidden       // not permitted
	causeAbsent          // the address is not on this host
	causeFamily          // the address family is not on this host
	causeFiles           // no descriptor
)
