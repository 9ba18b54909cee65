package udp

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// control sets the options of a socket of the portable way before it is bound.
func control(network, _ string, c syscall.RawConn) error {
	domain := unix.AF_INET
	if network == "udp6" {
		domain = unix.AF_INET6
	}
	var failure error
	if err := c.Control(func(fd uintptr) { failure = omitPMTU(int(fd), domain) }); err != nil {
		return err
	}
	return failure
}

// omitPMTU makes the system ignore what it is told about the path's MTU and
// leave DF clear, so that a forged «fragmentation needed» neither shrinks our
// packets nor shows which ports are open (RFC 9715 §3.1).
func omitPMTU(fd, domain int) error {
	if domain == unix.AF_INET6 {
		return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_OMIT)
	}
	return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_OMIT)
}
